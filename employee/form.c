/* A supplier's form: read with its hidden fields, shown with what was typed
 * and the messages about it. */
#include <stdio.h>
#include <string.h>

#include "cafe/html/render.h"
#include "cafe/suppliers/untouched.h"
#include "employee.h"

static const char key_name[] = "form_key", revision_name[] = "revision",
                  time_name[] = "revision_at";

/* Fields that may come once, beside those of the supplier. */
static const char *const hidden[] = { "id",       "revision", "revision_at",
                                      "form_key", "list",     "anyway",
                                      "preview" };

/* Reading. */

const char *edit_actor(const struct request *req)
{
    const char *user = request_user(req);

    return user != NULL ? user : request_client(req);
}

struct edit *edit_open(struct request *req, enum edit_kind kind)
{
    struct edit *edit = arena_alloc(request_arena(req), sizeof(*edit));

    if (edit == NULL || form_key_make(edit->key) != OK)
        return NULL;
    edit->req = req;
    edit->kind = kind;
    edit->list = "";
    edit->job.shown[SUPPLIER_ENDED_ON] = NOT_SHOWN;
    edit->job.shown[SUPPLIER_ENDED_REASON] = NOT_SHOWN;
    edit->job.arena = request_arena(req);
    edit->job.form_key = edit->key;
    edit->job.actor = edit_actor(req);
    edit->job.context = edit;
    return edit;
}

static size_t count_of(const struct form *form, const char *name)
{
    size_t i, count = 0;

    for (i = 0; i < form->count; i++)
        count += slice_is(form->fields[i].name, name);
    return count;
}

/* Which of two values was meant only the person knows. */
static void find_repeated(struct edit *edit, const struct form *form)
{
    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
        if (count_of(form, hidden[i]) > 1)
            edit->problem = "A hidden field of this form was sent more than "
                            "once. Nothing was changed; check what you typed "
                            "and send it again.";
    }
    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        if (count_of(form, supplier_columns[f].name) > 1)
            edit->problem = arena_printf(
                request_arena(edit->req),
                "The field %s was sent more than once; the first value is "
                "shown here. Nothing was changed; check it and send it again.",
                supplier_columns[f].label);
    }
}

static const char damaged[] = "This form arrived damaged. Nothing was changed; "
                              "check what you typed and send it again.";

/* Never taken for "no revision", which would mean that anything may be
 * overwritten. */
void edit_damaged(struct edit *edit)
{
    edit->job.expected = REVISION_LOST;
    edit->problem = damaged;
}

static void form_read_revision(struct edit *edit, struct slice text)
{
    if (text.len > 0 &&
        slice_number(text, INT64_MAX, &edit->job.expected) != OK)
        edit_damaged(edit);
}

/* Forms of scripts have no time, nor have those of earlier versions of this
 * program. */
static void read_time(struct edit *edit, struct slice text)
{
    uint64_t at_us = 0;

    if (text.len > 0 && slice_number(text, INT64_MAX, &at_us) != OK)
        edit->problem = damaged;
    edit->job.expected_us = (int64_t)at_us;
}

static void form_read_key(struct edit *edit, struct slice text)
{
    if (text.len == 0)
        return;
    if (form_key_valid(text))
        memcpy(edit->key, text.data, FORM_KEY_CHARS);
    else
        edit->problem = damaged;
}

/* A daemon of the version before shows the notes for any of these, and changes
 * nothing. */
static enum look look_of(struct slice text)
{
    if (text.data == NULL)
        return LOOK_NONE;
    if (slice_is(text, "delete"))
        return LOOK_DELETE;
    return slice_is(text, "keep") ? LOOK_KEEP : LOOK_NOTES;
}

void edit_read_hidden(struct edit *edit, const struct form *form)
{
    if (form == NULL)
        return;
    edit->list = list_of(edit->req, form_value(form, "list"));
    edit->anyway = form_value(form, "anyway").data != NULL;
    edit->look = look_of(form_value(form, "preview"));
    form_read_key(edit, form_value(form, key_name));
    if (edit->kind != EDIT_ADD) {
        form_read_revision(edit, form_value(form, revision_name));
        read_time(edit, form_value(form, time_name));
    }
    find_repeated(edit, form);
}

