/* Repairing texts that the application before this one has escaped before it
 * stored them. */
#ifndef CAFE_UNESCAPE_H
#define CAFE_UNESCAPE_H

#include "cafe/db/db.h"

/**
 * Undo escaping of HTML, however often it was done: the first application
 * escaped each text with each save.
 *
 * result  In the arena.
 * Errors  ERROR_MEMORY.
 * Source  escape() of validator.js 10: & < > " ' / \ ` as &amp; &lt; &gt;
 *         &quot; &#x27; &#x2F; &#x5C; &#96;
 */
MUST_CHECK enum error unescape_text(struct arena *arena, struct slice text,
                                    struct slice *result);

/**
 * Repair every supplier, in the order of their ids, each in a transaction of
 * its own that the change log records. Only the columns of the original
 * application, which never wrote the others. Safe to run again, also after a
 * failure.
 *
 * dry_run  Only report; where there is no table yet, that there is nothing.
 * report   One line for each field, `supplier 7, name: "old" -> "new"`, and one
 *          that counts; on failure its last line names the supplier
 *          and the reason.
 * Errors   ERROR_MEMORY, ERROR_DB_… (what the report tells of is repaired).
 */
MUST_CHECK enum error unescape_suppliers(struct db_connection *connection,
                                         bool dry_run, struct text *report);

#endif
