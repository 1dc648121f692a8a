/* Finds the row of a route table for a method and a path. */
#include "cafe/http/router.h"

#include <string.h>

static bool ends_with(struct slice text, struct slice suffix)
{
    return text.len >= suffix.len && memcmp(text.data + text.len - suffix.len,
                                            suffix.data, suffix.len) == 0;
}

static void add_param(struct route_match *match, struct slice name,
                      struct slice value)
{
    if (match->param_count == ROUTE_PARAMS_MAX)
        return; /* router_check() refuses such a table at start */
    match->params[match->param_count++] = (struct route_param){ name, value };
}

/* Take "{name}", "{name}.vcf" or "{name...}" from a pattern, and what it stands
 * for from the path, which is never empty. */
static bool take_param(const char **pattern, struct slice *path,
                       struct route_match *match)
{
    struct slice name = { *pattern + 1, strcspn(*pattern + 1, "}") };
    const char *after = name.data + name.len + 1;
    struct slice suffix = { after, strcspn(after, "/") };
    struct slice value = *path;
    bool rest = ends_with(name, SLICE("..."));
    const char *slash = rest ? NULL : memchr(value.data, '/', value.len);

    if (slash != NULL)
        value.len = (size_t)(slash - value.data);
    if (value.len <= suffix.len || !ends_with(value, suffix))
        return false;
    *pattern = suffix.data + suffix.len;
    path->data += value.len;
    path->len -= value.len;
    value.len -= suffix.len;
    if (rest)
        name.len -= 3;
    add_param(match, name, value);
    return true;
}

/* Compare a path with a pattern, noting what its parameters stand for. Byte by
 * byte: each row is tried until one fits, and most differ soon. */
static bool path_fits(const char *pattern, struct slice path,
                      struct route_match *match)
{
    match->param_count = 0;
    while (*pattern != '\0') {
        if (*pattern == '{') {
            if (!take_param(&pattern, &path, match))
                return false;
        } else if (path.len > 0 && *path.data == *pattern) {
            pattern++;
            path.data++;
            path.len--;
        } else {
            return false;
        }
    }
    return path.len == 0;
}

/* HEAD is served wherever GET is. */
static unsigned methods_of(const struct route *route)
{
    return route->methods | (route->methods & GET ? (unsigned)HEAD : 0);
}

static bool match_table(const struct route *table, enum method method,
                        struct slice path, struct route_match *match)
{
    for (const struct route *route = table; route->methods != 0; route++) {
        if (!path_fits(route->path, path, match))
            continue;
        /* Go on without the method: a later row may have it, and 405 names
         * those of all rows. */
        match->allowed |= methods_of(route) | (unsigned)OPTIONS;
        match->flags |= route->flags;
        if (methods_of(route) & (unsigned)method) {
            match->route = route;
            match->flags = route->flags;
            return true;
        }
    }
    return false;
}

/* "*" is no path but the server: what any of its rows can do. */
static void match_server(const struct route *table, struct route_match *match)
{
    for (const struct route *route = table; route->methods != 0; route++)
        match->allowed |= methods_of(route) | (unsigned)OPTIONS;
}

void router_match(const struct route *const tables[], size_t table_count,
                  enum method method, struct slice path,
                  struct route_match *match)
{
    match->route = NULL;
    match->table = 0;
    match->allowed = 0;
    match->flags = 0;
    match->param_count = 0;
    /* One only: "//" at the end is an empty segment, and no row has one. */
    if (path.len > 1 && path.data[path.len - 1] == '/')
        path.len--;
    for (size_t i = 0; i < table_count; i++) {
        if (tables[i] != NULL && slice_is(path, "*"))
            match_server(tables[i], match);
        else if (tables[i] != NULL &&
                 match_table(tables[i], method, path, match)) {
            match->table = i;
            return;
        }
    }
    match->param_count = 0;
}

enum error router_check(const struct route *table, struct text *error)
{
    for (; table->methods != 0; table++) {
        size_t begun = 0, ended = 0;

        for (const char *at = table->path; *at != '\0'; at++) {
            begun += *at == '{';
            ended += *at == '}';
        }
        if (begun != ended) {
            text_printf(error, "the route %s has a { without a }", table->path);
            return ERROR_CONFIG;
        }
        if (begun > ROUTE_PARAMS_MAX) {
            text_printf(error, "the route %s has more than %d parameters",
                        table->path, ROUTE_PARAMS_MAX);
            return ERROR_CONFIG;
        }
    }
    return OK;
}

void router_allow(unsigned methods, struct text *text)
{
    for (unsigned bit = GET; bit <= OPTIONS; bit <<= 1) {
        if (!(methods & bit))
            continue;
        if (text->len > 0)
            text_append_string(text, ", ");
        text_append_string(text, method_name((enum method)bit));
    }
}