bool edit_read_post(struct edit *edit, const struct form **form)
{
    struct request *req = edit->req;
    enum error err = request_form(req, form);

    if (err == ERROR_NOT_FOUND && request_body(req).len > 0) {
        respond_error(req, 415);
        return false;
    }
    if (err != OK && err != ERROR_NOT_FOUND) {
        respond_error(req, status_of_error(err));
        return false;
    }
    if (err != OK)
        *form = NULL;
    edit_read_hidden(edit, *form);
    return true;
}

/* One that is based on what it has not shown, for instance a form of the
 * version before, leaves that field as it is. */
static void form_read_shown(struct edit *edit, const struct form *form)
{
    char lines[32];

    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        const char *name = supplier_columns[f].name;

        snprintf(lines, sizeof(lines), "lines-%s", name);
        edit->job.shown[f] = SHOWN_AS_LINE;
        if (form_value(form, lines).data != NULL)
            edit->job.shown[f] = SHOWN_WITH_LINES;
        else if ((edit->kind == EDIT_UPDATE || supplier_field_ends(f)) &&
                 edit->choices[f].pick != PICK_THEIRS &&
                 form_value(form, name).data == NULL)
            edit->job.shown[f] = NOT_SHOWN;
    }
}

enum error edit_read(struct edit *edit)
{
    struct arena *arena = request_arena(edit->req);
    const struct form *form;
    int64_t id = 0;
    enum error err = request_form(edit->req, &form);

    if (err != OK)
        return err;
    if (edit->kind == EDIT_UPDATE &&
        slice_id(form_value(form, "id"), &id) != OK)
        return ERROR_NOT_FOUND;
    if ((err = supplier_from_form(arena, form, &edit->job.supplier)) != OK ||
        (err = clash_choose(edit, form)) != OK)
        return err;
    edit->job.supplier.id = id;
    form_read_shown(edit, form);
    edit_read_hidden(edit, form);
    return OK;
}

/* Without random bytes the old one stays: it has changed nothing since. */
void edit_renew_key(struct edit *edit)
{
    char key[FORM_KEY_CHARS + 1];

    if (form_key_make(key) == OK)
        memcpy(edit->key, key, sizeof(key));
}

void edit_clash(struct edit *edit)
{
    const struct employee *self = request_app(edit->req);

    counter_add(self->api.service->counters, COUNTER_EDIT_CONFLICTS, 1);
    edit->clash = true;
    clash_ask_again(edit);
    /* Sent again, the form overwrites what its page has shown, and nothing
     * newer. */
    edit->job.expected = edit->job.clash.theirs.supplier.revision;
    edit->job.expected_us = edit->job.clash.theirs.at_us;
    if (edit->kind == EDIT_ADD) /* typed on after it had been added */
        edit->kind = EDIT_UPDATE;
    edit_renew_key(edit);
}

void edit_added(struct edit *edit)
{
    edit->added = true;
    edit->job.expected = edit->job.earlier.revision;
    edit->job.expected_us = 0;
    edit_renew_key(edit);
}

void edit_gone(struct edit *edit)
{
    edit->gone = true;
    edit_renew_key(edit);
}

/* Showing. */

/* What to say when the table refuses a change and the field is unknown. */
static const char *refused_by_table(const struct edit *edit)
{
    const char *problem = arena_printf(
        request_arena(edit->req),
        "The suppliers table does not accept this. Nothing was changed. The "
        "database says: %s",
        edit->job.refusal.sentence);

    return problem != NULL ? problem
                           : "The suppliers table does not accept this.";
}

void edit_refuse(struct edit *edit)
{
    const struct store_refusal *refusal = &edit->job.refusal;
    struct supplier_faults *faults = &edit->faults;

    supplier_check_room(request_arena(edit->req), &edit->job.supplier,
                        refusal->room, faults);
    if (faults->count > 0)
        return;
    edit->problem = refused_by_table(edit);
    if (refusal->field == SUPPLIER_FIELDS)
        return;
    faults->messages[refusal->field] = "The table does not accept this";
    faults->count++;
}

