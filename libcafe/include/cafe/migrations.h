/* The migrations of the suppliers' schema, built in from migrations/ (SQL). */
#ifndef CAFE_MIGRATIONS_H
#define CAFE_MIGRATIONS_H

#include "cafe/db.h"

/** In order, ended by number 0. */
extern const struct db_migration supplier_migrations[];

/** The number of the last of them: what the daemons need. */
int supplier_schema_version(void);

/**
 * A db_work_fn (job unused, may be NULL): the schema is new enough and the
 * suppliers can be read.
 *
 * Errors  ERROR_DB_SCHEMA, ERROR_DB_…
 */
enum error supplier_schema_check(struct db_connection *connection, void *job);

/**
 * Bring the schema up to date: db_migrate() with the migrations above, after
 * trying on a scratch table whether this account may make triggers.
 *
 * report  As db_migrate(); says what to do where triggers are refused.
 * Errors  ERROR_DB_… (nothing was changed where triggers are refused), those
 *         of db_migrate().
 */
MUST_CHECK enum error supplier_migrate(struct db_connection *connection,
                                       bool dry_run, struct text *report);

#endif
