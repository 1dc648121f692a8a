/* Migrations: numbered steps of SQL, applied once, in order, under a lock. */
#include <string.h>

#include "cafe/db/db.h"

enum { LOCK_WAIT_MAX_S = 60 };

/* One migration at work. */
struct run {
    struct db_connection *db;
    struct text *report;
    bool dry_run;
    bool again;
    bool has_table; /* cafe_migrations exists */
    db_migrate_finish_fn *finish;
};

static const char create_table[] =
    "CREATE TABLE IF NOT EXISTS cafe_migrations ("
    " number INT NOT NULL PRIMARY KEY,"
    " name VARCHAR(255) NOT NULL,"
    " checksum CHAR(64) NOT NULL,"
    " at DATETIME(6) NOT NULL"
    ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4";

/*
 * A change of a table waits for the transactions that use it, and all later
 * ones wait for the change: rather give up than hold up the pages.
 */
static const char bound_waits[] = "SET SESSION lock_wait_timeout = 10";

static const char find_table[] =
    "SELECT COUNT(*) FROM information_schema.TABLES"
    " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'cafe_migrations'";

static const char find_last[] = "SELECT MAX(number) FROM cafe_migrations";

static const char compare[] =
    "SELECT checksum = SHA2(?, 256) FROM cafe_migrations WHERE number = ?";

static const char note[] =
    "INSERT INTO cafe_migrations (number, name, checksum, at)"
    " VALUES (?, ?, SHA2(?, 256), UTC_TIMESTAMP(6))";

/* The name of a lock holds for the whole server, so the database is in it. */
static const char get_lock[] =
    "SELECT GET_LOCK(CONCAT('cafe_migrate-', MD5(DATABASE())), ?)";
static const char release_lock[] =
    "SELECT RELEASE_LOCK(CONCAT('cafe_migrate-', MD5(DATABASE())))";

/* The integer that a query gives; untouched when it gives no row. */
static enum error migrate_ask(struct db_connection *db, const char *sql,
                              const struct db_value *values, size_t count,
                              int64_t *number)
{
    return db_query(db, sql, values, count, db_take_integer, number);
}

static enum error table_exists(struct db_connection *db, bool *exists)
{
    int64_t tables = 0;
    enum error err = migrate_ask(db, find_table, NULL, 0, &tables);

    *exists = tables > 0;
    return err;
}

/* Report a failure with what the database said. */
static enum error failed(struct run *run, const char *what, enum error err)
{
    text_printf(run->report, "%s failed: %s", what, error_text(err));
    if (db_error_message(run->db)[0])
        text_printf(run->report, ": %s (%u)", db_error_message(run->db),
                    db_error_number(run->db));
    text_printf(run->report, "\n%s", db_error_advice(db_error_number(run->db)));
    if (db_error_advice(db_error_number(run->db))[0])
        text_append_char(run->report, '\n');
    return err;
}

/* Wait one second at a time: a single long wait would be ended by the
 * connection's read timeout. */
static enum error migrate_lock(struct run *run)
{
    for (int64_t second = 0; second <= LOCK_WAIT_MAX_S; second++) {
        const struct db_value wait = DB_VALUE_INTEGER(second ? 1 : 0);
        int64_t locked = 0;
        enum error err = migrate_ask(run->db, get_lock, &wait, 1, &locked);

        if (err != OK)
            return failed(run, "taking the lock", err);
        if (locked)
            return OK;
        if (second == 0)
            text_printf(run->report,
                        "waiting for another migration to end (up to %d s)\n",
                        LOCK_WAIT_MAX_S);
    }
    text_append_string(run->report, "another migration is still running\n");
    return ERROR_BUSY;
}

/* The next step of a migration; false at its end. Empty steps are skipped. */
static bool next_step(struct slice *rest, struct slice *step)
{
    static const char mark[] = "\n-- step\n";

    while (rest->len > 0) {
        const char *end = memmem(rest->data, rest->len, mark, sizeof(mark) - 1);
        size_t len = end != NULL ? (size_t)(end - rest->data) : rest->len;
        size_t used = end != NULL ? len + sizeof(mark) - 1 : len;

        *step = slice_trim((struct slice){ rest->data, len });
        rest->data += used;
        rest->len -= used;
        if (step->len > 0)
            return true;
    }
    return false;
}

static int count_steps(const char *sql)
{
    struct slice rest = slice_of(sql);
    struct slice step;
    int steps = 0;

    while (next_step(&rest, &step))
        steps++;
    return steps;
}

static enum error run_step(struct run *run, struct slice step)
{
    if (!run->dry_run)
        return db_run_text(run->db, step);
    text_append_slice(run->report, step);
    text_append_char(run->report, '\n');
    return OK;
}