const char *edit_problem(const struct edit *edit, enum error outcome)
{
    bool typed = edit->kind == EDIT_ADD || edit->kind == EDIT_UPDATE;

    switch (outcome) {
    case ERROR_DB_VALUE:
        return refused_by_table(edit);
    case ERROR_NOT_FOUND:
        if (edit->kind == EDIT_ADD)
            return "This form has already added a supplier, and somebody has "
                   "deleted it since. What you typed is still here: add it as "
                   "a new supplier if you need it.";
        return "Somebody has deleted this supplier in the meantime. What you "
               "typed is still here: add it as a new supplier if you need it.";
    case ERROR_DB_STATEMENT:
        return "The database took too long, perhaps because somebody else is "
               "changing this supplier or the whole table. Nothing was "
               "changed; try again in a moment.";
    case ERROR_BUSY:
    case ERROR_DEADLINE:
        return typed ? "The database is still busy with earlier requests. "
                       "Nothing was saved; what you typed is still here. Send "
                       "it again in a moment: it will not be saved twice."
                     : "The database is still busy with earlier requests. "
                       "Nothing was changed. Send it again in a moment: it "
                       "will not be done twice.";
    case ERROR_DB_UNKNOWN:
        return "The connection to the database was lost, so we don't know "
               "whether this was done. Send it again: it will not be done "
               "twice.";
    case ERROR_DB_TRIGGERS:
        return "The database no longer logs changes, so nothing was changed. "
               "Ask the people who run this site to run: employee --migrate.";
    case ERROR_DB_SCHEMA:
    case ERROR_DB:
    case ERROR_DB_DUPLICATE:
        return typed ? "The database refused this. Nothing was saved; what you "
                       "typed is still here. Tell the people who run this site."
                     : "The database refused this. Nothing was changed. Tell "
                       "the people who run this site.";
    default:
        return typed
                   ? "The database is not answering right now. Nothing was "
                     "saved; what you typed is still here. Send it again in a "
                     "moment: it will not be saved twice."
                   : "The database is not answering right now. Nothing was "
                     "changed. Send it again in a moment: it will not be done "
                     "twice.";
    }
}

/* How a field is shown: what an <input> would alter needs a <textarea>. */
static void fill_control(struct context *field, enum supplier_field f,
                         struct slice value)
{
    const struct supplier_column *column = &supplier_columns[f];
    bool broken = !column->lines && untouched_needs_lines(value);

    context_string(field, "type", column->input_type);
    context_string(field, "mode", column->input_mode);
    context_string(field, "autocomplete", column->autocomplete);
    context_flag(field, "textarea", broken || column->lines);
    context_flag(field, "broken", broken);
    context_text(field, "value", value);
}

static void fill_message(struct context *field, struct context *faults,
                         const struct supplier_column *column,
                         const char *message)
{
    struct context *fault = message != NULL ? context_list_object(faults)
                                            : NULL;

    context_string(field, "message", message);
    context_string(fault, "name", column->name);
    context_string(fault, "message", message);
}

static void fill_field(const struct edit *edit, enum supplier_field f,
                       struct context *fields, struct context *faults)
{
    const struct supplier_column *column = &supplier_columns[f];
    const char *message = edit->faults.messages[f];
    const char *remark = edit->faults.remarks[f];
    const struct choice *choice = &edit->choices[f];
    struct context *field = context_list_object(fields);

    context_string(field, "name", column->name);
    context_string(field, "label", column->label);
    context_string(field, "hint", column->hint);
    fill_control(field, f,
                 choice->pick == PICK_THEIRS ? choice->mine
                                             : edit->job.supplier.fields[f]);
    context_flag(field, "described",
                 column->hint[0] || message != NULL || remark != NULL);
    context_string(field, "remark", remark);
    fill_message(field, faults, column, message);
    clash_context_field(edit, f, field);
}

