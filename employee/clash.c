/* Two people changed the same supplier: what it was, what the other one made
 * of it, what was typed; and which of the two is to be saved. */
#include "employee.h"

enum { NAME_MAX_BYTES = 40 };

/* The form's fields for it: use-name=theirs takes what theirs-name holds. */
static struct slice choice_of(struct arena *arena, const struct form *form,
                              struct slice field)
{
    const char *use =
        arena_printf(arena, "use-%.*s", (int)field.len, field.data);
    const char *theirs =
        arena_printf(arena, "theirs-%.*s", (int)field.len, field.data);

    if (use == NULL || theirs == NULL ||
        !slice_is(form_value(form, use), "theirs"))
        return (struct slice){ NULL, 0 };
    return form_value(form, theirs);
}

enum error clash_resolve(struct arena *arena, const struct form *form,
                         struct form *resolved)
{
    struct form_field *fields =
        arena_alloc(arena, form->count * sizeof(*fields));
    size_t i;

    if (fields == NULL)
        return ERROR_MEMORY;
    for (i = 0; i < form->count; i++) {
        struct slice theirs = { NULL, 0 };

        fields[i] = form->fields[i];
        if (fields[i].name.len < NAME_MAX_BYTES)
            theirs = choice_of(arena, form, fields[i].name);
        if (theirs.data != NULL)
            fields[i].value = theirs;
    }
    *resolved = (struct form){ form->count, fields };
    return OK;
}

void clash_view_changes(const struct edit *edit, struct view *view)
{
    const struct store_clash *clash = &edit->job.clash;
    struct history_entry entry = clash->theirs;

    if (clash->was.revision != 0)
        entry.before = clash->was;
    history_view(edit->req, &entry, view_object(view, "theirs"));
}

void clash_view_field(const struct edit *edit, enum supplier_field f,
                      struct view *field)
{
    const struct store_clash *clash = &edit->job.clash;
    struct slice was = clash->was.fields[f];
    struct slice theirs = clash->theirs.supplier.fields[f];
    struct view *object;

    if (clash->fields[f])
        object = view_object(field, "clash");
    else if (clash->was.revision != 0 && !slice_equal(was, theirs))
        object = view_object(field, "merged");
    else
        return;
    view_flag(object, "known", clash->was.revision != 0);
    view_text(object, "was", was);
    view_text(object, "theirs", theirs);
}

void clash_view(const struct edit *edit, struct view *view)
{
    const struct store_clash *clash = &edit->job.clash;
    struct view *object = view_object(view, "trouble");
    struct view *both = view_list(object, "both");
    enum supplier_field f;

    view_string(object, "who", history_who(edit->req, &clash->theirs));
    view_string(object, "when", history_when(edit->req, clash->theirs.at_us));
    for (f = 0; f < SUPPLIER_FIELDS; f++) {
        struct view *item = clash->fields[f] ? view_list_object(both) : NULL;

        view_string(item, "name", supplier_columns[f].name);
        view_string(item, "label", supplier_columns[f].label);
    }
}
