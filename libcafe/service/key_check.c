/* Signing in by a key. It is looked up on a database thread, by its digest, for
 * each request: a key that is removed opens nothing from then on. */
#include "key_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cafe/base/clock.h"
#include "cafe/http/response.h"
#include "cafe/http/server.h"
#include "pace.h"

enum { NO_KEY = 401, TOO_OFTEN = 429, NO_ANSWER = 503 };

struct key_check {
    struct db *db;
    struct log *log;
    const char *root;
    struct pace *pace;
    bool stopping;
};

/* A look-up, in the arena of its request. */
struct key_lookup {
    struct key_check *check;
    struct request *req;
    struct key_digest digest;
    struct key key;
    bool asked;  /* the check has returned */
    bool failed; /* before that */
};

static const char malformed[] =
    "This is not a key. Send \"Authorization: Bearer\" and the key as "
    "--add-key printed it.";
static const char unknown_key[] =
    "There is no such key; it may have been removed. Ask the people who run "
    "this site for a new one.";
static const char expired_key[] =
    "This key has expired. Ask the people who run this site for a new one.";
static const char too_often[] =
    "This key has made too many requests in the last minute. Wait as many "
    "seconds as Retry-After says.";

enum error key_check_open(struct db *db, struct log *log, const char *root,
                          int64_t per_minute, struct key_check **result)
{
    struct key_check *check = calloc(1, sizeof(*check));
    enum error err;

    if (check == NULL)
        return ERROR_MEMORY;
    err = pace_open(per_minute, &check->pace);
    if (err != OK) {
        free(check);
        return err;
    }
    check->db = db;
    check->log = log;
    check->root = root;
    *result = check;
    return OK;
}

void key_check_stop(struct key_check *check)
{
    if (check != NULL)
        check->stopping = true;
}

void key_check_close(struct key_check *check)
{
    if (check == NULL)
        return;
    pace_close(check->pace);
    free(check);
}

/* The line never has what was sent. */
static int key_refuse(const struct key_check *check, struct request *req,
                      const char *name, const char *detail)
{
    response_add(req, "WWW-Authenticate",
                 "Bearer realm=\"Coffee suppliers\", error=\"invalid_token\"");
    request_explain(req, detail);
    log_line(check->log, LOG_WARNING, "a key was refused",
             LOG_STRING("request_id", request_id(req)),
             LOG_STRING("client_ip", request_client(req)),
             LOG_STRING("key", name), LOG_STRING("reason", detail), LOG_END);
    return NO_KEY;
}

static int key_refuse_for_now(struct request *req, int64_t wait_us)
{
    char seconds[24];

    snprintf(seconds, sizeof(seconds), "%lld",
             (long long)(wait_us / 1000000) + 1);
    response_add(req, "Retry-After", seconds);
    request_explain(req, too_often);
    return TOO_OFTEN;
}

/* Not a person's name: see identity_is_person(). */
static int key_let_in(struct request *req, const struct key *key)
{
    const char *user = arena_printf(request_arena(req), "key %s", key->name);

    if (user == NULL)
        return NO_ANSWER;
    request_set_user(req, user);
    request_set_role(req, key->writes ? ROUTE_KEY_WRITE : ROUTE_KEY_READ);
    return request_user(req) != NULL ? 0 : NO_ANSWER;
}

static int key_judge(const struct key_lookup *lookup, enum error outcome)
{
    const struct key_check *check = lookup->check;
    int64_t wait_us;

    if (outcome == ERROR_NOT_FOUND)
        return key_refuse(check, lookup->req, "", unknown_key);
    if (outcome != OK || check->stopping)
        return NO_ANSWER;
    if (lookup->key.expired)
        return key_refuse(check, lookup->req, lookup->key.name, expired_key);
    wait_us = pace_count(check->pace, &lookup->digest, clock_monotonic_us());
    return wait_us > 0 ? key_refuse_for_now(lookup->req, wait_us)
                       : key_let_in(lookup->req, &lookup->key);
}

static enum error key_look_up(struct db_connection *connection, void *job)
{
    struct key_lookup *lookup = job;

    return key_find(connection, &lookup->digest, &lookup->key);
}

static void key_looked_up(void *job, enum error outcome)
{
    struct key_lookup *lookup = job;

    if (lookup->asked)
        request_check_done(lookup->req, key_judge(lookup, outcome));
    else
        lookup->failed = true; /* out of memory: nothing was queued */
}

static int key_ask(struct key_check *check, struct request *req,
                   struct slice text)
{
    struct key_lookup *lookup =
        arena_alloc(request_arena(req), sizeof(*lookup));
    const struct db_call call = { .operation = "key",
                                  .request_id = request_id(req),
                                  .waited_us = &request_life(req)->waited_us };

    if (lookup == NULL || key_digest(text, &lookup->digest) != OK)
        return NO_ANSWER;
    lookup->check = check;
    lookup->req = req;
    db_submit_call(check->db, &call, key_look_up, key_looked_up, lookup);
    lookup->asked = true;
    return lookup->failed ? NO_ANSWER : CHECK_LATER;
}

static bool is_below(struct slice path, const char *root)
{
    size_t len = strlen(root);

    return slice_starts(path, root) &&
           (path.len == len || path.data[len] == '/');
}

int key_check(void *context, struct request *req)
{
    struct key_check *check = context;
    struct slice field = request_field(req, "authorization");

    if (!is_below(request_head(req)->path, check->root))
        return 0;
    if (!slice_is_nocase(slice_cut(&field, ' '), "bearer"))
        return 0;
    field = slice_trim(field);
    return key_valid(field) ? key_ask(check, req, field)
                            : key_refuse(check, req, "", malformed);
}
