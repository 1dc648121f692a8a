/* Whether a task definition sets variables that its image does not have as
 * options: a daemon only warns of a variable that it doesn't know, and a typing
 * error would leave the default in force. */
#include <string.h>
#include <unistd.h>

#include "cafe/base/nearest.h"
#include "docker.h"

enum { ASK_S = 30, OPTION_MAX_BYTES = 64, TOO_FAR = 4 };

#define PREFIX "APP_"

static struct slice trim(struct slice line)
{
    while (line.len > 0 && line.data[0] == ' ') {
        line.data++;
        line.len--;
    }
    return line;
}

/* "db.tls_ca" is APP_DB_TLS_CA. */
static void docker_append_name(struct text *names, struct slice group,
                               struct slice key)
{
    struct slice parts[] = { group, key };

    text_append_string(names, PREFIX);
    for (size_t i = 0; i < 2; i++) {
        for (size_t at = 0; at < parts[i].len; at++) {
            char byte = parts[i].data[at];

            text_append_char(names, byte >= 'a' && byte <= 'z'
                                        ? (char)(byte - 'a' + 'A')
                                        : byte);
        }
        if (i == 0 && group.len > 0)
            text_append_char(names, '_');
    }
    text_append_char(names, '\n');
}

/* The names of variables, a line each, of what --print-config prints: YAML of
 * at most two levels. */
static void append_names(struct text *names, struct slice printed)
{
    struct slice group = { "", 0 };

    while (printed.len > 0) {
        struct slice line = slice_cut(&printed, '\n'), all = line;
        struct slice key = slice_cut(&line, ':');
        bool inner = slice_starts(all, "  ");

        if (!inner && trim(line).len == 0) {
            group = key;
            continue;
        }
        docker_append_name(names, inner ? group : (struct slice){ "", 0 },
                           trim(key));
    }
}

/* Whether the name is a line of `names`; `nearest` is the one most like it. */
static bool is_known(struct slice names, const char *name,
                     struct slice *nearest)
{
    size_t least = TOO_FAR;

    *nearest = (struct slice){ NULL, 0 };
    while (names.len > 0) {
        struct slice line = slice_cut(&names, '\n');
        char known[OPTION_MAX_BYTES];
        size_t apart;

        if (slice_is(line, name))
            return true;
        if (line.len >= sizeof(known))
            continue;
        memcpy(known, line.data, line.len);
        known[line.len] = '\0';
        apart = nearest_distance(known, name);
        if (apart < least) {
            least = apart;
            *nearest = line;
        }
    }
    return false;
}

static enum error docker_refuse(struct site *site,
                                const struct task_definition *task, size_t i,
                                const char *what)
{
    return fail(site, ERROR_CONFIG, "%s:%zu: %s %s", task->path,
                task->environment_lines[i], task->environment.items[i].name,
                what);
}

static enum error docker_check_names(struct site *site,
                                     const struct task_definition *task,
                                     struct slice names)
{
    for (size_t i = 0; i < task->environment.count; i++) {
        const char *name = task->environment.items[i].name;
        struct slice nearest;

        if (!slice_starts(slice_of(name), PREFIX) ||
            is_known(names, name, &nearest))
            continue;
        if (nearest.data != NULL)
            return docker_refuse(
                site, task, i,
                arena_printf(site->arena,
                             "is not an option of the image; did "
                             "you mean %.*s?",
                             (int)nearest.len, nearest.data));
        return docker_refuse(site, task, i,
                             "is not an option of the image; remove it");
    }
    return OK;
}

/* Whether the image refuses one of the values: "customer: environment APP_LOG:
 * 'x' is …". Anything else that is wrong will show when it is deployed. */
static enum error check_complaint(struct site *site,
                                  const struct task_definition *task,
                                  struct slice complaint)
{
    for (size_t i = 0; i < task->environment.count; i++) {
        char *said = arena_printf(
            site->arena, "environment %s: ", task->environment.items[i].name);
        const char *at,
            *text = arena_copy(site->arena, complaint.data, complaint.len);

        if (said == NULL || text == NULL)
            return ERROR_MEMORY;
        if ((at = strstr(text, said)) != NULL)
            return docker_refuse(site, task, i,
                                 arena_printf(site->arena,
                                              "is refused by the image: "
                                              "%s",
                                              at + strlen(said)));
    }
    return OK;
}

static void add_variables(struct site *site, struct command_line *line,
                          const struct task_definition *task)
{
    for (size_t i = 0; i < task->environment.count; i++) {
        const struct variable *variable = &task->environment.items[i];

        if (slice_starts(slice_of(variable->name), PREFIX))
            command_add_pair(line, "--env",
                             arena_printf(site->arena, "%s=%s", variable->name,
                                          variable->value));
    }
}

enum error docker_check_options(struct site *site,
                                const struct task_definition *task)
{
    struct command_line line = { .count = 0, .may_stop = true };
    struct outcome outcome;
    struct text names;
    enum error err;

    command_add_all(&line, "docker", "run", "--rm", "--network", "none",
                    "--read-only", "--cap-drop", "ALL", NULL);
    add_variables(site, &line, task);
    command_add_all(&line, task->image, "--print-config", NULL);
    if ((err = program_try(site, &line, ASK_S, &outcome)) != OK)
        return err;
    if (outcome.status != 0)
        return check_complaint(site, task, outcome.complaint);
    text_init(&names, 0);
    append_names(&names, outcome.output);
    err = names.failed ? ERROR_MEMORY
                       : docker_check_names(site, task, text_slice(&names));
    text_free(&names);
    return err;
}