static enum error run_steps(struct run *run,
                            const struct db_migration *migration)
{
    struct slice rest = slice_of(migration->sql);
    struct slice step;
    int steps = count_steps(migration->sql);

    for (int i = 1; next_step(&rest, &step); i++) {
        enum error err;

        text_printf(run->report, "%s: step %d of %d%s\n", migration->name, i,
                    steps, run->dry_run ? ", would run:" : "");
        err = run_step(run, step);
        if (err != OK)
            return failed(run, migration->name, err);
    }
    return OK;
}

/* Whether a migration was applied, and with the text that it has now. */
static enum error is_applied(struct run *run,
                             const struct db_migration *migration,
                             bool *applied)
{
    const struct db_value values[] = {
        DB_VALUE_TEXT(slice_of(migration->sql)),
        DB_VALUE_INTEGER(migration->number),
    };
    int64_t same = -1;
    enum error err = OK;

    if (run->has_table)
        err = migrate_ask(run->db, compare, values, 2, &same);
    if (err != OK)
        return failed(run, migration->name, err);
    /* Databases would differ by when they were migrated: a change needs a
     * migration of its own. */
    if (same == 0) {
        text_printf(run->report,
                    "%s: its text has changed since it was applied\n",
                    migration->name);
        return ERROR_CONFLICT;
    }
    *applied = same == 1;
    return OK;
}

static enum error note_applied(struct run *run,
                               const struct db_migration *migration)
{
    const struct db_value values[] = {
        DB_VALUE_INTEGER(migration->number),
        DB_VALUE_TEXT(slice_of(migration->name)),
        DB_VALUE_TEXT(slice_of(migration->sql)),
    };
    enum error err;

    if (run->dry_run)
        return OK;
    err = db_execute(run->db, note, values, 3);
    if (err != OK)
        return failed(run, migration->name, err);
    text_printf(run->report, "%s: applied\n", migration->name);
    return OK;
}

static enum error run_finish(struct run *run, unsigned flags)
{
    enum error err = run->finish(run->db, flags, run->report);

    return err == OK ? OK : failed(run, "finishing", err);
}

/* The last one is noted as applied when all is finished. */
static enum error migrate_apply(struct run *run,
                                const struct db_migration *migration,
                                unsigned flags)
{
    const bool last = migration[1].number == 0;
    bool applied = false;
    enum error err = is_applied(run, migration, &applied);

    if (err == OK && applied && !run->again)
        text_printf(run->report, "%s: applied before\n", migration->name);
    else if (err == OK)
        err = run_steps(run, migration);
    if (err == OK && last && run->finish != NULL)
        err = run_finish(run, flags);
    return err == OK && !applied ? note_applied(run, migration) : err;
}

static enum error apply_all(struct run *run,
                            const struct db_migration *migrations,
                            unsigned flags)
{
    enum error err = table_exists(run->db, &run->has_table);

    if (err == OK && !run->dry_run && !run->has_table) {
        err = db_run_text(run->db, slice_of(create_table));
        run->has_table = err == OK;
    }
    if (err != OK)
        return failed(run, "the table cafe_migrations", err);
    for (size_t i = 0; err == OK && migrations[i].number != 0; i++)
        err = migrate_apply(run, &migrations[i], flags);
    return err;
}

enum error db_migrate_lock(struct db_connection *connection,
                           struct text *report)
{
    struct run run = { .db = connection, .report = report };
    enum error err = db_run_text(connection, slice_of(bound_waits));

    return err == OK ? migrate_lock(&run)
                     : failed(&run, "bounding the waits", err);
}

enum error db_migrate_unlock(struct db_connection *connection)
{
    int64_t released = 0;

    return migrate_ask(connection, release_lock, NULL, 0, &released);
}

enum error db_migrate_steps(struct db_connection *connection,
                            const struct db_migration *migration,
                            unsigned flags, struct text *report)
{
    struct run run = { .db = connection,
                       .report = report,
                       .dry_run = flags & DB_MIGRATE_DRY_RUN };
    enum error err = run_steps(&run, migration);

    return err == OK ? OK : db_rollback(connection, err);
}

enum error db_migrate(struct db_connection *connection,
                      const struct db_migration *migrations,
                      db_migrate_finish_fn *finish, unsigned flags,
                      struct text *report)
{
    struct run run = { .db = connection,
                       .report = report,
                       .dry_run = flags & DB_MIGRATE_DRY_RUN,
                       .again = flags & DB_MIGRATE_AGAIN,
                       .finish = finish };
    enum error err, unlocked;

    if (run.dry_run)
        return apply_all(&run, migrations, flags);
    if ((err = db_migrate_lock(connection, report)) != OK)
        return err;
    err = apply_all(&run, migrations, flags);
    if (err != OK)
        err = db_rollback(connection, err);
    unlocked = db_migrate_unlock(connection);
    return err != OK ? err : unlocked;
}

enum error db_schema_version(struct db_connection *connection, int *version)
{
    bool exists;
    int64_t last = 0;
    enum error err = table_exists(connection, &exists);

    if (err == OK && exists)
        err = migrate_ask(connection, find_last, NULL, 0, &last);
    if (err == OK)
        *version = (int)last;
    return err;
}
