/* Private to import/: the table of imports. */
#ifndef CAFE_IMPORT_IMPORTS_H
#define CAFE_IMPORT_IMPORTS_H

#include "cafe/import/import.h"

/* An import is being prepared. Who does that is `task`, behind a character that
 * no key of a task begins with; nobody yet: PREPARING_FREE. */
#define PREPARING_FREE "~"
#define PREPARING "(state IN ('paused', 'done') AND task LIKE '~%')"

/* Of one that was cleaned up, the settings may be kept: without a key for its
 * undoing it is none any more. */
#define WHOLE "undo_key <> ''"

/* It is being prepared, written, or undone. */
#define AT_WORK "(state IN ('running', 'undoing') OR " PREPARING ")"

/** A task that prepares an import, as `task` names it. */
struct preparer {
    char task[FORM_KEY_CHARS + 1];
};
struct preparer imports_preparer(const char *task);

/** Read an import by its id, as import_find(). */
MUST_CHECK enum error imports_read(struct db_connection *connection,
                                   struct arena *arena, int64_t id,
                                   struct import *import);

/** import_create() with a key that is set, and without removing old ones. */
MUST_CHECK enum error imports_insert(struct db_connection *connection,
                                     struct import *import);

/** Hold an import that is being read, as the task that is named in it. Errors
 * also: ERROR_BUSY: another one holds it. */
MUST_CHECK enum error imports_hold(struct db_connection *connection,
                                   const struct import *import);

/** Remove old imports. */
MUST_CHECK enum error imports_clean(struct db_connection *connection);

/** Lock all imports until the end of the transaction; `working` is the id of
 * the one at work, 0 for none. */
MUST_CHECK enum error imports_lock(struct db_connection *connection,
                                   int64_t *working);

/** Set the state, and who works on it: nobody. */
MUST_CHECK enum error imports_set_state(struct db_connection *connection,
                                        int64_t id, enum import_state state);

/** Have a worker prepare it; in this state until then. */
MUST_CHECK enum error imports_prepare(struct db_connection *connection,
                                      int64_t id, enum import_state state);

/** Remove the rows of an import, some at a time. */
MUST_CHECK enum error imports_empty(struct db_connection *connection,
                                    int64_t id);

/** Have the triggers note the person and this key beside each change. */
MUST_CHECK enum error imports_set_log(struct db_connection *connection,
                                      struct slice person, const char *key,
                                      const char *action);

#endif
