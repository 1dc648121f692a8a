/* Cursors: where a list in the order of ids goes on. */
#ifndef CAFE_CURSOR_H
#define CAFE_CURSOR_H

#include "cafe/base/text.h"

/**
 * Append the cursor of a supplier: letters and digits only, opaque to all
 * except cursor_read(). Half of it are check digits, so that a cursor that was
 * cut, mistyped or made up is refused.
 *
 * id  Of the last supplier that was shown.
 */
void cursor_write(struct text *out, int32_t id);

/**
 * Read a cursor.
 *
 * id      Out: the list goes on with the first greater one, whether or not
 *         there still is a supplier of this id.
 * Errors  ERROR_SYNTAX: not what cursor_write() writes.
 */
MUST_CHECK enum error cursor_read(struct slice cursor, int32_t *id);

#endif
