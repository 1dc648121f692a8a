/* Private to db/: what the error numbers of the database mean. */
#ifndef CAFE_DB_ERRORS_H
#define CAFE_DB_ERRORS_H

#include <stdbool.h>

#include "cafe/base/error.h"
#include "cafe/db/db.h"

/**
 * The class of an error number. One that is not listed is ERROR_DB if it is
 * the server's; a failure without a number, or of the client library, says
 * nothing of what the server did: ERROR_DB_UNKNOWN.
 *
 * Source  MariaDB "Error codes"; MySQL "Server Error Message Reference" and
 *         "Client Error Message Reference".
 */
enum error db_error_class(unsigned number);

/** A COMMIT that ends with this error has certainly not been executed. */
bool db_error_refuses_commit(unsigned number);

/** After this error every connection has to be made anew (failover). */
bool db_error_is_failover(unsigned number);

/** What an attempt to connect that ended with this error failed at. */
enum db_part db_error_part(unsigned number);

#endif
