/* The change log as people read it: by whom, when, from what to what. */
#ifndef CAFE_HISTORY_H
#define CAFE_HISTORY_H

#include "cafe/db/db.h"
#include "cafe/suppliers/supplier.h"

enum { HISTORY_ENTRIES_MAX = 200 };

enum history_action {
    HISTORY_ADOPT, /* it was there before the log */
    HISTORY_ADD,
    HISTORY_UPDATE,
    HISTORY_REMOVE,
    HISTORY_RESTORE
};

/** One change of one supplier. All texts are in the arena of the reading job.
 */
struct history_entry {
    enum history_action action;
    struct supplier supplier; /* as it was then: its id, this revision, and
                                 the fields (of a removal: the last ones) */
    struct supplier before;   /* the version before, of a restoration the one
                                 removed; revision 0: none (of an addition and
                                 an adoption), or it was forgotten */
    struct slice actor;       /* the person; absent: made by another program */
    struct slice writer;      /* the database account, "employee@10.0.0.7" */
    int64_t at_us;            /* UTC microseconds */
    bool last;                /* nothing has changed this supplier since */
    bool forgotten;           /* its texts were removed: nothing to restore */
};

/** The name of an action, "add"; of an unknown one "". A static string. */
const char *history_action_name(enum history_action action);

/** Which changes of all suppliers; an empty text asks nothing. Case and accents
 * don't matter. */
struct history_filter {
    struct slice person;   /* a part of the person's name, or of the account
                              where there is no person */
    struct slice supplier; /* a part of the supplier's name, as it was then */
    struct slice action;   /* history_action_name() */
    struct slice day;      /* "2026-11-28" in UTC */
};

/** What to read, and what was found. */
struct history_job {
    struct arena *arena; /* for the entries; the database thread's alone from
                            db_submit() until done runs */
    int64_t supplier_id; /* 0: of all suppliers */
    struct history_filter filter; /* of all suppliers */
    uint64_t before; /* only revisions below; 0: from the newest on */
    size_t limit;    /* entries at most; at most HISTORY_ENTRIES_MAX. Of
                        large texts there are fewer, see `more` */
    void *context;   /* the caller's own */

    /* Out: the newest first. */
    struct history_entry *entries;
    size_t count;
    bool more;      /* there are older ones */
    uint64_t older; /* `before` of what follows; 0: nothing does. With a filter
                       that may be nothing that it lets pass */
};

/**
 * A db_work_fn whose job is a struct history_job. A removed supplier has its
 * history still.
 *
 * Errors  ERROR_MEMORY, ERROR_DB_…
 */
enum error history_read(struct db_connection *connection, void *job);

/**
 * Take a supplier's texts, and the names of their writers, out of the log,
 * except for the version that is in the table now: of a removed supplier all of
 * them. Revisions, actions and times stay. Rows of imports about the supplier
 * are removed.
 *
 * connection  Of the account that migrates: no other may write the log.
 * id          Of the supplier.
 * entries     Out: how many were emptied.
 * Errors      ERROR_NOT_FOUND (the log knows no such supplier), ERROR_DB_…
 */
MUST_CHECK enum error history_forget(struct db_connection *connection,
                                     int64_t id, int64_t *entries);

#endif
