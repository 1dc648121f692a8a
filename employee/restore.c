/* Going back: to an earlier version of a supplier, deleted ones included, or by
 * undoing one change. A page says what will be there afterwards, then a form
 * does it. */
#include <stdio.h>

#include "employee.h"

/* A page that asks, and what it asks about. */
struct question {
    struct store_look look; /* first: the job of store_look_back() */
    struct edit *edit;
    int status; /* of the page */
};

static db_done_fn restore_asked, restored;

/* Showing. */

static void fill_title(const struct question *question, struct context *context)
{
    const struct store_look *look = &question->look;
    struct request *req = question->edit->req;
    struct slice name = look->after.fields[SUPPLIER_NAME];

    context_text(context, "name", name);
    context_number(context, "id", look->change.supplier.id);
    history_context(req, &look->change, context_object(context, "change"));
}

/* A field in one of three lists: what the person has to choose, what will
 * change, what stays. */
static void fill_afterwards(const struct question *question,
                            enum supplier_field f, struct context *lists[3])
{
    const struct store_look *look = &question->look;
    struct slice now = look->there ? look->now.fields[f] : SLICE("");
    struct slice after = look->after.fields[f];
    bool same = look->there && slice_equal(now, after);
    struct context *item;

    if (now.len + after.len == 0 && !look->asks[f])
        return;
    item = context_list_object(lists[look->asks[f] ? 0 : same ? 2 : 1]);
    context_string(item, "name", supplier_columns[f].name);
    context_string(item, "label", supplier_columns[f].label);
    context_flag(item, "block", supplier_columns[f].lines);
    context_flag(item, "compared", look->there && !same);
    context_text(item, "was", now);
    context_text(item, "now",
                 look->asks[f] ? look->change.before.fields[f] : after);
    context_flag(item, "keep", look->picks[f] == UNDO_KEEP_NOW);
    context_flag(item, "back", look->picks[f] == UNDO_PUT_BACK);
}

static void fill_look(const struct question *question, struct context *context)
{
    struct context *object = context_object(context, "look");
    struct context *lists[3] = { context_list(object, "choices"),
                                 context_list(object, "changes"),
                                 context_list(object, "stays") };
    bool any[3] = { false };

    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        const struct store_look *look = &question->look;
        bool same = look->there &&
                    slice_equal(look->now.fields[f], look->after.fields[f]);

        any[0] = any[0] || look->asks[f];
        any[1] = any[1] || (!look->asks[f] && !same);
        any[2] = any[2] || (same && look->after.fields[f].len > 0);
        fill_afterwards(question, f, lists);
    }
    context_flag(object, "any_choices", any[0]);
    context_flag(object, "any_changes", any[1]);
    context_flag(object, "any_stays", any[2]);
    context_flag(object, "nothing", !any[0] && !any[1]);
    context_flag(object, "there", question->look.there);
    fill_title(question, object);
}

/* What was chosen travels along where the choices can't be shown. */
static void fill_picks(const struct edit *edit, struct context *context)
{
    struct context *list = context_list(context, "picks");

    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        enum undo_pick pick = edit->job.picks[f];
        struct context *item;

        if (pick == UNDO_ASK)
            continue;
        item = context_list_object(list);
        context_string(item, "name", supplier_columns[f].name);
        context_string(item, "value", pick == UNDO_KEEP_NOW ? "now" : "before");
    }
}

static void respond_restore_question(const struct edit *edit,
                                     const struct question *question,
                                     int status)
{
    const struct history_entry *theirs = &edit->job.clash.theirs;
    bool undo = edit->kind == EDIT_UNDO;
    struct context *context = employee_context(
        edit->req, undo ? "Undo a change" : "Restore a supplier");

    context_number(context, "version", (int64_t)edit->job.version);
    context_flag(context, "undo", undo);
    edit_context_hidden(edit, context);
    context_string(context, "problem", edit->problem);
    context_flag(context, "faulty", status != 200);
    if (edit->clash) {
        supplier_context(&theirs->supplier, context);
        clash_context_changes(edit, context);
    }
    if (question != NULL)
        fill_look(question, context);
    else
        fill_picks(edit, context);
    employee_respond_form(edit->req, "supplier-restore", context, status);
}

/* It was forgotten after the history had been shown, or nothing was there
 * before. */
static void respond_forgotten(struct request *req)
{
    struct context *context =
        employee_context(req, "There is nothing to restore");

    respond_page(req, employee_render(req, "version-gone", context, 404));
}

/* Asking. */