/* What this form has added already. */
static void fill_added(const struct edit *edit, struct context *context)
{
    supplier_context(&edit->job.earlier, context_object(context, "earlier"));
}

static void fill_duplicates(const struct edit *edit, struct context *context)
{
    const struct duplicates *duplicates = &edit->duplicates;
    struct context *object, *list;

    if (duplicates->count == 0)
        return;
    object = context_object(context, "duplicates");
    context_flag(object, "more", duplicates->more);
    list = context_list(object, "found");
    for (size_t i = 0; i < duplicates->count; i++) {
        const struct duplicate *one = &duplicates->found[i];
        struct context *item = context_list_object(list);

        supplier_context(one->supplier, item);
        context_flag(item, "same_phone", one->reasons & DUPLICATE_PHONE);
        context_flag(item, "same_email", one->reasons & DUPLICATE_EMAIL);
        context_flag(item, "same_name", one->reasons & DUPLICATE_NAME);
    }
}

static void fill_preview(const struct edit *edit, struct context *context)
{
    struct slice notes = edit->job.supplier.fields[SUPPLIER_NOTES];
    struct context *preview = context_object(context, "preview");

    context_flag(preview, "plain", !edit->rendered.formatted);
    context_flag(preview, "empty", notes.len == 0);
    context_html(preview, "html", edit->rendered.html);
}

void edit_context_hidden(const struct edit *edit, struct context *context)
{
    context_string(context, "form_key", edit->key);
    if (edit->job.expected != 0)
        context_number(context, "revision", (int64_t)edit->job.expected);
    if (edit->job.expected_us != 0)
        context_number(context, time_name, edit->job.expected_us);
    list_context(edit->req, edit->list, context);
}

static void fill_summary(const struct edit *edit, struct context *context,
                         struct context *fields)
{
    struct context *summary = context_object(context, "summary");
    struct context *items = context_list(summary, "items");

    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++)
        if (edit->job.shown[f] != NOT_SHOWN || edit->faults.messages[f] != NULL)
            fill_field(edit, f, fields, items);
    context_string(summary, "problem", edit->problem);
    context_flag(summary, "any", edit->faults.count > 0);
    context_flag(context, "faulty",
                 edit->faults.count > 0 || edit->problem != NULL);
}

static const char *edit_template(const struct edit *edit)
{
    return edit->kind == EDIT_ADD ? "supplier-add" : "supplier-update";
}

static struct context *edit_context(const struct edit *edit)
{
    bool adding = edit->kind == EDIT_ADD;
    struct context *context = employee_context(
        edit->req, adding ? "Add a new supplier" : "Update supplier");

    context_number(context, "id", edit->job.supplier.id);
    edit_context_hidden(edit, context);
    fill_summary(edit, context, context_list(context, "fields"));
    fill_duplicates(edit, context);
    context_flag(context, "gone", edit->gone);
    context_flag(context, "kept", edit->kept);
    if (edit->added)
        fill_added(edit, context);
    if (edit->clash && edit->job.clash.count > 0)
        clash_context(edit, context);
    if (edit->previewed)
        fill_preview(edit, context);
    ended_context(edit, context);
    employee_draft_context(edit->req, context);
    snapshot_context(edit->snapshot, request_arena(edit->req), context);
    return context;
}

struct page *edit_page(const struct edit *edit, int status)
{
    const struct employee *self = request_app(edit->req);
    struct page *page = employee_form_begin(status, SCRIPTS);

    if (page == NULL)
        return NULL;
    snapshot_mark(edit->snapshot, page);
    render_body(page, self->api.service->templates, edit_template(edit),
                edit_context(edit));
    return page;
}

void edit_respond(struct edit *edit, int status)
{
    const struct employee *self = request_app(edit->req);
    struct page *page;

    if (edit->respond != NULL) {
        edit->respond(edit, status);
        return;
    }
    page = employee_form_begin(status, SCRIPTS);
    snapshot_mark(edit->snapshot, page);
    page_answer_rendered(self->api.service, edit->req, page,
                         edit_template(edit), edit_context(edit), NULL);
}
