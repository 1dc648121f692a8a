/* Private to suppliers/: adopting a table that others have made. */
#ifndef CAFE_SUPPLIERS_ADOPTION_H
#define CAFE_SUPPLIERS_ADOPTION_H

#include "cafe/db/db.h"

/**
 * Look whether the table `suppliers`, if there is one, can be adopted, without
 * changing anything. What is in the way is reported, all of it; what only
 * limits its use is reported as a note.
 *
 * Errors  ERROR_CONFLICT: something is in the way; ERROR_DB_…
 */
MUST_CHECK enum error adoption_look(struct db_connection *connection,
                                    struct text *report);

/** What a migration that fails leads back to. */
struct adoption {
    int version;            /* of the schema */
    bool had_triggers;      /* it was adopted before: nothing to lead back to */
    struct text definition; /* of suppliers; empty: there was no table */
};

/** Remember the table as it is. Errors: ERROR_MEMORY, ERROR_DB_… */
MUST_CHECK enum error adoption_begin(struct adoption *adoption,
                                     struct db_connection *connection);
void adoption_end(struct adoption *adoption);

/**
 * After a failure: take the triggers away and make the table what it was,
 * unless it had been adopted before.
 *
 * report  What was done, or what could not be undone.
 */
void adoption_undo(const struct adoption *adoption,
                   struct db_connection *connection, struct text *report);

#endif
