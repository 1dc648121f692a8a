/* Which suppliers were chosen and what is to be done to them: read from the
 * form, and compared with what is there. */
#include <string.h>

#include "cafe/service/keys.h"
#include "cafe/suppliers/supplier_body.h"
#include "cafe/suppliers/untouched.h"
#include "chosen.h"

static const char damaged[] = "This form arrived damaged. Nothing was changed; "
                              "go back to the list and choose again.";

bool chosen_settable(enum supplier_field f)
{
    return f != SUPPLIER_NAME && !supplier_field_ends(f);
}

bool chosen_writes(const struct chosen *chosen, enum supplier_field f)
{
    switch (chosen->deed) {
    case CHOSEN_SET:
        return f == chosen->field;
    case CHOSEN_END:
    case CHOSEN_AGAIN:
        return supplier_field_ends(f);
    case CHOSEN_DELETE:
        break;
    }
    return false;
}

bool chosen_unset(const struct chosen *chosen)
{
    return chosen->deed == CHOSEN_SET && chosen->field == SUPPLIER_FIELDS;
}

/* Reading. */

/* "17" of the list, "17-4711-1764366000000000" of a preview. */
static bool read_chosen_row(struct slice text, struct chosen_row *row)
{
    bool alone = memchr(text.data, '-', text.len) == NULL;
    struct slice id = slice_cut(&text, '-');

    *row = (struct chosen_row){ 0 };
    return slice_id(id, &row->id) == OK &&
           (alone || revision_parse(text, &row->sent) == OK);
}

static bool is_chosen(const struct chosen *chosen, int64_t id)
{
    for (size_t i = 0; i < chosen->count; i++)
        if (chosen->rows[i].id == id)
            return true;
    return false;
}

static void read_chosen_rows(struct chosen *chosen, const struct form *form)
{
    for (size_t i = 0; i < form->count; i++) {
        const struct form_field *field = &form->fields[i];
        struct chosen_row *row = &chosen->rows[chosen->count];

        /* What a preview has left out is still chosen when something else is
         * to be set. */
        if (!slice_is(field->name, "supplier") &&
            !(chosen->asks && slice_is(field->name, "left")))
            continue;
        if (!read_chosen_row(field->value, row))
            chosen->edit->problem = damaged;
        else if (!is_chosen(chosen, row->id))
            chosen->count++;
    }
    if (chosen->count == 0)
        chosen->edit->problem =
            "You have not chosen any suppliers. Go back to the list and tick "
            "the ones that you want to change.";
    else if (chosen->count > BATCH_OPERATIONS_MAX)
        chosen->edit->problem = arena_printf(
            chosen->arena,
            "You have chosen %zu suppliers, but at most %d can be changed at "
            "once. Nothing was changed: go back to the list and choose fewer.",
            chosen->count, BATCH_OPERATIONS_MAX);
}

static void read_deed(struct chosen *chosen, const struct form *form)
{
    struct slice deed = form_value(form, "deed");
    struct slice field = form_value(form, "field");

    chosen->asks = slice_is(form_value(form, "do"), "ask");
    chosen->deed = slice_is(deed, "delete")  ? CHOSEN_DELETE
                   : slice_is(deed, "end")   ? CHOSEN_END
                   : slice_is(deed, "again") ? CHOSEN_AGAIN
                                             : CHOSEN_SET;
    if (slice_is(form_value(form, "do"), "delete"))
        chosen->deed = CHOSEN_DELETE;
    chosen->field = SUPPLIER_FIELDS;
    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++)
        if (chosen_settable(f) && slice_is(field, supplier_columns[f].name))
            chosen->field = f;
    chosen->value = form_value(form, "value");
    chosen->on = form_value(form, supplier_columns[SUPPLIER_ENDED_ON].name);
    chosen->reason =
        form_value(form, supplier_columns[SUPPLIER_ENDED_REASON].name);
}

static enum error read_chosen_form(struct chosen *chosen,
                                   const struct form *form)
{
    uint64_t shown = 0;

    chosen->rows =
        arena_alloc(chosen->arena, (form->count + 1) * sizeof(*chosen->rows));
    if (chosen->rows == NULL)
        return ERROR_MEMORY;
    edit_read_hidden(chosen->edit, form);
    read_deed(chosen, form);
    read_chosen_rows(chosen, form);
    if (slice_number(form_value(form, "shown"), INT64_MAX, &shown) == OK)
        chosen->shown = shown;
    return OK;
}

struct chosen *chosen_open(struct request *req)
{
    struct chosen *chosen = arena_alloc(request_arena(req), sizeof(*chosen));
    const struct form *form;
    enum error err = request_form(req, &form);

    if (err != OK) {
        respond_error(req, err == ERROR_NOT_FOUND ? 415 : status_of_error(err));
        return NULL;
    }
    if (chosen != NULL) {
        *chosen = (struct chosen){ .req = req, .status = 200 };
        chosen->edit = edit_open(req, EDIT_REMOVE);
        chosen->arena = save_batch_arena(req);
    }
    if (chosen == NULL || chosen->edit == NULL || chosen->arena == NULL ||
        read_chosen_form(chosen, form) != OK) {
        respond_error(req, 503);
        return NULL;
    }
    chosen->job = (struct batch_job){ .arena = chosen->arena,
                                      .form_key = chosen->edit->key,
                                      .actor = edit_actor(req),
                                      .context = chosen };
    request_set_own(req, chosen);
    return chosen;
}

