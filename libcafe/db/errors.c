/* What each MariaDB and MySQL error number means for the caller. */
#include "errors.h"

#include <stddef.h>

#include "cafe/db/db.h"

struct error_class {
    unsigned number;
    enum error err;
    bool failover; /* this server no longer takes writes: look for another */
};

/* Numbers of the client library; all others come from the server. */
enum { CLIENT_FIRST = 2000, CLIENT_LAST = 2999 };

/* Errors of the server that are not listed are ERROR_DB: roll back and say
 * so. */
static const struct error_class classes[] = {
    /* Not executed: there is no server, or it refuses this account. */
    { 2002, ERROR_DB_AWAY, false }, /* can't connect to the socket */
    { 2003, ERROR_DB_AWAY, false }, /* can't connect to the host */
    { 2005, ERROR_DB_AWAY, false }, /* unknown host */
    { 1040, ERROR_DB_AWAY, false }, /* too many connections */
    { 1044, ERROR_DB_AWAY, false }, /* no access to the database */
    { 1045, ERROR_DB_AWAY, false }, /* wrong user or password */
    { 1049, ERROR_DB_AWAY, false }, /* no such database */
    { 1142, ERROR_DB_AWAY, false }, /* no such privilege on the table */
    { 1143, ERROR_DB_AWAY, false }, /* no such privilege on the column */
    { 1203, ERROR_DB_AWAY, false }, /* too many connections of this user */
    { 1226, ERROR_DB_AWAY, false }, /* a resource limit of this user */
    { 1047, ERROR_DB_AWAY, true },  /* Galera: not part of the cluster */
    { 1290, ERROR_DB_AWAY, true },  /* --read-only */
    { 1665, ERROR_DB_AWAY, false }, /* binlog_format = STATEMENT */
    { 1792, ERROR_DB_AWAY, true },  /* read-only transaction */
    { 1836, ERROR_DB_AWAY, true },  /* read-only mode */

    /* Not executed: the server lacks room, and may have it again soon. */
    { 1, ERROR_DB_AWAY, false },    /* can't create a file */
    { 3, ERROR_DB_AWAY, false },    /* can't write a file */
    { 5, ERROR_DB_AWAY, false },    /* out of memory, below the server */
    { 20, ERROR_DB_AWAY, false },   /* disk full, below the server */
    { 23, ERROR_DB_AWAY, false },   /* out of file descriptors */
    { 27, ERROR_DB_AWAY, false },   /* can't sync a file */
    { 1021, ERROR_DB_AWAY, false }, /* disk full */
    { 1026, ERROR_DB_AWAY, false }, /* can't write a file */
    { 1030, ERROR_DB_AWAY, false }, /* an error from the storage engine */
    { 1037, ERROR_DB_AWAY, false }, /* out of memory */
    { 1038, ERROR_DB_AWAY, false }, /* out of memory for sorting */
    { 1041, ERROR_DB_AWAY, false }, /* out of resources */
    { 1114, ERROR_DB_AWAY, false }, /* the table is full */
    { 1135, ERROR_DB_AWAY, false }, /* can't create a thread */
    { 1206, ERROR_DB_AWAY, false }, /* no room for more locks */
    { 1461, ERROR_DB_AWAY, false }, /* too many prepared statements */

    /* The whole transaction was rolled back. */
    { 1020, ERROR_DB_RETRY, false }, /* record changed since last read */
    { 1213, ERROR_DB_RETRY, false }, /* deadlock */

    /* One statement was, the transaction is still open. */
    { 1205, ERROR_DB_STATEMENT, false }, /* lock wait time-out */
    { 1317, ERROR_DB_STATEMENT, false }, /* interrupted */
    { 1969, ERROR_DB_STATEMENT, false }, /* max_statement_time, MariaDB */
    { 3024, ERROR_DB_STATEMENT, false }, /* max_execution_time, MySQL */

    /* Whether it was executed is unknown. */
    { 1053, ERROR_DB_UNKNOWN, false }, /* the server shuts down */
    { 1180, ERROR_DB_UNKNOWN, false }, /* error during COMMIT */
    { 1927, ERROR_DB_UNKNOWN, false }, /* connection killed, MariaDB */
    { 2006, ERROR_DB_UNKNOWN, false }, /* server has gone away */
    { 2013, ERROR_DB_UNKNOWN, false }, /* connection lost, or a time-out */
    { 2026, ERROR_DB_UNKNOWN, false }, /* TLS broke off */
    { 2027, ERROR_DB_UNKNOWN, false }, /* malformed packet */
    { 2055, ERROR_DB_UNKNOWN, false }, /* connection lost, with a reason */
    { 4031, ERROR_DB_UNKNOWN, false }, /* closed for inactivity, MySQL */

    { 1062, ERROR_DB_DUPLICATE, false }, /* a unique key is taken */

    /* The table's own rules refuse a value. */
    { 1048, ERROR_DB_VALUE, false }, /* NULL */
    { 1264, ERROR_DB_VALUE, false }, /* out of range */
    { 1265, ERROR_DB_VALUE, false }, /* not a member of an ENUM */
    { 1292, ERROR_DB_VALUE, false }, /* not a date or a number */
    { 1364, ERROR_DB_VALUE, false }, /* no value and no default */
    { 1366, ERROR_DB_VALUE, false }, /* not of the column's type */
    { 1406, ERROR_DB_VALUE, false }, /* too long */
    { 1451, ERROR_DB_VALUE, false }, /* a foreign key refers to the row */
    { 1452, ERROR_DB_VALUE, false }, /* a foreign key refers to nothing */
    { 1644, ERROR_DB_VALUE, false }, /* SIGNAL, of a trigger */
    { 3819, ERROR_DB_VALUE, false }, /* CHECK, MySQL */
    { 4025, ERROR_DB_VALUE, false }, /* CHECK, MariaDB */

    /* What this program needs isn't there. */
    { 1054, ERROR_DB_SCHEMA, false },   /* unknown column */
    { 1146, ERROR_DB_SCHEMA, false },   /* no such table */
    { 1449, ERROR_DB_TRIGGERS, false }, /* their definer's account is gone */
    { 1064, ERROR_DB_TRIGGERS, false }, /* not ours: one that can't be read */

    { 2008, ERROR_MEMORY, false }, /* the client is out of memory */
};

