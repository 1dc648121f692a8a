/*
 * Readiness, from what the daemon knows. A probe asks the database, but waits
 * no longer than a page does, and a second at most: a load balancer whose probe
 * is not answered takes the daemon out, although its pages can still be shown.
 * After that probes are answered at once, while the database is asked again and
 * again, until it answers in time.
 */
#include <event2/event.h>

#include "cafe/base/clock.h"
#include "cafe/base/json.h"
#include "cafe/html/encoding.h"
#include "cafe/http/response.h"
#include "frame.h"

enum {
    RETRY_MS = 500,    /* while the database doesn't answer in time */
    WAIT_MAX_MS = 1000 /* half of what our load balancers give a check */
};

/* A request that waits for an answer; in its arena. */
struct probe {
    struct waiter waiter; /* first */
    struct request *req;
    int64_t since_ms;
};

/* What is known, in words. */

struct report {
    bool ready;
    const char *status; /* the first words of the text */
    const char *reason; /* NULL: none */
    int64_t since_us;
    const struct readiness *known;
    struct service_state state;
};

/* Whether this is something the database said, not that it said nothing. */
static bool is_answer(enum error outcome)
{
    return outcome == OK || outcome == ERROR_DB || outcome == ERROR_DB_SCHEMA ||
           outcome == ERROR_DB_TRIGGERS || outcome == ERROR_DB_STATEMENT;
}

static const char *schema_text(const struct readiness *known)
{
    if (known->answered_us == 0)
        return "unknown";
    if (known->schema == OK)
        return "current";
    if (known->schema == ERROR_DB_SCHEMA)
        return "not the one that this program needs; run: employee --migrate";
    if (known->schema == ERROR_DB_TRIGGERS)
        return "triggers are missing or out of date; run: employee --migrate";
    return "can't be read";
}

static const char *reason_of(const struct readiness *known)
{
    switch (known->outcome) {
    case OK:
        return NULL;
    case ERROR_DEADLINE:
        return known->answered_us == 0 ? "the database has not answered yet"
                                       : "the database does not answer in time";
    case ERROR_DB_SCHEMA:
        return "the schema is not the one that this program needs; run: "
               "employee --migrate";
    case ERROR_DB_TRIGGERS:
        return "the triggers that log changes are missing or out of date; "
               "run: employee --migrate";
    default:
        return error_text(known->outcome);
    }
}

/* A migration may end between the questions of the catalog and of readiness:
 * then there is no page to show yet. */
static bool is_unread(const struct service_state *state)
{
    return state->shown.as_of_us == 0 &&
           state->shown.trouble == ERROR_DB_SCHEMA;
}

static struct report report_of(const struct frame *frame)
{
    const struct readiness *known = &frame->readiness;
    struct report report = { .since_us = known->since_us, .known = known };

    frame->definition->state(frame->app, &report.state);
    report.ready = known->outcome == OK && !is_unread(&report.state);
    report.status = report.ready ? "ready" : "not ready";
    report.reason = reason_of(known);
    if (known->outcome == OK && !report.ready)
        report.reason = "the suppliers have not been read since the migration";
    if (frame->draining) {
        report.ready = false;
        report.status = "stopping";
        report.reason = NULL;
        report.since_us = frame->draining_us;
    }
    return report;
}

static const char unwritable_reason[] =
    "the triggers that log changes are missing, or the server could not read "
    "them; run: employee --migrate";

static void append_time(struct text *text, const char *before, int64_t utc_us)
{
    char iso[CLOCK_ISO_BYTES];

    clock_iso(utc_us, iso);
    text_printf(text, "%s%s", before, iso);
}

