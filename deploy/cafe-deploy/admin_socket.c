/* Questions to HAProxy's admin socket (its management guide, section 9.3). */
#include "admin_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cafe/base/clock.h"
#include "network.h"

enum { ANSWER_MAX_BYTES = 1024 * 1024, DEADLINE_MS = 10000 };

/* The address of a socket has 108 bytes, and the path of the state may be
 * longer: the socket is reached through a descriptor of its folder. */
static int connect_admin(struct site *site)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char *folder = site_path(site, "balancer");
    int directory, fd;
    char *path;

    if (folder == NULL)
        return -1;
    directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return -1;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    path = arena_printf(site->arena, "/proc/self/fd/%d/admin.sock", directory);
    if (path != NULL && strlen(path) < sizeof(address.sun_path))
        memcpy(address.sun_path, path, strlen(path) + 1);
    if (fd >= 0 &&
        connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        close(fd);
        fd = -1;
    }
    close(directory);
    return fd;
}

static enum error admin_receive(int fd, struct text *answer)
{
    int64_t until_ms = clock_monotonic_ms() + DEADLINE_MS;

    for (;;) {
        struct pollfd ready = { .fd = fd, .events = POLLIN };
        int64_t left_ms = until_ms - clock_monotonic_ms();
        char piece[4096];
        ssize_t got;

        if (left_ms <= 0)
            return ERROR_DEADLINE;
        if (poll(&ready, 1, (int)left_ms) <= 0)
            continue;
        got = read(fd, piece, sizeof(piece));
        /* HAProxy closes the connection after its answer. */
        if (got == 0)
            return answer->failed ? ERROR_MEMORY : OK;
        if (got < 0 && errno != EINTR)
            return ERROR_SYSTEM;
        if (got > 0)
            text_append(answer, piece, (size_t)got);
    }
}

static enum error admin_exchange(int fd, const char *question,
                                 struct text *answer)
{
    size_t len = strlen(question);

    if (send(fd, question, len, MSG_NOSIGNAL) != (ssize_t)len ||
        send(fd, "\n", 1, MSG_NOSIGNAL) != 1)
        return ERROR_SYSTEM;
    return admin_receive(fd, answer);
}

enum error admin_ask(struct admin *admin, const char *question,
                     struct slice *answer)
{
    struct text text;
    enum error err = ERROR_SYSTEM;
    int fd;

    *answer = (struct slice){ "", 0 };
    if (admin->away)
        return ERROR_SYSTEM;
    fd = connect_admin(admin->site);
    text_init(&text, ANSWER_MAX_BYTES);
    text_append(&text, "", 0);
    if (fd >= 0) {
        err = admin_exchange(fd, question, &text);
        close(fd);
    }
    if (err == OK)
        *answer = arena_slice(admin->site->arena, text_slice(&text));
    text_free(&text);
    admin->away = err == ERROR_SYSTEM;
    if (err == ERROR_DEADLINE)
        fail(admin->site, err,
             "the load balancer does not answer on its admin socket; run: "
             "docker restart " BALANCER_NAME);
    return err;
}

static enum error give(struct admin *admin, const char *format, va_list args,
                       struct slice *answer)
    __attribute__((format(printf, 2, 0)));

static enum error give(struct admin *admin, const char *format, va_list args,
                       struct slice *answer)
{
    struct text text;
    enum error err;

    text_init(&text, 0);
    text_vprintf(&text, format, args);
    err = text.failed ? ERROR_MEMORY
                      : admin_ask(admin, text_string(&text), answer);
    text_free(&text);
    return err;
}

enum error admin_try(struct admin *admin, const char *format, ...)
{
    struct slice answer;
    va_list args;
    enum error err;

    va_start(args, format);
    err = give(admin, format, args, &answer);
    va_end(args);
    return err;
}

enum error admin_tell(struct admin *admin, const char *format, ...)
{
    struct slice answer;
    va_list args;
    enum error err;

    va_start(args, format);
    err = give(admin, format, args, &answer);
    va_end(args);
    answer = slice_trim(answer);
    if (err == OK && answer.len > 0)
        return fail(admin->site, ERROR_SYSTEM, "the load balancer says: %.*s",
                    (int)answer.len, answer.data);
    return err;
}