/* Writing it again. */

void chosen_write(struct text *out, const struct chosen_row *row,
                  const struct revision *revision)
{
    text_append_number(out, (uint64_t)row->id);
    if (revision->number == 0)
        return;
    text_append_char(out, '-');
    revision_write(out, revision);
}

static void append_typed(struct text *text, struct slice part)
{
    text_printf(text, " %zu:", part.len);
    text_append_slice(text, part);
}

const char *chosen_spell(const struct chosen *chosen)
{
    struct key_digest digest;
    struct text text;
    enum error err;

    text_init(&text, 0);
    text_printf(&text, "%d %d", (int)chosen->deed, (int)chosen->field);
    append_typed(&text, chosen->value);
    append_typed(&text, chosen->on);
    append_typed(&text, chosen->reason);
    for (size_t i = 0; i < chosen->count; i++) {
        text_append_char(&text, ' ');
        chosen_write(&text, &chosen->rows[i], &chosen->rows[i].sent);
    }
    err = text.failed ? ERROR_MEMORY : key_digest(text_slice(&text), &digest);
    text_free(&text);
    return err == OK ? arena_printf(chosen->arena, "chosen %s", digest.hex)
                     : NULL;
}

/* Comparing. */

enum error chosen_texts(const struct chosen *chosen, struct supplier *texts)
{
    struct form_field fields[2] = { 0 };
    struct form form = { 0, fields };

    if (chosen->deed == CHOSEN_SET && chosen->field != SUPPLIER_FIELDS) {
        fields[form.count].name =
            slice_of(supplier_columns[chosen->field].name);
        fields[form.count++].value = chosen->value;
    } else if (chosen->deed == CHOSEN_END) {
        fields[0] = (struct form_field){
            slice_of(supplier_columns[SUPPLIER_ENDED_ON].name), chosen->on
        };
        fields[1] = (struct form_field){
            slice_of(supplier_columns[SUPPLIER_ENDED_REASON].name),
            chosen->reason
        };
        form.count = 2;
    }
    return supplier_from_form(chosen->arena, &form, texts);
}

static const char *first_message(const struct supplier_faults *faults)
{
    for (size_t f = 0; f < SUPPLIER_FIELDS; f++)
        if (faults->messages[f] != NULL)
            return faults->messages[f];
    return NULL;
}

static void compare_chosen(struct chosen *chosen, const struct supplier *texts,
                           struct chosen_row *row,
                           struct supplier_faults *faults)
{
    bool same = chosen->deed != CHOSEN_DELETE;

    row->after = *row->now;
    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        if (!chosen_writes(chosen, f))
            continue;
        row->after.fields[f] = texts->fields[f];
        same = same && slice_equal(texts->fields[f], row->now->fields[f]);
    }
    if (chosen->deed != CHOSEN_DELETE)
        untouched_check(chosen->arena, &row->after, row->now, faults);
    if (chosen->resend)
        return;
    row->fate = same                ? FATE_SAME
                : faults->count > 0 ? FATE_FAULTY
                                    : FATE_CHANGED;
    row->fault = first_message(faults);
}

static void look_up_chosen(struct chosen *chosen, struct chosen_row *row)
{
    row->now = snapshot_find(chosen->snapshot, row->id);
    row->fate = chosen->resend ? FATE_CHANGED : FATE_GONE;
    row->based = row->sent;
    if (row->now == NULL || chosen->resend)
        return;
    row->since = row->sent.number != 0
                     ? row->now->revision != row->sent.number
                     : chosen->shown != 0 && row->now->revision > chosen->shown;
    row->based = (struct revision){ row->now->revision, row->now->changed_us };
}

/* What is wrong whatever the supplier. */
static void check_end_date(struct chosen *chosen, const struct supplier *texts)
{
    if (chosen->deed == CHOSEN_END &&
        texts->fields[SUPPLIER_ENDED_ON].len == 0) {
        chosen->faults.messages[SUPPLIER_ENDED_ON] =
            "Enter the date like this: 2026-11-28";
        chosen->faults.count++;
    }
}

enum error chosen_compare(struct chosen *chosen)
{
    struct supplier_faults first = { 0 };
    struct supplier texts;
    enum error err = chosen_texts(chosen, &texts);

    if (err != OK)
        return err;
    for (size_t i = 0; i < chosen->count; i++) {
        struct supplier_faults faults = { 0 };
        struct chosen_row *row = &chosen->rows[i];

        look_up_chosen(chosen, row);
        if (row->now != NULL)
            compare_chosen(chosen, &texts, row, &faults);
        if (row->fate == FATE_FAULTY && first.count == 0)
            first = faults;
    }
    if (first.count > 0 && chosen_count(chosen, FATE_CHANGED) == 0)
        chosen->faults = first;
    check_end_date(chosen, &texts);
    return OK;
}

size_t chosen_count(const struct chosen *chosen, enum chosen_fate fate)
{
    size_t count = 0;

    for (size_t i = 0; i < chosen->count; i++)
        count += chosen->rows[i].fate == fate;
    return count;
}
