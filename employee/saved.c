/* What follows a change: back to the list, which says what was done. It reads
 * that from the log, by the revision in its URL: so the same form, sent twice,
 * ends on the same page, and a reload says the same. */
#include "cafe/base/clock.h"
#include "employee.h"

enum { CLEAN_KEYS_MS = 60 * 60 * 1000 };

struct db_call save_call(struct request *req, const char *operation)
{
    return (struct db_call){ .operation = operation,
                             .request_id = request_id(req),
                             .waited_us = &request_life(req)->waited_us };
}

void call_database(struct request *req, const char *operation, db_work_fn *work,
                   db_done_fn *done, void *job)
{
    const struct employee *self = request_app(req);
    struct db_call call = save_call(req, operation);

    db_submit_call(self->api.service->db, &call, work, done, job);
}

/* The row that a save locks, so that others of the same row wait in the queue.
 * A restoration knows the version, but not yet its supplier. */
static uint64_t saved_row_of(const struct store_job *job)
{
    const uint64_t of_version = (uint64_t)1 << 63;

    if (job->version != 0)
        return job->version | of_version;
    return (uint64_t)job->supplier.id;
}

void save_submit(struct edit *edit, db_work_fn *work, db_done_fn *done)
{
    const struct employee *self = request_app(edit->req);
    struct db_call call = save_call(edit->req, "save");

    call.repeatable = true;
    call.row = saved_row_of(&edit->job);
    db_submit_call(self->api.service->db, &call, work, done, &edit->job);
}

void save_note(struct request *req, bool reloaded, enum error outcome)
{
    struct employee *self = request_app(req);

    if (reloaded && outcome != ERROR_DB_TRIGGERS)
        log_line(self->api.service->log, LOG_WARNING,
                 "the database held a trigger that it could not load, and was "
                 "made to load the triggers again",
                 LOG_STRING("request_id", request_id(req)), LOG_END);
    if (outcome == OK)
        self->unwritable_since_us = 0;
    else if (outcome == ERROR_DB_TRIGGERS && self->unwritable_since_us == 0)
        self->unwritable_since_us = clock_utc_us();
}

static void keys_cleaned(void *job, enum error outcome)
{
    const struct employee *self = job;

    if (outcome != OK)
        log_line(self->api.service->log, LOG_WARNING,
                 "old form keys were not removed",
                 LOG_STRING("reason", error_text(outcome)), LOG_END);
}

void save_clean_keys(struct employee *self)
{
    int64_t now = clock_monotonic_ms();

    if (self->keys_cleaned_ms != 0 &&
        now - self->keys_cleaned_ms < CLEAN_KEYS_MS)
        return;
    self->keys_cleaned_ms = now;
    db_submit(self->api.service->db, "clean keys", store_clean_keys,
              keys_cleaned, self);
}

/* A line for each change, with the person. One that was sent again has one
 * already. */
static void log_change(const struct edit *edit)
{
    static const char *const actions[] = { [EDIT_ADD] = "add",
                                           [EDIT_UPDATE] = "update",
                                           [EDIT_REMOVE] = "remove",
                                           [EDIT_RESTORE] = "restore",
                                           [EDIT_UNDO] = "undo" };
    const struct employee *self = request_app(edit->req);
    const char *user = request_user(edit->req);

    if (edit->job.repeated)
        return;
    log_line(self->api.service->log, LOG_INFO, "supplier changed",
             LOG_STRING("request_id", request_id(edit->req)),
             LOG_STRING("user", user != NULL ? user : ""),
             LOG_STRING("client_ip", request_client(edit->req)),
             LOG_STRING("action", actions[edit->kind]),
             LOG_NUMBER("supplier_id", edit->job.id),
             LOG_NUMBER("revision", (int64_t)edit->job.revision), LOG_END);
}

void save_respond_at(struct request *req, const char *list, uint64_t revision,
                     const char *more)
{
    const char *url = arena_printf(
        request_arena(req), "/admin/suppliers?%s%ssaved=%llu%s", list,
        list[0] ? "&" : "", (unsigned long long)revision, more);

    respond_see_other(req, url != NULL ? url : "/admin/suppliers");
}

void save_respond(const struct edit *edit)
{
    log_change(edit);
    save_clean_keys(request_app(edit->req));
    if (edit->done != NULL) {
        edit->done(edit);
        return;
    }
    save_respond_at(edit->req, edit->list, edit->job.revision,
                    edit->job.merged ? "&merged=1" : "");
}

