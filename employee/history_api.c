/* The history for programs, filtered like its page. */
#include "cafe/api/parameters.h"
#include "cafe/api/problem.h"
#include "cafe/base/clock.h"
#include "cafe/base/json.h"
#include "employee.h"

enum { LIMIT_DEFAULT = 50 };

/* A part of the history, in the request's arena. */
struct history_part {
    struct history_job job; /* first */
    struct request *req;
};

static catalog_show_fn history_api_ask;
static db_done_fn history_api_answer;

static bool part_text(void *into, struct slice value)
{
    (void)into;
    return history_text_valid(value);
}

static bool part_action(void *into, struct slice value)
{
    (void)into;
    return history_action_valid(value);
}

static bool part_day(void *into, struct slice value)
{
    (void)into;
    return history_day_valid(slice_trim(value));
}

static bool part_group(void *into, struct slice value)
{
    (void)into;
    return history_group_valid(value);
}

static bool part_before(void *into, struct slice value)
{
    uint64_t before;

    (void)into;
    return slice_number(value, INT64_MAX, &before) == OK;
}

static bool part_limit(void *into, struct slice value)
{
    struct history_job *job = into;
    uint64_t limit;

    if (slice_number(value, HISTORY_ENTRIES_MAX, &limit) != OK || limit == 0)
        return false;
    job->limit = (size_t)limit;
    return true;
}

/* All but limit are only checked here; history_query_read() reads them. */
static const struct parameter history_parameters[] = {
    { "person", part_text, "Shorten person to at most 254 bytes." },
    { "supplier", part_text, "Shorten supplier to at most 254 bytes." },
    { "action", part_action,
      "Set action to add, update, remove, restore or adopt." },
    { "day", part_day, "Set day to a day in UTC, for example 2026-11-28." },
    { "group", part_group, "Copy group unchanged from a change." },
    { "before", part_before,
      "Copy before unchanged from next in the previous response." },
    { "limit", part_limit, "Set limit to a number from 1 to 200." },
    { NULL, NULL,
      "There is no such parameter. Use person, supplier, action, day, group, "
      "before and limit." },
};

/* GET /admin/api/v1/history */
void history_api_show(struct request *req)
{
    struct employee *self = request_app(req);
    struct history_part *part = arena_alloc(request_arena(req), sizeof(*part));

    if (part == NULL) {
        respond_error(req, 503);
        return;
    }
    part->req = req;
    part->job = (struct history_job){ .arena = request_arena(req),
                                      .limit = LIMIT_DEFAULT };
    request_set_own(req, part);
    if (parameters_read(req, history_parameters, &part->job))
        catalog_when_fresh(self->api.catalog, history_api_ask,
                           request_life(req));
}

static void history_api_ask(struct lifetime *life,
                            const struct snapshot *snapshot)
{
    struct request *req = request_of(life);
    struct history_part *part = request_own(req);

    if (snapshot == NULL || snapshot_stale(snapshot) ||
        !history_query_read(req, &part->job))
        respond_error(req, 503);
    else
        call_database(req, "history", history_read, history_api_answer,
                      &part->job);
}

static void write_who(struct text *out, const char *name, struct slice who)
{
    if (who.data != NULL)
        json_text(out, name, who);
    else
        json_null(out, name);
}

static void write_change(struct text *out, const struct history_entry *entry)
{
    char at[CLOCK_ISO_BYTES];

    clock_iso(entry->at_us, at);
    json_object(out, NULL);
    json_number(out, "version", (int64_t)entry->supplier.revision);
    json_text(out, "at", slice_of(at));
    json_text(out, "action", slice_of(history_action_name(entry->action)));
    json_number(out, "id", entry->supplier.id);
    write_who(out, "person", entry->actor);
    write_who(out, "account",
              entry->forgotten ? (struct slice){ NULL, 0 } : entry->writer);
    write_who(out, "group", entry->group.key);
    for (size_t f = 0; !entry->forgotten && f < SUPPLIER_FIELDS; f++)
        if (supplier_columns[f].exported)
            json_text(out, supplier_columns[f].name, entry->supplier.fields[f]);
    json_object_end(out);
}

/* The URL of what follows: the same filter and limit. */
static const char *next_part(const struct history_part *part)
{
    const char *query =
        history_query(part->req, &part->job.filter, part->job.older, 0);

    if (part->job.limit == LIMIT_DEFAULT)
        return arena_printf(request_arena(part->req), API_HISTORY "%s", query);
    return arena_printf(request_arena(part->req), API_HISTORY "%s&limit=%zu",
                        query, part->job.limit);
}

static void write_part(struct text *out, const struct history_part *part,
                       const char *next)
{
    json_object(out, NULL);
    if (next != NULL)
        json_text(out, "next", slice_of(next));
    else
        json_null(out, "next");
    json_array(out, "changes");
    for (size_t i = 0; i < part->job.count; i++)
        write_change(out, &part->job.entries[i]);
    json_array_end(out);
    json_object_end(out);
    text_append_char(out, '\n');
}

static void history_api_answer(void *job, enum error outcome)
{
    const struct history_part *part = job;
    struct request *req = part->req;
    const struct employee *self = request_app(req);
    const char *next = part->job.older != 0 ? next_part(part) : NULL;
    struct page *page;
    struct text body;

    if (outcome != OK || (part->job.older != 0 && next == NULL)) {
        respond_error(req, outcome == OK ? 503 : status_of_error(outcome));
        return;
    }
    text_init(&body, 0);
    write_part(&body, part, next);
    page = page_data(200, JSON_TYPE, "no-store", &body);
    text_free(&body);
    if (page != NULL && next != NULL) /* RFC 8288 */
        page_field(
            page, "Link",
            arena_printf(request_arena(req), "<%s>; rel=\"next\"", next));
    page_answer_once(self->api.service, req, page);
}
