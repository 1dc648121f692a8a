/* Reads a file that waits in the database, and compares it with the directory.
 */
#include <stdio.h>
#include <string.h>

#include "files.h"
#include "imports.h"

enum { ASK_ROWS = 256 };

static const char set_settings[] =
    "UPDATE supplier_imports SET settings = ?, header = ? WHERE id = ?";

static const char set_failed[] =
    "UPDATE supplier_imports SET state = 'failed', problem = LEFT(?, 1000),"
    " settings = ?, header = ?, task = '', lease_until = NULL,"
    " changed = UTC_TIMESTAMP(6) WHERE id = ? AND state = 'reading'";

static const char make_digest[] = "SELECT SHA2(?, 256)";

static const char select_remembered[] =
    "SELECT settings FROM supplier_imports WHERE header = ? AND id <> ?"
    " AND state NOT IN ('reading', 'failed') ORDER BY id DESC LIMIT 1";

struct file_reading {
    struct db_connection *connection;
    const struct import_reading *of;
    struct arena *arena;
    struct import import;
    struct import_settings settings;
    struct slice header; /* its digest; empty: not known yet */
    struct stage *stage;
    size_t rows;
    const char *fault; /* why the file can't be read; NULL: it can */
};

/* The header: its digest, and what its columns are. */

struct copying {
    struct arena *arena;
    struct slice text;
};

static enum error copy_text(const struct db_row *row, void *context)
{
    struct copying *copying = context;

    copying->text = arena_slice(copying->arena, db_row_text(row, 0));
    return copying->text.data != NULL ? OK : ERROR_MEMORY;
}

static enum error digest_header(struct file_reading *reading,
                                const struct import_row *row)
{
    struct copying copying = { .arena = reading->arena };
    struct text names;
    enum error err = ERROR_MEMORY;

    text_init(&names, 0);
    for (size_t i = 0; i < row->count; i++) {
        text_append_slice(&names, row->cells[i]);
        text_append_char(&names, '\n');
    }
    if (!names.failed) {
        const struct db_value value = DB_VALUE_TEXT(text_slice(&names));

        err = db_query(reading->connection, make_digest, &value, 1, copy_text,
                       &copying);
    }
    text_free(&names);
    reading->header = copying.text;
    return err;
}

/* As the latest file with this header was mapped, else by its words. */
static enum error remember_mapping(struct file_reading *reading,
                                   const struct import_row *row)
{
    struct copying copying = { .arena = reading->arena };
    struct import_settings earlier;
    enum error err =
        db_query(reading->connection, select_remembered,
                 (struct db_value[]){ DB_VALUE_TEXT(reading->header),
                                      DB_VALUE_INTEGER(reading->of->id) },
                 2, copy_text, &copying);

    if (err != OK)
        return err;
    if (import_settings_read(copying.text, &earlier) &&
        earlier.count == row->count)
        memcpy(reading->settings.targets, earlier.targets, row->count);
    else
        err = import_map_headers(row->cells, row->count,
                                 reading->settings.targets);
    reading->settings.count = row->count;
    return err;
}

static enum error take_header(struct file_reading *reading,
                              const struct import_row *row)
{
    enum error err = digest_header(reading, row);

    if (err == OK && reading->settings.count != row->count)
        err = remember_mapping(reading, row);
    if (err != OK)
        return err;
    reading->fault = import_map_fault(reading->arena, row->cells, row->count,
                                      reading->settings.targets);
    if (reading->fault != NULL)
        return ERROR_SYNTAX;
    err = stage_open(reading->connection, &reading->import,
                     reading->settings.format.kind, reading->settings.targets,
                     &reading->stage);
    return err == OK ? stage_row(reading->stage, row) : err;
}

static enum error take_file_row(void *context, const struct import_row *row)
{
    struct file_reading *reading = context;
    enum error err;

