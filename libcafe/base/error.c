/* The words for each error. */
#include "cafe/base/error.h"

const char *error_text(enum error err)
{
    switch (err) {
    case OK:
        return "no error";
    case ERROR_MEMORY:
        return "out of memory";
    case ERROR_LIMIT:
        return "larger than the limit";
    case ERROR_SYNTAX:
        return "malformed";
    case ERROR_SYSTEM:
        return "a system call failed";
    case ERROR_CONFIG:
        return "faulty configuration";
    case ERROR_NOT_FOUND:
        return "not found";
    case ERROR_CONFLICT:
        return "changed in the meantime";
    case ERROR_BUSY:
        return "too busy";
    case ERROR_DEADLINE:
        return "timed out";
    case ERROR_STOPPING:
        return "the daemon is stopping";
    case ERROR_DB_AWAY:
        return "the database is unavailable";
    case ERROR_DB_RETRY:
        return "rolled back by the database";
    case ERROR_DB_STATEMENT:
        return "the database refused the statement";
    case ERROR_DB_DUPLICATE:
        return "a unique key is taken";
    case ERROR_DB_UNKNOWN:
        return "the connection to the database was lost while executing";
    case ERROR_DB_VALUE:
        return "the table does not accept a value";
    case ERROR_DB_SCHEMA:
        return "the schema is not the one this program needs";
    case ERROR_DB_TRIGGERS:
        return "the triggers that log changes are missing or out of date";
    case ERROR_DB:
        return "database error";
    }
    return "unknown error";
}
