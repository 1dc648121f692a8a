/* What the load balancer knows of its servers: "show stat", which is CSV with
 * the columns' names in its first line. */
#include <string.h>

#include "admin_socket.h"
#include "balancer.h"

enum column {
    COLUMN_GROUP,
    COLUMN_NAME,
    COLUMN_REQUESTS,
    COLUMN_STATUS,
    COLUMN_WEIGHT,
    COLUMN_CHECK,
    COLUMN_2XX,
    COLUMN_3XX,
    COLUMN_4XX,
    COLUMN_5XX,
    COLUMN_CONNECT_ERRORS,
    COLUMN_RESPONSE_ERRORS,
    COLUMNS
};

static const char *const column_names[COLUMNS] = {
    [COLUMN_GROUP] = "pxname",        [COLUMN_NAME] = "svname",
    [COLUMN_REQUESTS] = "scur",       [COLUMN_STATUS] = "status",
    [COLUMN_WEIGHT] = "weight",       [COLUMN_CHECK] = "check_status",
    [COLUMN_2XX] = "hrsp_2xx",        [COLUMN_3XX] = "hrsp_3xx",
    [COLUMN_4XX] = "hrsp_4xx",        [COLUMN_5XX] = "hrsp_5xx",
    [COLUMN_CONNECT_ERRORS] = "econ", [COLUMN_RESPONSE_ERRORS] = "eresp",
};

/* columns[i]: which of our columns the i-th word is; COLUMNS for none. Columns
 * are found by name, because versions of HAProxy add some in between. */
enum { WORDS_MAX = 160 };

/* A column that was not found would count nothing, not even errors: another
 * version of HAProxy must not make each deployment succeed. */
static enum error read_head(struct site *site, struct slice line,
                            unsigned char columns[WORDS_MAX])
{
    bool found[COLUMNS] = { false };

    slice_cut(&line, ' '); /* "# " */
    for (size_t i = 0; i < WORDS_MAX; i++) {
        struct slice word = slice_cut(&line, ',');

        columns[i] = COLUMNS;
        for (size_t column = 0; column < COLUMNS; column++) {
            if (!slice_is(word, column_names[column]))
                continue;
            columns[i] = (unsigned char)column;
            found[column] = true;
        }
    }
    for (size_t column = 0; column < COLUMNS; column++) {
        if (!found[column])
            return fail(site, ERROR_SYSTEM,
                        "the load balancer's statistics have no column %s",
                        column_names[column]);
    }
    return OK;
}

static uint64_t balancer_look_number_of(struct slice word)
{
    uint64_t number = 0;

    return slice_number(word, UINT64_MAX, &number) == OK ? number : 0;
}

static enum error read_server(struct site *site,
                              const struct slice words[COLUMNS],
                              struct servers *servers)
{
    struct server *server;
    struct slice status = words[COLUMN_STATUS], group = words[COLUMN_GROUP];
    struct slice name = words[COLUMN_NAME], check = words[COLUMN_CHECK];

    if (slice_is(name, "FRONTEND") || slice_is(name, "BACKEND"))
        return OK;
    if (servers->count == SERVERS_MAX)
        return fail(site, ERROR_SYSTEM,
                    "the load balancer has more than %d servers", SERVERS_MAX);
    server = &servers->items[servers->count];
    server->group = arena_copy(site->arena, group.data, group.len);
    server->name = arena_copy(site->arena, name.data, name.len);
    server->status = arena_copy(site->arena, status.data, status.len);
    if (server->group == NULL || server->name == NULL || server->status == NULL)
        return ERROR_MEMORY;
    if (slice_starts(check, "* ")) /* the next one is under way */
        check = (struct slice){ check.data + 2, check.len - 2 };
    /* "UP" alone is what a server has before its first check. */
    server->healthy = slice_is(status, "UP") && slice_is(check, "L7OK");
    server->weight = balancer_look_number_of(words[COLUMN_WEIGHT]);
    server->requests = balancer_look_number_of(words[COLUMN_REQUESTS]);
    server->errors = balancer_look_number_of(words[COLUMN_5XX]) +
                     balancer_look_number_of(words[COLUMN_CONNECT_ERRORS]) +
                     balancer_look_number_of(words[COLUMN_RESPONSE_ERRORS]);
    server->answers = server->errors +
                      balancer_look_number_of(words[COLUMN_2XX]) +
                      balancer_look_number_of(words[COLUMN_3XX]) +
                      balancer_look_number_of(words[COLUMN_4XX]);
    servers->count++;
    return OK;
}

enum error balancer_look(struct site *site, struct servers *servers)
{
    struct admin admin = { .site = site };
    unsigned char columns[WORDS_MAX];
    struct slice lines;
    enum error err = admin_ask(&admin, "show stat", &lines);

    servers->count = 0;
    /* Away is a state, not an error: HAProxy may be restarting, and callers
     * conclude nothing until it is back. */
    servers->away = admin.away;
    if (err != OK)
        return admin.away ? OK : err;
    err = read_head(site, slice_cut(&lines, '\n'), columns);
    while (lines.len > 0 && err == OK) {
        struct slice line = slice_cut(&lines, '\n');
        struct slice words[COLUMNS + 1] = { { NULL, 0 } };

        for (size_t i = 0; i < WORDS_MAX && line.len > 0; i++)
            words[columns[i]] = slice_cut(&line, ',');
        if (words[COLUMN_NAME].len > 0)
            err = read_server(site, words, servers);
    }
    return err;
}

const struct server *find_server(const struct servers *servers,
                                 const char *name)
{
    for (size_t i = 0; i < servers->count; i++) {
        if (strcmp(servers->items[i].name, name) == 0)
            return &servers->items[i];
    }
    return NULL;
}