/* Load balancers look for its first word, and for "pages: none". */
static void append_text(struct text *text, const struct report *report)
{
    const struct service_state *state = &report->state;
    int64_t answered_us = report->known->answered_us;

    text_append_string(text, report->status);
    if (report->reason != NULL)
        text_printf(text, ": %s", report->reason);
    append_time(text, "\nsince: ", report->since_us);
    if (answered_us == 0) {
        text_append_string(text, "\ndatabase: no answer yet");
    } else {
        append_time(text, "\ndatabase: last answer ", answered_us);
        text_printf(text, ", %lld ms ago",
                    (long long)(clock_utc_us() - answered_us) / 1000);
    }
    text_printf(text, "\nschema: %s", schema_text(report->known));
    if (state->shown.as_of_us == 0)
        text_append_string(text, "\npages: none yet");
    else
        append_time(text, "\npages: as of ", state->shown.as_of_us);
    if (state->shown.trouble != OK) {
        append_time(text, ", not up to date since ",
                    state->shown.trouble_since_us);
        text_printf(text, " (%s)", error_text(state->shown.trouble));
    }
    if (state->unwritable) {
        append_time(text, "\nsaves: refused since ",
                    state->unwritable_since_us);
        text_printf(text, " (%s)", unwritable_reason);
    }
    text_append_char(text, '\n');
}

static void readiness_put_string(struct text *json, const char *name,
                                 const char *value)
{
    if (value != NULL)
        json_text(json, name, slice_of(value));
    else
        json_null(json, name);
}

static void put_time(struct text *json, const char *name, int64_t utc_us)
{
    char iso[CLOCK_ISO_BYTES];

    clock_iso(utc_us, iso);
    readiness_put_string(json, name, utc_us ? iso : NULL);
}

static void append_json(struct text *json, const struct report *report)
{
    const struct service_state *state = &report->state;
    int64_t answered_us = report->known->answered_us;
    bool stale = state->shown.trouble != OK;

    json_object(json, NULL);
    readiness_put_string(json, "status", report->status);
    readiness_put_string(json, "reason", report->reason);
    put_time(json, "since", report->since_us);
    json_object(json, "database");
    put_time(json, "answered_at", answered_us);
    if (answered_us)
        json_number(json, "age_ms", (clock_utc_us() - answered_us) / 1000);
    else
        json_null(json, "age_ms");
    readiness_put_string(json, "schema", schema_text(report->known));
    json_object_end(json);
    json_object(json, "pages");
    put_time(json, "as_of", state->shown.as_of_us);
    put_time(json, "stale_since", stale ? state->shown.trouble_since_us : 0);
    readiness_put_string(json, "reason",
                         stale ? error_text(state->shown.trouble) : NULL);
    json_object_end(json);
    if (state->unwritable) {
        json_object(json, "saves");
        put_time(json, "refused_since", state->unwritable_since_us);
        readiness_put_string(json, "reason", unwritable_reason);
        json_object_end(json);
    }
    json_object_end(json);
    text_append_char(json, '\n');
}

/* Probes. */

static void answer(struct request *req, const struct frame *frame)
{
    struct report report = report_of(frame);
    bool json = accept_prefers(request_field(req, "accept"), "application/json",
                               "text/plain");
    struct page *page = page_open(report.ready ? 200 : 503);
    struct text body;

    if (page == NULL) {
        respond_page(req, NULL);
        return;
    }
    text_init(&body, 0);
    (json ? append_json : append_text)(&body, &report);
    page_field(page, "Content-Type",
               json ? "application/json" : "text/plain; charset=utf-8");
    page_field(page, "Vary", "Accept");
    page_field(page, "Cache-Control", "no-store");
    page_secure(page, PAGE_POLICY_DATA);
    page_body(page, &body);
    respond_page(req, page);
}

static void answer_all(struct frame *frame, struct waiters *list)
{
    struct waiter *probe;

    while ((probe = waiters_take(list)) != NULL)
        answer(((struct probe *)probe)->req, frame);
}

/* The request is over: it waits no more. */
static void probe_end(void *argument)
{
    struct probe *probe = argument;

    waiters_leave(&probe->waiter);
}

/* Questions. */

static void readiness_note(struct readiness *known, enum error outcome)
{
    if (known->outcome != outcome)
        known->since_us = known->asked_us;
    known->outcome = outcome;
}

static void readiness_give_up(struct frame *frame, enum error outcome)
{
    struct readiness *known = &frame->readiness;
    struct waiters all;

    waiters_init(&all);
    inquiry_leave_all(&known->inquiry, &all);
    known->late = true;
    readiness_note(known, outcome);
    answer_all(frame, &all);
}

