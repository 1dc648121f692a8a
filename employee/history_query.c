/* Which changes a history shows: read from a query, shown in its form, and
 * written into links again. */
#include "cafe/base/clock.h"
#include "cafe/suppliers/paging.h"
#include "cafe/suppliers/store.h"
#include "employee.h"

enum { TEXT_MAX_BYTES = 254 };

static const struct {
    const char *value; /* history_action_name() */
    const char *label;
} actions[] = {
    { "add", "Added" },
    { "update", "Changed" },
    { "remove", "Deleted" },
    { "restore", "Restored" },
    { "adopt", "Existed before" },
};

enum { ACTIONS = sizeof(actions) / sizeof(actions[0]) };

bool history_action_valid(struct slice text)
{
    for (size_t i = 0; i < ACTIONS; i++) {
        if (slice_is(text, actions[i].value))
            return true;
    }
    return text.len == 0;
}

/* "2026-11-28", and there is such a day. */
bool history_day_valid(struct slice text)
{
    return text.len == 0 || clock_is_date(text);
}

bool history_text_valid(struct slice text)
{
    return slice_trim(text).len <= TEXT_MAX_BYTES;
}

bool history_group_valid(struct slice text)
{
    return text.len == 0 || form_key_valid(text);
}

static bool read_number(const struct form *query, const char *name,
                        uint64_t max, uint64_t *number)
{
    struct slice text = form_value(query, name);

    return text.data == NULL || slice_number(text, max, number) == OK;
}

bool history_query_read(struct request *req, struct history_job *job)
{
    const struct form *query;
    uint64_t page = 1;

    if (request_query(req, &query) != OK)
        return false;
    job->filter = (struct history_filter){
        .person = slice_trim(form_value(query, "person")),
        .supplier = slice_trim(form_value(query, "supplier")),
        .action = form_value(query, "action"),
        .day = slice_trim(form_value(query, "day")),
        .group = form_value(query, "group"),
    };
    return history_text_valid(job->filter.person) &&
           history_text_valid(job->filter.supplier) &&
           history_action_valid(job->filter.action) &&
           history_day_valid(job->filter.day) &&
           history_group_valid(job->filter.group) &&
           read_number(query, "before", INT64_MAX, &job->before) &&
           read_number(query, "page", PAGING_PAGE_MAX, &page) &&
           (job->page = (size_t)page) > 0;
}

static void add_part(struct text *url, const char *name, struct slice value)
{
    if (value.len == 0)
        return;
    text_printf(url, "%s%s=", url->len > 1 ? "&" : "", name);
    percent_encode(url, value);
}

const char *history_query(struct request *req,
                          const struct history_filter *filter, uint64_t before,
                          size_t page)
{
    const char *query = "?";
    struct text url;

    text_init(&url, 0);
    text_append_char(&url, '?');
    add_part(&url, "person", filter->person);
    add_part(&url, "supplier", filter->supplier);
    add_part(&url, "action", filter->action);
    add_part(&url, "day", filter->day);
    add_part(&url, "group", filter->group);
    if (before != 0)
        text_printf(&url, "%sbefore=%llu", url.len > 1 ? "&" : "",
                    (unsigned long long)before);
    if (page > 1)
        text_printf(&url, "%spage=%zu", url.len > 1 ? "&" : "", page);
    if (!url.failed)
        query = arena_copy(request_arena(req), url.data, url.len);
    text_free(&url);
    return query != NULL ? query : "?";
}

bool history_filtered(const struct history_filter *filter)
{
    return filter->person.len + filter->supplier.len + filter->action.len +
               filter->day.len >
           0;
}

void history_query_context(struct request *req,
                           const struct history_filter *filter,
                           struct context *context)
{
    struct context *object = context_object(context, "filter");
    struct context *list = context_list(object, "actions");

    context_text(object, "person", filter->person);
    context_text(object, "supplier", filter->supplier);
    context_text(object, "day", filter->day);
    context_text(object, "group", filter->group);
    context_string(object, "csv", history_query(req, filter, 0, 0));
    context_flag(object, "filtered", history_filtered(filter));
    for (size_t i = 0; i < ACTIONS; i++) {
        struct context *action = context_list_object(list);

        context_string(action, "value", actions[i].value);
        context_string(action, "label", actions[i].label);
        context_flag(action, "selected",
                     slice_is(filter->action, actions[i].value));
    }
}
