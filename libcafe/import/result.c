/* The rows of an import, to be looked at. */
#include "cafe/suppliers/columns.h"
#include "cafe/suppliers/csv.h"
#include "imports.h"

/* An index finds the numbers of the rows, then no more rows are read than are
 * asked for: a large import has hundreds of megabytes of them. */
#define SELECT_ROWS(index, which)                                         \
    "SELECT n, line, kind + 0, COALESCE(outcome + 0, 0), supplier_id,"    \
    " place, reason, candidates, " COLUMNS " FROM supplier_import_rows r" \
    " JOIN (SELECT import_id, n FROM supplier_import_rows"                \
    "       FORCE INDEX (" index ") WHERE import_id = ? AND n > ?" which  \
    "       ORDER BY n LIMIT ? OFFSET ?) t USING (import_id, n) ORDER BY n"

static const char select_rows[] = SELECT_ROWS("PRIMARY", "");

static const char select_kind[] = SELECT_ROWS("by_kind", " AND kind = ?");

/* Those that a person has to look at. */
static const char select_unwritten[] = SELECT_ROWS(
    "by_outcome", " AND (kind IN ('faulty', 'ambiguous', 'duplicate')"
                  " OR (kind IN ('new', 'changed', 'missing')"
                  "     AND outcome IN ('clash', 'refused', 'kept')))");

struct staged_reading {
    staged_row_fn *each;
    void *context;
};

static enum error take_staged(const struct db_row *row, void *context)
{
    const struct staged_reading *reading = context;
    struct staged_row staged = {
        .n = db_row_integer(row, 0),
        .line = db_row_integer(row, 1),
        .kind = (enum staged_kind)(db_row_integer(row, 2) - 1),
        .outcome = (enum import_outcome)db_row_integer(row, 3),
        .supplier_id = db_row_integer(row, 4),
        .place = db_row_text(row, 5),
        .reason = db_row_text(row, 6),
        .candidates = db_row_text(row, 7),
        .supplier = { .id = db_row_integer(row, 4) },
    };

    for (unsigned f = 0; f < SUPPLIER_FIELDS; f++)
        staged.supplier.fields[f] = db_row_text(row, f + 8);
    return reading->each(reading->context, &staged);
}

enum error staged_read(struct db_connection *connection,
                       const struct staged_query *query, staged_row_fn *each,
                       void *context)
{
    struct db_value values[5];
    struct staged_reading reading = { each, context };
    const char *sql = query->unwritten ? select_unwritten : select_rows;
    bool all = !query->unwritten && !query->of_kind;
    size_t count = 0;

    values[count++] = DB_VALUE_INTEGER(query->import_id);
    /* Without a choice the numbers have no gaps, except of forgotten rows. */
    values[count++] =
        DB_VALUE_INTEGER(query->after + (all ? (int64_t)query->skip : 0));
    if (query->of_kind) {
        sql = select_kind;
        values[count++] =
            DB_VALUE_TEXT(slice_of(staged_kind_name(query->kind)));
    }
    values[count++] = DB_VALUE_INTEGER((int64_t)query->limit);
    values[count++] = DB_VALUE_INTEGER(all ? 0 : (int64_t)query->skip);
    return db_query(connection, sql, values, count, take_staged, &reading);
}

bool staged_reason_next(struct slice *places, struct slice *reasons,
                        struct slice *place, struct slice *reason)
{
    if (reasons->len == 0)
        return false;
    *place = slice_cut(places, '\n');
    *reason = slice_cut(reasons, '\n');
    return true;
}

/* As a table to correct and import again. */

void staged_csv_head(struct text *out)
{
    csv_head(out, CSV_SPREADSHEET);
    if (!out->failed)
        out->len -= 2; /* its line end */
    csv_value(out, CSV_PROGRAM, SLICE("reason"));
    text_append_string(out, "\r\n");
}

static void append_reason(struct text *out, const struct staged_row *row)
{
    struct slice places = row->place, reasons = row->reason, place, why;
    struct text reason;

    text_init(&reason, 0);
    while (staged_reason_next(&places, &reasons, &place, &why)) {
        if (reason.len > 0)
            text_append_string(&reason, ". ");
        if (row->line > 0)
            text_printf(&reason, "Row %lld", (long long)row->line);
        if (row->line > 0 && place.len > 0)
            text_append_string(&reason, ", ");
        text_append_slice(&reason, place);
        if (row->line > 0 || place.len > 0)
            text_append_string(&reason, ": ");
        text_append_slice(&reason, why);
    }
    csv_value(out, CSV_SPREADSHEET, text_slice(&reason));
    out->failed |= reason.failed;
    text_free(&reason);
}

void staged_csv_record(struct text *out, const struct staged_row *row)
{
    if (row->supplier_id != 0)
        text_append_integer(out, row->supplier_id);
    for (size_t f = 0; f < SUPPLIER_FIELDS; f++)
        if (supplier_columns[f].exported)
            csv_value(out, CSV_SPREADSHEET, row->supplier.fields[f]);
    append_reason(out, row);
    text_append_string(out, "\r\n");
}
