/* Two people changed the same supplier: what it was, what the other one made of
 * it, what was typed, and which of the two to save. The page carries the other
 * person's texts in hidden fields, so that the choice needs no second look at
 * the database. */
#include <stdio.h>

#include "employee.h"

/* What a form carries of the text before, per field: as much as can be typed.
 * SQL may have stored more, and the form must stay below FORM_MAX_BYTES. */
enum { CARRIED_MAX_BYTES = 16 * 1024 };

/* The form's fields for it: use-name=theirs takes what theirs-name holds. */
static struct slice clash_value_of(const struct form *form, const char *prefix,
                                   enum supplier_field f)
{
    char name[32];

    snprintf(name, sizeof(name), "%s%s", prefix, supplier_columns[f].name);
    return form_value(form, name);
}

/* A form without a choice must never overwrite what the other one has typed. */
static enum pick pick_of(struct slice use)
{
    if (slice_is(use, "theirs"))
        return PICK_THEIRS;
    return slice_is(use, "mine") ? PICK_MINE : PICK_NONE;
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
        choice->was = clash_value_of(form, "was-", f);
        choice->pick = pick_of(clash_value_of(form, "use-", f));
        if (choice->pick == PICK_THEIRS)
            fields[f] = choice->theirs;
    }
    return OK;
}

/* Nothing to choose where both have typed the same. */
static bool undecided(const struct choice *choice)
{
    return choice->theirs.data != NULL && choice->pick == PICK_NONE &&
           !slice_equal(choice->theirs, choice->mine);
}

void clash_check(struct edit *edit)
{
    struct supplier_faults *faults = &edit->faults;

    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        if (!undecided(&edit->choices[f]))
            continue;
        faults->messages[f] = arena_printf(request_arena(edit->req),
                                           "%s: choose their version or yours",
                                           supplier_columns[f].label);
        if (faults->messages[f] == NULL)
            faults->messages[f] = "Choose their version or yours";
        faults->count++;
    }
}

void clash_ask_again(struct edit *edit)
{
    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        struct choice *choice = &edit->choices[f];

        if (!edit->job.clash.fields[f])
            continue;
        if (choice->pick == PICK_THEIRS)
            edit->job.supplier.fields[f] = choice->mine;
        choice->pick = PICK_NONE;
    }
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
    struct slice was = edit->clash ? clash->was.fields[f] : choice->was;
    struct slice theirs = edit->clash ? clash->theirs.supplier.fields[f]
                                      : choice->theirs;
    bool known = edit->clash ? clash->was.revision != 0 : was.data != NULL;
    struct context *object;

    if (clash->fields[f] || choice->theirs.data != NULL)
        object = context_object(field, "clash");
    else if (known && !slice_equal(was, theirs))
        object = context_object(field, "merged");
    else
        return;
    context_flag(object, "known", known);
    context_flag(object, "carried", known && was.len <= CARRIED_MAX_BYTES);
    context_text(object, "was", was);
    context_text(object, "theirs", theirs);
    context_flag(object, "use_theirs", choice->pick == PICK_THEIRS);
    context_flag(object, "use_mine", choice->pick == PICK_MINE);
}

void clash_context(const struct edit *edit, struct context *context)
{
    const struct store_clash *clash = &edit->job.clash;
    struct context *object = context_object(context, "trouble");
    struct context *both = context_list(object, "both");

    context_string(object, "author", history_author(edit->req, &clash->theirs));
    when_context(edit->req, clash->theirs.at_us, object);
    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        struct context *item = clash->fields[f] ? context_list_object(both)
                                                : NULL;

        context_string(item, "name", supplier_columns[f].name);
        context_string(item, "label", supplier_columns[f].label);
    }
}
