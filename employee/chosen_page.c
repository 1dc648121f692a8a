/* The pages of a choice: the form that asks what to set, and the preview. */
#include "cafe/base/utf8.h"
#include "chosen.h"

enum { SHOWN_MAX_BYTES = 500 }; /* of a text in a preview */

/* "12 suppliers" */
static const char *many_suppliers(const struct chosen *chosen, size_t count)
{
    return arena_printf(chosen->arena, "%s supplier%s",
                        paging_number(count, chosen->arena),
                        count == 1 ? "" : "s");
}

static void fill_sent(const struct chosen *chosen, struct context *object,
                      const struct chosen_row *row,
                      const struct revision *revision)
{
    struct text text;

    text_init(&text, 0);
    chosen_write(&text, row, revision);
    context_text(object, "sent",
                 text.failed ? SLICE("")
                             : arena_slice(chosen->arena, text_slice(&text)));
    text_free(&text);
}

static void fill_chosen_name(struct context *object,
                             const struct chosen_row *row)
{
    context_number(object, "id", row->id);
    if (row->now == NULL)
        return;
    context_text(object, "name", row->now->fields[SUPPLIER_NAME]);
    context_text(object, "city", row->now->fields[SUPPLIER_CITY]);
    context_text(object, "country", row->now->fields[SUPPLIER_COUNTRY]);
}

/* What the form carries along. */
static void fill_chosen_hidden(const struct chosen *chosen,
                               struct context *context)
{
    static const char *const deeds[] = { [CHOSEN_DELETE] = "delete",
                                         [CHOSEN_SET] = "set",
                                         [CHOSEN_END] = "end",
                                         [CHOSEN_AGAIN] = "again" };

    edit_context_hidden(chosen->edit, context);
    context_number(context, "shown", (int64_t)chosen->shown);
    context_string(context, "deed", deeds[chosen->deed]);
    context_string(context, "field",
                   chosen->field != SUPPLIER_FIELDS
                       ? supplier_columns[chosen->field].name
                       : "");
    context_text(context, "value", chosen->value);
    context_text(context, "ended_on", chosen->on);
    context_text(context, "ended_reason", chosen->reason);
    context_string(context, "problem", chosen->edit->problem);
}

/* Asking. */

static void fill_settable(const struct chosen *chosen, struct context *context)
{
    struct context *list = context_list(context, "fields");

    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        struct context *option;

        if (!chosen_settable(f))
            continue;
        option = context_list_object(list);
        context_string(option, "column", supplier_columns[f].name);
        context_string(option, "label", supplier_columns[f].label);
        context_flag(option, "selected", f == chosen->field);
    }
}

/* A fault at the input that it is about; another one, such as that a state is
 * missing where the country was emptied, is said of the text. */
static void fill_typed_faults(const struct chosen *chosen,
                              struct context *context)
{
    const char *const *messages = chosen->faults.messages;
    const char *of_value = NULL;

    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++)
        if (!supplier_field_ends(f) && of_value == NULL)
            of_value = messages[f];
    if (chosen_unset(chosen) && !chosen->asks)
        context_string(context, "field_message", "Choose which field to set");
    context_string(context, "on_message", messages[SUPPLIER_ENDED_ON]);
    context_string(context, "reason_message", messages[SUPPLIER_ENDED_REASON]);
    context_string(context, "value_message", of_value);
    context_flag(context, "faulty", chosen->status != 200);
}

static void respond_asking(struct chosen *chosen)
{
    struct context *context =
        employee_context(chosen->req, "Set one field of several suppliers");
    struct context *list = context_list(context, "suppliers");

    fill_chosen_hidden(chosen, context);
    fill_settable(chosen, context);
    fill_typed_faults(chosen, context);
    context_string(context, "many", many_suppliers(chosen, chosen->count));
    context_flag(context, "sets",
                 chosen->deed == CHOSEN_SET || chosen->deed == CHOSEN_DELETE);
    context_flag(context, "ends", chosen->deed == CHOSEN_END);
    context_flag(context, "again", chosen->deed == CHOSEN_AGAIN);
    if (chosen->on.data == NULL)
        context_string(context, "today", ended_today(chosen->req));
    for (size_t i = 0; i < chosen->count; i++) {
        const struct chosen_row *row = &chosen->rows[i];
        struct context *item = context_list_object(list);

        fill_chosen_name(item, row);
        fill_sent(chosen, item, row, &row->sent);
    }
    snapshot_context(chosen->snapshot, request_arena(chosen->req), context);
    employee_respond(chosen->req, "chosen-set", context, chosen->status,
                     chosen->snapshot);
}

/* The preview. */

