/* The change log as people read it: by whom, when, from what to what. */
#ifndef CAFE_HISTORY_H
#define CAFE_HISTORY_H

#include "cafe/db/db.h"
#include "cafe/suppliers/supplier.h"

enum { HISTORY_ENTRIES_MAX = 200, HISTORY_PAGE_ENTRIES = 25 };

enum history_action {
    HISTORY_ADOPT, /* it was there before the log */
    HISTORY_ADD,
    HISTORY_UPDATE,
    HISTORY_REMOVE,
    HISTORY_RESTORE
};

/** Why changes belong together. */
enum history_group_kind {
    HISTORY_BATCH, /* of a program, or an import whose rows are gone */
    HISTORY_IMPORT,
    HISTORY_IMPORT_UNDONE
};

/** Changes that belong together. */
struct history_group {
    struct slice key; /* the form key of its changes; absent: no group */
    int64_t changes;
    enum history_group_kind kind;
    struct slice file_name; /* of an import */
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
    bool returned;            /* a restoration of a removed supplier: it was not
                                 there before */
    bool forgotten;           /* its texts were removed: nothing to restore */
    struct history_group group; /* that it belongs to: the key */
    bool leads; /* the entry stands for all of its group, which is known */
};

/** The name of an action, "add"; of an unknown one "". A static string. */
const char *history_action_name(enum history_action action);

/** Whether there is something to put back: what was there before the change is
 * known, and differs. */
bool history_undoable(const struct history_entry *entry);

/** Whether store_undo_group() takes it: it is known, and no import. */
bool history_group_undoable(const struct history_group *group);

/** Which changes of all suppliers; an empty text asks nothing. Case and accents
 * don't matter. */
struct history_filter {
    struct slice person;   /* a part of the person's name, or of the account
                              where there is no person */
    struct slice supplier; /* a part of the supplier's name, as it was then */
    struct slice action;   /* history_action_name() */
    struct slice day;      /* "2026-11-28" in UTC */
    struct slice group;    /* a form key: only the changes of that group */
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
    size_t page;     /* of history_read_page(), from 1. Out: the one shown */
    void *context;   /* the caller's own */

    /* Out: the newest first. */
    struct history_entry *entries;
    size_t count;
    bool more;      /* there are older ones */
    uint64_t older; /* `before` of what follows; 0: nothing does. With a filter
                       that may be nothing that it lets pass */
    size_t pages;   /* of history_read_page() */
    struct history_group group; /* the filter's; no changes: there is none */
};

/**
 * A db_work_fn whose job is a struct history_job. A removed supplier has its
 * history still.
 *
 * Errors  ERROR_MEMORY, ERROR_DB_…
 */
enum error history_read(struct db_connection *connection, void *job);

/**
 * The same, but a page by its number, and of a group one entry, where not just
 * that group or one supplier is asked for. With a filter the pages are those of
 * the newest 200,000 changes below `before`; `older` leads to the others. Of
 * large texts a page has fewer entries, and `older` leads to the rest.
 *
 * Takes no longer with a longer log, except with a filter: 1 µs a change.
 *
 * Errors  ERROR_MEMORY, ERROR_DB_…
 */
enum error history_read_page(struct db_connection *connection, void *job);

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
