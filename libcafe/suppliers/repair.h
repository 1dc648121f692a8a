/* Private to suppliers/: what a migrated database has lost. */
#ifndef CAFE_SUPPLIERS_REPAIR_H
#define CAFE_SUPPLIERS_REPAIR_H

#include "cafe/db/db.h"

/** How much is missing. */
struct repair_found {
    size_t missing; /* of everything */
    size_t tables;  /* of that, tables and columns */
};

/**
 * Look for what migrating has made and what is not there any more, or not as
 * it was made: tables and columns; in the newest schema also triggers, and
 * changes that the log has missed. Nothing is changed.
 *
 * version  Of the schema: newer columns are not missing.
 * newest   It is the newest that this program knows.
 * report   A line for each.
 * Errors   ERROR_CONFLICT: the suppliers themselves are missing;
 *          ERROR_DB_…, ERROR_MEMORY.
 */
MUST_CHECK enum error repair_look(struct db_connection *connection, int version,
                                  bool newest, struct text *report,
                                  struct repair_found *found);

/**
 * Log what has changed without the triggers, as it is found, in one
 * transaction.
 *
 * Errors  ERROR_DB_…
 */
MUST_CHECK enum error repair_log(struct db_connection *connection);

/** Whether the last statement failed because the server holds a trigger that it
 * could not read (error 1064). */
bool repair_is_spoiled(const struct db_connection *connection);

/**
 * Have the server read the triggers again, the next time that it opens the
 * table.
 *
 * Errors  ERROR_DB_…; the account needs the rights to select and insert.
 */
MUST_CHECK enum error repair_reload(struct db_connection *connection);

/**
 * Look whether the server holds a trigger that it could not read, and have it
 * read them again.
 *
 * dry_run  Only look.
 * report   What was found and done.
 * Errors   ERROR_DB_TRIGGERS: it still can't; ERROR_DB_…
 */
MUST_CHECK enum error repair_spoiled(struct db_connection *connection,
                                     bool dry_run, struct text *report);

/**
 * Make the function that tells the daemons, which may not see triggers,
 * whether they are all there. Where this account may not make functions that
 * is reported, and is no error.
 *
 * Errors  ERROR_DB_AWAY, ERROR_DB_UNKNOWN.
 */
MUST_CHECK enum error repair_watch(struct db_connection *connection,
                                   struct text *report);

#endif
