/* Database access: a connection used as plain C, and the threads. */
#ifndef CAFE_DB_H
#define CAFE_DB_H

#include "cafe/base/arena.h"
#include "cafe/base/counters.h"
#include "cafe/base/log.h"
#include "cafe/base/text.h"

struct event_base;

enum db_tls { DB_TLS_OFF, DB_TLS_REQUIRE, DB_TLS_VERIFY };

/** How to reach the database. Strings are borrowed. */
struct db_options {
    const char *host;
    int64_t port;
    const char *socket; /* unix socket; "" to use host and port */
    const char *user;
    const char *password;
    const char *password_file; /* read at each connect; "" for none */
    const char *name;          /* of the database */
    int tls;                   /* enum db_tls */
    const char *tls_ca;        /* PEM file; "" for the system's */
    int64_t connect_timeout_s;
    int64_t read_timeout_s;
    int64_t write_timeout_s; /* over TCP also the longest wait for an
                                acknowledgement */
};

/** One connection, used by one thread at a time. */
struct db_connection;

/**
 * Connect: utf8mb4, CLIENT_FOUND_ROWS, READ COMMITTED,
 * innodb_lock_wait_timeout=3, lock_wait_timeout=3, time_zone UTC, strict mode,
 * no reconnect.
 *
 * why     On failure one line that says what failed and never the password.
 * Errors  ERROR_DB_AWAY, ERROR_MEMORY.
 * Thread  Any except the loop's: it blocks, up to the timeouts.
 */
MUST_CHECK enum error db_connect(const struct db_options *options,
                                 struct db_connection **connection,
                                 struct text *why);

/** Close a connection; an open transaction is rolled back by the server. */
void db_disconnect(struct db_connection *connection);

/** Which of the options an attempt to connect failed at. */
enum db_part { DB_PART_HOST, DB_PART_TLS, DB_PART_ACCOUNT, DB_PART_NAME };

/**
 * db_connect(), telling on failure which option to look at.
 *
 * part    On ERROR_DB_AWAY: what failed; else unchanged.
 */
MUST_CHECK enum error db_try(const struct db_options *options,
                             struct db_connection **connection,
                             enum db_part *part, struct text *why);

/** Read the password file, if there is one. Errors as db_connect(). */
MUST_CHECK enum error db_check_password(const struct db_options *options,
                                        struct text *why);

/** What a thread that has used connections, and is none of db_open(), calls at
 * its end: the connector has memory of its own for each thread. */
void db_thread_end(void);

/** A value for a "?" of a statement. */
struct db_value {
    enum { DB_NULL, DB_INTEGER, DB_TEXT } kind;
    int64_t integer;
    struct slice text;
};

#define DB_VALUE_NULL ((struct db_value){ .kind = DB_NULL })
#define DB_VALUE_INTEGER(n) ((struct db_value){ DB_INTEGER, (n), { 0, 0 } })
#define DB_VALUE_TEXT(s) ((struct db_value){ DB_TEXT, 0, (s) })

/**
 * A row of a result; its texts live until the row function returns. A column
 * that is NULL, or beyond the last, is 0 as an integer and absent as a text.
 */
struct db_row;
int64_t db_row_integer(const struct db_row *row, unsigned column);
struct slice db_row_text(const struct db_row *row, unsigned column);
bool db_row_null(const struct db_row *row, unsigned column);

/** Sees each row; an error ends the query with that error. */
typedef enum error db_row_fn(const struct db_row *row, void *context);

/** Store the first column in the int64_t that context is. */
enum error db_take_integer(const struct db_row *row, void *context);

/**
 * Run a statement. It is prepared once for each connection and cached there.
 *
 * sql        A constant with "?" for values; its address is the key of the
 *            cached statement, so pass the same constant each time.
 * each_row   NULL when there is no result.
 * Errors     The ERROR_DB_… classes; ERROR_DEADLINE (the job's time is up and
 *            nothing was sent); ERROR_MEMORY; those of each_row.
 * Thread     A database thread, as all functions of a connection.
 */
