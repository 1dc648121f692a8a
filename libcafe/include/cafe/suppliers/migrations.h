/* The migrations of the suppliers' schema, built in from migrations/ (SQL). */
#ifndef CAFE_MIGRATIONS_H
#define CAFE_MIGRATIONS_H

#include "cafe/db/db.h"

/** In order, ended by number 0. */
extern const struct db_migration supplier_migrations[];

/**
 * A db_work_fn (job unused, may be NULL): whether the schema is new enough, the
 * suppliers can be read, and the triggers are there, as far as this account may
 * know.
 *
 * Errors  ERROR_DB_SCHEMA, ERROR_DB_TRIGGERS, ERROR_DB_…
 */
enum error supplier_schema_check(struct db_connection *connection, void *job);

/**
 * db_work_fns (job unused, may be NULL): whether this account has the rights
 * that the customer daemon needs, which reads, or the employee daemon, which
 * also writes. Nothing is changed.
 *
 * Errors  Those of the first statement that is refused; db_error_message()
 *         names the right.
 */
enum error supplier_reading_check(struct db_connection *connection, void *job);
enum error supplier_writing_check(struct db_connection *connection, void *job);

/**
 * Whether the triggers are there, as far as this account may know: the function
 * `supplier_triggers` tells accounts that may execute it.
 *
 * Errors  ERROR_DB_TRIGGERS, ERROR_DB_…
 */
MUST_CHECK enum error supplier_triggers_check(struct db_connection *connection);

/**
 * Bring the schema up to date: db_migrate() with the migrations above, after
 * looking whether the table that is there can be adopted, and trying on a
 * scratch table whether this account may make triggers. Where something is
 * missing that an earlier run has made, that is named, and all migrations are
 * run again. A first migration that fails leaves the table as it was.
 *
 * report  As db_migrate(), and what was found: what is in the way, what limits
 *         the use of the table, what is missing.
 * Errors  ERROR_CONFLICT: the table can't be adopted, nothing was changed;
 *         ERROR_DB_… (nothing was changed where triggers are refused); those
 *         of db_migrate().
 */
MUST_CHECK enum error supplier_migrate(struct db_connection *connection,
                                       bool dry_run, struct text *report);

#endif
