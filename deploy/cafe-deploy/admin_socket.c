/* Questions to HAProxy's admin socket (its management guide, section 9.3). */
#include "admin_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cafe/clock.h"

enum { ANSWER_MAX_BYTES = 1024 * 1024, DEADLINE_MS = 10000 };

/* A socket's address is short, a folder's name may not be: it is reached
 * through a descriptor of its folder. */
static int connect_admin(struct site *site)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char *folder = site_path(site, "balancer");
    int directory, fd;

    if (!folder)
        return -1;
    directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return -1;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char *path =
        arena_printf(site->arena, "/proc/self/fd/%d/admin.sock", directory);
    if (path && strlen(path) < sizeof(address.sun_path))
        memcpy(address.sun_path, path, strlen(path) + 1);
    if (fd >= 0 &&
        connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        close(fd);
        fd = -1;
    }
    close(directory);
    return fd;
}

static bool receive(int fd, struct text *answer)
{
    int64_t until_ms = clock_monotonic_ms() + DEADLINE_MS;

    for (;;) {
        struct pollfd ready = { .fd = fd, .events = POLLIN };
        int64_t left_ms = until_ms - clock_monotonic_ms();
        char piece[4096];
        ssize_t got;

        if (left_ms <= 0)
            return false;
        if (poll(&ready, 1, (int)left_ms) <= 0)
            continue;
        got = read(fd, piece, sizeof(piece));
        if (got == 0)
            return !answer->failed;
        if (got < 0 && errno != EINTR)
            return false;
        if (got > 0)
            text_append(answer, piece, (size_t)got);
    }
}

enum error admin_ask(struct admin *admin, const char *question,
                     struct slice *answer)
{
    struct text text;
    size_t len = strlen(question);
    bool answered = false;
    int fd;

    *answer = (struct slice){ "", 0 };
    if (admin->away)
        return ERROR_SYSTEM;
    fd = connect_admin(admin->site);
    text_init(&text, ANSWER_MAX_BYTES);
    text_append(&text, "", 0);
    if (fd >= 0) {
        answered = send(fd, question, len, MSG_NOSIGNAL) == (ssize_t)len &&
                   send(fd, "\n", 1, MSG_NOSIGNAL) == 1 && receive(fd, &text);
        close(fd);
    }
    if (answered)
        *answer = arena_slice(admin->site->arena, text_slice(&text));
    text_free(&text);
    admin->away = !answered;
    return answered ? OK : ERROR_SYSTEM;
}

enum error admin_tell(struct admin *admin, const char *format, ...)
{
    struct slice answer;
    struct text text;
    va_list args;
    enum error err;

    text_init(&text, 0);
    va_start(args, format);
    text_vprintf(&text, format, args);
    va_end(args);
    err = text.failed ? ERROR_MEMORY
                      : admin_ask(admin, text_string(&text), &answer);
    text_free(&text);
    return err;
}
