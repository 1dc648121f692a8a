/* Finds the row of a route table for a method and a path. */
#include "cafe/http/router.h"

#include <string.h>

/* Take the next segment of a path that begins with "/". */
static struct slice next_segment(struct slice *path)
{
    struct slice segment = { path->data + 1, path->len - 1 };
    const char *slash = segment.len ? memchr(segment.data, '/', segment.len)
                                    : NULL;

    if (slash != NULL)
        segment.len = (size_t)(slash - segment.data);
    path->data = segment.data + segment.len;
    path->len -= segment.len + 1;
    return segment;
}

static bool is_param(struct slice pattern)
{
    return pattern.len > 2 && pattern.data[0] == '{';
}

/* ".vcf" of "{name}.vcf"; empty for "{name}". */
static struct slice suffix_of(struct slice pattern)
{
    slice_cut(&pattern, '}');
    return pattern;
}

static bool ends_with(struct slice text, struct slice suffix)
{
    return text.len >= suffix.len && memcmp(text.data + text.len - suffix.len,
                                            suffix.data, suffix.len) == 0;
}

/* "{name...}" stands for the rest of the path. */
static bool is_rest(struct slice pattern)
{
    return is_param(pattern) && pattern.len > 5 &&
           memcmp(pattern.data + pattern.len - 4, "...}", 4) == 0;
}

/* mark_len  Bytes of the pattern after the name. */
static void add_param(struct route_match *match, struct slice pattern,
                      size_t mark_len, struct slice value)
{
    struct route_param *param;

    if (match->param_count == ROUTE_PARAMS_MAX)
        return; /* router_check() refuses such a table at start */
    param = &match->params[match->param_count++];
    param->name =
        (struct slice){ pattern.data + 1, pattern.len - 1 - mark_len };
    param->value = value;
}

/* Compare a path with a pattern, noting what its parameters stand for. */
static bool path_fits(struct slice pattern, struct slice path,
                      struct route_match *match)
{
    match->param_count = 0;
    while (pattern.len > 0 && path.len > 0) {
        struct slice whole = { path.data + 1, path.len - 1 };
        struct slice want = next_segment(&pattern);
        struct slice have = next_segment(&path);

        if (is_rest(want)) {
            add_param(match, want, 4, whole);
            return whole.len > 0;
        }
        if (is_param(want)) {
            struct slice suffix = suffix_of(want);

            if (have.len <= suffix.len || !ends_with(have, suffix))
                return false;
            have.len -= suffix.len;
            add_param(match, want, 1 + suffix.len, have);
        } else if (!slice_equal(want, have)) {
            return false;
        }
    }
    return pattern.len == 0 && path.len == 0;
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
        if (!path_fits(slice_of(route->path), path, match))
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
        struct slice path = slice_of(table->path);
        size_t count = 0;

        while (path.len > 0)
            count += is_param(next_segment(&path));
        if (count > ROUTE_PARAMS_MAX) {
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
