/* Reads small files: templates, static files, content. */
#include "cafe/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK_BYTES = 16 * 1024 };

static enum error refuse(const char *path, const char *why, struct text *error)
{
    text_printf(error, "%s: %s", path, why);
    return ERROR_CONFIG;
}

static enum error read_all(int fd, const char *path, struct text *content,
                           struct text *error)
{
    char chunk[CHUNK_BYTES];
    ssize_t got;

    while ((got = read(fd, chunk, sizeof(chunk))) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return refuse(path, strerror(errno), error);
        text_append(content, chunk, (size_t)got);
        if (content->failed) {
            text_printf(error, "%s: larger than %zu bytes", path,
                        content->max_bytes);
            return ERROR_CONFIG;
        }
    }
    return OK;
}

/* O_NONBLOCK: opening a named pipe would otherwise wait for somebody to write
 * into it, before fstat() can tell what it is. */
enum error file_read(const char *path, struct text *content, struct text *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;
    enum error err;

    if (fd < 0)
        return refuse(path, strerror(errno), error);
    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
        err = refuse(path, "is not a regular file", error);
    else
        err = read_all(fd, path, content, error);
    close(fd);
    return err;
}

enum error folder_each(const char *folder, folder_fn *each, void *context,
                       struct text *error)
{
    struct dirent *entry;
    enum error err = OK;
    DIR *dir = opendir(folder);

    if (dir == NULL)
        return refuse(folder, strerror(errno), error);
    while (err == OK && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.')
            err = each(folder, entry->d_name, context, error);
    }
    closedir(dir);
    return err;
}