MUST_CHECK enum error db_query(struct db_connection *connection,
                               const char *sql, const struct db_value *values,
                               size_t count, db_row_fn *each_row,
                               void *context);

/** db_query() for a statement without a result. */
MUST_CHECK enum error db_execute(struct db_connection *connection,
                                 const char *sql, const struct db_value *values,
                                 size_t count);

/** Run one statement that can't be prepared (DDL, triggers). Its result, if
 * any, is dropped. */
MUST_CHECK enum error db_run_text(struct db_connection *connection,
                                  struct slice sql);

/** Rows that the last statement found (not: changed), and its new id. */
int64_t db_found_rows(const struct db_connection *connection);
int64_t db_insert_id(const struct db_connection *connection);

/** What the database said of the last failure; "" if nothing. */
const char *db_error_message(const struct db_connection *connection);
unsigned db_error_number(const struct db_connection *connection);

/** Whether the last failure was a missing right on a table, column or routine.
 */
bool db_denied(const struct db_connection *connection);

/** What an operator does about an error number, as sentences; "" if unknown. */
const char *db_error_advice(unsigned number);

/** Begin a transaction. Errors: ERROR_DB_… */
MUST_CHECK enum error db_begin(struct db_connection *connection);

/**
 * Commit. Errors: ERROR_DB_RETRY and others that certainly refused it: roll
 * back; ERROR_DB_UNKNOWN: it may have been executed, the connection is lost.
 */
MUST_CHECK enum error db_commit(struct db_connection *connection);

/** Roll back and return `err`, for "return db_rollback(db, err);". */
MUST_CHECK enum error db_rollback(struct db_connection *connection,
                                  enum error err);

/* The threads. */

struct db;

struct db_config {
    const char *name; /* of these threads, in log lines: "main" */
    struct db_options options;
    int64_t threads;
    int64_t queue_max; /* jobs waiting */
    int64_t queue_ms;  /* a job not started within this gets ERROR_DEADLINE */
    int64_t back_off_max_ms; /* after a failed attempt to connect */
    struct log *log;
    struct counters *counters;
};

/**
 * Start the threads. They connect when the first job needs it, and again
 * after a lost connection. While the database is away, or jobs of no request
 * fail, the log says so when it begins, now and then, and when it ends.
 *
 * base    The loop on which results are handed back.
 * Errors  ERROR_MEMORY, ERROR_SYSTEM.
 */
MUST_CHECK enum error db_open(struct event_base *base,
                              const struct db_config *config, struct db **db);

/** What they were opened with, so that a caller can open more like them; lives
 * until db_close(). */
const struct db_config *db_config_of(const struct db *db);

/**
 * On a database thread: touches only its own memory and this connection. It
 * may run again from the start when it returned ERROR_DB_RETRY, or, if it was
 * submitted as repeatable, ERROR_DB_UNKNOWN.
 */
typedef enum error db_work_fn(struct db_connection *connection, void *job);

/** On the loop thread, exactly once for each job. */
typedef void db_done_fn(void *job, enum error outcome);

/** What a job is, and on whose behalf it runs. */
struct db_call {
    const char *operation;  /* a short name, for log lines and monitoring;
                               static, one of a few */
    const char *request_id; /* of the request, in log lines; NULL: of none */
    int64_t *waited_us;     /* the time from submit to done is added to it,
                               before done runs; may be NULL */

    /**
     * The job is safe to repeat, because its transaction begins with a form
     * key: when the outcome of a run is unknown (ERROR_DB_UNKNOWN), work runs
     * again from the start on a new connection, at most three times and as long
     * as a job may wait. done gets ERROR_DB_UNKNOWN when that did not settle
     * it: the database was not back in time, or failed again.
     *
     * Its statements may take read_timeout_s together: after that the next one
     * is refused with ERROR_DEADLINE, so that slow answers do not add up. A
     * COMMIT is not refused.
     *
     * It writes, so it may have to wait for locks: one such job runs at a time
     * for each row, the others wait in the queue, and one thread of three or
     * more is left to jobs that only read.
     */
    bool repeatable;

    /* Any number for the row that it locks, the same for the same row; 0: not
     * known, or a new one. */
    uint64_t row;
};

