/* Finds suppliers that may have been entered already: one walk over the folds
 * that each has for searching. */
#include "cafe/suppliers/duplicates.h"

#include <stdlib.h>
#include <string.h>

#include "cafe/suppliers/phone.h"
#include "cafe/suppliers/tidy.h"
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

/* What is looked for. */
struct looking {
    const struct row *wanted;
    bool has_phone; /* the text is a number */
    struct phone phone;
    struct arena *scratch;
};

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
            (before == NULL || differs(&wanted->supplier, before, fields[0]) ||
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

/* The last digits of two spellings are the same, whatever country code is in
 * front. It spares reading each supplier's number again. */
static bool same_end(struct slice a, struct slice b)
{
    enum { END_DIGITS = 6 };

    return a.len >= END_DIGITS && b.len >= END_DIGITS &&
           memcmp(a.data + a.len - END_DIGITS, b.data + b.len - END_DIGITS,
                  END_DIGITS) == 0;
}

/* The same number, with and without country code, too. */
static bool same_phone(const struct looking *looking, const struct row *row)
{
    struct slice text = row->supplier.fields[SUPPLIER_PHONE];
    struct phone phone;

    if (same(looking->wanted, row, SUPPLIER_PHONE))
        return true;
    if (!looking->has_phone ||
        !same_end(row_fold(looking->wanted, SUPPLIER_PHONE),
                  row_fold(row, SUPPLIER_PHONE)))
        return false;
    arena_reset(looking->scratch);
    return tidy_phone(looking->scratch, text, &text) == OK &&
           phone_read(text, &phone, NULL) &&
           phone_same(&looking->phone, &phone);
}

static unsigned duplicates_compare(const struct looking *looking,
                                   const struct row *row, unsigned reasons)
{
    const struct row *wanted = looking->wanted;
    unsigned found = 0;

    if ((reasons & DUPLICATE_PHONE) && same_phone(looking, row))
        found |= DUPLICATE_PHONE;
    reasons &= ~(unsigned)DUPLICATE_PHONE;

    for (size_t i = 0; i < KINDS; i++)
        if ((reasons & kinds[i].reason) &&
            same(wanted, row, kinds[i].fields[0]) &&
            same(wanted, row, kinds[i].fields[1]))
            found |= kinds[i].reason;
    return found;
}

static void duplicates_note(struct duplicates *duplicates,
                            const struct row *row, unsigned reasons)
{
    if (duplicates->count == DUPLICATES_MAX)
        duplicates->more = true;
    else
        duplicates->found[duplicates->count++] =
            (struct duplicate){ &row->supplier, reasons };
}

static void look_through(const struct index *index,
                         const struct looking *looking, unsigned reasons,
                         struct duplicates *duplicates)
{
    for (size_t i = 0; reasons != 0 && !duplicates->more && i < index->count;
         i++) {
        const struct row *row = index->by_name[i];
        unsigned found = row->supplier.id == looking->wanted->supplier.id
                             ? 0
                             : duplicates_compare(looking, row, reasons);

        if (found != 0)
            duplicates_note(duplicates, row, found);
    }
}

enum error duplicates_find(const struct snapshot *snapshot,
                           const struct supplier *supplier,
                           const struct supplier *before,
                           struct duplicates *duplicates)
{
    struct slice phone = supplier->fields[SUPPLIER_PHONE];
    struct looking looking = { .scratch = arena_open(0) };
    struct row *wanted = NULL;
    enum error err = looking.scratch != NULL ? row_make(supplier, &wanted)
                                             : ERROR_MEMORY;

    if (err == OK)
        err = tidy_phone(looking.scratch, phone, &phone);
    if (err == OK) {
        looking.wanted = wanted;
        looking.has_phone = phone_read(phone, &looking.phone, NULL);
        *duplicates = (struct duplicates){ 0 };
        look_through(snapshot->index, &looking, wanted_reasons(wanted, before),
                     duplicates);
    }
    free(wanted);
    arena_close(looking.scratch);
    return err;
}

static enum error duplicates_take_known(const struct db_row *row, void *context)
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
    return db_query(connection, select_key, &key, 1, duplicates_take_known,
                    &asked->known);
}
