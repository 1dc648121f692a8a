/* The schema that this program needs: whether it is there, and making it. */
#include <string.h>

#include "adoption.h"
#include "cafe/suppliers/columns.h"
#include "cafe/suppliers/migrations.h"
#include "repair.h"
#include "triggers.h"

static const char read_one[] = "SELECT id, " COLUMNS " FROM suppliers LIMIT 1";

/* The number of the last migration: what the daemons need. */
static int schema_version(void)
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
    if (version < schema_version())
        return ERROR_DB_SCHEMA;
    if ((err = db_query(connection, read_one, NULL, 0, NULL, NULL)) != OK)
        return err;
    return supplier_triggers_check(connection);
}

/* The server. What the migrations need, above all columns that SELECT * does
 * not show, is there from these versions on. MariaDB 10.3 would do as well, but
 * it is no longer maintained. */

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
                "This server is %s%.*s; this program needs " OLDEST_SERVERS
                ", or a newer one. Nothing was changed.\n",
                mariadb ? "" : "MySQL ", (int)text.len, text.data);
    return ERROR_DB;
}

/* Triggers. A scratch table shows whether they can be made and written by,
 * before anything that matters is touched. */

static const char drop_scratch[] = "DROP TABLE IF EXISTS cafe_scratch";

static const struct trial {
    const char *sql;
    const char *advice; /* where the error number tells none */
} trials[] = {
    { drop_scratch, "" },
    { "CREATE TABLE cafe_scratch (id INT) ENGINE=InnoDB",
      "Grant CREATE on this database to the account that migrates." },
    { "CREATE TRIGGER cafe_scratch_trigger AFTER INSERT ON cafe_scratch"
      " FOR EACH ROW SET @cafe_scratch = 1",
      "Grant TRIGGER on this database to the account that migrates." },
    { "INSERT INTO cafe_scratch VALUES (1)", "" },
    { drop_scratch, "" },
};

static void report_refusal(const struct db_connection *connection,
                           const char *otherwise, struct text *report)
{
    unsigned number = db_error_number(connection);
    const char *advice = db_error_advice(number);

    text_printf(report,
                "This server refused a table with a trigger: %s (%u).\n%s\n"
                "Nothing was changed.\n",
                db_error_message(connection), number,
                advice[0] ? advice : otherwise);
}

static enum error try_trigger(struct db_connection *connection,
                              struct text *report)
{
    enum error err = OK, dropped;

    for (size_t i = 0; err == OK && i < sizeof(trials) / sizeof(trials[0]);
         i++) {
        err = db_run_text(connection, slice_of(trials[i].sql));
        if (err != OK)
            report_refusal(connection, trials[i].advice, report);
    }
    if (err == OK)
        return OK;
    dropped = db_run_text(connection, slice_of(drop_scratch));
    (void)dropped; /* if it is still there, the next run drops it */
    return err;
}

/* An account with few rights sees few columns and no triggers: it would find
 * everything missing. So its rights are tried before anything is looked for. */
static enum error try_account(struct db_connection *connection,
                              struct text *report)
{
    enum error err = db_run_text(connection, slice_of(drop_scratch));

    if (err == OK || !db_denied(connection))
        return OK;
    text_printf(report,
                "This account may not change the database: %s (%u). Use the "
                "account that migrates.\n",
                db_error_message(connection), db_error_number(connection));
    return err;
}

/* Migrating. The log's tables come first: triggers that write to narrower ones
 * would refuse what the owner of an adopted table writes. */

enum { FIRST_WITH_TRIGGERS = 3, WIDE_LOG = 4 };

static const struct db_migration *wide_log(void)
{
    size_t i = 0;

    while (supplier_migrations[i].number != WIDE_LOG)
        i++;
    return &supplier_migrations[i];
}

/* After the tables and columns: what the table of fields makes of them. The
 * schema has its new number only then. */
