/* What people say of rows that may be one of several suppliers, or one that is
 * in the file already. */
#include "cafe/import/upload.h"
#include "cafe/suppliers/columns.h"
#include "stage.h"

static const char lock_preview[] =
    "SELECT COUNT(*) FROM supplier_imports WHERE id = ? AND state = 'preview'"
    " LOCK IN SHARE MODE";

static const char select_asked[] =
    "SELECT line, given, candidates, " COLUMNS " FROM supplier_import_rows"
    " WHERE import_id = ? AND n = ? AND kind IN ('ambiguous', 'duplicate')"
    " FOR UPDATE";

static const char select_supplier[] =
    "SELECT s.id, (SELECT c.revision FROM supplier_changes c"
    " WHERE c.supplier_id = s.id ORDER BY c.revision DESC LIMIT "
    "1), " COLUMNS_OF_S " FROM suppliers s WHERE s.id = ?";

static const char select_claim[] =
    "SELECT line FROM supplier_import_rows WHERE import_id = ?"
    " AND kind IN ('changed', 'same') AND supplier_id = ? LIMIT 1";

static const char update_row[] =
    "UPDATE supplier_import_rows SET kind = ?, todo = ?, supplier_id = ?,"
    " base_revision = ?, place = ?, reason = ?, " COLUMNS_SET
    " WHERE import_id = ? AND n = ?";

struct answering {
    struct db_connection *connection;
    const struct import *import;
    const struct import_answer *answer;
    struct comparing comparing;
    struct staged row;
    struct supplier stored;
    bool asked, found;
};

static enum error copy_fields(struct arena *arena, const struct db_row *row,
                              unsigned from, struct supplier *supplier)
{
    for (unsigned f = 0; f < SUPPLIER_FIELDS; f++) {
        struct slice text = db_row_text(row, from + f);

        supplier->fields[f] = text.len > 0 ? arena_slice(arena, text)
                                           : SLICE("");
        if (supplier->fields[f].data == NULL)
            return ERROR_MEMORY;
    }
    return OK;
}

static bool names_id(struct slice list, int64_t wanted)
{
    struct slice text;
    int64_t id;

    while (slice_member(&list, &text))
        if (slice_id(text, &id) == OK && id == wanted)
            return true;
    return false;
}

/* What no column of the file was mapped to is absent. */
static void mark_given(struct staged *row, struct slice given)
{
    struct slice name;

    while (slice_member(&given, &name))
        for (size_t f = 0; f < SUPPLIER_FIELDS; f++)
            if (slice_is(name, supplier_columns[f].name))
                row->record.fields[f] = row->supplier.fields[f];
}

static enum error take_asked(const struct db_row *row, void *context)
{
    struct answering *answering = context;
    struct staged *staged = &answering->row;
    enum error err =
        copy_fields(answering->comparing.arena, row, 3, &staged->supplier);

    staged->line = (uint32_t)db_row_integer(row, 0);
    mark_given(staged, db_row_text(row, 1));
    answering->asked = answering->answer->added ||
                       names_id(db_row_text(row, 2), answering->answer->id);
    return err;
}

static enum error take_supplier(const struct db_row *row, void *context)
{
    struct answering *answering = context;

    answering->stored = (struct supplier){
        .id = db_row_integer(row, 0),
        .revision = (uint64_t)db_row_integer(row, 1),
    };
    answering->found = true;
    return copy_fields(answering->comparing.arena, row, 2, &answering->stored);
}

static enum error compare_answer(struct answering *answering)
{
    struct staged *row = &answering->row;
    const struct db_value id = DB_VALUE_INTEGER(answering->answer->id);
    int64_t line = 0;
    enum error err;

    if (answering->answer->added)
        return compare_as_new(&answering->comparing, row);
    err = db_query(answering->connection, select_supplier, &id, 1,
                   take_supplier, answering);
    if (err == OK && !answering->found)
        return ERROR_CONFLICT;
    if (err == OK)
        err = db_query(
            answering->connection, select_claim,
            (struct db_value[]){ DB_VALUE_INTEGER(answering->import->id), id },
            2, db_take_integer, &line);
    if (err != OK)
        return err;
    if (line == 0)
        return compare_with(&answering->comparing, row, &answering->stored);
    /* Its texts stay those of the file: it may become a new supplier. */
    row->supplier_id = answering->stored.id;
    row->base = answering->stored.revision;
    row->kind = STAGED_DUPLICATE;
    row->reason = slice_of(arena_printf(answering->comparing.arena,
                                        "Row %lld is about the same supplier",
                                        (long long)line));
    return row->reason.data != NULL ? OK : ERROR_MEMORY;
}

static enum error write_answered_row(const struct answering *answering)
{
    const struct staged *row = &answering->row;
    bool todo = row->kind == STAGED_NEW || row->kind == STAGED_CHANGED;
    struct db_value values[8 + SUPPLIER_FIELDS];
    size_t i = 0;

    values[i++] = DB_VALUE_TEXT(slice_of(staged_kind_name(row->kind)));
    values[i++] = DB_VALUE_INTEGER(todo);
    values[i++] = row->supplier_id ? DB_VALUE_INTEGER(row->supplier_id)
                                   : DB_VALUE_NULL;
    values[i++] = DB_VALUE_INTEGER((int64_t)row->base);
    values[i++] = DB_VALUE_TEXT(row->place);
    values[i++] = DB_VALUE_TEXT(row->reason);
    for (size_t f = 0; f < SUPPLIER_FIELDS; f++)
        values[i++] = DB_VALUE_TEXT(row->supplier.fields[f]);
    values[i++] = DB_VALUE_INTEGER(answering->import->id);
    values[i++] = DB_VALUE_INTEGER(answering->answer->n);
    return db_execute(answering->connection, update_row, values, i);
}

static enum error answer_in(struct answering *answering)
{
    const struct db_value values[] = {
        DB_VALUE_INTEGER(answering->import->id),
        DB_VALUE_INTEGER(answering->answer->n),
    };
    int64_t previews = 0;
    enum error err = db_query(answering->connection, lock_preview, values, 1,
                              db_take_integer, &previews);

    if (err == OK && previews == 0)
        return ERROR_CONFLICT;
    if (err == OK)
        err = db_query(answering->connection, select_asked, values, 2,
                       take_asked, answering);
    if (err == OK && !answering->asked)
        return ERROR_CONFLICT;
    if (err == OK)
        err = compare_answer(answering);
    return err == OK ? write_answered_row(answering) : err;
}

enum error import_take_answer(struct db_connection *connection,
                              const struct import *import,
                              const struct import_answer *answer)
{
    struct answering answering = {
        .connection = connection,
        .import = import,
        .answer = answer,
        .comparing = { .arena = arena_open(0),
                       .clear_empty = import->clear_empty },
        .row = { .place = SLICE(""), .reason = SLICE("") },
    };
    struct import_settings settings;
    enum error err = answering.comparing.arena != NULL ? db_begin(connection)
                                                       : ERROR_MEMORY;

    if (err == OK) {
        if (import_settings_read(import->settings, &settings))
            answering.comparing.kind = settings.format.kind;
        err = answer_in(&answering);
        err = err == OK ? db_commit(connection) : db_rollback(connection, err);
    }
    arena_close(answering.comparing.arena);
    return err;
}
