/* Rows of a file: tidied, compared with the directory batch by batch, and put
 * into the table of rows. */
#include "stage.h"

#include <stdlib.h>
#include <string.h>

#include "cafe/base/clock.h"
#include "cafe/base/utf8.h"
#include "cafe/suppliers/columns.h"
#include "imports.h"

/* BATCH_MAX_BYTES bounds what the longest texts take. BATCHES are written in
 * one transaction. */
enum { ROWS = 32, BATCH_MAX_BYTES = 4 * 1024 * 1024, BATCHES = 16 };

enum { HOLD_AFTER_US = 2000000 };

/* What the statements write of a row. */
enum { ROW_VALUES = 11 + SUPPLIER_FIELDS };

struct stage {
    struct db_connection *connection;
    int64_t import_id;
    struct import held; /* names the task */
    int64_t held_us;    /* when its lease was taken */
    const unsigned char *targets;
    struct comparing comparing;
    struct arena *header; /* holds the names of the columns */
    struct staged rows[ROWS];
    size_t count;
    int64_t directory_us; /* tells this directory from others */
    uint32_t n;           /* of the last row */
    size_t batches;       /* in this transaction */
    bool in_transaction;
    struct supplier stored[ROWS * (MATCH_IDS_MAX + 1)];
};

/* Opening. */

static const char select_directory[] =
    "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', MIN(at))"
    " FROM cafe_migrations";

static enum error stage_begin(struct stage *stage)
{
    enum error err = imports_empty(stage->connection, stage->import_id);

    if (err == OK)
        err = match_open(&stage->comparing.match);
    if (err == OK)
        err = match_load(stage->comparing.match, stage->connection);
    if (err == OK)
        err = db_query(stage->connection, select_directory, NULL, 0,
                       db_take_integer, &stage->directory_us);
    return err;
}

enum error stage_open(struct db_connection *connection,
                      const struct import *import, enum import_kind kind,
                      const unsigned char *targets, struct stage **stage)
{
    struct stage *made = calloc(1, sizeof(*made));
    enum error err = ERROR_MEMORY;

    if (made == NULL)
        return ERROR_MEMORY;
    made->connection = connection;
    made->held.id = made->import_id = import->id;
    memcpy(made->held.task, import->task, sizeof(made->held.task));
    made->held_us = clock_monotonic_us();
    made->targets = targets;
    made->header = arena_open(0);
    made->comparing = (struct comparing){
        .arena = arena_open(0),
        .scratch = arena_open(0),
        .kind = kind,
        .clear_empty = import->clear_empty,
        .stored = made->stored,
    };
    if (made->header != NULL && made->comparing.arena != NULL &&
        made->comparing.scratch != NULL)
        err = stage_begin(made);
    if (err == OK)
        *stage = made;
    else
        stage_close(made);
    return err;
}

void stage_close(struct stage *stage)
{
    enum error err = OK;

    if (stage == NULL)
        return;
    if (stage->in_transaction)
        err = db_rollback(stage->connection, OK);
    (void)err;
    match_close(stage->comparing.match);
    arena_close(stage->comparing.arena);
    arena_close(stage->comparing.scratch);
    arena_close(stage->header);
    free(stage);
}

/* What rows may be. */

#define TWO(x) x ", " x
#define FOUR(x) TWO(x) ", " TWO(x)
#define EIGHT(x) FOUR(x) ", " FOUR(x)
#define ROWS_OF(x) EIGHT(x) ", " EIGHT(x) ", " EIGHT(x) ", " EIGHT(x)

static const char select_stored[] =
    "SELECT s.id, (SELECT c.revision FROM supplier_changes c"
    " WHERE c.supplier_id = s.id ORDER BY c.revision DESC LIMIT "
    "1), " COLUMNS_OF_S " FROM suppliers s WHERE s.id IN (" ROWS_OF("?") ")";

/* A text of an adopted table may be absent. */
static enum error take_stored(const struct db_row *row, void *context)
{
    struct stage *stage = context;
    struct supplier *stored = &stage->stored[stage->comparing.stored_count++];

