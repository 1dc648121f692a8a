/* Imports: the rows of a file, compared with the directory, written in chunks,
 * undone. All state is in the database, so any task can go on with it. */
#ifndef CAFE_IMPORT_H
#define CAFE_IMPORT_H

#include "cafe/import/mapping.h"
#include "cafe/import/reader.h"
#include "cafe/suppliers/store.h"

enum {
    IMPORT_STAGED_MAX = 500000, /* rows of a file, and missing suppliers */
    IMPORT_CANDIDATES_MAX = 10,
    IMPORT_KEPT_DAYS = 90 /* with its rows; after that it can't be undone */
};

/** In the order of the table's ENUM. */
enum import_state {
    IMPORT_READING,
    IMPORT_PREVIEW, /* all rows are compared, nothing is written */
    IMPORT_RUNNING,
    IMPORT_PAUSED,
    IMPORT_CANCELLED, /* what was written stays */
    IMPORT_DONE,
    IMPORT_UNDOING,
    IMPORT_UNDONE,
    IMPORT_FAILED, /* the file can't be read, see `problem` */
    IMPORT_STATES
};

/** What a row is; in the order of the table's ENUM. */
enum staged_kind {
    STAGED_NEW,
    STAGED_CHANGED,
    STAGED_SAME,
    STAGED_AMBIGUOUS, /* it may be one of several suppliers, or another one */
    STAGED_DUPLICATE, /* an earlier row may be about the same supplier */
    STAGED_FAULTY,
    STAGED_MISSING, /* a supplier that is not in the file */
    STAGED_KINDS
};

/** What has become of a row; in the order of the table's ENUM. */
enum import_outcome {
    IMPORT_NO_OUTCOME,
    IMPORT_WRITTEN,
    IMPORT_CLASH,   /* somebody has changed the supplier since the preview */
    IMPORT_REFUSED, /* the table's own rules don't take it */
    IMPORT_TAKEN_BACK,
    IMPORT_KEPT, /* not taken back: somebody has changed it since */
    IMPORT_OUTCOMES
};

/** Their names as the database has them; static. */
const char *import_state_name(enum import_state state);
const char *staged_kind_name(enum staged_kind kind);
const char *import_outcome_name(enum import_outcome outcome);

/** An import. Texts are in the arena of the reader. */
struct import {
    int64_t id;
    char key[FORM_KEY_CHARS + 1]; /* names it in URLs, and its changes in the
                                     log, as their form key */
    char undo_key[FORM_KEY_CHARS + 1];
    enum import_state state;
    struct slice person; /* absent: not known */
    struct slice undone_by;
    struct slice file_name;
    struct slice settings; /* the caller's: how the file is read */
    struct slice problem;
    bool clear_empty;    /* empty cells empty the field */
    bool remove_missing; /* suppliers that the file lacks are removed */
    uint64_t revision;   /* of the directory that it was compared with */
    bool preparing;      /* its state is IMPORT_PAUSED until it can be written,
                            or IMPORT_DONE until it can be undone */
    bool broken_off;     /* nobody reads it any more, and its file is gone */
    char task[FORM_KEY_CHARS + 1]; /* who reads it; set by those that do */
    int64_t created_us, changed_us;
};

/** How many rows there are. */
struct import_counts {
    uint64_t kinds[STAGED_KINDS];
    uint64_t outcomes[IMPORT_OUTCOMES];
    uint64_t written[STAGED_KINDS]; /* those of IMPORT_WRITTEN */
    uint64_t todo;      /* wait to be written, or to be taken back */
    uint64_t undo_todo; /* of these, the latter: also after a pause */
};

/*
 * All of these run on a database thread, or in a program without a loop.
 *
 * Errors  ERROR_NOT_FOUND: there is no such import. ERROR_DB_…, ERROR_MEMORY.
 */

/**
 * Note a new import, which is being read by the caller: as long as it stages
 * rows, the import is not broken off.
 *
 * import  Its person, file_name, settings and switches; the rest is set.
 */
MUST_CHECK enum error import_create(struct db_connection *connection,
                                    struct import *import);

/** Read an import by its key. */
MUST_CHECK enum error import_find(struct db_connection *connection,
                                  struct arena *arena, struct slice key,
                                  struct import *import);

MUST_CHECK enum error import_count(struct db_connection *connection, int64_t id,
                                   struct import_counts *counts);

/** Remove an import with its rows, whatever its state. */
MUST_CHECK enum error import_remove(struct db_connection *connection,
                                    int64_t id);

/* Reading. */

struct stage;

/**
 * Begin to compare the rows of a file with the directory, and to put them into
 * the table of rows, of which those of an earlier attempt are removed.
 *
 * kind     Of the file.
 * targets  See cafe/import/mapping.h; borrowed until the end.
 * stage    Out: owned by the caller.
 */
