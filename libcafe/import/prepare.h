/* Private to import/: what an import needs before its first chunk. */
#ifndef CAFE_IMPORT_PREPARE_H
#define CAFE_IMPORT_PREPARE_H

#include "imports.h"

/** Read the directory if the last range has asked for it; outside of a
 * transaction, because it takes seconds. */
MUST_CHECK enum error prepare_load(struct db_connection *connection,
                                   struct import_run *run);

/**
 * Prepare the rows from run->from on, a bounded number of them. After the last
 * ones the import is set to be written, or undone.
 *
 * import  One that is being prepared, and locked by this transaction.
 * next    Out: run->from of the next call, if the transaction is committed.
 * Errors  ERROR_BUSY: a program of an older version works on another import.
 */
MUST_CHECK enum error prepare_range(struct db_connection *connection,
                                    struct import_run *run,
                                    const struct import *import, int64_t *next);

#endif
