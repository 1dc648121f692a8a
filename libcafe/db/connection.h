/* Private to db/: a connection from the inside, for the files that share it. */
#ifndef CAFE_DB_CONNECTION_H
#define CAFE_DB_CONNECTION_H

#include <mysql.h>

#include "cafe/db/db.h"

struct statement;

struct db_connection {
    MYSQL *mysql;
    struct statement *statements; /* cached ones, the last used first */
    size_t statement_count;
    int64_t found_rows;
    int64_t insert_id;
    unsigned error_number;
    char error_message[MYSQL_ERRMSG_SIZE];
    bool in_transaction;
    int64_t deadline_ms; /* the job's last statement begins by then; 0: none */

    /* Broken: what its last statement did is unknown. */
    bool lost;

    /*
     * Something with an effect may have been sent since the job began. Before
     * that a broken connection means only that the database is away.
     */
    bool touched;
};

/* connection.c */

/**
 * A job begins: forget the last one's error and what it has sent.
 *
 * deadline_ms  Monotonic: statements after it are refused; 0: none.
 */
void connection_begin_job(struct db_connection *connection,
                          int64_t deadline_ms);

/** Whether the server has neither closed the connection nor announced that it
 * shuts down. Asks the kernel only. */
bool connection_alive(const struct db_connection *connection);

/** What a statement gets from a connection that is lost. */
MUST_CHECK enum error connection_lost_error(
    const struct db_connection *connection);

/** Note a failure and return its class. */
MUST_CHECK enum error connection_failed(struct db_connection *connection,
                                        unsigned number, const char *message);

/* statement.c */

/** Free the cached statements once the MYSQL they belonged to is closed. */
void connection_free_statements(struct db_connection *connection);

#endif