static void fill_row_changes(const struct chosen *chosen,
                             const struct chosen_row *row,
                             struct context *object)
{
    struct context *changes = context_list(object, "changes");
    bool any = false;

    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        struct context *change;

        if (!chosen_writes(chosen, f) ||
            slice_equal(row->now->fields[f], row->after.fields[f]))
            continue;
        change = context_list_object(changes);
        context_string(change, "label", supplier_columns[f].label);
        context_flag(change, "compared", true);
        context_flag(change, "block", supplier_columns[f].lines);
        context_text(change, "was",
                     utf8_cut(row->now->fields[f], SHOWN_MAX_BYTES));
        context_text(change, "now",
                     utf8_cut(row->after.fields[f], SHOWN_MAX_BYTES));
        any = true;
    }
    context_flag(object, "any_changes", any);
}

static void fill_chosen_row(const struct chosen *chosen,
                            const struct chosen_row *row,
                            struct context *object)
{
    fill_chosen_name(object, row);
    fill_sent(chosen, object, row, &row->based);
    context_flag(object, "changed", row->fate == FATE_CHANGED);
    context_flag(object, "left",
                 row->fate == FATE_SAME || row->fate == FATE_FAULTY);
    context_flag(object, "same", row->fate == FATE_SAME);
    context_flag(object, "gone", row->fate == FATE_GONE);
    context_flag(object, "since", row->since);
    context_string(object, "fault", row->fault);
    if (row->now != NULL && row->fate != FATE_SAME)
        fill_row_changes(chosen, row, object);
}

static size_t count_changed_since(const struct chosen *chosen)
{
    size_t count = 0;

    for (size_t i = 0; i < chosen->count; i++)
        count += chosen->rows[i].since;
    return count;
}

static void fill_chosen_count(const struct chosen *chosen,
                              struct context *context, const char *name,
                              size_t count)
{
    if (count > 0)
        context_string(context, name, paging_number(count, chosen->arena));
}

static void fill_chosen_counts(const struct chosen *chosen,
                               struct context *context)
{
    size_t count = chosen_count(chosen, FATE_CHANGED);

    context_string(context, "many", many_suppliers(chosen, count));
    context_flag(context, "one", count == 1);
    fill_chosen_count(chosen, context, "count", count);
    fill_chosen_count(chosen, context, "same_count",
                      chosen_count(chosen, FATE_SAME));
    fill_chosen_count(chosen, context, "faulty_count",
                      chosen_count(chosen, FATE_FAULTY));
    fill_chosen_count(chosen, context, "gone_count",
                      chosen_count(chosen, FATE_GONE));
    fill_chosen_count(chosen, context, "since_count",
                      count_changed_since(chosen));
}

static const char *chosen_title(const struct chosen *chosen)
{
    const char *all =
        many_suppliers(chosen, chosen_count(chosen, FATE_CHANGED));

    switch (chosen->deed) {
    case CHOSEN_DELETE:
        return arena_printf(chosen->arena, "Delete %s?", all);
    case CHOSEN_END:
        return arena_printf(chosen->arena, "Mark %s as no longer supplying?",
                            all);
    case CHOSEN_AGAIN:
        return arena_printf(chosen->arena, "Mark %s as supplying again?", all);
    case CHOSEN_SET:
        break;
    }
    return arena_printf(chosen->arena, "Change %s?", all);
}

static void respond_preview(struct chosen *chosen)
{
    const char *title = chosen->count > 0 ? chosen_title(chosen)
                                          : "Nothing was changed";
    struct context *context = employee_context(chosen->req, title);
    struct context *list = context_list(context, "suppliers");

    context_string(context, "heading", title);
    fill_chosen_hidden(chosen, context);
    fill_chosen_counts(chosen, context);
    context_flag(context, "deletes", chosen->deed == CHOSEN_DELETE);
    context_flag(context, "hides", chosen->deed == CHOSEN_END);
    context_flag(context, "any", chosen->count > 0);
    for (size_t i = 0; i < chosen->count; i++)
        fill_chosen_row(chosen, &chosen->rows[i], context_list_object(list));
    snapshot_context(chosen->snapshot, request_arena(chosen->req), context);
    employee_respond(chosen->req, "chosen-preview", context, chosen->status,
                     chosen->snapshot);
}

void chosen_respond(struct chosen *chosen)
{
    if (chosen->count > 0 &&
        (chosen->asks || chosen_unset(chosen) || chosen->faults.count > 0)) {
        if (chosen->asks) { /* nothing is wrong yet */
            chosen->edit->problem = NULL;
            chosen->faults = (struct supplier_faults){ 0 };
        } else if (chosen->status == 200) {
            chosen->status = 422;
        }
        respond_asking(chosen);
    } else {
        respond_preview(chosen);
    }
}
