/*
 * Changes for programs that follow them: what comes after a revision, at once
 * or as soon as there is something.
 *
 * Waiting costs nothing but memory. Four times a second the catalog is asked
 * for all who wait together, as for a page. Those who know another revision
 * than it has are to read the log: one job at a time, shared by all who ask for
 * the same part, and they share its page, too.
 *
 * An answer may bring the next request of the same connection, which joins the
 * lists. So those are moved to a local one first.
 */
#include "cafe/api/changes.h"

#include <event2/event.h>
#include <stdlib.h>

#include "cafe/api/parameters.h"
#include "cafe/api/problem.h"
#include "cafe/base/clock.h"
#include "cafe/base/inquiry.h"
#include "cafe/base/json.h"
#include "cafe/base/metrics.h"
#include "cafe/suppliers/changes.h"

enum {
    LIMIT_DEFAULT = 50,
    LIMIT_MAX = 200,
    WAIT_MAX_S = 30,
    WAITING_MAX = 1000,
    LOOK_MS = 250,
    TURN_MAX = 100 /* answers in a turn of the loop: about 2 ms */
};

/* One request, in its arena. */
struct follower {
    struct waiter waiter; /* first */
    struct followers *followers;
    struct request *req;
    struct revision since;
    bool begins; /* with the present revision */
    size_t limit;
    int64_t wait_ms, until_ms;
    bool counted; /* among those who wait */
};

struct followers {
    struct lifetime life; /* first: of a look at the catalog */
    const struct api *api;
    struct waiters waiting; /* for a change */
    struct waiters pending; /* for the log to be read */
    struct waiters batch;   /* for the reading under way, or its answer */
    size_t waiting_count;
    struct event *look, *more;
    bool looking, reading; /* reading: until the batch is answered */
    bool hurried;          /* nobody waits any more */
    bool stopped;          /* nothing is read any more */
    struct changes_job job;
    enum error outcome; /* of it */
    struct page *page;  /* what it has found; NULL: nothing */
};

/* The query. */

static bool changes_since(void *into, struct slice value)
{
    struct follower *follower = into;

    follower->begins = false;
    return revision_parse(value, &follower->since) == OK;
}

static bool changes_limit(void *into, struct slice value)
{
    struct follower *follower = into;
    uint64_t limit;

    if (slice_number(value, LIMIT_MAX, &limit) != OK || limit == 0)
        return false;
    follower->limit = (size_t)limit;
    return true;
}

static bool changes_wait(void *into, struct slice value)
{
    struct follower *follower = into;
    uint64_t wait_s;

    if (slice_number(value, WAIT_MAX_S, &wait_s) != OK)
        return false;
    follower->wait_ms = (int64_t)wait_s * 1000;
    return true;
}

static const struct parameter changes_parameters[] = {
    { "since", changes_since,
      "Copy since unchanged from revision in the previous response, or omit it "
      "to begin with the present revision." },
    { "limit", changes_limit, "Set limit to a number from 1 to 200." },
    { "wait", changes_wait, "Set wait to a number of seconds from 0 to 30." },
    { NULL, NULL, "There is no such parameter. Use since, limit and wait." },
};

/* Answers. */

/* It waits no more, in no list, and does not count. */
static void follower_let_go(void *argument)
{
    struct follower *follower = argument;

    waiters_leave(&follower->waiter);
    if (follower->counted)
        follower->followers->waiting_count--;
    follower->counted = false;
}

static void follower_fail(struct follower *follower, int status)
{
    follower_let_go(follower);
    respond_error(follower->req, status);
}

/* Nothing has changed; snapshot may be NULL. */
static void follower_tell_nothing(struct follower *follower,
                                  const struct snapshot *snapshot)
{
    struct page *page;
    struct text body;

    text_init(&body, 0);
    json_object(&body, NULL);
    if (snapshot != NULL)
        answer_as_of(&body, snapshot);
    changes_begin(&body);
    changes_end(&body, &follower->since);
    json_object_end(&body);
    text_append_char(&body, '\n');
    page = page_data(200, JSON_TYPE, "no-store", &body);
    text_free(&body);
    snapshot_mark(snapshot, page);
    follower_let_go(follower);
    respond_page(follower->req, page);
}

static const char is_gone[] =
    "The log of changes no longer leads from this revision to the present. "
    "Read the whole list again, then go on with since set to revision.";

/* The revision is older than anything that is read from now on. */
static void follower_tell_gone(struct follower *follower,
                               const struct revision *now)
{
    struct text body, revision;

    text_init(&revision, 0);
    revision_write(&revision, now);
    problem_begin(&body, follower->req, 410, is_gone);
    json_text(&body, "revision", text_slice(&revision));
    text_free(&revision);
    follower_let_go(follower);
    respond_page(follower->req, problem_end(&body, 410));
}