    *stored = (struct supplier){
        .id = db_row_integer(row, 0),
        .revision = (uint64_t)db_row_integer(row, 1),
    };
    for (unsigned f = 0; f < SUPPLIER_FIELDS; f++) {
        struct slice text = db_row_text(row, f + 2);

        stored->fields[f] = text.len > 0
                                ? arena_slice(stage->comparing.arena, text)
                                : SLICE("");
        if (stored->fields[f].data == NULL)
            return ERROR_MEMORY;
    }
    return OK;
}

struct wanted {
    size_t count;
    struct db_value ids[ROWS];
};

static enum error read_stored(struct stage *stage, struct wanted *wanted)
{
    if (wanted->count == 0)
        return OK;
    while (wanted->count < ROWS)
        wanted->ids[wanted->count++] = DB_VALUE_INTEGER(0);
    wanted->count = 0;
    return db_query(stage->connection, select_stored, wanted->ids, ROWS,
                    take_stored, stage);
}

static bool is_stored(const struct stage *stage, const struct wanted *wanted,
                      int64_t id)
{
    for (size_t i = 0; i < stage->comparing.stored_count; i++)
        if (stage->stored[i].id == id)
            return true;
    for (size_t i = 0; i < wanted->count; i++)
        if (wanted->ids[i].integer == id)
            return true;
    return false;
}

static enum error want(struct stage *stage, struct wanted *wanted, int64_t id)
{
    if (id == 0 || is_stored(stage, wanted, id))
        return OK;
    wanted->ids[wanted->count++] = DB_VALUE_INTEGER(id);
    return wanted->count == ROWS ? read_stored(stage, wanted) : OK;
}

static enum error read_all_stored(struct stage *stage)
{
    struct wanted wanted = { 0 };
    enum error err = OK;

    stage->comparing.stored_count = 0;
    for (size_t i = 0; err == OK && i < stage->count; i++) {
        const struct staged *row = &stage->rows[i];

        if (row->decided)
            continue;
        err = want(stage, &wanted, row->file_id);
        for (size_t k = 0; err == OK && k < row->found.count; k++)
            err = want(stage, &wanted, row->found.ids[k]);
    }
    return err == OK ? read_stored(stage, &wanted) : err;
}

/* Writing. */

#define ROW_MARKS "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, " COLUMN_MARKS ")"
#define INSERT_ROWS                                                           \
    "INSERT INTO supplier_import_rows (import_id, n, line, kind, todo,"       \
    " supplier_id, base_revision, given, place, reason, candidates, " COLUMNS \
    ") VALUES "

static const char insert_rows[] = INSERT_ROWS ROWS_OF(ROW_MARKS);
static const char insert_row[] = INSERT_ROWS ROW_MARKS;

static void stage_values(const struct stage *stage, const struct staged *row,
                         struct db_value values[ROW_VALUES])
{
    bool todo = row->kind == STAGED_NEW || row->kind == STAGED_CHANGED;
    size_t i = 0;

    values[i++] = DB_VALUE_INTEGER(stage->import_id);
    values[i++] = DB_VALUE_INTEGER(row->n);
    values[i++] = DB_VALUE_INTEGER(row->line);
    values[i++] = DB_VALUE_TEXT(slice_of(staged_kind_name(row->kind)));
    values[i++] = DB_VALUE_INTEGER(todo);
    values[i++] = row->supplier_id ? DB_VALUE_INTEGER(row->supplier_id)
                                   : DB_VALUE_NULL;
    values[i++] = DB_VALUE_INTEGER((int64_t)row->base);
    values[i++] = DB_VALUE_TEXT(row->given);
    values[i++] = DB_VALUE_TEXT(row->place);
    values[i++] = DB_VALUE_TEXT(row->reason);
    values[i++] = DB_VALUE_TEXT(row->candidates);
    for (size_t f = 0; f < SUPPLIER_FIELDS; f++)
        values[i++] = DB_VALUE_TEXT(row->supplier.fields[f]);
}

static enum error write_rows(struct stage *stage)
{
    struct db_value values[ROWS * ROW_VALUES];
    enum error err = OK;