MUST_CHECK enum error stage_open(struct db_connection *connection,
                                 const struct import *import,
                                 enum import_kind kind,
                                 const unsigned char *targets,
                                 struct stage **stage);

/** Take a row that is not the header. Errors also: ERROR_LIMIT (more than
 * IMPORT_STAGED_MAX rows), ERROR_BUSY (another task has taken it up). */
MUST_CHECK enum error stage_row(struct stage *stage,
                                const struct import_row *row);

/** The file has ended: the import becomes a preview. */
MUST_CHECK enum error stage_finish(struct stage *stage);

/** Give its memory back; NULL is allowed. */
void stage_close(struct stage *stage);

/* Writing. */

struct preparation; /* before the first chunk */

/** An import that is worked on by this task. */
struct import_run {
    int64_t id;
    char task[FORM_KEY_CHARS + 1];   /* names the task: form_key_make() */
    size_t chunk;                    /* rows at once; 0 at first */
    int64_t from;                    /* no row before it waits; 0 at first */
    struct preparation *preparation; /* under way; NULL at first */
    bool preparing;  /* out: nothing was written yet, it was prepared */
    bool ended;      /* out: nothing is left to do here */
    int64_t rest_ms; /* out: leave the database and the processors
                        to others for so long before the next */
};

/** Give back what a run holds; it can be used again. */
void import_run_end(struct import_run *run);

/**
 * Begin to write, to go on after a pause, or to take back what was written. The
 * first steps prepare it: new rows that somebody has entered since the preview
 * become ambiguous.
 *
 * person  Who takes it back, for the log; absent: not known.
 * Errors  ERROR_CONFLICT: not in this state. ERROR_BUSY: another import is at
 *         work.
 */
MUST_CHECK enum error import_start(struct db_connection *connection,
                                   int64_t id);
MUST_CHECK enum error import_undo(struct db_connection *connection, int64_t id,
                                  struct slice person);

/** Stop the writing or undoing after the chunk under way; import_start() or
 * import_undo() goes on. The state of an import whose undoing is paused is
 * IMPORT_DONE. Errors also: ERROR_CONFLICT, as above. */
MUST_CHECK enum error import_pause(struct db_connection *connection,
                                   int64_t id);

/** End the writing or undoing after the chunk under way; what was written, or
 * undone, stays. Errors also: ERROR_CONFLICT, as above. */
MUST_CHECK enum error import_cancel(struct db_connection *connection,
                                    int64_t id);

/**
 * A db_work_fn (job: struct import_run): prepare a range of rows, write one
 * chunk, or take it back, in one transaction, which also notes it in the table
 * of rows, so that no row is written twice. A row whose supplier somebody has
 * changed since the preview becomes a clash. Safe to run again whatever the
 * outcome.
 *
 * Errors  As the others: run it again later. ERROR_DB_TRIGGERS: the triggers
 *         that log changes are gone; nothing was written.
 */
enum error import_step(struct db_connection *connection, void *run);

/* The result. */

/** A row of an import, with the supplier as it was when it was compared. */
struct staged_row {
    int64_t n;    /* from 1 */
    int64_t line; /* of the file; 0: a missing supplier */
    enum staged_kind kind;
    enum import_outcome outcome;
    int64_t supplier_id; /* 0: none */
    struct slice place;  /* see staged_reason_next() */
    struct slice reason;
    struct slice candidates;  /* ids, "5,9"; may be empty */
    struct supplier supplier; /* as it is to be */
};

/** Which rows to read. */
struct staged_query {
    int64_t import_id;
    int64_t after; /* rows from the next one on */
    size_t skip, limit;
    bool unwritten; /* only those that the person has to look at: faulty,
                       ambiguous, duplicate, clash, refused, kept */
    bool of_kind;   /* only those of `kind` */
    enum staged_kind kind;
};

typedef enum error staged_row_fn(void *context, const struct staged_row *row);

/** Call `each` for rows in their order; their texts live until it returns. */
MUST_CHECK enum error staged_read(struct db_connection *connection,
                                  const struct staged_query *query,
                                  staged_row_fn *each, void *context);

/**
 * Cut the next reason from those of a row.
 *
 * places   In: the row's `place`; out: what follows.
 * reasons  In: the row's `reason`; out: what follows.
 * place    Out: the column with the fault; may be empty.
 * reason   Out: a sentence without its full stop, or several.
 * Returns  false: there is none.
 */
bool staged_reason_next(struct slice *places, struct slice *reasons,
                        struct slice *place, struct slice *reason);

/**
 * Append a row, or the names of the columns, as CSV for spreadsheets: those of
 * downloads, and "reason", which says where and why. Corrected, the file can be
 * imported again.
 */
void staged_csv_head(struct text *out);
void staged_csv_record(struct text *out, const struct staged_row *row);

#endif
