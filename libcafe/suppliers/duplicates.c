/* Finds suppliers that may have been entered already. One walk over all of
 * them compares texts where they lie; only a name that is found again costs
 * memory, for the fold of its city. */
#include "cafe/duplicates.h"

#include <ctype.h>
#include <string.h>

#include "cafe/unicode.h"
#include "snapshot.h"

/* What is looked for; a part that is not is absent. */
struct wanted {
    const struct supplier *supplier;
    struct arena *arena;
    struct slice phone; /* its digits */
    struct slice email;
    struct slice name; /* folds */
    struct slice city;
};

static const char select_key[] = "SELECT 1 FROM supplier_form_keys"
                                 " WHERE form_key = ? AND supplier_id IS NOT"
                                 " NULL";

static enum error digits_of(struct arena *arena, struct slice phone,
                            struct slice *result)
{
    char *digits = arena_alloc(arena, phone.len + 1);
    size_t count = 0;

    if (!digits)
        return ERROR_MEMORY;
    for (size_t i = 0; i < phone.len; i++)
        if (isdigit((unsigned char)phone.data[i]))
            digits[count++] = phone.data[i];
    *result = (struct slice){ digits, count };
    return OK;
}

static bool same_digits(struct slice digits, struct slice phone)
{
    size_t count = 0;

    if (phone.len < digits.len)
        return false;
    for (size_t i = 0; i < phone.len; i++) {
        char c = phone.data[i];

        if (c < '0' || c > '9')
            continue;
        if (count == digits.len || digits.data[count++] != c)
            return false;
    }
    return count == digits.len;
}

static bool same_nocase(struct slice a, struct slice b)
{
    return a.len == b.len && strncasecmp(a.data, b.data, a.len) == 0;
}

static enum error same_place(const struct wanted *wanted, const struct row *row,
                             bool *same)
{
    struct slice city;
    enum error err;

    *same = false;
    if (!slice_equal(wanted->name, row->fold))
        return OK;
    err =
        unicode_fold(wanted->arena, row->supplier.fields[SUPPLIER_CITY], &city);
    if (err == OK)
        *same = slice_equal(wanted->city, city);
    return err;
}

static enum error compare(const struct wanted *wanted, const struct row *row,
                          unsigned *reasons)
{
    const struct slice *fields = row->supplier.fields;
    bool same = false;
    enum error err = OK;

    *reasons = 0;
    if (wanted->phone.len > 0 &&
        same_digits(wanted->phone, fields[SUPPLIER_PHONE]))
        *reasons |= DUPLICATE_PHONE;
    if (wanted->email.len > 0 &&
        same_nocase(wanted->email, fields[SUPPLIER_EMAIL]))
        *reasons |= DUPLICATE_EMAIL;
    if (wanted->name.len > 0)
        err = same_place(wanted, row, &same);
    if (same)
        *reasons |= DUPLICATE_NAME;
    return err;
}

static bool has_changed(const struct wanted *wanted,
                        const struct supplier *before,
                        enum supplier_field field)
{
    return !before ||
           !slice_equal(before->fields[field], wanted->supplier->fields[field]);
}

static enum error prepare(struct wanted *wanted, const struct supplier *before)
{
    const struct slice *fields = wanted->supplier->fields;
    enum error err = OK;

    if (has_changed(wanted, before, SUPPLIER_EMAIL))
        wanted->email = fields[SUPPLIER_EMAIL];
    if (has_changed(wanted, before, SUPPLIER_PHONE))
        err = digits_of(wanted->arena, fields[SUPPLIER_PHONE], &wanted->phone);
    if (err != OK || (!has_changed(wanted, before, SUPPLIER_NAME) &&
                      !has_changed(wanted, before, SUPPLIER_CITY)))
        return err;
    err = unicode_fold(wanted->arena, fields[SUPPLIER_NAME], &wanted->name);
    if (err != OK)
        return err;
    return unicode_fold(wanted->arena, fields[SUPPLIER_CITY], &wanted->city);
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

enum error duplicates_find(const struct snapshot *snapshot, struct arena *arena,
                           const struct supplier *supplier,
                           const struct supplier *before,
                           struct duplicates *duplicates)
{
    struct wanted wanted = { .supplier = supplier, .arena = arena };
    const struct content *content = snapshot->content;
    enum error err = prepare(&wanted, before);

    *duplicates = (struct duplicates){ 0 };
    for (size_t i = 0; err == OK && i < content->count; i++) {
        const struct row *row = content->by_name[i];
        unsigned reasons = 0;

        if (row->supplier.id != supplier->id &&
            (err = compare(&wanted, row, &reasons)) == OK && reasons != 0)
            note(duplicates, row, reasons);
    }
    return err;
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