    for (size_t i = 0; i < stage->count; i++)
        stage_values(stage, &stage->rows[i], values + i * ROW_VALUES);
    if (stage->count == ROWS)
        return db_execute(stage->connection, insert_rows, values,
                          ROWS * ROW_VALUES);
    for (size_t i = 0; err == OK && i < stage->count; i++)
        err = db_execute(stage->connection, insert_row, values + i * ROW_VALUES,
                         ROW_VALUES);
    return err;
}

static enum error stage_commit(struct stage *stage)
{
    stage->in_transaction = false;
    stage->batches = 0;
    return db_commit(stage->connection);
}

/* The lease is renewed between two transactions: while another import is about
 * to start, that waits for longer than the database allows. */
static enum error stage_go_on(struct stage *stage)
{
    enum error err = stage_commit(stage);

    if (err != OK || clock_monotonic_us() - stage->held_us < HOLD_AFTER_US)
        return err;
    err = imports_hold(stage->connection, &stage->held);
    if (err == OK)
        stage->held_us = clock_monotonic_us();
    return err == ERROR_DB_RETRY ? OK : err;
}

/* Compare the rows of a batch in their order, and write them. */
static enum error stage_flush(struct stage *stage)
{
    enum error err = OK;

    if (!stage->in_transaction) {
        if ((err = db_begin(stage->connection)) != OK)
            return err;
        stage->in_transaction = true;
    }
    err = read_all_stored(stage);
    for (size_t i = 0; err == OK && i < stage->count; i++)
        if (!stage->rows[i].decided)
            err = compare_row(&stage->comparing, &stage->rows[i]);
    if (err == OK)
        err = write_rows(stage);
    stage->count = 0;
    arena_reset(stage->comparing.arena);
    if (err == OK && ++stage->batches == BATCHES)
        err = stage_go_on(stage);
    return err;
}

/* Reading. */

/* One line that fits beside a reason. */
static struct slice name_of_column(struct arena *arena, struct slice cell)
{
    const struct slice cut = utf8_cut(slice_trim(cell), STAGED_PLACE_MAX_BYTES);
    char *name = arena_copy(arena, cut.data, cut.len);

    for (size_t i = 0; name != NULL && i < cut.len; i++)
        if (name[i] == '\n' || name[i] == '\r')
            name[i] = ' ';
    return (struct slice){ name, name != NULL ? cut.len : 0 };
}

static enum error keep_header(struct stage *stage, const struct import_row *row)
{
    struct slice *names =
        arena_alloc(stage->header, (row->count + 1) * sizeof(*names));

    if (names == NULL)
        return ERROR_MEMORY;
    for (size_t i = 0; i < row->count; i++) {
        names[i] = name_of_column(stage->header, row->cells[i]);
        if (names[i].data == NULL)
            return ERROR_MEMORY;
    }
    stage->comparing.header = names;
    stage->comparing.header_count = row->count;
    return OK;
}

/* The reader keeps the texts for the length of a call. */
static enum error keep_cells(struct arena *arena, const struct import_row *row,
                             struct import_row *kept)
{
    struct slice *cells = arena_alloc(arena, (row->count + 1) * sizeof(*cells));

    if (cells == NULL)
        return ERROR_MEMORY;
    for (size_t i = 0; i < row->count; i++) {
        cells[i] = arena_slice(arena, row->cells[i]);
        if (cells[i].data == NULL)
            return ERROR_MEMORY;
    }
    *kept = *row;
    kept->cells = cells;
    return OK;
}

/* As a form has them, so that both are tidied alike. */
static enum error read_fields(struct arena *arena, struct staged *row)
{
    struct form_field fields[SUPPLIER_FIELDS];
    struct form form = { 0, fields };
    struct text given;

    text_init(&given, 0);
    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        if (row->record.fields[f].data == NULL)
            continue;
        fields[form.count++] =
            (struct form_field){ slice_of(supplier_columns[f].name),
                                 row->record.fields[f] };
        text_printf(&given, "%s%s", given.len > 0 ? "," : "",
                    supplier_columns[f].name);
    }
    row->given = arena_slice(arena, text_slice(&given));
    text_free(&given);
    if (row->given.data == NULL)
        return ERROR_MEMORY;
    return supplier_from_form(arena, &form, &row->supplier);
}

