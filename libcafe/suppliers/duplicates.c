/* Finds suppliers that may have been entered already: one walk over the folds
 * that each has for searching. */
#include "cafe/suppliers/duplicates.h"

#include <stdlib.h>
#include <string.h>

#include "cafe/base/hash.h"
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

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]), END_DIGITS = 6 };

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

/* Its row is the caller's to free, also on failure. Of notes nothing is
 * compared, and long ones take time to fold. */
static enum error begin_looking(struct looking *looking,
                                const struct supplier *supplier,
                                struct row **row)
{
    struct slice phone = supplier->fields[SUPPLIER_PHONE];
    struct supplier plain = *supplier;
    enum error err;

    plain.fields[SUPPLIER_NOTES] = SLICE("");
    err = row_make(&plain, row);
    if (err == OK)
        err = tidy_phone(looking->scratch, phone, &phone);
    if (err != OK)
        return err;
    looking->wanted = *row;
    looking->has_phone = phone_read(phone, &looking->phone, NULL);
    return OK;
}

enum error duplicates_find(const struct snapshot *snapshot,
                           const struct supplier *supplier,
                           const struct supplier *before,
                           struct duplicates *duplicates)
{
    struct looking looking = { .scratch = arena_open(0) };
    struct row *wanted = NULL;
    enum error err = looking.scratch != NULL
                         ? begin_looking(&looking, supplier, &wanted)
                         : ERROR_MEMORY;

    if (err == OK) {
        *duplicates = (struct duplicates){ 0 };
        look_through(snapshot->index, &looking, wanted_reasons(wanted, before),
                     duplicates);
    }
    free(wanted);
    arena_close(looking.scratch);
    return err;
}

/* Many at once: what is wanted is in a table by hashes, so that each supplier
 * of the index is compared only with those that it may be. */

struct duplicate_handle {
    uint64_t hash;
    size_t at; /* of the question */
    enum duplicate_reason reason;
};

struct duplicate_table {
    struct duplicate_question *questions;
    struct looking *lookings; /* one for each question */
    struct row **rows;        /* so; NULL: nothing is asked */
    size_t count;
    struct duplicate_handle *handles; /* by hash */
    size_t handle_count;
};

/* What two that are alike by this kind have in common; different spellings of
 * a phone number may have the end alone. */
static uint64_t hash_of_kind(const struct row *row, size_t kind)
{
    struct slice fold = row_fold(row, kinds[kind].fields[0]);
    uint64_t hash;

    if (kinds[kind].reason == DUPLICATE_PHONE && fold.len > END_DIGITS)
        fold = (struct slice){ fold.data + fold.len - END_DIGITS, END_DIGITS };
    hash = hash_short(fold) * 31 + kind;
    if (kinds[kind].fields[1] != kinds[kind].fields[0])
        hash = hash * 31 + hash_short(row_fold(row, kinds[kind].fields[1]));
    return hash;
}

static int compare_handles(const void *a, const void *b)
{
    const struct duplicate_handle *one = a, *other = b;

    if (one->hash != other->hash)
        return one->hash < other->hash ? -1 : 1;
    return one->at < other->at ? -1 : one->at > other->at;
}

static void add_handles(struct duplicate_table *table, size_t at)
{
    const struct row *row = table->rows[at];
    unsigned reasons = wanted_reasons(row, table->questions[at].before);

    for (size_t kind = 0; kind < KINDS; kind++)
        if (reasons & kinds[kind].reason)
            table->handles[table->handle_count++] =
                (struct duplicate_handle){ hash_of_kind(row, kind), at,
                                           kinds[kind].reason };
}

static enum error fill_table(struct duplicate_table *table,
                             struct arena *scratch)
{
    enum error err = OK;

    for (size_t i = 0; i < table->count && err == OK; i++) {
        struct duplicate_question *question = &table->questions[i];

        question->found = (struct duplicates){ 0 };
        question->twin = SIZE_MAX;
        table->lookings[i].scratch = scratch;
        if (question->supplier == NULL)
            continue;
        err = begin_looking(&table->lookings[i], question->supplier,
                            &table->rows[i]);
        if (err == OK)
            add_handles(table, i);
    }
    qsort(table->handles, table->handle_count, sizeof(*table->handles),
          compare_handles);
    return err;
}

/* The first handle that is not before this hash. */
static size_t first_handle(const struct duplicate_table *table, uint64_t hash)
{
    size_t low = 0, high = table->handle_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (table->handles[middle].hash < hash)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* That of two kinds is noted once. */
static void note_answer(struct duplicate_question *question,
                        const struct row *row, unsigned reasons)
{
    struct duplicates *found = &question->found;

    if (found->count > 0 &&
        found->found[found->count - 1].supplier == &row->supplier)
        found->found[found->count - 1].reasons |= reasons;
    else
        duplicates_note(found, row, reasons);
}

/* own  Of the question that the row is from; SIZE_MAX: it is of the index. */
static void compare_with_table(const struct duplicate_table *table,
                               const struct row *row, size_t own)
{
    for (size_t kind = 0; kind < KINDS; kind++) {
        const uint64_t hash = hash_of_kind(row, kind);

        for (size_t i = first_handle(table, hash);
             i < table->handle_count && table->handles[i].hash == hash; i++) {
            const struct duplicate_handle *handle = &table->handles[i];
            struct duplicate_question *question = &table->questions[handle->at];
            unsigned found = duplicates_compare(&table->lookings[handle->at],
                                                row, handle->reason);

            if (found == 0)
                continue;
            if (own == SIZE_MAX && row->supplier.id != question->supplier->id)
                note_answer(question, row, found);
            else if (own < handle->at && own < question->twin)
                question->twin = own;
        }
    }
}

static enum error duplicates_answer(const struct snapshot *snapshot,
                                    struct duplicate_table *table,
                                    struct arena *scratch)
{
    const struct index *index = snapshot->index;
    enum error err = fill_table(table, scratch);

    for (size_t i = 0; err == OK && i < index->count; i++)
        compare_with_table(table, index->by_name[i], SIZE_MAX);
    for (size_t i = 0; err == OK && i < table->count; i++)
        if (table->rows[i] != NULL)
            compare_with_table(table, table->rows[i], i);
    return err;
}

enum error duplicates_find_all(const struct snapshot *snapshot,
                               struct duplicate_question *questions,
                               size_t count)
{
    struct duplicate_table table = {
        .questions = questions,
        .count = count,
        .lookings = calloc(count, sizeof(struct looking)),
        .rows = calloc(count, sizeof(struct row *)),
        .handles = calloc(count * KINDS, sizeof(struct duplicate_handle)),
    };
    struct arena *scratch = arena_open(0);
    enum error err = ERROR_MEMORY;

    if (table.lookings != NULL && table.rows != NULL && table.handles != NULL &&
        scratch != NULL)
        err = duplicates_answer(snapshot, &table, scratch);
    for (size_t i = 0; table.rows != NULL && i < count; i++)
        free(table.rows[i]);
    free(table.handles);
    free(table.rows);
    free(table.lookings);
    arena_close(scratch);
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