static void restore_ask(struct edit *edit, int status)
{
    struct question *question =
        arena_alloc(request_arena(edit->req), sizeof(*question));

    if (question == NULL) {
        respond_restore_question(edit, NULL, status);
        return;
    }
    question->edit = edit;
    question->status = status;
    question->look = (struct store_look){ .arena = request_arena(edit->req),
                                          .version = edit->job.version,
                                          .undo = edit->kind == EDIT_UNDO };
    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++)
        question->look.picks[f] = edit->job.picks[f];
    call_database(edit->req, "look back", store_look_back, restore_asked,
                  question);
}

/* A page that can't say what will be there afterwards still says what went
 * wrong. */
static void restore_asked(void *job, enum error outcome)
{
    struct question *question = job;
    struct edit *edit = question->edit;
    const struct history_entry *newest = &question->look.newest;

    if (outcome == ERROR_NOT_FOUND) {
        respond_forgotten(edit->req);
    } else if (outcome != OK && question->status == 200) {
        respond_error(edit->req, status_of_error(outcome));
    } else if (outcome != OK) {
        respond_restore_question(edit, NULL, question->status);
    } else {
        edit->job.expected = newest->supplier.revision;
        edit->job.expected_us = newest->at_us;
        respond_restore_question(edit, question, question->status);
    }
}

/* The version in the path; otherwise answered. */
static struct edit *restore_open(struct request *req, enum edit_kind kind)
{
    struct edit *edit = edit_open(req, kind);

    if (edit == NULL) {
        respond_error(req, 503);
    } else if (slice_number(request_param(req, "revision"), INT64_MAX - 1,
                            &edit->job.version) != OK ||
               edit->job.version == 0) {
        respond_error(req, 404);
        edit = NULL;
    }
    return edit;
}

/* Of the form; or of a link, from a page whose form was refused. */
static void read_picks(struct edit *edit, const struct form *form)
{
    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        char name[32];
        struct slice pick;

        snprintf(name, sizeof(name), "use-%s", supplier_columns[f].name);
        pick = form_value(form, name);
        if (slice_is(pick, "now"))
            edit->job.picks[f] = UNDO_KEEP_NOW;
        else if (slice_is(pick, "before"))
            edit->job.picks[f] = UNDO_PUT_BACK;
    }
}

static void restore_show_kind(struct request *req, enum edit_kind kind)
{
    struct edit *edit = restore_open(req, kind);
    const struct form *query;

    if (edit == NULL)
        return;
    edit->list = list_of(req, request_head(req)->query);
    if (kind == EDIT_UNDO && request_query(req, &query) == OK)
        read_picks(edit, query);
    restore_ask(edit, 200);
}

/* GET /admin/supplier-restore/{revision} */
void restore_show(struct request *req)
{
    restore_show_kind(req, EDIT_RESTORE);
}

/* GET /admin/supplier-undo/{revision} */
void undo_show(struct request *req)
{
    restore_show_kind(req, EDIT_UNDO);
}

/* Doing it. */

static void restore_take(struct request *req, enum edit_kind kind)
{
    const bool undo = kind == EDIT_UNDO;
    struct edit *edit = restore_open(req, kind);
    const struct form *form;

    if (edit == NULL || !edit_read_post(edit, &form))
        return;
    if (form != NULL && undo)
        read_picks(edit, form);
    if (edit->problem != NULL)
        restore_ask(edit, 400);
    else
        save_submit(edit, undo ? store_undo : store_restore, restored);
}

/* POST /admin/supplier-restore/{revision} */
void restore_version(struct request *req)
{
    restore_take(req, EDIT_RESTORE);
}

/* POST /admin/supplier-undo/{revision} */
void undo_version(struct request *req)
{
    restore_take(req, EDIT_UNDO);
}

static void restored(void *job, enum error outcome)
{
    struct edit *edit = job;

    save_note(edit->req, edit->job.reloaded, outcome);
    if (outcome == OK) {
        save_respond(edit);
    } else if (outcome == ERROR_NOT_FOUND) {
        respond_forgotten(edit->req);
    } else if (outcome == ERROR_CONFLICT && edit->job.clash.count > 0) {
        edit->problem =
            "Some fields of this change have been changed again since. Nothing "
            "has been undone yet: choose what each of them should contain.";
        restore_ask(edit, 409);
    } else if (outcome == ERROR_CONFLICT) {
        edit_clash(edit);
        restore_ask(edit, 409);
    } else {
        edit->problem = edit_problem(edit, outcome);
        respond_restore_question(edit, NULL, status_of_error(outcome));
    }
}
