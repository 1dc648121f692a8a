/* --export: all suppliers as CSV, to be edited and imported again. */
#include <stdio.h>

#include "cafe/suppliers/columns.h"
#include "cafe/suppliers/csv.h"
#include "employee.h"

static const char select_suppliers[] = "SELECT id, " COLUMNS
                                       " FROM suppliers ORDER BY id";

enum { FAILED = 2 };

static enum error export_put(struct text *line)
{
    enum error err = ERROR_MEMORY;

    if (!line->failed)
        err = fwrite(line->data, 1, line->len, stdout) == line->len
                  ? OK
                  : ERROR_SYSTEM;
    text_reset(line);
    return err;
}

static enum error export_row(const struct db_row *row, void *context)
{
    struct supplier supplier = { .id = db_row_integer(row, 0) };

    for (unsigned f = 0; f < SUPPLIER_FIELDS; f++)
        supplier.fields[f] = db_row_text(row, f + 1);
    csv_record(context, CSV_PROGRAM, &supplier);
    return export_put(context);
}

static enum error export_all(struct db_connection *connection)
{
    struct text line;
    enum error err;

    text_init(&line, 0);
    csv_head(&line, CSV_PROGRAM);
    err = export_put(&line);
    if (err == OK)
        err =
            db_query(connection, select_suppliers, NULL, 0, export_row, &line);
    text_free(&line);
    return err == OK && fflush(stdout) != 0 ? ERROR_SYSTEM : err;
}

int export_command_run(const struct service_settings *settings)
{
    struct db_connection *connection = NULL;
    struct text why;
    enum error err;

    text_init(&why, 0);
    err = db_connect(&settings->db, &connection, &why);
    if (err == OK && (err = export_all(connection)) != OK)
        text_append_string(&why, db_error_message(connection)[0]
                                     ? db_error_message(connection)
                                     : error_text(err));
    if (err != OK)
        fprintf(stderr, "employee: not everything was exported: %s\n",
                text_string(&why));
    db_disconnect(connection);
    text_free(&why);
    return err == OK ? 0 : FAILED;
}
