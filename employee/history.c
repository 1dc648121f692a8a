/* Who changed what and when: of all suppliers, and of one. */
#include "cafe/base/clock.h"
#include "cafe/html/render.h"
#include "cafe/service/access.h"
#include "cafe/suppliers/paging.h"
#include "employee.h"

/* A page of the log. */
struct log_page {
    struct history_job page;
    struct history_job newest; /* of the supplier; limit 0: of all */
    struct request *req;
    uint64_t before; /* of the query */
};

static catalog_show_fn history_ask;
static db_done_fn history_answer;

/* The author of a change: "by 10.0.0.7", or "by SQL, account x". */
static const char *history_who(struct request *req,
                               const struct history_entry *entry)
{
    struct slice who = entry->actor.data != NULL ? entry->actor : entry->writer;

    return arena_printf(request_arena(req), "by %s%.*s",
                        entry->actor.data != NULL ? "" : "SQL, account ",
                        (int)who.len, who.data);
}

const char *history_author(struct request *req,
                           const struct history_entry *entry)
{
    struct slice who = entry->actor.data != NULL ? entry->actor : entry->writer;
    const char *before = "";

    if (entry->actor.data == NULL)
        before = "The SQL account ";
    else if (address_is_valid(who))
        before = "Somebody at ";
    else if (slice_starts(who, "key "))
        before = "The ";
    return arena_printf(request_arena(req), "%s%.*s", before, (int)who.len,
                        who.data);
}

void when_context(struct request *req, int64_t at_us, struct context *object)
{
    char words[CLOCK_WORDS_BYTES], iso[CLOCK_ISO_BYTES];

    clock_words(at_us, words);
    clock_iso(at_us, iso);
    context_text(object, "when",
                 arena_slice(request_arena(req), slice_of(words)));
    context_text(object, "when_iso",
                 arena_slice(request_arena(req), slice_of(iso)));
}

static const char *action_text(enum history_action action)
{
    switch (action) {
    case HISTORY_ADOPT:
        return "existed before the history began";
    case HISTORY_ADD:
        return "was added";
    case HISTORY_UPDATE:
        return "was changed";
    case HISTORY_REMOVE:
        return "was deleted";
    case HISTORY_RESTORE:
        return "was restored";
    }
    return "";
}

static bool fill_changes(const struct history_entry *entry,
                         struct context *object)
{
    struct context *changes = context_list(object, "changes");
    bool compared = entry->before.revision != 0;
    bool any = false;

    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        struct slice now = entry->supplier.fields[f];
        struct slice was = entry->before.fields[f];
        struct context *change;

        if (compared ? slice_equal(was, now) : now.len == 0)
            continue;
        change = context_list_object(changes);
        context_string(change, "label", supplier_columns[f].label);
        context_flag(change, "compared", compared);
        context_text(change, "was", was);
        context_text(change, "now", now);
        context_flag(change, "block", supplier_columns[f].lines);
        context_flag(change, "first", !any);
        any = true;
    }
    context_flag(object, "any_changes", any);
    context_flag(object, "whole", !compared);
    return any;
}

void history_context(struct request *req, const struct history_entry *entry,
                     struct context *object)
{
    const struct supplier *supplier = &entry->supplier;
    bool removal = entry->action == HISTORY_REMOVE;

    context_number(object, "id", supplier->id);
    context_number(object, "revision", (int64_t)supplier->revision);
    context_text(object, "supplier_name", supplier->fields[SUPPLIER_NAME]);
    if (!entry->forgotten)
        context_string(object, "who", history_who(req, entry));
    when_context(req, entry->at_us, object);
    context_string(object, "action", action_text(entry->action));
    context_flag(object, "forgotten", entry->forgotten);
    context_flag(object, "removal", removal);
    context_flag(object, "current", entry->last && !removal);
    if (!removal && !entry->forgotten && !fill_changes(entry, object))
        context_flag(object, "unchanged", entry->action == HISTORY_UPDATE);
}

/* Links to the pages that go back. Of all suppliers not each entry knows
 * whether its supplier is there: the page says so. */
static void fill_ways_back(const struct request *req,
                           const struct history_entry *entry,
                           const struct history_entry *newest,
                           struct context *object)
{
    bool removal = entry->action == HISTORY_REMOVE;
    bool gone = newest != NULL && newest->action == HISTORY_REMOVE;

    if (!may_change(req) || entry->forgotten)
        return;
    context_number(object, "version", (int64_t)entry->supplier.revision);
    context_flag(object, "undo", !removal && !gone && history_undoable(entry));
    context_flag(object, "restore", !entry->last || removal);
}

static enum error log_read(struct db_connection *connection, void *job)
{
    struct log_page *log = job;
    enum error err = history_read_page(connection, &log->page);

    if (err == OK && log->newest.limit > 0)
        err = history_read(connection, &log->newest);
    return err;
}

/* GET /admin/history */
void history_show(struct request *req)
{
    struct employee *self = request_app(req);

    catalog_when_fresh(self->api.catalog, history_ask, request_life(req));
}

/* GET /admin/supplier-history/{id} */
void history_supplier_show(struct request *req)
{
    history_show(req);
}

/* The supplier, where the path has one, and what the query asks for. */
static bool employee_history_read_query(struct request *req,
                                        struct log_page *log)
{
    if (request_param(req, "id").data != NULL &&
        request_param_id(req, "id", &log->page.supplier_id) != OK)
        return false;
    return history_query_read(req, &log->page);
}

/* A stale catalog says that the database does not answer: asking it would only
 * take longer to fail. */
