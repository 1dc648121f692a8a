/* Private to suppliers/: what undoing one change makes of a supplier. */
#ifndef CAFE_SUPPLIERS_UNDO_H
#define CAFE_SUPPLIERS_UNDO_H

#include "cafe/suppliers/store.h"

/**
 * Read the entry of a change that is to be undone.
 *
 * Errors  ERROR_NOT_FOUND (no such entry, or it or the version before was
 *         forgotten, or it has changed nothing), ERROR_MEMORY, ERROR_DB_…
 */
MUST_CHECK enum error undo_entry(struct db_connection *connection,
                                 struct arena *arena, uint64_t revision,
                                 struct history_entry *entry);

/**
 * Put the fields back that a change has touched, and leave the others as they
 * are now. A field that was changed again since stays, unless `picks` says
 * otherwise.
 *
 * after    Out: the fields.
 * asks     Out: which were changed again since, whatever the picks.
 * Returns  How many of those have no pick.
 */
size_t undo(const struct history_entry *change, const struct supplier *now,
            const enum undo_pick picks[SUPPLIER_FIELDS], struct supplier *after,
            bool asks[SUPPLIER_FIELDS]);

/** The picks as the texts that tell two forms apart; returns `texts`. */
const struct slice *undo_spell(const enum undo_pick picks[SUPPLIER_FIELDS],
                               struct slice texts[SUPPLIER_FIELDS]);

#endif