static void follower_refuse(struct follower *follower)
{
    request_reject(follower->req, REJECTION_LIMIT);
    request_explain(follower->req, "Too many programs wait for changes. Ask "
                                   "again without wait, or later.");
    follower_fail(follower, 503);
}

/* Waiting. */

static void followers_move(struct waiters *from, struct waiters *to)
{
    struct waiter *waiter;

    waiters_init(to);
    while ((waiter = waiters_take(from)) != NULL)
        waiters_add(to, waiter);
}

static void followers_release(struct followers *followers)
{
    struct waiters all;
    struct waiter *waiter;

    followers_move(&followers->waiting, &all);
    while ((waiter = waiters_take(&all)) != NULL)
        follower_tell_nothing((struct follower *)waiter, NULL);
}

/* Without a timer nobody may wait, for nothing would wake them. */
static void followers_look_later(struct followers *followers, int ms)
{
    const struct timeval delay = { 0, ms * 1000 };

    if (!followers->looking &&
        !event_pending(followers->look, EV_TIMEOUT, NULL) &&
        event_add(followers->look, &delay) != 0)
        followers_release(followers);
}

static void follower_wait(struct follower *follower,
                          const struct snapshot *snapshot)
{
    struct followers *followers = follower->followers;

    if (followers->hurried || clock_monotonic_ms() >= follower->until_ms) {
        follower_tell_nothing(follower, snapshot);
    } else if (!follower->counted && followers->waiting_count >= WAITING_MAX) {
        follower_refuse(follower);
    } else {
        if (!follower->counted)
            followers->waiting_count++;
        follower->counted = true;
        waiters_add(&followers->waiting, &follower->waiter);
        followers_look_later(followers, LOOK_MS);
    }
}

/* Reading the log. */

static db_done_fn followers_told;

/* All who ask for the same part. */
static void followers_choose(struct followers *followers)
{
    const struct changes_job *job = &followers->job;
    struct waiters all;
    struct waiter *waiter;

    followers_move(&followers->pending, &all);
    while ((waiter = waiters_take(&all)) != NULL) {
        const struct follower *follower = (const struct follower *)waiter;
        bool same = revision_same(&follower->since, &job->since) &&
                    follower->limit == job->limit;

        waiters_add(same ? &followers->batch : &followers->pending, waiter);
    }
}

static void followers_read(struct followers *followers)
{
    struct follower *first;

    first = followers->reading
                ? NULL
                : (struct follower *)waiters_take(&followers->pending);
    if (first == NULL)
        return;
    followers->reading = true;
    waiters_add(&followers->batch, &first->waiter);
    followers->job = (struct changes_job){ .since = first->since,
                                           .limit = first->limit,
                                           .asker = followers };
    followers->job.supplying = followers->api->supplying;
    text_init(&followers->job.body, 0);
    followers_choose(followers);
    db_submit(followers->api->service->db, "changes", changes_read,
              followers_told, &followers->job);
}

static void follower_tell(struct follower *follower)
{
    const struct followers *followers = follower->followers;
    struct page *page = followers->page;

    if (followers->outcome != OK) {
        follower_fail(follower, status_of_error(followers->outcome));
    } else if (followers->job.gone) {
        follower_tell_gone(follower, &followers->job.now);
    } else if (followers->job.count == 0) {
        follower_wait(follower, NULL);
    } else {
        follower_let_go(follower);
        respond_page(follower->req, page != NULL ? page_ref(page) : NULL);
    }
}

/* Nobody joins the batch meanwhile. Without a timer, and when the loop is about
 * to end, all are told at once. */
static void followers_tell(struct followers *followers)
{
    static const struct timeval at_once = { 0, 0 };
    struct waiter *waiter;

    for (size_t told = 0; (waiter = waiters_take(&followers->batch)) != NULL;) {
        follower_tell((struct follower *)waiter);
        if (++told == TURN_MAX && !followers->stopped &&
            event_add(followers->more, &at_once) == 0)
            return;
    }
    page_unref(followers->page);
    text_free(&followers->job.body);
    followers->reading = false;
    followers_read(followers);
}

static void followers_on_more(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    followers_tell(argument);
}

static void followers_told(void *argument, enum error outcome)
{
    struct changes_job *job = argument;
    struct followers *followers = job->asker;

    followers->outcome = outcome;
    followers->page = NULL;
    if (outcome == OK && job->count > 0)
        followers->page = page_data(200, JSON_TYPE, "no-store", &job->body);
    followers_tell(followers);
}

static void follower_ask(struct follower *follower)
{
    struct followers *followers = follower->followers;

    if (followers->stopped)
        follower_fail(follower, 503);
    else
        waiters_add(&followers->pending, &follower->waiter);
}

/* Looking whether there is something to read. */

