/* A supplier by its field table: read from a form, checked, shown. */
#include "cafe/suppliers/supplier.h"

#include <ctype.h>

#include "cafe/base/unicode.h"
#include "cafe/base/utf8.h"

/* Reading. */

static enum error supplier_read_field(struct arena *arena,
                                      const struct form *form,
                                      enum supplier_field field,
                                      struct slice *text)
{
    const struct supplier_column *column = &supplier_columns[field];
    struct slice value = form_value(form, column->name);
    enum error err = column->tidy(arena, value, &value);

    if (err != OK)
        return err;
    if (value.len > 0)
        return utf8_normalise(arena, value, text);
    *text = SLICE("");
    return OK;
}

enum error supplier_from_form(struct arena *arena, const struct form *form,
                              struct supplier *supplier)
{
    struct supplier made = { 0 };

    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        enum error err = supplier_read_field(arena, form, f, &made.fields[f]);

        if (err != OK)
            return err;
    }
    *supplier = made;
    return OK;
}

/* Checking. */

/* "Shorten the supplier name by 12 characters: it can have 255". */
static const char *shorten(struct arena *arena,
                           const struct supplier_column *column, size_t len,
                           size_t max, const char *unit)
{
    size_t over = len - max;
    const char *message = arena_printf(
        arena, "Shorten the supplier %c%s by %zu %s%s: the limit is %zu",
        tolower((unsigned char)column->label[0]), column->label + 1, over, unit,
        over == 1 ? "" : "s", max);

    return message != NULL ? message : "Shorten this";
}

static const char *check_length(struct arena *arena,
                                const struct supplier_column *column,
                                struct slice text)
{
    size_t chars = column->max_chars ? utf8_count(text) : 0;

    if (chars > column->max_chars)
        return shorten(arena, column, chars, column->max_chars, "character");
    if (text.len > column->max_bytes)
        return shorten(arena, column, text.len, column->max_bytes, "byte");
    return NULL;
}

void supplier_check(struct arena *arena, const struct supplier *supplier,
                    struct supplier_faults *faults)
{
    *faults = (struct supplier_faults){ 0 };
    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        const struct supplier_column *column = &supplier_columns[f];
        const char *message = check_length(arena, column, supplier->fields[f]);

        if (message == NULL)
            message = column->check(arena, supplier, f);
        faults->messages[f] = message;
        faults->count += message != NULL;
    }
}

/* A TINYTEXT, TEXT and so on counts bytes. */
static const char *check_room(struct arena *arena,
                              const struct supplier_column *column,
                              const struct supplier_room *room,
                              struct slice text)
{
    size_t chars = utf8_count(text);

    if (room->max_chars == 0)
        return NULL;
    if (chars > room->max_chars)
        return shorten(arena, column, chars, room->max_chars, "character");
    if (text.len > room->max_bytes)
        return shorten(arena, column, text.len, room->max_bytes, "byte");
    return NULL;
}

void supplier_check_room(struct arena *arena, const struct supplier *supplier,
                         const struct supplier_room *room,
                         struct supplier_faults *faults)
{
    *faults = (struct supplier_faults){ 0 };
    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        faults->messages[f] = check_room(arena, &supplier_columns[f], &room[f],
                                         supplier->fields[f]);
        faults->count += faults->messages[f] != NULL;
    }
}

void supplier_context(const struct supplier *supplier, struct context *object)
{
    context_number(object, "id", supplier->id);
    for (size_t f = 0; f < SUPPLIER_FIELDS; f++)
        context_text(object, supplier_columns[f].name, supplier->fields[f]);
}
