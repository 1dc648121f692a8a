/* Private to suppliers/: what two people made of the same supplier. */
#ifndef CAFE_SUPPLIERS_MERGE_H
#define CAFE_SUPPLIERS_MERGE_H

#include "cafe/suppliers/store.h"

/**
 * Read an entry of the log.
 *
 * id      Of the supplier; 0: of any.
 * found   Out: whether the log has it, and its texts were not forgotten.
 * Errors  ERROR_MEMORY, ERROR_DB_…
 */
MUST_CHECK enum error clash_entry(struct db_connection *connection,
                                  struct arena *arena, int64_t id,
                                  uint64_t revision,
                                  struct history_entry *entry, bool *found);

/**
 * Read the row of a supplier; its revision is 0.
 *
 * Errors  ERROR_NOT_FOUND, ERROR_MEMORY, ERROR_DB_…
 */
MUST_CHECK enum error row_read(struct db_connection *connection,
                               struct arena *arena, int64_t id,
                               struct supplier *supplier);

/**
 * Read what a form was based on and what is there now. Where there is a row,
 * it is what is there, also where the log does not tell of it.
 *
 * was     The revision that the form was based on.
 * now     The last one in the log; 0 for none. The same as `was`: only the row
 *         is read.
 * Errors  ERROR_MEMORY, ERROR_DB_…
 */
MUST_CHECK enum error clash_read(struct db_connection *connection,
                                 struct arena *arena, int64_t id, uint64_t was,
                                 uint64_t now, struct store_clash *clash);

/**
 * Make `clash->was` what a form shows that has saved something already and was
 * sent again with another text: in the fields that it saved what was typed,
 * elsewhere what it was based on at first. Changes of others that were merged
 * into that save were never shown by the form.
 *
 * clash   As clash_read() made it, of what the form was based on at first.
 * Errors  ERROR_MEMORY, ERROR_DB_…
 */
MUST_CHECK enum error clash_follow(struct db_connection *connection,
                                   struct arena *arena, int64_t id,
                                   const char *form_key,
                                   struct store_clash *clash);

/**
 * Merge field by field, comparing bytes: `mine` gets theirs where only they
 * have changed it. Where both have, to different texts, `clash` says so, and
 * mine stays. Without a version that the form was based on (revision 0) each
 * difference is a clash.
 *
 * clash    As clash_read() made it; its fields and count are set.
 * Returns  Whether `mine` has got anything.
 */
bool merge(struct supplier *mine, struct store_clash *clash);

#endif
