/* Private to suppliers/: the triggers that log every change of a supplier. */
#ifndef CAFE_SUPPLIERS_TRIGGERS_H
#define CAFE_SUPPLIERS_TRIGGERS_H

#include "cafe/db/db.h"

/** Their names as texts of SQL. */
#define TRIGGER_NAMES \
    "'suppliers_added', 'suppliers_changed', 'suppliers_removed'"

enum { TRIGGERS = 3 };

/** How a trigger takes the place of the one before. */
enum trigger_exchange {
    TRIGGER_BY_SERVER, /* as the server does it best */
    TRIGGER_AT_ONCE,   /* CREATE OR REPLACE, of MariaDB */
    TRIGGER_UNDER_LOCK /* DROP and CREATE while the table is locked */
};

/**
 * Look which triggers are missing, on another table, not as this program makes
 * them, or running as another account.
 *
 * report   A line "missing: …" for each.
 * missing  How many.
 * Errors   ERROR_DB_…, ERROR_MEMORY.
 */
MUST_CHECK enum error triggers_look(struct db_connection *connection,
                                    struct text *report, size_t *missing);

/**
 * Make those that triggers_look() finds. While one takes the place of another,
 * no row can be written: each change is logged by one of them.
 *
 * dry_run  Only report the statements.
 * report   A line for each that is made.
 * Errors   ERROR_DB_…
 */
MUST_CHECK enum error triggers_make(struct db_connection *connection,
                                    enum trigger_exchange exchange,
                                    bool dry_run, struct text *report);

/** Take them all away. Errors: ERROR_DB_… */
MUST_CHECK enum error triggers_drop(struct db_connection *connection);

#endif
