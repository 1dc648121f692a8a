/* Signing in. A password is compared on a thread; requests with the same name
 * and password wait for one comparison. */
#include "sign_in.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attempts.h"
#include "cafe/base/clock.h"
#include "cafe/http/response.h"
#include "cafe/http/server.h"
#include "cafe/service/credentials.h"
#include "cafe/service/htpasswd.h"
#include "cafe/service/offload.h"
#include "cafe/service/password.h"

enum {
    MALFORMED = 400,
    WHO_ARE_YOU = 401,
    TOO_MANY = 429,
    TOO_BUSY = 503,
    WAITING_OF_CLIENT = 8 /* comparisons; of all clients 16 times as many */
};

/* In the arena of its request. */
struct waiter {
    struct request *req;
    struct waiter *next;
};

/* A comparison under way. */
struct comparison {
    struct sign_in *sign_in;
    struct attempt_digest digest, who;
    struct waiter *waiters;
    struct comparison *next;
    bool known; /* the name; else it is compared for the time it takes */
    bool same;
    enum error outcome;
    char *client, *name, *password, *hash; /* copies, in `texts` */
    size_t texts_bytes;
    char texts[];
};

struct sign_in {
    struct event_base *base;
    struct log *log;
    const struct access_rules *rules;
    struct cidr_list *loopback;
    struct attempts *attempts;
    struct offload *offload; /* NULL: nobody has signed in yet */
    struct comparison *comparisons;
    bool warned;
};

enum error sign_in_open(struct event_base *base, struct log *log,
                        const struct access_rules *rules,
                        struct sign_in **result)
{
    struct sign_in *self = calloc(1, sizeof(*self));
    struct text error;
    enum error err;

    if (self == NULL)
        return ERROR_MEMORY;
    self->base = base;
    self->log = log;
    self->rules = rules;
    text_init(&error, 0);
    if ((err = cidr_list_open("loopback", &self->loopback, &error)) == OK)
        err = attempts_open(&self->attempts);
    text_free(&error);
    if (err == OK)
        *result = self;
    else
        sign_in_close(self);
    return err;
}

void sign_in_close(struct sign_in *sign_in)
{
    if (sign_in == NULL)
        return;
    offload_close(sign_in->offload);
    attempts_close(sign_in->attempts);
    cidr_list_close(sign_in->loopback);
    free(sign_in);
}

/* Answers. */

static int sign_in_ask(struct request *req)
{
    response_add(req, "WWW-Authenticate",
                 "Basic realm=\"Coffee suppliers\", charset=\"UTF-8\"");
    return WHO_ARE_YOU;
}

static int sign_in_let_in(struct request *req, const char *name)
{
    request_set_user(req, name);
    return request_user(req) != NULL ? 0 : TOO_BUSY;
}

static int refuse_for_now(struct request *req, int64_t wait_ms)
{
    char seconds[24];

    snprintf(seconds, sizeof(seconds), "%lld",
             (long long)(wait_ms + 999) / 1000);
    response_add(req, "Retry-After", seconds);
    return TOO_MANY;
}

/* The verdict, with what belongs to it. A browser sends a form again with the
 * right password by itself, but not when it was too early. */
static int sign_in_verdict(const struct sign_in *self, struct request *req,
                           int status)
{
    if (status == WHO_ARE_YOU)
        return sign_in_ask(req);
    if (status == TOO_MANY || status == TOO_BUSY)
        origin_keep_form(self->rules, req);
    return status;
}

static void sign_in_answer(const struct comparison *comparison,
                           struct request *req, int status)
{
    if (status == 0)
        status = sign_in_let_in(req, comparison->name);
    request_check_done(req, sign_in_verdict(comparison->sign_in, req, status));
}

/* Comparing. */

static void comparison_run(void *job)
{
    struct comparison *comparison = job;

    comparison->outcome = password_verify(comparison->password,
                                          comparison->hash, &comparison->same);
}

static void comparison_forget(struct comparison *comparison)
{
    struct comparison **at = &comparison->sign_in->comparisons;

    while (*at != comparison)
        at = &(*at)->next;
    *at = comparison->next;
    explicit_bzero(comparison->texts, comparison->texts_bytes);
    free(comparison);
}

/* The file may have been read again meanwhile. */
static bool is_current(const struct comparison *comparison)
{
    const struct htpasswd *accounts = comparison->sign_in->rules->accounts;
    const struct account *account =
        accounts != NULL ? htpasswd_find(accounts, slice_of(comparison->name))
                         : NULL;

    return account != NULL && strcmp(account->hash, comparison->hash) == 0;
}

static int comparison_judge(struct comparison *comparison, enum error err)
{
    struct attempts *attempts = comparison->sign_in->attempts;

    if (err != OK || comparison->outcome != OK) {
        attempts_cancel(attempts, &comparison->who);
        return TOO_BUSY;
    }
    if (!comparison->known || !comparison->same || !is_current(comparison))
        return WHO_ARE_YOU;
    attempts_succeed(attempts, &comparison->who);
    attempts_remember(attempts, &comparison->digest, clock_monotonic_ms());
    return 0;
}

static void comparison_done(void *job, enum error err)
{
    struct comparison *comparison = job;
    int status = comparison_judge(comparison, err);

    while (comparison->waiters != NULL) {
        struct waiter *waiter = comparison->waiters;

        comparison->waiters = waiter->next;
        sign_in_answer(comparison, waiter->req, status);
    }
    comparison_forget(comparison);
}

