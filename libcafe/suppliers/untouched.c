/* Fields that come back from a form as they were shown. */
#include "cafe/suppliers/untouched.h"

#include <string.h>

/* What the HTML parser makes of a NUL: U+FFFD. */
static const char replacement[] = "\xef\xbf\xbd";

enum { REPLACEMENT_LEN = sizeof(replacement) - 1 };

bool untouched_needs_lines(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] == '\n' || text.data[i] == '\r')
            return true;
    return false;
}

static bool is_crlf(struct slice text, size_t at)
{
    return text.data[at] == '\r' && at + 1 < text.len &&
           text.data[at + 1] == '\n';
}

/* What an <input> sends of a text, or a <textarea> where breaks are kept; each
 * line end is \n. */
static enum error send_back(struct arena *arena, struct slice text,
                            bool keep_breaks, struct slice *sent)
{
    char *made = arena_alloc(arena, text.len * REPLACEMENT_LEN + 1);
    size_t len = 0;

    if (made == NULL)
        return ERROR_MEMORY;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];

        if (c == '\0') {
            memcpy(made + len, replacement, REPLACEMENT_LEN);
            len += REPLACEMENT_LEN;
        } else if (c != '\n' && c != '\r') {
            made[len++] = c;
        } else if (keep_breaks && !is_crlf(text, i)) {
            made[len++] = '\n';
        }
    }
    *sent = (struct slice){ made, len };
    return OK;
}

/* A stored supplier as its form comes back when nobody touches it: through the
 * same function that reads forms, so that its rules are not written twice. */
static enum error read_back(struct arena *arena, const struct supplier *stored,
                            bool keep_breaks, struct supplier *read)
{
    struct form_field fields[SUPPLIER_FIELDS];
    const struct form form = { SUPPLIER_FIELDS, fields };

    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        enum error err = send_back(arena, stored->fields[f],
                                   keep_breaks || supplier_columns[f].lines,
                                   &fields[f].value);

        if (err != OK)
            return err;
        fields[f].name = slice_of(supplier_columns[f].name);
    }
    return supplier_from_form(arena, &form, read);
}

enum error untouched_restore(struct arena *arena, struct supplier *typed,
                             const struct supplier *stored,
                             const enum untouched_shown shown[SUPPLIER_FIELDS])
{
    struct supplier whole, joined;
    enum error err = read_back(arena, stored, true, &whole);

    if (err == OK)
        err = read_back(arena, stored, false, &joined);
    if (err != OK)
        return err;
    for (enum supplier_field f = 0; err == OK && f < SUPPLIER_FIELDS; f++) {
        struct slice text;

        err = send_back(arena, typed->fields[f], true, &text);
        if (err == OK &&
            (shown[f] == NOT_SHOWN || slice_equal(text, whole.fields[f]) ||
             (shown[f] == SHOWN_AS_LINE &&
              slice_equal(text, joined.fields[f]))))
            typed->fields[f] = stored->fields[f];
    }
    return err;
}

void untouched_check(struct arena *arena, const struct supplier *supplier,
                     const struct supplier *stored,
                     struct supplier_faults *faults)
{
    struct supplier_faults before;

    supplier_check(arena, stored, &before);
    supplier_check(arena, supplier, faults);
    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        /* A fault of the very text that is stored is not this author's: a
         * remark. */
        if (faults->messages[f] == NULL || before.messages[f] == NULL ||
            !slice_equal(supplier->fields[f], stored->fields[f]))
            continue;
        faults->remarks[f] = faults->messages[f];
        faults->messages[f] = NULL;
        faults->count--;
    }
}