/* Whether it is answered. */
static bool follower_look(struct follower *follower,
                          const struct snapshot *snapshot)
{
    const struct revision now = snapshot_revision(snapshot);

    if (!snapshot_stale(snapshot) && !revision_same(&now, &follower->since)) {
        follower_ask(follower);
    } else if (clock_monotonic_ms() >= follower->until_ms ||
               request_peer_ended(follower->req)) {
        follower_tell_nothing(follower, snapshot);
        return true;
    } else {
        waiters_add(&follower->followers->waiting, &follower->waiter);
    }
    return false;
}

static void followers_looked(struct lifetime *life,
                             const struct snapshot *snapshot)
{
    struct followers *followers = (struct followers *)life;
    struct waiters all;
    struct waiter *waiter;
    size_t told = 0;

    followers_move(&followers->waiting, &all);
    while (snapshot != NULL && told < TURN_MAX &&
           (waiter = waiters_take(&all)) != NULL)
        told += follower_look((struct follower *)waiter, snapshot);
    while ((waiter = waiters_take(&all)) != NULL)
        waiters_add(&followers->waiting, waiter);
    lifetime_end(life);
    arena_reset(life->arena);
    followers->looking = false;
    followers_read(followers);
    if (followers->waiting_count > 0)
        followers_look_later(followers, told < TURN_MAX ? LOOK_MS : 0);
}

static void followers_on_look(evutil_socket_t fd, short what, void *argument)
{
    struct followers *followers = argument;

    (void)fd;
    (void)what;
    if (followers->looking || followers->waiting_count == 0)
        return;
    followers->looking = true;
    catalog_when_fresh(followers->api->catalog, followers_looked,
                       &followers->life);
}

/* GET /api/v1/changes */

static void changes_show(struct lifetime *life, const struct snapshot *snapshot)
{
    struct request *req = request_of(life);
    const struct api *api = request_app(req);
    struct follower *follower = request_own(req);
    struct revision now;

    if (snapshot == NULL ||
        lifetime_on_end(life, follower_let_go, follower) != OK) {
        respond_error(req, 503);
        return;
    }
    now = snapshot_revision(snapshot);
    if (follower->begins)
        follower->since = now;
    if (revision_same(&now, &follower->since))
        follower_wait(follower, snapshot);
    else if (snapshot_stale(snapshot)) /* the log can't be read */
        follower_fail(follower, 503);
    else
        follower_ask(follower);
    followers_read(api->followers);
}

/* The server gives a request up after handle_ms: the wait ends well before. */
static int64_t wait_until_ms(const struct api *api, int64_t wait_ms)
{
    int64_t most_ms = api->service->settings->limits.handle_ms / 4 * 3;

    return clock_monotonic_ms() + (wait_ms < most_ms ? wait_ms : most_ms);
}

void api_changes(struct request *req)
{
    const struct api *api = request_app(req);
    struct follower *follower =
        arena_alloc(request_arena(req), sizeof(*follower));

    if (follower == NULL) {
        respond_error(req, 503);
        return;
    }
    follower->followers = api->followers;
    follower->req = req;
    follower->begins = true;
    follower->limit = LIMIT_DEFAULT;
    request_set_own(req, follower);
    if (!parameters_read(req, changes_parameters, follower))
        return;
    follower->until_ms = wait_until_ms(api, follower->wait_ms);
    catalog_when_fresh(api->catalog, changes_show, request_life(req));
}

/* From its beginning to its end. */

enum error followers_open(struct api *api)
{
    struct followers *followers = calloc(1, sizeof(*followers));

    if (followers == NULL)
        return ERROR_MEMORY;
    api->followers = followers;
    followers->api = api;
    waiters_init(&followers->waiting);
    waiters_init(&followers->pending);
    waiters_init(&followers->batch);
    followers->life.arena = arena_open(0);
    followers->look =
        evtimer_new(api->service->base, followers_on_look, followers);
    followers->more =
        evtimer_new(api->service->base, followers_on_more, followers);
    return followers->life.arena != NULL && followers->look != NULL &&
                   followers->more != NULL
               ? OK
               : ERROR_MEMORY;
}

void followers_end_waits(struct followers *followers)
{
    followers->hurried = true;
    followers_release(followers);
}

void followers_stop(struct followers *followers)
{
    struct waiters all;
    struct waiter *waiter;

    followers->stopped = true;
    followers_end_waits(followers);
    followers_move(&followers->pending, &all);
    while ((waiter = waiters_take(&all)) != NULL)
        follower_fail((struct follower *)waiter, 503);
    if (event_pending(followers->more, EV_TIMEOUT, NULL))
        followers_tell(followers);
}

void followers_close(struct followers *followers)
{
    if (followers == NULL)
        return;
    if (followers->look != NULL)
        event_free(followers->look);
    if (followers->more != NULL)
        event_free(followers->more);
    arena_close(followers->life.arena);
    free(followers);
}

void followers_metrics(const struct followers *followers, struct text *out)
{
    metrics_gauge(out, "cafe_changes_waiting",
                  "Requests that wait for the next change.",
                  (int64_t)followers->waiting_count);
}