/* Without a timer nobody may wait, for nothing would wake them: the next probe
 * asks. */
static void in(struct frame *frame, int64_t ms)
{
    const struct timeval delay = { ms / 1000, ms % 1000 * 1000 };

    if (event_add(frame->readiness.timer, &delay) != 0)
        readiness_give_up(frame, ERROR_MEMORY);
}

static int64_t wait_ms(const struct frame *frame)
{
    struct service_state state;

    frame->definition->state(frame->app, &state);
    return state.shown.wait_ms < WAIT_MAX_MS ? state.shown.wait_ms
                                             : WAIT_MAX_MS;
}

static db_done_fn on_asked;

static void readiness_ask(struct frame *frame)
{
    struct readiness *known = &frame->readiness;

    if (frame->draining || !inquiry_begin(&known->inquiry))
        return;
    known->asked_ms = clock_monotonic_ms();
    known->asked_us = clock_utc_us();
    db_submit(frame->service.db, "check", frame->definition->ready, on_asked,
              frame);
}

static void on_asked(void *job, enum error outcome)
{
    struct frame *frame = job;
    struct readiness *known = &frame->readiness;
    bool slow = clock_monotonic_ms() - known->asked_ms > wait_ms(frame);
    struct waiters answered;

    /* "The schema is old" is an answer, too: the database is there. */
    if (is_answer(outcome)) {
        known->answered_us = clock_utc_us();
        known->schema = outcome;
    }
    known->late = slow || !is_answer(outcome);
    readiness_note(known,
                   slow && is_answer(outcome) ? ERROR_DEADLINE : outcome);
    waiters_init(&answered);
    inquiry_end(&known->inquiry, &answered);
    if (known->late)
        inquiry_leave_all(&known->inquiry, &answered);
    else if (inquiry_wanted(&known->inquiry))
        readiness_ask(frame);
    if (known->late && !frame->draining)
        in(frame, RETRY_MS);
    /* Last: an answer may bring the next probe of the same connection. */
    answer_all(frame, &answered);
}

static void readiness_on_time(evutil_socket_t fd, short what, void *argument)
{
    struct frame *frame = argument;
    struct readiness *known = &frame->readiness;
    const struct probe *oldest =
        (const struct probe *)inquiry_oldest(&known->inquiry);
    int64_t left;

    (void)fd;
    (void)what;
    if (known->late)
        readiness_ask(frame);
    if (oldest == NULL)
        return;
    left = oldest->since_ms + wait_ms(frame) - clock_monotonic_ms();
    if (left <= 0)
        readiness_give_up(frame, ERROR_DEADLINE);
    else
        in(frame, left);
}

/* False: out of memory. */
static bool readiness_join(struct readiness *known, struct request *req)
{
    struct probe *probe = arena_alloc(request_arena(req), sizeof(*probe));

    if (probe == NULL ||
        lifetime_on_end(request_life(req), probe_end, probe) != OK)
        return false;
    probe->req = req;
    probe->since_ms = clock_monotonic_ms();
    inquiry_join(&known->inquiry, &probe->waiter);
    return true;
}

void readiness_show(struct request *req)
{
    struct frame *frame = request_app(req);
    struct readiness *known = &frame->readiness;
    bool waits = !frame->draining && !known->late && readiness_join(known, req);

    frame->asked_ms = clock_monotonic_ms();
    /* Answered from what is known; the question goes on for the next probe. */
    if (!waits)
        answer(req, frame);
    if (waits || !event_pending(known->timer, EV_TIMEOUT, NULL))
        readiness_ask(frame);
    if (waits && !event_pending(known->timer, EV_TIMEOUT, NULL))
        in(frame, wait_ms(frame));
}

enum error readiness_open(struct frame *frame)
{
    struct readiness *known = &frame->readiness;

    inquiry_init(&known->inquiry);
    known->outcome = ERROR_DEADLINE;
    known->since_us = clock_utc_us();
    known->timer = evtimer_new(frame->service.base, readiness_on_time, frame);
    return known->timer != NULL ? OK : ERROR_MEMORY;
}

void readiness_close(struct frame *frame)
{
    if (frame->readiness.timer != NULL)
        event_free(frame->readiness.timer);
}
