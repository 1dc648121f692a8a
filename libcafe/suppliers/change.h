/* Private to suppliers/: what becomes of one row, within a transaction. */
#ifndef CAFE_SUPPLIERS_CHANGE_H
#define CAFE_SUPPLIERS_CHANGE_H

#include "form_key.h"

struct attempt;

/* What to do to the row, within the transaction. */
typedef enum error change_fn(struct db_connection *connection,
                             struct attempt *attempt);

/* One of the changes. */
struct kind {
    const char *name;       /* in the text of the form */
    const char *log_action; /* what the triggers are to log; NULL: the usual */
    bool writes_fields;     /* they are in the text of the form */
    bool goes_back;         /* to a version, which is in the text of the form */
    change_fn *prepare;     /* lock, compare, merge, check: nothing is written
                               yet, and nothing but its row is locked */
    change_fn *write;
};

/*
 * One run of a job. It may have to run again from the start: what the job was
 * given stays as it is until the outcome is known.
 */
struct attempt {
    const struct kind *kind;
    struct store_job job;
    struct form_claim claim;
    bool claimed;     /* the transaction has the key */
    bool follows;     /* typed on: based on what this form saved last */
    uint64_t shown;   /* then: what the form was based on at first */
    bool exists;      /* the row does, and is locked */
    uint64_t version; /* the last in the log before this change */
};

/* The changes. */
extern const struct kind kind_add, kind_update, kind_remove, kind_restore,
    kind_undo;

/**
 * Begin a transaction whose changes the triggers log so.
 *
 * log_action  NULL: the usual one.
 * Errors      ERROR_DB_…
 */
MUST_CHECK enum error change_begin(struct db_connection *connection,
                                   const char *actor, const char *log_action,
                                   const char *form_key);

/**
 * Whether to try a second time after this error: the server had a trigger that
 * it could not read. Also if that can't be changed, so that it is what the log
 * names as the reason.
 *
 * reloaded  Out, where it is true: it was made to read them again.
 */
bool change_may_again(struct db_connection *connection, enum error err,
                      bool *reloaded);

#endif