static enum error refuse_faulty(const struct stage *stage,
                                const struct import_row *read,
                                struct staged *row)
{
    const struct comparing *comparing = &stage->comparing;

    row->kind = STAGED_FAULTY;
    row->decided = true;
    /* Whichever it is about is not missing in the file. */
    for (size_t i = 0; i < row->found.count; i++)
        match_mention(comparing->match, row->found.ids[i]);
    match_mention(comparing->match, row->file_id);
    row->reason = arena_slice(comparing->arena, slice_of(read->fault));
    if (read->fault_column > 0 && read->fault_column <= comparing->header_count)
        row->place = comparing->header[read->fault_column - 1];
    return row->reason.data != NULL ? OK : ERROR_MEMORY;
}

/* Of another list or directory it says nothing here. */
static int64_t id_of(const struct stage *stage, const struct import_row *read,
                     struct slice text)
{
    int64_t id;

    return (read->directory_us == 0 ||
            read->directory_us == stage->directory_us) &&
                   slice_id(slice_trim(text), &id) == OK
               ? id
               : 0;
}

static enum error read_row(struct stage *stage, const struct import_row *read,
                           struct staged *row)
{
    struct arena *arena = stage->comparing.arena;
    struct import_row kept;
    enum error err = keep_cells(arena, read, &kept);

    if (err == OK)
        err = import_map_row(arena, stage->targets, &kept, &row->record);
    if (err == OK)
        err = read_fields(arena, row);
    if (err == OK)
        err = match_find(stage->comparing.match, &row->supplier, &row->found);
    if (err != OK)
        return err;
    row->file_id = id_of(stage, read, row->record.id);
    return read->fault != NULL ? refuse_faulty(stage, read, row) : OK;
}

static enum error stage_add(struct stage *stage, struct staged **row)
{
    if (stage->n == IMPORT_STAGED_MAX)
        return ERROR_LIMIT;
    *row = &stage->rows[stage->count++];
    **row = (struct staged){ .n = ++stage->n };
    return OK;
}

static enum error flush_if_full(struct stage *stage)
{
    return stage->count == ROWS ||
                   arena_used(stage->comparing.arena) > BATCH_MAX_BYTES
               ? stage_flush(stage)
               : OK;
}

enum error stage_row(struct stage *stage, const struct import_row *row)
{
    struct staged *added;
    enum error err;

    if (row->header)
        return keep_header(stage, row);
    err = stage_add(stage, &added);
    if (err != OK)
        return err;
    added->line = (uint32_t)row->number;
    err = read_row(stage, row, added);
    return err == OK ? flush_if_full(stage) : err;
}

/* The end. */

static const char set_preview[] =
    "UPDATE supplier_imports SET state = 'preview', revision = ?,"
    " row_count = ?, task = '', lease_until = NULL,"
    " changed = UTC_TIMESTAMP(6) WHERE id = ?"
    " AND state = 'reading'";

static enum error add_missing(void *context, int64_t id, uint64_t revision)
{
    struct stage *stage = context;
    struct staged *row;
    enum error err = stage_add(stage, &row);

    if (err != OK)
        return err;
    row->kind = STAGED_MISSING;
    row->decided = true;
    row->supplier_id = id;
    row->base = revision;
    return flush_if_full(stage);
}

enum error stage_finish(struct stage *stage)
{
    const struct match *match = stage->comparing.match;
    const struct db_value values[] = {
        DB_VALUE_INTEGER((int64_t)match_revision(match)),
        DB_VALUE_INTEGER(stage->n),
        DB_VALUE_INTEGER(stage->import_id),
    };
    enum error err = stage->count > 0 ? stage_flush(stage) : OK;

    if (err == OK)
        err = match_unclaimed(match, add_missing, stage);
    if (err == OK)
        err = stage_flush(stage);
    if (err == OK && !stage->in_transaction) {
        stage->in_transaction = true;
        err = db_begin(stage->connection);
    }
    if (err == OK)
        err = db_execute(stage->connection, set_preview, values, 3);
    if (err != OK)
        return err;
    if (db_found_rows(stage->connection) == 0)
        return ERROR_CONFLICT;
    return stage_commit(stage);
}
