/* Private to db/: what the error numbers of the database mean. */
#ifndef CAFE_DB_ERRORS_H
#define CAFE_DB_ERRORS_H

#include <stdbool.h>

#include "cafe/error.h"

/**
 * The class of an error number; ERROR_DB for one that is not listed.
 *
 * Source  MariaDB "Error codes"; MySQL "Server Error Message Reference" and
 *         "Client Error Message Reference".
 */
enum error db_error_class(unsigned number);

/** After this error every connection has to be made anew (failover). */
bool db_error_is_failover(unsigned number);

#endif