/**
 * Queue a job: work on a database thread, then done on the loop thread, never
 * before this returns. A job that is rolled back (ERROR_DB_RETRY) is run at
 * most three times. done gets work's outcome, or ERROR_BUSY, ERROR_DEADLINE,
 * ERROR_STOPPING or ERROR_DB_AWAY when work did not run. Only when there is no
 * memory left to queue it, done runs at once, with ERROR_MEMORY.
 *
 * call    Copied; what it points to must live until done has run.
 * job     Owned by the caller, must live until done has run.
 * Thread  Loop thread only.
 */
void db_submit_call(struct db *db, const struct db_call *call, db_work_fn *work,
                    db_done_fn *done, void *job);

/** db_submit_call() for a job of no request. */
void db_submit(struct db *db, const char *operation, db_work_fn *work,
               db_done_fn *done, void *job);

enum { DB_POOLS_MAX = 2 };

/**
 * Write the figures of up to DB_POOLS_MAX of them, for monitoring: durations
 * and failures by operation, connections by state, jobs that wait.
 */
void db_metrics(struct db *const pools[], size_t count, struct text *out);

/**
 * Let running jobs end, hand waiting ones back with ERROR_STOPPING (their
 * done functions run inside this call), join the threads and free.
 */
void db_close(struct db *db);

/* Migrations. */

struct db_migration {
    int number;       /* 1, 2, … without gaps */
    const char *name; /* "0001-suppliers" */
    const char *sql;  /* steps, each ended by a line "-- step" or the end */
};

enum db_migrate_flag {
    DB_MIGRATE_DRY_RUN = 1, /* only print what would be done */
    DB_MIGRATE_AGAIN = 2    /* also run again those that were applied before */
};

/**
 * Wait for the lock (GET_LOCK) that keeps other migrations of this database
 * out, and bound how long changes of a table wait for transactions that use it.
 * Each lock needs its unlock; closing the connection unlocks too.
 *
 * Errors  ERROR_BUSY: another migration still runs; ERROR_DB_…
 */
MUST_CHECK enum error db_migrate_lock(struct db_connection *connection,
                                      struct text *report);
MUST_CHECK enum error db_migrate_unlock(struct db_connection *connection);

/**
 * Run the steps of one migration without noting it.
 *
 * flags   DB_MIGRATE_DRY_RUN or 0.
 * Errors  ERROR_DB_…
 */
MUST_CHECK enum error db_migrate_steps(struct db_connection *connection,
                                       const struct db_migration *migration,
                                       unsigned flags, struct text *report);

/** The end of db_migrate(), on its connection and under its lock; `flags` are
 * those of db_migrate(). What it reports and its errors become those of it. */
typedef enum error db_migrate_finish_fn(struct db_connection *connection,
                                        unsigned flags, struct text *report);

/**
 * Apply the migrations that this database does not have yet, in order, under
 * db_migrate_lock(), and note each with its SHA-256 in `cafe_migrations`.
 * Every step must be safe to run again: a migration that failed half-way is
 * run again from its first step. One whose text has changed since it was
 * applied is an error.
 *
 * connection  One with a long read time-out: a large table takes its time.
 * migrations  Ended by number 0.
 * finish      Run each time, when all steps are done and before the last
 *             migration is noted: a run that fails here is not complete. NULL:
 *             there is nothing more to do.
 * flags       Of enum db_migrate_flag, or 0.
 * report      One line per migration and step; on failure also what the
 *             database said, and what to do. A transaction that a step has
 *             left open is rolled back.
 * Errors      ERROR_DB_…, ERROR_CONFLICT (checksum), ERROR_BUSY (the lock).
 */
MUST_CHECK enum error db_migrate(struct db_connection *connection,
                                 const struct db_migration *migrations,
                                 db_migrate_finish_fn *finish, unsigned flags,
                                 struct text *report);

/**
 * Read the number of the last migration that was applied; 0 for none.
 *
 * Errors  ERROR_DB_…
 */
MUST_CHECK enum error db_schema_version(struct db_connection *connection,
                                        int *version);

#endif