static void history_ask(struct lifetime *life, const struct snapshot *snapshot)
{
    struct request *req = request_of(life);
    struct log_page *log = arena_alloc(request_arena(req), sizeof(*log));

    if (log == NULL || snapshot == NULL || snapshot_stale(snapshot)) {
        respond_error(req, 503);
        return;
    }
    log->req = req;
    log->page = (struct history_job){ .arena = request_arena(req) };
    if (!employee_history_read_query(req, log)) {
        respond_error(req, 404);
        return;
    }
    log->before = log->page.before;
    log->newest = (struct history_job){
        .arena = request_arena(req),
        .supplier_id = log->page.supplier_id,
        .limit = log->page.supplier_id ? 1 : 0,
    };
    call_database(req, "history", log_read, history_answer, log);
}

/* "Import of list.csv", "42 changes at once" */
static const char *group_title(struct request *req,
                               const struct history_group *group)
{
    struct arena *arena = request_arena(req);
    const struct slice name = group->file_name;

    switch (group->kind) {
    case HISTORY_IMPORT:
        return arena_printf(arena, "Import of %.*s", (int)name.len, name.data);
    case HISTORY_IMPORT_UNDONE:
        return arena_printf(arena, "The import of %.*s was undone",
                            (int)name.len, name.data);
    case HISTORY_BATCH:
        break;
    }
    return arena_printf(arena, "%s changes at once",
                        paging_number((size_t)group->changes, arena));
}

static void fill_group(const struct log_page *log,
                       const struct history_group *group,
                       struct context *object)
{
    struct request *req = log->req;
    struct history_filter filter = log->page.filter;

    filter.group = group->key;
    context_string(object, "title", group_title(req, group));
    context_string(object, "count",
                   paging_number((size_t)group->changes, request_arena(req)));
    context_flag(object, "several", group->changes != 1);
    context_flag(object, "some", history_filtered(&log->page.filter));
    context_string(object, "url", history_query(req, &filter, 0, 0));
    if (may_change(req) && history_group_undoable(group))
        context_text(object, "undo", group->key);
}

/* A change, or the group that it stands for. */
static void fill_change_or_group(const struct log_page *log,
                                 const struct history_entry *entry,
                                 struct context *object)
{
    const struct history_entry *newest = entry->last ? entry : NULL;
    struct history_filter filter = { .group = entry->group.key };

    if (entry->leads) {
        context_number(object, "revision", (int64_t)entry->supplier.revision);
        when_context(log->req, entry->at_us, object);
        if (!entry->forgotten)
            context_string(object, "who", history_who(log->req, entry));
        fill_group(log, &entry->group, context_object(object, "all"));
        return;
    }
    if (log->newest.count > 0)
        newest = &log->newest.entries[0];
    history_context(log->req, entry, object);
    fill_ways_back(log->req, entry, newest, object);
    context_flag(object, "elsewhere", log->page.supplier_id == 0);
    if (entry->group.key.data != NULL && log->page.supplier_id != 0)
        context_string(object, "together",
                       history_query(log->req, &filter, 0, 0));
}

static const char *url_of_history(void *context, size_t page)
{
    const struct log_page *log = context;

    return history_query(log->req, &log->page.filter, log->before, page);
}

static void fill_entries(struct log_page *log, struct context *context)
{
    struct context *entries = context_list(context, "entries");

    for (size_t i = 0; i < log->page.count; i++)
        fill_change_or_group(log, &log->page.entries[i],
                             context_list_object(entries));
    paging_context(log->page.page, log->page.pages, url_of_history, log,
                   context);
    if (log->page.older != 0)
        context_string(
            context, "older",
            history_query(log->req, &log->page.filter, log->page.older, 0));
    if (log->before != 0)
        context_string(context, "newer",
                       history_query(log->req, &log->page.filter, 0, 0));
    context_flag(context, "any", log->page.count > 0);
}

/* Whose history it is, or of what. */
static void fill_subject(const struct log_page *log, struct context *context)
{
    const struct history_job *newest = &log->newest;

    context_flag(context, "at_history", log->page.supplier_id == 0);
    if (log->page.supplier_id != 0) {
        struct context *of = context_object(context, "one");

        context_flag(of, "there", newest->entries[0].action != HISTORY_REMOVE);
        context_number(of, "id", log->page.supplier_id);
        context_text(of, "name",
                     newest->entries[0].supplier.fields[SUPPLIER_NAME]);
        return;
    }
    if (log->page.filter.group.len > 0)
        fill_group(log, &log->page.group, context_object(context, "opened"));
    else
        context_flag(context, "plain", true);
    history_query_context(log->req, &log->page.filter, context);
}

/* Whether what was asked for exists. */
static bool is_there(const struct log_page *log)
{
    if (log->page.supplier_id != 0)
        return log->newest.count > 0;
    return log->page.filter.group.len == 0 || log->page.group.changes > 0;
}

static const char *title_of_log(const struct log_page *log)
{
    if (log->page.supplier_id != 0)
        return "History of a supplier";
    if (log->page.filter.group.len > 0)
        return group_title(log->req, &log->page.group);
    return "History";
}

static void history_answer(void *job, enum error outcome)
{
    struct log_page *log = job;
    const struct employee *self = request_app(log->req);
    const struct page_key key = page_key_once(log->req);
    struct context *context;

    if (outcome != OK || !is_there(log)) {
        respond_error(log->req, outcome == OK ? 404 : status_of_error(outcome));
        return;
    }
    context = employee_context(log->req, title_of_log(log));
    fill_subject(log, context);
    fill_entries(log, context);
    page_answer_rendered(self->api.service, log->req,
                         page_begin(self->api.service, 200, "no-store"),
                         "history", context, &key);
}
