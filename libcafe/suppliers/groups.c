/* Which changes of the log belong together. */
#include "cafe/suppliers/groups.h"

#include "groups_private.h"

/* The last stretch. The transaction's view may be older than its lock of the
 * counter, so this reads what is committed now. */
static const char select_last[] =
    "SELECT first_revision, last_revision, leads, entries_before,"
    " form_key = ? FROM supplier_change_groups"
    " ORDER BY first_revision DESC LIMIT 1 FOR UPDATE";

static const char extend[] = "UPDATE supplier_change_groups"
                             " SET last_revision = ? WHERE first_revision = ?";

static const char insert[] =
    "INSERT INTO supplier_change_groups"
    " (first_revision, last_revision, form_key, leads, entries_before)"
    " SELECT ?, ?, ?, COUNT(*) = 0, ? FROM supplier_change_groups"
    " WHERE form_key = ?";

struct last {
    struct stretch stretch;
    bool same; /* of this group */
};

static enum error take_last(const struct db_row *row, void *context)
{
    struct last *last = context;

    stretch_take(row, &last->stretch);
    last->same = db_row_integer(row, STRETCH_COLUMNS) != 0;
    return OK;
}

enum error groups_note(struct db_connection *connection, const char *form_key,
                       uint64_t first, uint64_t last)
{
    const struct db_value key = DB_VALUE_TEXT(slice_of(form_key));
    struct last before = { 0 };
    enum error err =
        db_query(connection, select_last, &key, 1, take_last, &before);

    if (err != OK)
        return err;
    if (before.same && before.stretch.last + 1 == first)
        return db_execute(connection, extend,
                          (struct db_value[]){
                              DB_VALUE_INTEGER((int64_t)last),
                              DB_VALUE_INTEGER((int64_t)before.stretch.first) },
                          2);
    return db_execute(
        connection, insert,
        (struct db_value[]){ DB_VALUE_INTEGER((int64_t)first),
                             DB_VALUE_INTEGER((int64_t)last), key,
                             DB_VALUE_INTEGER((int64_t)stretch_entries(
                                 &before.stretch, first - 1)),
                             key },
        5);
}

/* Stretches. */

void stretch_take(const struct db_row *row, struct stretch *stretch)
{
    *stretch = (struct stretch){
        .first = (uint64_t)db_row_integer(row, 0),
        .last = (uint64_t)db_row_integer(row, 1),
        .leads = db_row_integer(row, 2) != 0,
        .entries_before = (uint64_t)db_row_integer(row, 3),
    };
}

uint64_t stretch_entries(const struct stretch *stretch, uint64_t revision)
{
    uint64_t entries = stretch->entries_before + stretch->leads;

    return revision > stretch->last ? entries + (revision - stretch->last)
                                    : entries;
}
