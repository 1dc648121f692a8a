/* What can go wrong, as one enum that every floor shares. */
#ifndef CAFE_ERROR_H
#define CAFE_ERROR_H

/** Put in front of a function whose result must be looked at. */
#define MUST_CHECK __attribute__((warn_unused_result))

/**
 * The outcome of a function that can fail. Results leave by pointer and are
 * untouched unless the outcome is OK.
 */
enum error {
    OK = 0,
    ERROR_MEMORY,       /* out of memory, or over the owner's limit */
    ERROR_LIMIT,        /* input is larger than its limit */
    ERROR_SYNTAX,       /* input is malformed */
    ERROR_SYSTEM,       /* an operating system call failed; see errno */
    ERROR_CONFIG,       /* configuration or a template is faulty */
    ERROR_NOT_FOUND,    /* no such row, file, route or name */
    ERROR_CONFLICT,     /* the row was changed meanwhile */
    ERROR_BUSY,         /* the queue is full; nothing was done */
    ERROR_DEADLINE,     /* not begun or not done in time; nothing was done */
    ERROR_STOPPING,     /* the daemon is stopping; nothing was done */
    ERROR_DB_AWAY,      /* database unreachable; nothing was executed */
    ERROR_DB_RETRY,     /* rolled back by the database; run it again */
    ERROR_DB_STATEMENT, /* one statement failed or timed out; roll back */
    ERROR_DB_DUPLICATE, /* a unique key is taken */
    ERROR_DB_VALUE,     /* the table does not take a value; roll back */
    ERROR_DB_UNKNOWN,   /* connection lost while executing: done or not */
    ERROR_DB_SCHEMA,    /* the schema is not the one this program needs */
    ERROR_DB_TRIGGERS,  /* the triggers that log changes are missing */
    ERROR_DB            /* any other database error */
};

/**
 * One short English sentence part for an error, without a full stop.
 *
 * Returns  A static string; never NULL.
 * Thread   Any.
 */
const char *error_text(enum error err);

#endif