    if (row->header)
        return take_header(reading, row);
    if (++reading->rows % ASK_ROWS == 0 &&
        reading->of->is_stopping(reading->of->context))
        return ERROR_STOPPING;
    err = stage_row(reading->stage, row);
    if (err == ERROR_LIMIT)
        reading->fault = "The file has more than 500,000 rows. Split it into "
                         "smaller files.";
    return err;
}

/* The parts. */

static enum error feed_parts(struct file_reading *reading,
                             struct import_reader *reader)
{
    struct text bytes;
    bool found = true;
    enum error err = OK;

    text_init(&bytes, 0);
    for (int64_t part = 0; err == OK && found; part++) {
        err = imports_hold(reading->connection, &reading->import);
        if (err == OK)
            err = files_read_part(reading->connection, reading->of->id, part,
                                  &bytes, &found);
        if (err == OK && found)
            err = import_reader_feed(reader, text_slice(&bytes));
    }
    text_free(&bytes);
    return err == OK ? import_reader_finish(reader) : err;
}

static enum error read_parts_of(struct file_reading *reading)
{
    struct import_reader *reader;
    enum error err = import_reader_open(&reading->settings.format,
                                        take_file_row, reading, &reader);

    if (err != OK)
        return err;
    err = feed_parts(reading, reader);
    if ((err == ERROR_SYNTAX || err == ERROR_LIMIT) && reading->fault == NULL &&
        import_reader_fault(reader) != NULL)
        reading->fault = arena_copy(reading->arena, import_reader_fault(reader),
                                    strlen(import_reader_fault(reader)));
    import_reader_close(reader);
    return err;
}

/* The end. */

static enum error note_settings(struct file_reading *reading)
{
    struct text settings;
    enum error err = ERROR_MEMORY;

    text_init(&settings, 0);
    import_settings_write(&settings, &reading->settings);
    if (!settings.failed) {
        const struct db_value values[] = {
            DB_VALUE_TEXT(slice_of(reading->fault)),
            DB_VALUE_TEXT(text_slice(&settings)),
            DB_VALUE_TEXT(reading->header),
            DB_VALUE_INTEGER(reading->of->id),
        };

        err =
            reading->fault != NULL
                ? db_execute(reading->connection, set_failed, values, 4)
                : db_execute(reading->connection, set_settings, values + 1, 3);
    }
    text_free(&settings);
    return err;
}

static void name_task(struct file_reading *reading)
{
    reading->import.id = reading->of->id;
    snprintf(reading->import.task, sizeof(reading->import.task), "%s",
             reading->of->task);
}

static enum error read_it(struct file_reading *reading)
{
    enum error err = imports_read(reading->connection, reading->arena,
                                  reading->of->id, &reading->import);

    if (err != OK)
        return err;
    name_task(reading);
    if (!import_settings_read(reading->import.settings, &reading->settings))
        reading->fault =
            "The settings for reading this file were lost. Upload it again.";
    if (reading->fault == NULL)
        err = read_parts_of(reading);
    if (err == OK && reading->fault == NULL) {
        /* In the transaction that makes it a preview, or before that. */
        err = note_settings(reading);
        return err == OK ? stage_finish(reading->stage) : err;
    }
    stage_close(reading->stage);
    reading->stage = NULL;
    return reading->fault != NULL ? note_settings(reading) : err;
}

enum error import_read_file(struct db_connection *connection,
                            const struct import_reading *of)
{
    struct file_reading reading = {
        .connection = connection,
        .of = of,
        .arena = arena_open(0),
        .header = SLICE(""),
    };
    enum error err = reading.arena != NULL ? OK : ERROR_MEMORY;

    name_task(&reading);
    if (err == OK)
        err = imports_hold(connection, &reading.import);
    if (err == OK)
        err = imports_clean(connection);
    if (err == OK)
        err = read_it(&reading);
    stage_close(reading.stage);
    arena_close(reading.arena);
    return err;
}
