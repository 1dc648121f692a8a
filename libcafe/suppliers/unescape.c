/* Repairing what the first application has escaped before storing it. */
#include "cafe/suppliers/unescape.h"

#include <string.h>

#include "cafe/base/utf8.h"
#include "cafe/suppliers/supplier.h"

enum { RUNS_MAX = 3 /* of a transaction that is rolled back */ };

/* Texts. */

static const struct {
    const char *escaped;
    char plain;
} escapes[] = {
    { "&amp;", '&' },   { "&lt;", '<' },    { "&gt;", '>' },
    { "&quot;", '"' },  { "&#x27;", '\'' }, { "&#x2F;", '/' },
    { "&#x5C;", '\\' }, { "&#96;", '`' },
};

/* What stands here for another byte; its length, or 0. */
static size_t escape_at(struct slice rest, char *plain)
{
    for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++)
        if (slice_starts(rest, escapes[i].escaped)) {
            *plain = escapes[i].plain;
            return strlen(escapes[i].escaped);
        }
    return 0;
}

/* Undo one escaping, in place; the new length. */
static size_t undo_one(char *text, size_t len)
{
    size_t kept = 0;

    for (size_t at = 0; at < len;) {
        char byte = text[at];
        size_t used = escape_at((struct slice){ text + at, len - at }, &byte);

        text[kept++] = byte;
        at += used ? used : 1;
    }
    return kept;
}

enum error unescape_text(struct arena *arena, struct slice text,
                         struct slice *result)
{
    char *copy = arena_copy(arena, text.data, text.len);
    size_t len = text.len;
    size_t before;

    if (copy == NULL)
        return ERROR_MEMORY;
    /* Each save escaped what was there, so texts were escaped as often as they
     * were saved: undo until nothing is left to undo. */
    do {
        before = len;
        len = undo_one(copy, len);
    } while (len != before);
    *result = (struct slice){ copy, len };
    return OK;
}

/* Suppliers. */

/* The columns that the first application wrote. */
static const enum supplier_field columns[] = {
    SUPPLIER_NAME,  SUPPLIER_ADDRESS, SUPPLIER_CITY,
    SUPPLIER_STATE, SUPPLIER_EMAIL,   SUPPLIER_PHONE,
};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

#define SELECT_COLUMNS \
    "SELECT id, name, address, city, state, email, phone FROM suppliers"

static const char select_suspects[] = SELECT_COLUMNS
    " WHERE CONCAT_WS(' ', name, address, city, state, email, phone)"
    " LIKE '%&%;%' ORDER BY id";

static const char lock_one[] = SELECT_COLUMNS " WHERE id = ? FOR UPDATE";

static const char update_one[] =
    "UPDATE suppliers SET name = ?, address = ?, city = ?, state = ?,"
    " email = ?, phone = ? WHERE id = ?";

static const char set_log_context[] =
    "SET @cafe_actor = 'employee --migrate --unescape', @cafe_action = NULL,"
    " @cafe_form_key = NULL";

/* A row as it is, and as it should be. A text of an adopted table may be
 * absent. */
struct repair {
    struct repair *next;
    int64_t id;
    bool any; /* a text differs */
    struct slice old[COLUMNS];
    struct slice new[COLUMNS];
};

/* What needs repair, in the order of ids. */
struct repairs {
    struct arena *arena;
    struct repair *first, **end;
};

static enum error take_text(struct arena *arena, struct slice text,
                            struct repair *repair, size_t column)
{
    enum error err;

    if (text.data == NULL)
        return OK;
    repair->old[column] = arena_slice(arena, text);
    if (repair->old[column].data == NULL)
        return ERROR_MEMORY;
    err = unescape_text(arena, text, &repair->new[column]);
    if (err == OK && !slice_equal(repair->old[column], repair->new[column]))
        repair->any = true;
    return err;
}

static enum error unescape_take_row(const struct db_row *row, void *context)
{
    struct repairs *repairs = context;
    struct repair *repair = arena_alloc(repairs->arena, sizeof(*repair));
    enum error err = repair != NULL ? OK : ERROR_MEMORY;

    if (err == OK)
        repair->id = db_row_integer(row, 0);
    for (unsigned c = 0; c < COLUMNS && err == OK; c++)
        err = take_text(repairs->arena, db_row_text(row, c + 1), repair, c);
    if (err == OK && repair->any) {
        *repairs->end = repair;
        repairs->end = &repair->next;
    }
    return err;
}