static char *comparison_put(char **end, struct slice text)
{
    char *start = *end;

    memcpy(start, text.data, text.len);
    start[text.len] = '\0';
    *end += text.len + 1;
    return start;
}

static struct comparison *comparison_open(struct sign_in *self,
                                          const struct request *req,
                                          const struct credentials *given,
                                          const struct account *account)
{
    struct slice client = slice_of(request_client(req));
    struct slice password = slice_of(given->password);
    struct slice hash = slice_of(account->hash);
    size_t bytes = client.len + given->name.len + password.len + hash.len + 4;
    struct comparison *made = calloc(1, sizeof(*made) + bytes);
    char *end;

    if (made == NULL)
        return NULL;
    end = made->texts;
    made->sign_in = self;
    made->texts_bytes = bytes;
    made->client = comparison_put(&end, client);
    made->name = comparison_put(&end, given->name);
    made->password = comparison_put(&end, password);
    made->hash = comparison_put(&end, hash);
    return made;
}

static enum error comparison_submit(struct sign_in *self,
                                    struct comparison *comparison)
{
    enum error err = OK;

    if (self->offload == NULL)
        err = offload_open(self->base, WAITING_OF_CLIENT, &self->offload);
    if (err == OK)
        err = offload_submit(self->offload, comparison->client, comparison_run,
                             comparison_done, comparison);
    return err;
}

static int comparison_wait(struct comparison *comparison, struct request *req)
{
    struct waiter *waiter = arena_alloc(request_arena(req), sizeof(*waiter));

    if (waiter == NULL)
        return TOO_BUSY;
    *waiter = (struct waiter){ req, comparison->waiters };
    comparison->waiters = waiter;
    return CHECK_LATER;
}

/* A new comparison, counted as a failure until it is over. */
static int comparison_begin(struct sign_in *self, struct request *req,
                            struct comparison *comparison)
{
    int64_t wait_ms =
        attempts_begin(self->attempts, &comparison->who, clock_monotonic_ms());
    int status = TOO_BUSY;

    comparison->next = self->comparisons;
    self->comparisons = comparison;
    if (wait_ms == 0 && comparison_submit(self, comparison) == OK)
        return comparison_wait(comparison, req);
    if (wait_ms == 0)
        attempts_cancel(self->attempts, &comparison->who);
    else
        status = refuse_for_now(req, wait_ms);
    comparison_forget(comparison);
    return status;
}

/* The one under way for the same name and password; NULL: none. */
static struct comparison *comparison_find(const struct sign_in *self,
                                          const struct attempt_digest *digest)
{
    struct comparison *comparison = self->comparisons;

    while (comparison != NULL &&
           memcmp(&comparison->digest, digest, sizeof(*digest)) != 0)
        comparison = comparison->next;
    return comparison;
}

/* An unknown name is compared with some account, always the same one: it takes
 * as long as a known one. */
static const struct account *stand_in(const struct sign_in *self,
                                      struct slice name)
{
    struct attempt_digest digest;
    uint64_t number;

    attempts_digest(self->attempts, &name, 1, &digest);
    memcpy(&number, digest.bytes, sizeof(number));
    return htpasswd_any(self->rules->accounts, number);
}

static int sign_in_look_at(struct sign_in *self, struct request *req,
                           const struct credentials *given)
{
    const struct account *account =
        htpasswd_find(self->rules->accounts, given->name);
    bool known = account != NULL;
    struct attempt_digest digest;
    struct comparison *comparison;

    if (!known)
        account = stand_in(self, given->name);
    attempts_digest(self->attempts,
                    (struct slice[]){ given->name, slice_of(given->password),
                                      slice_of(account->hash) },
                    3, &digest);
    if (attempts_remembered(self->attempts, &digest, clock_monotonic_ms()))
        return sign_in_let_in(
            req,
            arena_copy(request_arena(req), given->name.data, given->name.len));
    if ((comparison = comparison_find(self, &digest)) != NULL)
        return comparison_wait(comparison, req);
    comparison = comparison_open(self, req, given, account);
    if (comparison == NULL)
        return TOO_BUSY;
    comparison->known = known;
    comparison->digest = digest;
    attempts_digest(
        self->attempts,
        (struct slice[]){ slice_of(request_client(req)), given->name }, 2,
        &comparison->who);
    return comparison_begin(self, req, comparison);
}

/* Once: a password that came over a network as plain text. */
static void warn_of_plain_text(struct sign_in *self, const struct request *req)
{
    struct slice client = slice_of(request_client(req));

    if (self->warned || request_encrypted(req) ||
        cidr_list_has_text(self->loopback, client))
        return;
    self->warned = true;
    log_line(self->log, LOG_WARNING, "a password came without encryption",
             LOG_SLICE("client_ip", client),
             LOG_STRING("reason",
                        "anybody on the network path can read it; put a "
                        "proxy with TLS in front that sends "
                        "X-Forwarded-Proto"),
             LOG_END);
}

int sign_in_check(void *context, struct request *req)
{
    struct sign_in *self = context;
    enum credentials_kind kind = CREDENTIALS_NONE;
    struct credentials given;

    if (request_role(req) != 0 || self->rules->accounts == NULL)
        return 0;
    if (credentials_read(request_field(req, "authorization"),
                         request_arena(req), &kind, &given) != OK)
        return TOO_BUSY;
    if (kind == CREDENTIALS_MALFORMED)
        return MALFORMED;
    if (kind != CREDENTIALS_GIVEN)
        return sign_in_ask(req);
    warn_of_plain_text(self, req);
    return sign_in_verdict(self, req, sign_in_look_at(self, req, &given));
}
