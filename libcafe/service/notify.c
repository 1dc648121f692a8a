/* Tells the service manager that the daemon is ready, lives and stops: one
 * datagram each, as sd_notify(3) sends them. The loop sends the watchdog's, so
 * that a loop that hangs is noticed. */
#include "notify.h"

#include <errno.h>
#include <event2/event.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { RETRY_MS = 50, USEC_MAX_DAYS = 365 };

static const uint64_t watchdog_max_us = UINT64_C(86400000000) * USEC_MAX_DAYS;

struct notify {
    struct log *log;
    int fd;
    struct sockaddr_un address;
    socklen_t len;
    unsigned unsent; /* of enum notify_message */
    struct event *watchdog, *retry;
};

static const struct {
    unsigned message;
    const char *line;
} lines[] = {
    { NOTIFY_READY, "READY=1\n" },
    { NOTIFY_STOPPING, "STOPPING=1\n" },
    { NOTIFY_WATCHDOG, "WATCHDOG=1\n" },
};

static void notify_complain(const struct notify *notify, const char *reason)
{
    log_line(notify->log, LOG_ERROR, "cannot notify the service manager",
             LOG_STRING("reason", reason), LOG_END);
}

/* All that is unsent, in one datagram. */
static void send_unsent(struct notify *notify)
{
    const struct timeval soon = { 0, RETRY_MS * 1000 };
    char data[64] = "";

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (notify->unsent & lines[i].message)
            strcat(data, lines[i].line);
    }
    if (sendto(notify->fd, data, strlen(data), MSG_NOSIGNAL,
               (const struct sockaddr *)&notify->address, notify->len) >= 0)
        notify->unsent = 0;
    /* A manager that is gone stops no daemon: it is logged, and the daemon
     * serves on. */
    else if (errno != EAGAIN && errno != EINTR)
        notify_complain(notify, strerror(errno));
    else if (event_add(notify->retry, &soon) != 0)
        notify_complain(notify, error_text(ERROR_MEMORY));
}

void notify_send(struct notify *notify, unsigned messages)
{
    if (notify == NULL)
        return;
    /* What could not be sent before goes along: a READY must not be lost
     * because a watchdog message came after it. */
    notify->unsent |= messages;
    send_unsent(notify);
}

static void on_watchdog(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    notify_send(argument, NOTIFY_WATCHDOG);
}

static void notify_on_retry(evutil_socket_t fd, short what, void *argument)
{
    struct notify *notify = argument;

    (void)fd;
    (void)what;
    if (notify->unsent != 0)
        send_unsent(notify);
}

/* "/path", or "@name" for an abstract name, whose first byte is 0. */
static enum error notify_read_address(struct notify *notify, const char *name,
                                      struct text *error)
{
    size_t len = strlen(name);

    if ((name[0] != '/' && name[0] != '@') || len < 2 ||
        len >= sizeof(notify->address.sun_path)) {
        text_printf(error,
                    "environment NOTIFY_SOCKET: '%s' is not the name of a "
                    "socket",
                    name);
        return ERROR_CONFIG;
    }
    notify->address.sun_family = AF_UNIX;
    memcpy(notify->address.sun_path, name, len);
    if (name[0] == '@')
        notify->address.sun_path[0] = '\0';
    notify->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    return OK;
}

enum error environment_number(const char *name, uint64_t min, uint64_t max,
                              uint64_t *number, struct text *error)
{
    const char *value = getenv(name);

    if (value == NULL)
        return OK;
    if (slice_number(slice_of(value), max, number) == OK && *number >= min)
        return OK;
    text_printf(error, "environment %s: '%s' is not a number from %llu to %llu",
                name, value, (unsigned long long)min, (unsigned long long)max);
    return ERROR_CONFIG;
}

static enum error open_watchdog(struct notify *notify, struct event_base *base,
                                struct text *error)
{
    uint64_t pid = (uint64_t)getpid();
    uint64_t timeout_us = 0;
    struct timeval half;
    enum error err;

    err = environment_number("WATCHDOG_USEC", 1, watchdog_max_us, &timeout_us,
                             error);
    if (err == OK)
        err = environment_number("WATCHDOG_PID", 1, INT32_MAX, &pid, error);
    if (err != OK || timeout_us == 0 || pid != (uint64_t)getpid())
        return err;
    /* Twice in the time: one turn of the loop may be late. */
    half.tv_sec = (time_t)(timeout_us / 2 / 1000000);
    half.tv_usec = (suseconds_t)(timeout_us / 2 % 1000000);
    notify->watchdog = event_new(base, -1, EV_PERSIST, on_watchdog, notify);
    if (notify->watchdog == NULL || event_add(notify->watchdog, &half) != 0)
        return ERROR_MEMORY;
    return OK;
}

static enum error open_all(struct notify *notify, struct event_base *base,
                           const char *name, struct text *error)
{
    enum error err = notify_read_address(notify, name, error);

    if (err != OK)
        return err;
    notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (notify->fd < 0) {
        text_printf(error, "environment NOTIFY_SOCKET: %s", strerror(errno));
        return ERROR_SYSTEM;
    }
    notify->retry = event_new(base, -1, 0, notify_on_retry, notify);
    if (notify->retry == NULL)
        return ERROR_MEMORY;
    return open_watchdog(notify, base, error);
}

enum error notify_open(struct event_base *base, struct log *log,
                       struct notify **result, struct text *error)
{
    const char *name = getenv("NOTIFY_SOCKET");
    struct notify *notify;
    enum error err;

    if (name == NULL || name[0] == '\0')
        return OK;
    notify = calloc(1, sizeof(*notify));
    if (notify == NULL)
        return ERROR_MEMORY;
    notify->log = log;
    notify->fd = -1;
    if ((err = open_all(notify, base, name, error)) == OK)
        *result = notify;
    else
        notify_close(notify);
    return err;
}

void notify_close(struct notify *notify)
{
    if (notify == NULL)
        return;
    if (notify->watchdog != NULL)
        event_free(notify->watchdog);
    if (notify->retry != NULL)
        event_free(notify->retry);
    if (notify->fd >= 0)
        close(notify->fd);
    free(notify);
}