/* Reading it back from the log. */

enum error saved_read(struct db_connection *connection, void *job)
{
    struct saved *saved = job;
    enum error err = history_read(connection, &saved->change);

    saved->together = (struct history_job){ .arena = saved->change.arena };
    if (err != OK || saved->change.count == 0 ||
        saved->change.entries[0].group.key.data == NULL)
        return err;
    saved->together.filter.group = saved->change.entries[0].group.key;
    return history_read_page(connection, &saved->together);
}

/* What undoes the change: of a restoration that has brought a supplier back,
 * deleting it; of an addition, nothing. */
static const char *undo_path(const struct saved *saved)
{
    const struct history_entry *entry = saved->change.entries;
    struct arena *arena = request_arena(saved->req);

    if (entry->action == HISTORY_REMOVE)
        return arena_printf(arena, "supplier-restore/%llu",
                            (unsigned long long)entry->supplier.revision);
    if (entry->action == HISTORY_RESTORE && entry->returned)
        return arena_printf(arena, "supplier-remove/%lld",
                            (long long)entry->supplier.id);
    if (history_undoable(entry))
        return arena_printf(arena, "supplier-undo/%llu",
                            (unsigned long long)entry->supplier.revision);
    return NULL;
}

/* Undoing is a form of its own, with a key of its own. */
static void fill_undo(const struct saved *saved, struct context *object)
{
    char *key = arena_alloc(request_arena(saved->req), FORM_KEY_CHARS + 1);
    const char *path = undo_path(saved);

    if (path == NULL || key == NULL || form_key_make(key) != OK)
        return;
    object = context_object(object, "undo");
    context_string(object, "action", path);
    context_number(object, "revision_at", saved->change.entries[0].at_us);
    context_string(object, "form_key", key);
}

static void fill_together(const struct saved *saved, const struct form *query,
                          struct context *object)
{
    const struct history_group *group = &saved->together.group;
    const enum history_action action = saved->change.entries[0].action;
    struct arena *arena = request_arena(saved->req);
    char *key = arena_alloc(arena, FORM_KEY_CHARS + 1);
    uint64_t kept = 0;

    context_string(object, "count",
                   paging_number((size_t)group->changes, arena));
    context_flag(object, "removed", action == HISTORY_REMOVE);
    context_flag(object, "restored", action == HISTORY_RESTORE);
    context_string(object, "url",
                   history_query(saved->req, &saved->together.filter, 0, 0));
    if (slice_number(form_value(query, "kept"), PAGING_PAGE_MAX, &kept) == OK &&
        kept > 0)
        context_string(object, "kept", paging_number((size_t)kept, arena));
    if (!may_change(saved->req) || !history_group_undoable(group) ||
        key == NULL || form_key_make(key) != OK)
        return;
    object = context_object(object, "undo");
    context_text(object, "group", group->key);
    context_string(object, "form_key", key);
}

void saved_context(const struct saved *saved, const char *list,
                   const struct form *query, struct context *context)
{
    const struct history_entry *entry = saved->change.entries;
    struct context *object;
    bool there, undone;

    if (saved->change.count == 0 ||
        entry->supplier.revision + 1 != saved->change.before)
        return;
    if (saved->together.group.changes > 1) {
        object = context_object(context, "saved_together");
        list_context(saved->req, list, object);
        fill_together(saved, query, object);
        return;
    }
    there = snapshot_find(saved->snapshot, entry->supplier.id) != NULL;
    undone = entry->action == HISTORY_REMOVE && !entry->last && there;
    object = context_object(context, "saved");
    employee_draft_context(saved->req, object);
    supplier_context(&entry->supplier, object);
    context_number(object, "revision", (int64_t)entry->supplier.revision);
    context_flag(object, "added", entry->action == HISTORY_ADD);
    context_flag(object, "changed", entry->action == HISTORY_UPDATE);
    context_flag(object, "removed", entry->action == HISTORY_REMOVE && !undone);
    context_flag(object, "undone", undone);
    context_flag(object, "back",
                 entry->action == HISTORY_RESTORE && entry->returned);
    context_flag(object, "restored",
                 entry->action == HISTORY_RESTORE && !entry->returned);
    context_flag(object, "merged", form_value(query, "merged").data != NULL);
    context_flag(object, "since", !entry->last && !undone);
    context_flag(object, "there", there);
    list_context(saved->req, list, object);
    if (may_change(saved->req) && entry->last && !entry->forgotten)
        fill_undo(saved, object);
}
