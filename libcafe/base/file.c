/* Reads small files: templates, static files, content. */
#include "cafe/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK_BYTES = 16 * 1024 };

static enum error file_refuse(const char *path, const char *why,
                              struct text *error)
{
    text_printf(error, "%s: %s", path, why);
    return ERROR_CONFIG;
}

ssize_t file_fill(int fd, char *data, size_t max_bytes)
{
    size_t len = 0;

    while (len < max_bytes) {
        ssize_t got = read(fd, data + len, max_bytes - len);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        len += (size_t)got;
    }
    return (ssize_t)len;
}

enum error file_read_from(int fd, const char *path, struct text *content,
                          struct text *error)
{
    char chunk[CHUNK_BYTES];
    ssize_t got;

    while ((got = file_fill(fd, chunk, sizeof(chunk))) > 0) {
        text_append(content, chunk, (size_t)got);
        if (content->failed) {
            text_printf(error, "%s: larger than %zu bytes", path,
                        content->max_bytes);
            return ERROR_CONFIG;
        }
    }
    return got < 0 ? file_refuse(path, strerror(errno), error) : OK;
}

/* refused  Bits of the mode that a file must not have. */
static enum error read_regular(const char *path, mode_t refused,
                               struct text *content, struct text *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;
    enum error err;

    if (fd < 0)
        return file_refuse(path, strerror(errno), error);
    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
        err = file_refuse(path, "is not a regular file", error);
    else if (status.st_mode & refused)
        err = file_refuse(path, "others may write to it; run chmod go-w on it",
                          error);
    else
        err = file_read_from(fd, path, content, error);
    close(fd);
    return err;
}

enum error file_read(const char *path, struct text *content, struct text *error)
{
    return read_regular(path, 0, content, error);
}

enum error file_read_own(const char *path, struct text *content,
                         struct text *error)
{
    return read_regular(path, S_IWGRP | S_IWOTH, content, error);
}

enum error folder_each(const char *folder, folder_fn *each, void *context,
                       struct text *error)
{
    struct dirent *entry;
    enum error err = OK;
    DIR *dir = opendir(folder);

    if (dir == NULL)
        return file_refuse(folder, strerror(errno), error);
    while (err == OK && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.')
            err = each(folder, entry->d_name, context, error);
    }
    closedir(dir);
    return err;
}
