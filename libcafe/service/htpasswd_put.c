/* Writes a line into a file of names and hashes of passwords. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cafe/base/file.h"
#include "cafe/service/access.h"
#include "cafe/service/htpasswd.h"

enum { FILE_MAX_BYTES = 512 * 1024 };

/* A file that is being exchanged. */
struct exchange {
    char path[PATH_MAX]; /* what it really is, where it is a link */
    char fresh[PATH_MAX + 8];
    int folder; /* locked; -1: not open */
    bool there;
    struct stat status; /* of the file that is there */
};

static enum error exchange_fail(const char *path, struct text *error)
{
    text_printf(error, "%s: %s", path, strerror(errno));
    return ERROR_CONFIG;
}

/* Lock the folder, not the file: that one is exchanged. */
static enum error exchange_begin(const char *path, struct exchange *exchange,
                                 struct text *error)
{
    char folder[PATH_MAX];

    exchange->folder = -1;
    exchange->there = realpath(path, exchange->path) != NULL;
    if (!exchange->there && errno != ENOENT)
        return exchange_fail(path, error);
    if (!exchange->there && strlen(path) >= sizeof(exchange->path)) {
        errno = ENAMETOOLONG;
        return exchange_fail(path, error);
    }
    if (!exchange->there)
        strcpy(exchange->path, path);
    strcpy(folder, exchange->path);
    exchange->folder =
        open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (exchange->folder < 0 || flock(exchange->folder, LOCK_EX) != 0)
        return exchange_fail(path, error);
    /* Another program may have made or exchanged it meanwhile. */
    exchange->there = stat(exchange->path, &exchange->status) == 0;
    return OK;
}

static enum error read_lines(const struct exchange *exchange,
                             struct text *content, struct text *error)
{
    struct htpasswd *file = NULL;
    enum error err;

    if (!exchange->there || exchange->status.st_size == 0)
        return OK;
    /* A faulty file stays as it is, for its owner to look at. */
    if ((err = htpasswd_open(exchange->path, &file, error)) != OK)
        return err;
    htpasswd_close(file);
    return file_read(exchange->path, content, error);
}

/* All lines of the old content except that of the name, then the new one. */
static void write_lines(struct slice old, struct slice name, const char *hash,
                        struct text *content, bool *replaced)
{
    *replaced = false;
    while (old.len > 0) {
        struct slice line = slice_cut(&old, '\n');
        struct slice rest = line;

        if (line.len > 0 && line.data[0] != '#' &&
            slice_equal(slice_cut(&rest, ':'), name)) {
            *replaced = true;
            continue;
        }
        text_append_slice(content, line);
        text_append_char(content, '\n');
    }
    text_append_slice(content, name);
    text_printf(content, ":%s\n", hash);
}

static bool exchange_write(int fd, struct slice bytes)
{
    while (bytes.len > 0) {
        ssize_t written = write(fd, bytes.data, bytes.len);

        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0) {
            bytes.data += written;
            bytes.len -= (size_t)written;
        }
    }
    return true;
}

/* To whom the old one belonged the new one belongs, as far as we may say. */
static bool exchange_fill(const struct exchange *exchange, int fd,
                          struct slice bytes)
{
    const struct stat *old = &exchange->status;

    if (exchange->there &&
        (old->st_uid != geteuid() || old->st_gid != getegid()) &&
        fchown(fd, old->st_uid, old->st_gid) != 0)
        return false;
    if (exchange->there &&
        fchmod(fd, old->st_mode & 0777 & ~(mode_t)(S_IWGRP | S_IWOTH)) != 0)
        return false;
    return exchange_write(fd, bytes) && fsync(fd) == 0;
}

static enum error exchange_finish(struct exchange *exchange, struct slice bytes,
                                  struct text *error)
{
    bool done;
    int fd;

    snprintf(exchange->fresh, sizeof(exchange->fresh), "%s.XXXXXX",
             exchange->path);
    fd = mkostemp(exchange->fresh, O_CLOEXEC); /* with mode 0600 */
    if (fd < 0)
        return exchange_fail(exchange->path, error);
    done = exchange_fill(exchange, fd, bytes);
    if (close(fd) != 0 || !done ||
        rename(exchange->fresh, exchange->path) != 0) {
        enum error err = exchange_fail(exchange->path, error);

        unlink(exchange->fresh);
        return err;
    }
    return fsync(exchange->folder) == 0 ? OK
                                        : exchange_fail(exchange->path, error);
}

enum error htpasswd_put(const char *path, struct slice name, const char *hash,
                        bool *replaced, struct text *error)
{
    struct exchange exchange;
    struct text old, content;
    enum error err;

    if (!identity_is_person(name) || memchr(name.data, ':', name.len) != NULL ||
        name.data[0] == '#') {
        text_append_string(
            error, "a name must be 1 to 254 bytes, without control or format "
                   "characters, without a colon, and must not begin with #");
        return ERROR_CONFIG;
    }
    text_init(&old, FILE_MAX_BYTES);
    text_init(&content, FILE_MAX_BYTES);
    if ((err = exchange_begin(path, &exchange, error)) == OK &&
        (err = read_lines(&exchange, &old, error)) == OK) {
        write_lines(text_slice(&old), name, hash, &content, replaced);
        err = content.failed
                  ? ERROR_MEMORY
                  : exchange_finish(&exchange, text_slice(&content), error);
    }
    if (exchange.folder >= 0)
        close(exchange.folder); /* and unlock */
    text_free(&old);
    text_free(&content);
    return err;
}
