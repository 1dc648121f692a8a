/* Placeholders in the files for AWS: "<IMAGE1_NAME>", which the pipeline
 * replaces, and words like "REVISION-NUMBER", which people do. */
#include <string.h>

#include "document.h"
#include "files.h"

/* The filling of one file. */
struct filling {
    struct document document; /* arena, path and error of it */
    struct slice source;
    const struct variables *values;
    const char *required;
    size_t required_count;
    struct text filled;
};

static enum error placeholders_fault(struct filling *filling, size_t offset,
                                     const char *what, const char *name)
{
    struct location location = document_location(filling->source, offset);
    struct text *error = filling->document.error;

    text_printf(error, "%s:%zu:%zu: '%s' ", filling->document.path,
                location.line, location.column,
                document_shown(&filling->document, name));
    text_append_string(error, what);
    return ERROR_CONFIG;
}

static bool in_a_word(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '_';
}

/* The name stands here: all of the word, where it is one. */
static bool stands_at(struct slice source, size_t offset, const char *name)
{
    size_t len = strlen(name), end = offset + len;

    if (len == 0 || len > source.len - offset ||
        memcmp(source.data + offset, name, len) != 0)
        return false;
    if (!in_a_word(name[0]))
        return true;
    return (offset == 0 || !in_a_word(source.data[offset - 1])) &&
           (end == source.len || !in_a_word(source.data[end]));
}

static const struct variable *find_at(const struct filling *filling,
                                      size_t offset)
{
    const struct variables *values = filling->values;

    for (size_t i = 0; i < values->count; i++) {
        if (stands_at(filling->source, offset, values->items[i].name))
            return &values->items[i];
    }
    return NULL;
}

/* Bytes of a "<NAME>" that stands here, brackets included; 0: none does. */
static size_t bracketed_len(struct slice source, size_t offset)
{
    size_t end = offset + 1;

    if (source.data[offset] != '<')
        return 0;
    /* Capitals only: "<br>" and the like are none. */
    while (end < source.len && in_a_word(source.data[end]) &&
           !(source.data[end] >= 'a' && source.data[end] <= 'z'))
        end++;
    if (end == offset + 1 || end == source.len || source.data[end] != '>')
        return 0;
    return end + 1 - offset;
}

/* A value may stand in quotes or without: it has to be safe in both. */
static bool placeholders_is_plain(const char *value)
{
    for (; *value != '\0'; value++) {
        if (*value <= ' ' || *value > '~' || byte_is_in(*value, "\"'\\"))
            return false;
    }
    return true;
}

static enum error replace(struct filling *filling, size_t offset,
                          const struct variable *variable)
{
    size_t len = strlen(variable->value);

    if (!placeholders_is_plain(variable->value))
        return placeholders_fault(
            filling, offset,
            "has a value with spaces, quotes, backslashes or "
            "non-ASCII characters; choose another",
            variable->name);
    if (filling->required != NULL &&
        strcmp(variable->name, filling->required) == 0 &&
        filling->required_count++ > 0)
        return placeholders_fault(filling, offset, "appears twice; keep one",
                                  variable->name);
    if (len > DOCUMENT_MAX_BYTES - filling->filled.len)
        return placeholders_fault(filling, offset,
                                  "makes it too large; 64 KiB are allowed",
                                  variable->name);
    text_append(&filling->filled, variable->value, len);
    return OK;
}

/* A "<NAME>" without a value. */
static enum error leftover(struct filling *filling, size_t offset, size_t len)
{
    const char *name =
        arena_copy(filling->document.arena, filling->source.data + offset, len);

    if (name == NULL)
        return ERROR_MEMORY;
    return placeholders_fault(filling, offset, "has no value; give one", name);
}

static enum error placeholders_fill_text(struct filling *filling)
{
    struct slice source = filling->source;
    size_t offset = 0, len;
    enum error err = OK;

    while (offset < source.len && err == OK) {
        const struct variable *variable = find_at(filling, offset);

        if (variable != NULL) {
            err = replace(filling, offset, variable);
            offset += strlen(variable->name);
        } else if ((len = bracketed_len(source, offset)) > 0) {
            err = leftover(filling, offset, len);
        } else if (filling->filled.len == DOCUMENT_MAX_BYTES) {
            err = placeholders_fault(filling, offset,
                                     "is too large; 64 KiB are allowed",
                                     filling->document.path);
        } else {
            text_append_char(&filling->filled, source.data[offset++]);
        }
    }
    if (err == OK && filling->required != NULL && filling->required_count == 0)
        return placeholders_fault(filling, 0,
                                  "is not in it; put it where the value goes",
                                  filling->required);
    return err;
}

enum error placeholders_fill(struct arena *arena, const char *path,
                             struct slice source,
                             const struct variables *values,
                             const char *required, struct slice *filled,
                             struct text *error)
{
    struct filling filling = {
        .document = { .arena = arena, .path = path, .error = error },
        .source = source,
        .values = values,
        .required = required
    };
    struct slice copy;
    enum error err;

    text_init(&filling.filled, 0);
    err = placeholders_fill_text(&filling);
    if (err == OK && filling.filled.failed)
        err = ERROR_MEMORY;
    if (err == OK) {
        copy = arena_slice(arena, text_slice(&filling.filled));
        if (copy.data == NULL)
            err = ERROR_MEMORY;
        else
            *filled = copy;
    }
    text_free(&filling.filled);
    return err;
}