static enum error schema_finish(struct db_connection *connection,
                                unsigned flags, struct text *report)
{
    const bool dry_run = flags & DB_MIGRATE_DRY_RUN;
    enum error err =
        triggers_make(connection, TRIGGER_BY_SERVER, dry_run, report);

    return err == OK && !dry_run ? repair_log(connection) : err;
}

static enum error schema_apply(struct db_connection *connection, unsigned flags,
                               struct text *report)
{
    enum error err = db_migrate_steps(connection, wide_log(), flags, report);

    if (err == OK)
        err = db_migrate(connection, supplier_migrations, schema_finish, flags,
                         report);
    return err;
}

/* Nothing that was missing is missing still. */
static enum error confirm(struct db_connection *connection, struct text *report)
{
    struct repair_found found;
    enum error err =
        repair_look(connection, schema_version(), true, report, &found);

    return err == OK && found.missing > 0 ? ERROR_DB_SCHEMA : err;
}

/* A first migration that fails leaves the table as it was. */
static enum error change(struct db_connection *connection, unsigned flags,
                         struct text *report)
{
    struct adoption adoption;
    enum error err = try_trigger(connection, report);

    if (err != OK)
        return err;
    if ((err = adoption_begin(&adoption, connection)) == OK) {
        err = schema_apply(connection, flags, report);
        if (err == OK)
            err = confirm(connection, report);
        if (err != OK)
            adoption_undo(&adoption, connection, report);
    }
    adoption_end(&adoption);
    return err;
}

/* A database that a newer version has migrated is not for this one to change:
 * its triggers log fields that this one does not know. */
static enum error leave(struct db_connection *connection, int version,
                        struct text *report)
{
    enum error err = supplier_triggers_check(connection);

    text_printf(report,
                "A newer version has migrated this database (schema %d; this "
                "one knows %d). Nothing was changed.\n",
                version, schema_version());
    if (err == ERROR_DB_TRIGGERS)
        text_append_string(report, "Triggers are missing: migrate with that "
                                   "version.\n");
    return err;
}

static enum error migrate_from(struct db_connection *connection, int version,
                               bool dry_run, struct text *report)
{
    unsigned flags = dry_run ? DB_MIGRATE_DRY_RUN : 0;
    const bool newest = version == schema_version();
    struct repair_found found = { 0 };
    enum error err = OK;

    if (version >= FIRST_WITH_TRIGGERS)
        err = repair_spoiled(connection, dry_run, report);
    if (err == OK && version >= FIRST_WITH_TRIGGERS)
        err = repair_look(connection, version, newest, report, &found);
    if (err != OK)
        return err;
    if (found.tables > 0)
        flags |= DB_MIGRATE_AGAIN;
    if (found.missing == 0 && newest)
        err = db_migrate(connection, supplier_migrations, NULL, flags, report);
    else
        err = dry_run ? schema_apply(connection, flags, report)
                      : change(connection, flags, report);
    if (err == OK && found.missing > 0)
        text_append_string(report, dry_run ? "Nothing was changed.\n"
                                           : "Everything that was missing has "
                                             "been restored.\n");
    return err == OK && !dry_run ? repair_watch(connection, report) : err;
}

static enum error look_and_change(struct db_connection *connection,
                                  bool dry_run, struct text *report)
{
    int version = 0;
    enum error err = adoption_look(connection, report);

    if (err == OK)
        err = db_schema_version(connection, &version);
    if (err != OK)
        return err;
    return version > schema_version()
               ? leave(connection, version, report)
               : migrate_from(connection, version, dry_run, report);
}

enum error supplier_migrate(struct db_connection *connection, bool dry_run,
                            struct text *report)
{
    enum error err =
        db_query(connection, select_version, NULL, 0, check_version, report);
    enum error unlocked;

    if (err != OK)
        return err;
    if (dry_run)
        return look_and_change(connection, dry_run, report);
    if ((err = db_migrate_lock(connection, report)) != OK)
        return err;
    if ((err = try_account(connection, report)) == OK)
        err = look_and_change(connection, dry_run, report);
    unlocked = db_migrate_unlock(connection);
    return err != OK ? err : unlocked;
}
