/* Two people changed the same supplier: what it was, what the other one made of
 * it, what was typed, and which of the two to save. The page carries the other
 * person's texts in hidden fields, so that the choice needs no second look at
 * the database. */
#include <stdio.h>

#include "employee.h"

/* The form's fields for it: use-name=theirs takes what theirs-name holds. */
static struct slice clash_value_of(const struct form *form, const char *prefix,
                                   enum supplier_field f)
{
    char name[32];

    snprintf(name, sizeof(name), "%s%s", prefix, supplier_columns[f].name);
    return form_value(form, name);
}

enum error clash_choose(struct edit *edit, const struct form *form)
{
    struct slice *fields = edit->job.supplier.fields;
    struct form_field theirs[SUPPLIER_FIELDS];
    const struct form as_form = { SUPPLIER_FIELDS, theirs };
    struct supplier supplier;

    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        theirs[f].name = slice_of(supplier_columns[f].name);
        theirs[f].value = clash_value_of(form, "theirs-", f);
    }
    if (supplier_from_form(edit->job.arena, &as_form, &supplier) != OK)
        return ERROR_MEMORY;
    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        struct choice *choice = &edit->choices[f];

        if (theirs[f].value.data == NULL)
            continue;
        choice->theirs = supplier.fields[f];
        choice->mine = fields[f];
        choice->taken = slice_is(clash_value_of(form, "use-", f), "theirs");
        if (choice->taken)
            fields[f] = choice->theirs;
    }
    return OK;
}

void clash_context_changes(const struct edit *edit, struct context *context)
{
    const struct store_clash *clash = &edit->job.clash;
    struct history_entry entry = clash->theirs;

    if (clash->was.revision != 0)
        entry.before = clash->was;
    history_context(edit->req, &entry, context_object(context, "theirs"));
}

void clash_context_field(const struct edit *edit, enum supplier_field f,
                         struct context *field)
{
    const struct store_clash *clash = &edit->job.clash;
    const struct choice *choice = &edit->choices[f];
    struct slice was = clash->was.fields[f];
    struct slice theirs = edit->clash ? clash->theirs.supplier.fields[f]
                                      : choice->theirs;
    bool known = clash->was.revision != 0 && !slice_equal(was, theirs);
    struct context *object;

    if (clash->fields[f] || choice->theirs.data != NULL)
        object = context_object(field, "clash");
    else if (known)
        object = context_object(field, "merged");
    else
        return;
    context_flag(object, "known", known);
    context_text(object, "was", was);
    context_text(object, "theirs", theirs);
    context_flag(object, "taken", choice->taken);
}

void clash_context(const struct edit *edit, struct context *context)
{
    const struct store_clash *clash = &edit->job.clash;
    struct context *object = context_object(context, "trouble");
    struct context *both = context_list(object, "both");

    context_string(object, "author", history_author(edit->req, &clash->theirs));
    context_string(object, "ago", history_ago(edit->req, clash->theirs.at_us));
    context_string(object, "when",
                   history_when(edit->req, clash->theirs.at_us));
    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        struct context *item = clash->fields[f] ? context_list_object(both)
                                                : NULL;

        context_string(item, "name", supplier_columns[f].name);
        context_string(item, "label", supplier_columns[f].label);
    }
}
