/* Waiting for keys. Another program reads from a named pipe which keys are
 * wanted, and puts them into the folder of keys. The daemon itself opens no
 * connection and writes no file for that: see hardening.c. */
#include "token_wait.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cafe/base/clock.h"
#include "cafe/base/log.h"
#include "cafe/http/server.h"
#include "cafe/service/token.h"

enum {
    TOO_MANY_WAIT = 503,
    KID_BYTES = 36, /* a UUID (RFC 9562 4) */
    WANTED_MAX = 8,
    WAITERS_MAX = 256, /* requests, for all keys */
    WAIT_MS = 5000,
    LOOK_MS = 50
};

/* In the arena of its request. */
struct waiter {
    struct request *req;
    struct waiter *next;
};

struct wanted {
    char kid[KID_BYTES + 1];
    int64_t until_ms; /* monotonic */
    struct waiter *waiters;
};

struct token_wait {
    struct log *log;
    struct access_rules *rules;
    token_wait_fn *verdict;
    struct event *timer; /* pending while a key is wanted */
    int pipe;
    bool closing;
    size_t count, waiters;
    struct wanted wanted[WANTED_MAX];
};

/* The pipe. */

static enum error refuse_pipe(const char *path, const char *why,
                              struct text *error)
{
    text_printf(error, "%s: %s", path, why);
    return ERROR_CONFIG;
}

static enum error check_kind(const char *path, const struct stat *status,
                             struct text *error)
{
    return S_ISFIFO(status->st_mode)
               ? OK
               : refuse_pipe(path, "is not a named pipe; make it with mkfifo",
                             error);
}

enum error token_wait_check(const char *path, struct text *error)
{
    struct stat status;

    if (stat(path, &status) != 0)
        return refuse_pipe(path, strerror(errno), error);
    return check_kind(path, &status, error);
}

/* For reading, too: then it can be opened before the other program has, and
 * what was written outlasts a restart of that program. */
static enum error open_pipe(const char *path, int *fd, struct text *error)
{
    struct stat status;

    *fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (*fd < 0 || fstat(*fd, &status) != 0)
        return refuse_pipe(path, strerror(errno), error);
    return check_kind(path, &status, error);
}

static void write_wish(const struct token_wait *self, const char *kid)
{
    char line[KID_BYTES + 1];
    const char *trouble = "";
    bool written;

    memcpy(line, kid, KID_BYTES);
    line[KID_BYTES] = '\n';
    /* Whole or not at all (pipe(7)). */
    written = write(self->pipe, line, sizeof(line)) == (ssize_t)sizeof(line);
    if (!written)
        trouble = errno == EAGAIN ? "nobody reads identity.wanted"
                                  : strerror(errno);
    log_line(self->log, written ? LOG_INFO : LOG_WARNING, "a key is wanted",
             LOG_STRING("kid", kid), LOG_STRING("reason", trouble), LOG_END);
}

/* Keys that are wanted. */

static struct wanted *find_wanted_key(struct token_wait *self, struct slice kid)
{
    for (size_t i = 0; i < self->count; i++) {
        if (slice_is(kid, self->wanted[i].kid))
            return &self->wanted[i];
    }
    return NULL;
}

static void look_soon(const struct token_wait *self)
{
    const struct timeval soon = { 0, LOOK_MS * 1000 };

    if (self->count > 0)
        evtimer_add(self->timer, &soon);
}

/* NULL: too many are. */
static struct wanted *begin_wanted(struct token_wait *self, struct slice kid)
{
    struct wanted *wanted = &self->wanted[self->count];

    if (self->count == WANTED_MAX)
        return NULL;
    *wanted = (struct wanted){ .until_ms = clock_monotonic_ms() + WAIT_MS };
    memcpy(wanted->kid, kid.data, KID_BYTES);
    write_wish(self, wanted->kid);
    self->count++;
    look_soon(self);
    return wanted;
}

/* The row is given up first: what follows on a connection may want the next
 * key. */
static void end_wanted(struct token_wait *self, size_t index)
{
    struct waiter *waiter = self->wanted[index].waiters;

    self->wanted[index] = self->wanted[--self->count];
    while (waiter != NULL) {
        struct waiter *next = waiter->next;
        struct request *req = waiter->req;

        self->waiters--;
        request_check_done(req, self->verdict(self->rules, req));
        waiter = next;
    }
}

/* Whether it is over: the key is there, faulty, or too late. */
static bool is_settled(const struct token_wait *self,
                       const struct wanted *wanted)
{
    struct text error;
    enum error err = ERROR_NOT_FOUND;
    bool late = clock_monotonic_ms() >= wanted->until_ms;

    text_init(&error, 0);
    /* Without keys: tokens are no longer read since a reload. */
    if (self->rules->keys != NULL)
        err = token_keys_look(self->rules->keys, slice_of(wanted->kid), &error);
    if (err == ERROR_NOT_FOUND && late)
        text_append_string(&error, "it has not come in time");
    if (error.len > 0)
        log_line(self->log, LOG_WARNING, "a wanted key is missing",
                 LOG_STRING("kid", wanted->kid),
                 LOG_STRING("reason", text_string(&error)), LOG_END);
    text_free(&error);
    return err != ERROR_NOT_FOUND || late;
}

static void token_wait_on_time(int fd, short what, void *context)
{
    struct token_wait *self = context;
    size_t index = 0;

    (void)fd;
    (void)what;
    while (index < self->count) {
        if (is_settled(self, &self->wanted[index]))
            end_wanted(self, index);
        else
            index++;
    }
    look_soon(self);
}

bool token_wait_asks_for(struct slice kid)
{
    static const char digits[] = "0123456789abcdef-";

    for (size_t i = 0; i < kid.len; i++) {
        if (memchr(digits, kid.data[i], sizeof(digits) - 1) == NULL)
            return false;
    }
    return kid.len == KID_BYTES;
}

int token_wait_for(struct token_wait *wait, struct request *req,
                   struct slice kid)
{
    struct wanted *wanted = find_wanted_key(wait, kid);
    struct waiter *waiter;

    if (wait->closing || wait->waiters == WAITERS_MAX)
        return TOO_MANY_WAIT;
    waiter = arena_alloc(request_arena(req), sizeof(*waiter));
    if (waiter == NULL ||
        (wanted == NULL && (wanted = begin_wanted(wait, kid)) == NULL))
        return TOO_MANY_WAIT;
    *waiter = (struct waiter){ req, wanted->waiters };
    wanted->waiters = waiter;
    wait->waiters++;
    return CHECK_LATER;
}

/* Its life. */

enum error token_wait_open(struct event_base *base, struct log *log,
                           const char *path, struct access_rules *rules,
                           token_wait_fn *verdict, struct token_wait **result,
                           struct text *error)
{
    struct token_wait *self = calloc(1, sizeof(*self));
    enum error err;

    if (self == NULL)
        return ERROR_MEMORY;
    self->log = log;
    self->rules = rules;
    self->verdict = verdict;
    err = open_pipe(path, &self->pipe, error);
    if (err == OK) {
        self->timer = evtimer_new(base, token_wait_on_time, self);
        err = self->timer != NULL ? OK : ERROR_MEMORY;
    }
    if (err == OK)
        *result = self;
    else
        token_wait_close(self);
    return err;
}

void token_wait_close(struct token_wait *wait)
{
    if (wait == NULL)
        return;
    wait->closing = true;
    while (wait->count > 0)
        end_wanted(wait, wait->count - 1);
    if (wait->timer != NULL)
        event_free(wait->timer);
    if (wait->pipe >= 0)
        close(wait->pipe);
    free(wait);
}