/* Run a statement that gives rows; what is left over in `first` is old. */
static enum error read_repairs(struct db_connection *connection,
                               const char *sql, const struct db_value *values,
                               size_t count, struct repairs *repairs)
{
    repairs->first = NULL;
    repairs->end = &repairs->first;
    return db_query(connection, sql, values, count, unescape_take_row, repairs);
}

static enum error write_repair(struct db_connection *connection,
                               const struct repair *repair)
{
    struct db_value values[COLUMNS + 1];

    for (size_t c = 0; c < COLUMNS; c++)
        values[c] = repair->new[c].data != NULL ? DB_VALUE_TEXT(repair->new[c])
                                                : DB_VALUE_NULL;
    values[COLUMNS] = DB_VALUE_INTEGER(repair->id);
    return db_execute(connection, update_one, values, COLUMNS + 1);
}

/* One transaction. The row may be another by now: it is read once more. */
static enum error repair_one(struct db_connection *connection, int64_t id,
                             struct repairs *now)
{
    const struct db_value value = DB_VALUE_INTEGER(id);
    enum error err = db_begin(connection);

    if (err != OK)
        return err;
    if ((err = db_execute(connection, set_log_context, NULL, 0)) != OK ||
        (err = read_repairs(connection, lock_one, &value, 1, now)) != OK)
        return db_rollback(connection, err);
    if (now->first != NULL &&
        (err = write_repair(connection, now->first)) != OK)
        return db_rollback(connection, err);
    return db_commit(connection);
}

/* The report. */

/* What a terminal would take for a command, or for a line of its own, is a
 * question mark. */
static void append_shown(struct text *report, struct slice text)
{
    while (text.len > 0) {
        const char *at = text.data;

        if (letter_is_control(utf8_next(&text)))
            text_append_char(report, '?');
        else
            text_append(report, at, (size_t)(text.data - at));
    }
}

static void report_repair(struct text *report, const struct repair *repair)
{
    for (size_t c = 0; c < COLUMNS; c++) {
        if (slice_equal(repair->old[c], repair->new[c]))
            continue;
        text_printf(report, "supplier %lld, %s: \"", (long long)repair->id,
                    supplier_columns[columns[c]].name);
        append_shown(report, repair->old[c]);
        text_append_string(report, "\" -> \"");
        append_shown(report, repair->new[c]);
        text_append_string(report, "\"\n");
    }
}

static void report_failure(struct text *report,
                           const struct db_connection *connection, int64_t id,
                           enum error err)
{
    if (id)
        text_printf(report, "supplier %lld: ", (long long)id);
    text_append_string(report, error_text(err));
    if (db_error_message(connection)[0])
        text_printf(report, ": %s (%u)", db_error_message(connection),
                    db_error_number(connection));
    text_append_char(report, '\n');
    if (db_error_advice(db_error_number(connection))[0])
        text_printf(report, "%s\n",
                    db_error_advice(db_error_number(connection)));
}

/* Repair those that were found one after the other. */
static enum error repair_all(struct db_connection *connection,
                             const struct repair *repair, struct text *report,
                             size_t *count)
{
    for (; repair != NULL; repair = repair->next) {
        struct repairs now = { .arena = arena_open(0) };
        enum error err = now.arena != NULL ? ERROR_DB_RETRY : ERROR_MEMORY;

        for (int run = 0; err == ERROR_DB_RETRY && run < RUNS_MAX; run++)
            err = repair_one(connection, repair->id, &now);
        if (err != OK)
            report_failure(report, connection, repair->id, err);
        else if (now.first != NULL)
            report_repair(report, now.first);
        *count += err == OK && now.first != NULL;
        arena_close(now.arena);
        if (err != OK)
            return err;
    }
    return OK;
}

static size_t report_all(const struct repair *repair, struct text *report)
{
    size_t count = 0;

    for (; repair != NULL; repair = repair->next, count++)
        report_repair(report, repair);
    return count;
}

enum error unescape_suppliers(struct db_connection *connection, bool dry_run,
                              struct text *report)
{
    struct repairs found = { .arena = arena_open(0) };
    size_t count = 0;
    enum error err = ERROR_MEMORY;

    if (found.arena != NULL)
        err = read_repairs(connection, select_suspects, NULL, 0, &found);
    if (err == ERROR_DB_SCHEMA && dry_run)
        err = OK; /* there is no table yet */
    else if (err != OK)
        report_failure(report, connection, 0, err);
    else if (dry_run)
        count = report_all(found.first, report);
    else
        err = repair_all(connection, found.first, report, &count);
    if (err == OK)
        text_printf(report, "%zu supplier%s with escaped text: %s\n", count,
                    count == 1 ? "" : "s",
                    dry_run ? "nothing was changed" : "repaired");
    arena_close(found.arena);
    return err;
}
