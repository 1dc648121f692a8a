/* application/x-www-form-urlencoded: bodies of forms, and query strings. */
#ifndef CAFE_FORM_H
#define CAFE_FORM_H

#include "cafe/base/arena.h"
#include "cafe/base/text.h"

/* A TEXT column holds 64 KiB, and each byte takes three when escaped. A form
 * can carry two such texts: the author's, and another's version of it. The one
 * that changes many suppliers has a field for each. */
enum { FORM_FIELDS_MAX = 1200, FORM_MAX_BYTES = 512 * 1024 };

struct form_field {
    struct slice name;
    struct slice value; /* decoded, valid UTF-8, no NUL, NUL-terminated */
};

struct form {
    size_t count;
    struct form_field *fields; /* in the order they came */
};

/**
 * Parse an urlencoded form ("+" is a space; RFC 3986 escapes; WHATWG URL 5.1).
 *
 * form    In the arena.
 * Errors  ERROR_SYNTAX (incomplete escape, invalid UTF-8, NUL), ERROR_LIMIT
 *         (more than FORM_FIELDS_MAX fields), ERROR_MEMORY.
 */
MUST_CHECK enum error form_parse(struct arena *arena, struct slice encoded,
                                 struct form *form);

/** The value of the first field of this name; absent if there is none. */
struct slice form_value(const struct form *form, const char *name);

/**
 * Decode percent escapes; `plus_is_space` for forms and queries.
 *
 * Errors  ERROR_SYNTAX (incomplete escape, invalid UTF-8, NUL), ERROR_MEMORY.
 */
MUST_CHECK enum error percent_decode(struct arena *arena, struct slice encoded,
                                     bool plus_is_space, struct slice *decoded);

/** Append with everything but RFC 3986's unreserved characters escaped. */
void percent_encode(struct text *text, struct slice raw);

#endif