static const struct error_class *errors_find(unsigned number)
{
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
        if (classes[i].number == number)
            return &classes[i];
    return NULL;
}

enum error db_error_class(unsigned number)
{
    const struct error_class *class = errors_find(number);

    if (class != NULL)
        return class->err;
    /* An unknown error of the server is an answer: the statement failed. One of
     * the client says nothing of what the server did. */
    return number == 0 || (number >= CLIENT_FIRST && number <= CLIENT_LAST)
               ? ERROR_DB_UNKNOWN
               : ERROR_DB;
}

/* An interrupted COMMIT may be done; one that waited for a lock is not. */
bool db_error_refuses_commit(unsigned number)
{
    return db_error_class(number) == ERROR_DB_RETRY || number == 1205 ||
           db_error_is_failover(number);
}

bool db_error_is_failover(unsigned number)
{
    const struct error_class *class = errors_find(number);

    return class != NULL && class->failover;
}

/* What an attempt to connect failed at; at the host where nothing says more.
 * 0: the server was reached, and does not offer TLS. */
static const struct {
    unsigned number;
    enum db_part part;
} parts[] = {
    { 0, DB_PART_TLS },        { 2026, DB_PART_TLS },
    { 3159, DB_PART_TLS },     { 1044, DB_PART_NAME },
    { 1049, DB_PART_NAME },    { 1045, DB_PART_ACCOUNT },
    { 1130, DB_PART_ACCOUNT }, { 1251, DB_PART_ACCOUNT },
    { 1698, DB_PART_ACCOUNT }, { 1862, DB_PART_ACCOUNT },
    { 2059, DB_PART_ACCOUNT }, { 4151, DB_PART_ACCOUNT },
};

enum db_part db_error_part(unsigned number)
{
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (parts[i].number == number)
            return parts[i].part;
    return DB_PART_HOST;
}

/* What an operator does about it. */
static const struct advice {
    unsigned number;
    const char *text;
} advices[] = {
    { 1045, "The server does not accept this account or its password: set "
            "APP_DB_USER and APP_DB_PASSWORD or APP_DB_PASSWORD_FILE. An "
            "existing volume keeps the passwords it was created with." },
    { 1049, "Create the database, or set APP_DB_NAME; then run: "
            "employee --migrate" },
    { 1064, "The server could not load a trigger when it opened the table; "
            "this happens to MariaDB when a connection is killed at that "
            "moment. Run: employee --migrate; or FLUSH TABLES suppliers with "
            "an account that has the RELOAD privilege." },
    { 1205, "Another transaction holds the lock: end it, then try again." },
    { 1290, "The message names the option that the server runs with. If that "
            "is read_only or super_read_only, the server is a replica or was "
            "made read-only: use the primary, or set read_only = 0 on the "
            "server." },
    { 1419, "Set log_bin_trust_function_creators = 1 on the server (on RDS in "
            "its parameter group), then try again." },
    { 1665, "Set binlog_format = ROW (or MIXED) on the server (on RDS in its "
            "parameter group), then try again." },
    { 1836, "The server is in read-only mode: use the primary, or set "
            "read_only = 0 on the server." },
};

const char *db_error_advice(unsigned number)
{
    for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++)
        if (advices[i].number == number)
            return advices[i].text;
    return "";
}
