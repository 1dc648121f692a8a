/* Messages, and the files and locks of the state. */
#include "site.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cafe/base/file.h"

enum { STATE_MAX_BYTES = 256 * 1024 };

#define UNFINISHED ".new"

const char *const service_names[SERVICES + 1] = { "customer", "employee",
                                                  NULL };

bool is_service(const char *name)
{
    for (size_t i = 0; i < SERVICES; i++) {
        if (strcmp(name, service_names[i]) == 0)
            return true;
    }
    return false;
}

enum error fail(struct site *site, enum error err, const char *format, ...)
{
    /* The first reason is kept: those that follow are its consequences. */
    va_list args;

    if (site->error.len > 0)
        return err;
    va_start(args, format);
    text_vprintf(&site->error, format, args);
    va_end(args);
    return err;
}

void say(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
}

void pause_ms(unsigned ms)
{
    struct timespec left = { ms / 1000, (long)(ms % 1000) * 1000000 };

    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        continue;
}

char *site_path(struct site *site, const char *format, ...)
{
    struct text path;
    char *copy;
    va_list args;

    text_init(&path, 0);
    text_append_string(&path, site->folder);
    text_append_char(&path, '/');
    va_start(args, format);
    text_vprintf(&path, format, args);
    va_end(args);
    copy = path.failed ? NULL : arena_copy(site->arena, path.data, path.len);
    text_free(&path);
    return copy;
}

char *site_source(struct site *site, const char *name)
{
    return arena_printf(site->arena, "%s/%s", site->root, name);
}

static enum error system_fault(struct site *site, const char *path)
{
    return fail(site, ERROR_SYSTEM, "%s: %s", path, strerror(errno));
}

enum error site_folder(struct site *site, const char *path, unsigned mode)
{
    char *part = arena_copy(site->arena, path, strlen(path));

    if (part == NULL)
        return ERROR_MEMORY;
    for (char *at = strchr(part + 1, '/'); at != NULL;
         at = strchr(at + 1, '/')) {
        *at = '\0';
        if (mkdir(part, 0755) != 0 && errno != EEXIST)
            return system_fault(site, part);
        *at = '/';
    }
    if (mkdir(path, mode) != 0 && errno != EEXIST)
        return system_fault(site, path);
    return OK;
}

static bool write_all(int fd, const struct text *content)
{
    size_t done = 0;

    while (done < content->len) {
        ssize_t got = write(fd, content->data + done, content->len - done);

        if (got < 0 && errno != EINTR)
            return false;
        done += got > 0 ? (size_t)got : 0;
    }
    /* A rename may reach the disk before the bytes: after a power failure the
     * file would be empty. */
    return fsync(fd) == 0;
}

/* Written beside, synced, then renamed: a reader, or a run after a crash, sees
 * the old content or the new one, never a part. */
enum error site_write(struct site *site, const char *path,
                      const struct text *content, unsigned mode)
{
    char *fresh = arena_printf(site->arena, "%s" UNFINISHED, path);
    bool written;
    int fd;

    if (fresh == NULL || content->failed)
        return ERROR_MEMORY;
    fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0)
        return system_fault(site, fresh);
    /* The mode again, since open() lets the umask take bits away. */
    written = write_all(fd, content) && fchmod(fd, mode) == 0;
    if (close(fd) != 0 || !written || rename(fresh, path) != 0)
        return system_fault(site, path);
    return OK;
}

static bool ends(const char *name, const char *suffix)
{
    size_t len = strlen(name), end = strlen(suffix);

    return len >= end && strcmp(name + len - end, suffix) == 0;
}

void site_forget_unfinished(struct site *site, const char *folder,
                            const char *prefix)
{
    char *path = site_path(site, "%s", folder);
    DIR *entries = path != NULL ? opendir(path) : NULL;
    struct dirent *entry;

    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0 &&
            ends(entry->d_name, UNFINISHED))
            unlinkat(dirfd(entries), entry->d_name, 0);
    }
    if (entries != NULL)
        closedir(entries);
}

enum error site_read(struct site *site, const char *path, struct slice *content)
{
    struct text text;
    enum error err;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    *content = (struct slice){ NULL, 0 };
    if (fd < 0)
        return errno == ENOENT ? OK : system_fault(site, path);
    text_init(&text, STATE_MAX_BYTES);
    err = file_read_from(fd, path, &text, &site->error);
    if (err == OK)
        *content = arena_slice(site->arena, text_slice(&text));
    else
        err = ERROR_SYSTEM; /* nobody writes these files by hand */
    text_free(&text);
    close(fd);
    return err == OK && content->data == NULL ? ERROR_MEMORY : err;
}

enum error site_lock(struct site *site, const char *name, bool wait, int *fd)
{
    char *path = site_path(site, "locks/%s", name);
    int lock;

    if (path == NULL)
        return ERROR_MEMORY;
    /* The kernel gives a lock back when its holder ends, however that ends.
     * Close-on-exec, or a program that was started would hold it on. */
    lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0)
        return system_fault(site, path);
    while (flock(lock, LOCK_EX | (wait ? 0 : LOCK_NB)) != 0) {
        bool busy;

        if (errno == EINTR)
            continue;
        busy = errno == EWOULDBLOCK;
        if (!busy)
            system_fault(site, path);
        close(lock);
        return busy ? ERROR_BUSY : ERROR_SYSTEM;
    }
    if (fd != NULL)
        *fd = lock;
    return OK;
}
