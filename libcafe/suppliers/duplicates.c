/* Finds suppliers that may have been entered already: one walk over the folds
 * that each has for searching. */
#include "cafe/duplicates.h"

#include <stdlib.h>

#include "snapshot.h"

/* The folds by which suppliers are alike, and what that is called. */
static const struct {
    enum duplicate_reason reason;
    enum supplier_field fields[2]; /* all of them; one may stand twice */
} kinds[] = {
    { DUPLICATE_PHONE, { SUPPLIER_PHONE, SUPPLIER_PHONE } },
    { DUPLICATE_EMAIL, { SUPPLIER_EMAIL, SUPPLIER_EMAIL } },
    { DUPLICATE_NAME, { SUPPLIER_NAME, SUPPLIER_CITY } },
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static const char select_key[] = "SELECT 1 FROM supplier_form_keys"
                                 " WHERE form_key = ? AND supplier_id IS NOT"
                                 " NULL";

static bool differs(const struct supplier *a, const struct supplier *b,
                    enum supplier_field field)
{
    return !slice_equal(a->fields[field], b->fields[field]);
}

/* Which kinds are looked for: what is there and has changed. */
static unsigned wanted_reasons(const struct row *wanted,
                               const struct supplier *before)
{
    unsigned reasons = 0;

    for (size_t i = 0; i < KINDS; i++) {
        const enum supplier_field *fields = kinds[i].fields;

        if (row_fold(wanted, fields[0]).len > 0 &&
            (!before || differs(&wanted->supplier, before, fields[0]) ||
             differs(&wanted->supplier, before, fields[1])))
            reasons |= kinds[i].reason;
    }
    return reasons;
}

static bool same(const struct row *a, const struct row *b,
                 enum supplier_field field)
{
    return slice_equal(row_fold(a, field), row_fold(b, field));
}

static unsigned compare(const struct row *wanted, const struct row *row,
                        unsigned reasons)
{
    unsigned found = 0;

    for (size_t i = 0; i < KINDS; i++)
        if ((reasons & kinds[i].reason) &&
            same(wanted, row, kinds[i].fields[0]) &&
            same(wanted, row, kinds[i].fields[1]))
            found |= kinds[i].reason;
    return found;
}

static void note(struct duplicates *duplicates, const struct row *row,
                 unsigned reasons)
{
    if (duplicates->count == DUPLICATES_MAX)
        duplicates->more = true;
    else
        duplicates->found[duplicates->count++] =
            (struct duplicate){ &row->supplier, reasons };
}

enum error duplicates_find(const struct snapshot *snapshot,
                           const struct supplier *supplier,
                           const struct supplier *before,
                           struct duplicates *duplicates)
{
    const struct content *content = snapshot->content;
    struct row *wanted;
    enum error err = row_make(supplier, &wanted);

    if (err != OK)
        return err;
    *duplicates = (struct duplicates){ 0 };
    unsigned reasons = wanted_reasons(wanted, before);
    for (size_t i = 0; reasons != 0 && i < content->count; i++) {
        const struct row *row = content->by_name[i];
        unsigned found = row->supplier.id == supplier->id
                             ? 0
                             : compare(wanted, row, reasons);

        if (found != 0)
            note(duplicates, row, found);
    }
    free(wanted);
    return OK;
}

static enum error take_known(const struct db_row *row, void *context)
{
    (void)row;
    *(bool *)context = true;
    return OK;
}

enum error duplicates_key_known(struct db_connection *connection, void *job)
{
    struct duplicate_job *asked = job;
    const struct db_value key = DB_VALUE_TEXT(asked->form_key);

    asked->known = false;
    return db_query(connection, select_key, &key, 1, take_known, &asked->known);
}
