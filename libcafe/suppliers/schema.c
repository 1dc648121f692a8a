/* The schema that this program needs: whether it is there, and making it. */
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
    enum error err = db_schema_version(connection, &version);

    if (err == OK && !dry_run && version < supplier_schema_version())
        err = try_trigger(connection, report);
    if (err != OK)
        return err;
    return db_migrate(connection, supplier_migrations, dry_run, report);
}
