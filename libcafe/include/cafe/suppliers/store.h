/* Changes to suppliers: each a job for a database thread, one transaction. */
#ifndef CAFE_STORE_H
#define CAFE_STORE_H

#include "cafe/db/db.h"
#include "cafe/suppliers/history.h"
#include "cafe/suppliers/supplier.h"
#include "cafe/suppliers/untouched.h"

enum { FORM_KEY_BYTES = 16, FORM_KEY_CHARS = 22 /* in base64url */ };

/** Write a new one-time form key, NUL-terminated. Errors: ERROR_SYSTEM. */
MUST_CHECK enum error form_key_make(char key[FORM_KEY_CHARS + 1]);

/** The key of these bytes, NUL-terminated. */
void form_key_spell(const unsigned char bytes[FORM_KEY_BYTES],
                    char key[FORM_KEY_CHARS + 1]);

/** Whether a text has the form of a key. */
bool form_key_valid(struct slice text);

/** What a form is based on when that is unknown: never a version, so that each
 * difference from what is there is a clash. */
#define REVISION_LOST ((uint64_t)INT64_MAX)

/** A clash: the supplier was changed by someone else since the form was shown.
 */
struct store_clash {
    struct supplier was;          /* what the form was based on; revision 0:
                                     the log no longer has it */
    struct history_entry theirs;  /* the supplier as it is now, who and when */
    bool fields[SUPPLIER_FIELDS]; /* changed by both, to different texts */
    size_t count;                 /* of those */
};

/** What the table's own rules have refused: narrow columns, constraints. */
struct store_refusal {
    const char *sentence;      /* the database's */
    enum supplier_field field; /* that it names; SUPPLIER_FIELDS: none */
    struct supplier_room room[SUPPLIER_FIELDS];
};

/** What becomes of a field that an undo puts back, where it was changed again
 * since. */
enum undo_pick { UNDO_ASK, UNDO_KEEP_NOW, UNDO_PUT_BACK };

/** What a change is given and what comes of it. */
struct store_job {
    struct arena *arena;      /* for what is read; the database thread's alone
                                 from db_submit() until done runs */
    struct supplier supplier; /* its id (not for an addition; of a restoration
                                 0: that of the version), and what to
                                 write (additions and updates) */
    uint64_t expected;        /* the supplier's revision that the form was
                                 based on; 0: whatever is there */
    int64_t expected_us;      /* when that one was made, UTC microseconds; the
                                 log of a restored backup may have another one
                                 of the same number. 0: not known */
    bool exact;               /* store_update: another version than that is a
                                 conflict, whatever its fields */
    uint64_t version;         /* store_restore: the entry of the log to go
                                 back to; store_undo: the one to undo */
    enum undo_pick picks[SUPPLIER_FIELDS];       /* store_undo */
    enum untouched_shown shown[SUPPLIER_FIELDS]; /* by the form, see
                                                    untouched_restore() */
    const char *form_key; /* of the form, FORM_KEY_CHARS long; NULL: none */
    const char *actor;    /* the person, for the log; NULL: unknown */
    void *context;        /* the caller's own */

    /* Out, whatever the outcome. */
    bool reloaded; /* the server held triggers that it could not read, and was
                      made to read them again */

    /* Out, with OK. */
    int64_t id;        /* the supplier's */
    uint64_t revision; /* of this change in the log */
    bool repeated;     /* this very form was saved before: this is what came of
                          it then, and nothing was done again */
    bool merged;       /* others had changed other fields: `clash` has their
                          change, `supplier` what was written */

    /* Out, with ERROR_CONFLICT and where merged is set. `supplier` has theirs
     * in the fields that only they changed, and what was typed elsewhere. */
    struct store_clash clash;

    /* Out, with ERROR_CONFLICT of an addition: what this form has added
     * already, as it is now; its revision is that of the addition. */
    struct supplier earlier;

    /* Out, with ERROR_SYNTAX. */
    struct supplier_faults faults;

    /* Out, with ERROR_DB_VALUE. */
    struct store_refusal refusal;
};

/*
 * Each is a db_work_fn whose job is a struct store_job, and one transaction:
 * form key, version, change, commit. Saving a row as it is counts as a change.
 * Safe to run again after ERROR_DB_UNKNOWN where there is a form key.
 *
 * A form key that was used for the same text gives the first one's result. Used
 * for another text of the same supplier (typed on after a broken connection, or
 * after going back in the browser) it makes a new edit, based on what that form
 * shows: what it has saved, and elsewhere what it was based on. Each text is
 * still recognised when it comes again. Another text for an addition may be a
 * correction or the next supplier: ERROR_CONFLICT, and `earlier` is what was
 * added; ERROR_NOT_FOUND: that is gone.
 *
 * An update leaves what was not touched as it is stored, see
 * untouched_restore(), and checks what it writes: ERROR_SYNTAX, see `faults`.
 *
 * ERROR_NOT_FOUND: there is no such supplier (or entry, or it was forgotten).
 * ERROR_CONFLICT: both changed the same fields, see `clash`; for a removal or a
 * restoration, which have no fields to merge: somebody has changed it at all.
 * ERROR_DB_VALUE: the table does not take it, see `refusal`.
 * ERROR_DB_STATEMENT: somebody holds the row for longer than
 * innodb_lock_wait_timeout. ERROR_DB_TRIGGERS: the triggers that log changes
 * are gone. Whatever the error, nothing was changed, except with
 * ERROR_DB_UNKNOWN, where that is unknown.
 */
enum error store_add(struct db_connection *connection, void *job);
enum error store_update(struct db_connection *connection, void *job);
enum error store_remove(struct db_connection *connection, void *job);

/** Back to an earlier version, also of a removed supplier: under its id. */
enum error store_restore(struct db_connection *connection, void *job);

/**
 * Undo one change: the fields that it has touched get what was there before,
 * the others stay as they are. Of a removal: bring it back. The log says
 * "restore".
 *
 * ERROR_NOT_FOUND: also where nothing was there before that change.
 * ERROR_CONFLICT: also where fields were changed again since and `picks` says
 * nothing about them; `clash.fields` says which.
 */
enum error store_undo(struct db_connection *connection, void *job);

/** What going back would make of a supplier. */
struct store_look {
    struct arena *arena; /* as in struct store_job */
    uint64_t version;
    bool undo; /* undo that change; false: restore that version */
    enum undo_pick picks[SUPPLIER_FIELDS];
    void *context; /* the caller's own */

    /* Out. */
    struct history_entry change; /* the entry of that version */
    struct history_entry newest; /* of the same supplier */
    bool there;                  /* the supplier is */
    struct supplier now;         /* if it is there */
    struct supplier after;
    bool asks[SUPPLIER_FIELDS]; /* changed again since: see picks */
};

/**
 * Read what store_restore() or store_undo() would do. A db_work_fn whose job is
 * a struct store_look. It locks and changes nothing.
 *
 * Errors  ERROR_NOT_FOUND, ERROR_MEMORY, ERROR_DB_…
 */
enum error store_look_back(struct db_connection *connection, void *job);

/**
 * Remove form keys that are older than a week, some at a time. A db_work_fn;
 * the job is not used.
 */
enum error store_clean_keys(struct db_connection *connection, void *job);

#endif
