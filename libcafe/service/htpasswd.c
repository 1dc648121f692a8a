/* Reads a file of names and hashes of passwords. */
#include "cafe/service/htpasswd.h"

#include <stdlib.h>
#include <string.h>

#include "cafe/base/file.h"
#include "cafe/service/access.h"
#include "cafe/service/password.h"

enum { FILE_MAX_BYTES = 512 * 1024, ACCOUNTS_MAX = 1000 };

struct htpasswd {
    char *bytes; /* that the accounts point into */
    size_t count;
    struct account accounts[ACCOUNTS_MAX];
};

const struct account *htpasswd_find(const struct htpasswd *file,
                                    struct slice name)
{
    for (size_t i = 0; i < file->count; i++) {
        if (slice_equal(file->accounts[i].name, name))
            return &file->accounts[i];
    }
    return NULL;
}

const struct account *htpasswd_any(const struct htpasswd *file, uint64_t number)
{
    return &file->accounts[number % file->count];
}

/* What is wrong with a line; NULL: nothing, it was added. */
static const char *add_line(struct htpasswd *file, struct slice line)
{
    struct slice hash = line;
    struct slice name = slice_cut(&hash, ':');
    const char *fault;

    if (name.len == line.len)
        return "is not NAME:HASH";
    if (!identity_is_person(name))
        return "does not begin with a name that a person can have";
    if ((fault = password_hash_fault(hash)) != NULL)
        return fault;
    if (htpasswd_find(file, name) != NULL)
        return "has a name that is in the file already";
    if (file->count == ACCOUNTS_MAX)
        return "is one too many: at most 1000 people";
    file->accounts[file->count++] = (struct account){ name, hash.data };
    return NULL;
}

/* Ends each line with a NUL: hashes become strings. */
static enum error add_lines(struct htpasswd *file, const char *path,
                            struct text *error)
{
    char *at = file->bytes;

    for (size_t number = 1; at != NULL && at[0] != '\0'; number++) {
        char *end = strchr(at, '\n');
        struct slice line;
        const char *fault = NULL;

        if (end != NULL)
            *end++ = '\0';
        line = slice_of(at);
        if (line.len > 0 && line.data[0] != '#')
            fault = add_line(file, line);
        if (fault != NULL) {
            text_printf(error, "%s:%zu: the line %s", path, number, fault);
            return ERROR_CONFIG;
        }
        at = end;
    }
    if (file->count > 0)
        return OK;
    text_printf(error, "%s: names nobody; add people with employee --add-user",
                path);
    return ERROR_CONFIG;
}

enum error htpasswd_parse(struct slice bytes, const char *path,
                          struct htpasswd **result, struct text *error)
{
    struct htpasswd *file = calloc(1, sizeof(*file));
    enum error err;

    if (file == NULL)
        return ERROR_MEMORY;
    file->bytes = malloc(bytes.len + 1);
    if (file->bytes == NULL) {
        err = ERROR_MEMORY;
    } else if (bytes.len > 0 && memchr(bytes.data, '\0', bytes.len) != NULL) {
        text_printf(error, "%s: contains a NUL", path);
        err = ERROR_CONFIG;
    } else {
        if (bytes.len > 0)
            memcpy(file->bytes, bytes.data, bytes.len);
        file->bytes[bytes.len] = '\0';
        err = add_lines(file, path, error);
    }
    if (err == OK)
        *result = file;
    else
        htpasswd_close(file);
    return err;
}

void htpasswd_close(struct htpasswd *file)
{
    if (file == NULL)
        return;
    free(file->bytes);
    free(file);
}

enum error htpasswd_open(const char *path, struct htpasswd **file,
                         struct text *error)
{
    struct text content;
    enum error err;

    text_init(&content, FILE_MAX_BYTES);
    err = file_read_own(path, &content, error);
    if (err == OK)
        err = htpasswd_parse(text_slice(&content), path, file, error);
    text_free(&content);
    return err;
}
