/* The schema that this program needs: whether it is there, and making it. */
#include <string.h>

#include "cafe/migrations.h"

static const char read_one[] =
    "SELECT id, name, address, city, state, country, email, phone, notes"
    " FROM suppliers LIMIT 1";

int supplier_schema_version(void)
{
    int version = 0;

    for (size_t i = 0; supplier_migrations[i].number != 0; i++)
        version = supplier_migrations[i].number;
    return version;
}

enum error supplier_schema_check(struct db_connection *connection, void *job)
{
    int version = 0;
    enum error err = db_schema_version(connection, &version);

    (void)job;
    if (err != OK)
        return err;
    if (version < supplier_schema_version())
        return ERROR_DB_SCHEMA;
    return db_query(connection, read_one, NULL, 0, NULL, NULL);
}

/* The server. What the migrations need, above all columns that SELECT * does
 * not show, is there from these versions on. MariaDB 10.3 would do as well, but
 * nobody mends it any more. */

#define OLDEST_SERVERS "MariaDB 10.6 or MySQL 8.0.23"

enum {
    OLDEST_MARIADB = 10 * 1000000 + 6 * 1000,
    OLDEST_MYSQL = 8 * 1000000 + 23
};

static const char select_version[] = "SELECT VERSION()";

/* "10.11.6-MariaDB-log" as 10011006. */
static int64_t version_number(struct slice text)
{
    int64_t parts[3] = { 0 };
    size_t part = 0;

    for (size_t i = 0; i < text.len && part < 3; i++) {
        if (text.data[i] >= '0' && text.data[i] <= '9')
            parts[part] = parts[part] * 10 + (text.data[i] - '0');
        else if (text.data[i] == '.')
            part++;
        else
            break;
        if (part < 3 && parts[part] > 999)
            break; /* none that we know counts that far */
    }
    return parts[0] * 1000000 + parts[1] * 1000 + parts[2];
}

static enum error check_version(const struct db_row *row, void *context)
{
    struct slice text = db_row_text(row, 0);
    bool mariadb = memmem(text.data, text.len, "MariaDB", 7) != NULL;

    if (version_number(text) >= (mariadb ? OLDEST_MARIADB : OLDEST_MYSQL))
        return OK;
    text_printf(context,
                "This server is %s%.*s; the suppliers need " OLDEST_SERVERS
                ", or a newer one. Nothing was changed.\n",
                mariadb ? "" : "MySQL ", (int)text.len, text.data);
    return ERROR_DB;
}

/* Triggers. A scratch table shows whether they can be made, before anything
 * that matters is touched. */

enum { ER_BINLOG_CREATE_ROUTINE_NEED_SUPER = 1419 };

static const char drop_scratch[] = "DROP TABLE IF EXISTS cafe_scratch";
static const char create_scratch[] =
    "CREATE TABLE cafe_scratch (id INT) ENGINE=InnoDB";
static const char create_trigger[] =
    "CREATE TRIGGER cafe_scratch_trigger AFTER INSERT ON cafe_scratch"
    " FOR EACH ROW SET @cafe_scratch = 1";
static const char insert_scratch[] = "INSERT INTO cafe_scratch VALUES (1)";

static void report_refusal(const struct db_connection *connection,
                           struct text *report)
{
    text_printf(report, "This server refuses triggers: %s (%u).\n",
                db_error_message(connection), db_error_number(connection));
    if (db_error_number(connection) == ER_BINLOG_CREATE_ROUTINE_NEED_SUPER)
        text_append_string(
            report, "Set log_bin_trust_function_creators = 1 on the server "
                    "(on RDS in its parameter group), then migrate again.\n");
    else
        text_append_string(report, "Give the account that migrates the right "
                                   "TRIGGER on this database, then migrate "
                                   "again.\n");
    text_append_string(report, "Nothing was changed.\n");
}

static enum error try_trigger(struct db_connection *connection,
                              struct text *report)
{
    enum error err, dropped;

    if ((err = db_run_text(connection, slice_of(drop_scratch))) != OK ||
        (err = db_run_text(connection, slice_of(create_scratch))) != OK)
        return err;
    err = db_run_text(connection, slice_of(create_trigger));
    if (err == OK)
        err = db_run_text(connection, slice_of(insert_scratch));
    if (err != OK)
        report_refusal(connection, report);
    dropped = db_run_text(connection, slice_of(drop_scratch));
    return err != OK ? err : dropped;
}

enum error supplier_migrate(struct db_connection *connection, bool dry_run,
                            struct text *report)
{
    int version = 0;
    enum error err =
        db_query(connection, select_version, NULL, 0, check_version, report);

    if (err == OK)
        err = db_schema_version(connection, &version);
    if (err == OK && !dry_run && version < supplier_schema_version())
        err = try_trigger(connection, report);
    if (err != OK)
        return err;
    return db_migrate(connection, supplier_migrations, dry_run, report);
}
