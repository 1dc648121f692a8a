/* Files in the database: put there in parts, listed, shown by their first rows.
 */
#include "files.h"

#include <string.h>

#include "cafe/base/utf8.h"
#include "imports.h"

static const char insert_part[] =
    "INSERT INTO supplier_import_files (import_id, part, bytes)"
    " VALUES (?, ?, ?)";

static const char select_part[] =
    "SELECT bytes FROM supplier_import_files WHERE import_id = ? AND part = ?";

static const char select_first[] =
    "SELECT LEFT(bytes, 300000) FROM supplier_import_files"
    " WHERE import_id = ? AND part = ?";

static const char select_key[] =
    "SELECT id FROM supplier_imports WHERE import_key = ?";

static const char set_reading[] =
    "UPDATE supplier_imports SET state = 'reading', settings = ?, problem = '',"
    " clear_empty = ?, remove_missing = ?, task = '', lease_until = NULL,"
    " changed = UTC_TIMESTAMP(6) WHERE id = ? AND state IN ('preview', "
    "'failed')";

static const char set_removing[] =
    "UPDATE supplier_imports SET remove_missing = ?"
    " WHERE id = ? AND state = 'preview'";

/* Putting. */

static enum error put_parts(struct db_connection *connection, int64_t id,
                            struct slice bytes)
{
    enum error err = OK;

    for (int64_t part = 0; err == OK && (bytes.len > 0 || part == 0); part++) {
        size_t len = bytes.len < FILE_PART_BYTES ? bytes.len : FILE_PART_BYTES;

        err =
            db_execute(connection, insert_part,
                       (struct db_value[]){
                           DB_VALUE_INTEGER(id), DB_VALUE_INTEGER(part),
                           DB_VALUE_TEXT(((struct slice){ bytes.data, len })) },
                       3);
        bytes = (struct slice){ bytes.data + len, bytes.len - len };
    }
    return err;
}

static enum error put_file(struct db_connection *connection,
                           struct import *import, struct slice bytes)
{
    const struct db_value key = DB_VALUE_TEXT(slice_of(import->key));
    enum error err;

    import->id = 0;
    err =
        db_query(connection, select_key, &key, 1, db_take_integer, &import->id);
    if (err != OK || import->id != 0)
        return err;
    err = imports_insert(connection, import);
    return err == OK ? put_parts(connection, import->id, bytes) : err;
}

enum error import_upload(struct db_connection *connection,
                         struct import *import, struct slice bytes)
{
    enum error err = db_begin(connection);

    if (err != OK)
        return err;
    err = put_file(connection, import, bytes);
    return err == OK ? db_commit(connection) : db_rollback(connection, err);
}

enum error import_read_again(struct db_connection *connection,
                             const struct import *import)
{
    const struct db_value values[] = {
        DB_VALUE_TEXT(import->settings),
        DB_VALUE_INTEGER(import->clear_empty),
        DB_VALUE_INTEGER(import->remove_missing),
        DB_VALUE_INTEGER(import->id),
    };
    enum error err = db_execute(connection, set_reading, values, 4);

    return err == OK && db_found_rows(connection) == 0 ? ERROR_CONFLICT : err;
}

enum error import_set_removing(struct db_connection *connection, int64_t id,
                               bool remove_missing)
{
    const struct db_value values[] = { DB_VALUE_INTEGER(remove_missing),
                                       DB_VALUE_INTEGER(id) };
    enum error err = db_execute(connection, set_removing, values, 2);

    return err == OK && db_found_rows(connection) == 0 ? ERROR_CONFLICT : err;
}

/* Reading. */

struct part_copy {
    struct text *bytes;
    bool found;
};

static enum error take_part(const struct db_row *row, void *context)
{
    struct part_copy *copy = context;

    copy->found = true;
    text_append_slice(copy->bytes, db_row_text(row, 0));
    return copy->bytes->failed ? ERROR_MEMORY : OK;
}

enum error files_read_part(struct db_connection *connection, int64_t id,
                           int64_t part, struct text *bytes, bool *found)
{
    const struct db_value values[] = { DB_VALUE_INTEGER(id),
                                       DB_VALUE_INTEGER(part) };
    struct part_copy copy = { .bytes = bytes };
    enum error err;

    text_reset(bytes);
    err = db_query(connection, select_part, values, 2, take_part, &copy);
    *found = copy.found;
    return err;
}

/* The first rows. */

struct sampling {
    struct arena *arena;
    struct import_sample *sample;
};

/* Ends the reading once there are enough. */
static enum error take_sample(void *context, const struct import_row *row)
{
    struct sampling *sampling = context;
    struct import_sample *sample = sampling->sample;
    struct slice *cells =
        arena_alloc(sampling->arena, (row->count + 1) * sizeof(*cells));

    if (cells == NULL)
        return ERROR_MEMORY;
    for (size_t i = 0; i < row->count; i++) {
        cells[i] = arena_slice(
            sampling->arena, utf8_cut(row->cells[i], IMPORT_SAMPLE_MAX_BYTES));
        if (cells[i].data == NULL)
            return ERROR_MEMORY;
    }
    if (row->header) {
        sample->columns = row->count;
        sample->header = cells;
    } else {
        sample->cells[sample->rows++] = cells;
    }
    return sample->rows == IMPORT_SAMPLES ? ERROR_LIMIT : OK;
}

static enum error read_sample(struct sampling *sampling,
                              const struct import_format *format,
                              struct slice bytes)
{
    struct import_reader *reader;
    enum error err = import_reader_open(format, take_sample, sampling, &reader);

    if (err != OK)
        return err;
    err = import_reader_feed(reader, bytes);
    if (err == OK && bytes.len < 300000)
        err = import_reader_finish(reader);
    import_reader_close(reader);
    return err == ERROR_MEMORY ? err : OK;
}

enum error import_sample_read(struct db_connection *connection,
                              struct arena *arena, int64_t id,
                              const struct import_format *format,
                              struct import_sample *sample)
{
    const struct db_value values[] = { DB_VALUE_INTEGER(id),
                                       DB_VALUE_INTEGER(0) };
    struct sampling sampling = { arena, sample };
    struct text bytes;
    struct part_copy copy = { .bytes = &bytes };
    enum error err;

    *sample = (struct import_sample){ 0 };
    text_init(&bytes, 0);
    err = db_query(connection, select_first, values, 2, take_part, &copy);
    if (err == OK && copy.found)
        err = read_sample(&sampling, format, text_slice(&bytes));
    text_free(&bytes);
    return err;
}
