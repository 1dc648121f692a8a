/* The state of a connection, transactions on it, and statements as text. */
#include <poll.h>
#include <stdio.h>

#include "connection.h"
#include "errors.h"

void connection_begin_job(struct db_connection *connection, int64_t deadline_ms)
{
    connection->deadline_ms = deadline_ms;
    connection->touched = false;
    connection->error_number = 0;
    connection->error_message[0] = '\0';
}

/* Between two statements a server sends nothing, unless it closes the
 * connection or says that it shuts down. */
bool connection_alive(const struct db_connection *connection)
{
    struct pollfd fd = { .fd = (int)mysql_get_socket(connection->mysql),
                         .events = POLLIN };

    return !connection->lost && poll(&fd, 1, 0) == 0;
}

enum error connection_lost_error(const struct db_connection *connection)
{
    return connection->touched ? ERROR_DB_UNKNOWN : ERROR_DB_AWAY;
}

/* Give the connection up. Returns what the job gets: ERROR_DB_UNKNOWN if
 * something with an effect may have been sent, else ERROR_DB_AWAY. */
static enum error connection_lose(struct db_connection *connection)
{
    connection->lost = true;
    return connection_lost_error(connection);
}

enum error connection_failed(struct db_connection *connection, unsigned number,
                             const char *message)
{
    enum error err = db_error_class(number);

    connection->error_number = number;
    snprintf(connection->error_message, sizeof(connection->error_message), "%s",
             message);
    return err == ERROR_DB_UNKNOWN ? connection_lose(connection) : err;
}

/* Read and drop whatever a text has answered. */
static void drop_results(MYSQL *mysql)
{
    do {
        MYSQL_RES *result = mysql_use_result(mysql);

        if (result != NULL)
            mysql_free_result(result);
    } while (mysql_more_results(mysql) && mysql_next_result(mysql) == 0);
}

/* Run a text; `touches` says that it may have an effect. */
static enum error connection_run(struct db_connection *connection,
                                 struct slice sql, bool touches)
{
    MYSQL *mysql = connection->mysql;

    if (connection->lost)
        return connection_lost_error(connection);
    /* Before it is sent: from here on a broken connection may have had an
     * effect. */
    if (touches)
        connection->touched = true;
    if (mysql_real_query(mysql, sql.data, (unsigned long)sql.len) == 0)
        drop_results(mysql);
    if (mysql_errno(mysql))
        return connection_failed(connection, mysql_errno(mysql),
                                 mysql_error(mysql));
    return OK;
}

enum error db_run_text(struct db_connection *connection, struct slice sql)
{
    return connection_run(connection, sql, true);
}

enum error db_begin(struct db_connection *connection)
{
    enum error err =
        connection_run(connection, SLICE("START TRANSACTION"), false);

    if (err == OK)
        connection->in_transaction = true;
    return err;
}

/* A COMMIT whose answer is lost may have been executed. Only errors that
 * certainly refuse it leave the connection as it was. */
enum error db_commit(struct db_connection *connection)
{
    enum error err = connection_run(connection, SLICE("COMMIT"), false);

    if (err == OK)
        connection->in_transaction = false;
    else if (!db_error_refuses_commit(connection->error_number))
        err = connection_lose(connection);
    return err;
}

/*
 * What is known of the failure stays: a ROLLBACK that fails only means that
 * the connection can't be used again; closing it rolls back too.
 */
enum error db_rollback(struct db_connection *connection, enum error err)
{
    if (!connection->lost && mysql_query(connection->mysql, "ROLLBACK"))
        connection->lost = true;
    connection->in_transaction = false;
    return err;
}

int64_t db_found_rows(const struct db_connection *connection)
{
    return connection->found_rows;
}

int64_t db_insert_id(const struct db_connection *connection)
{
    return connection->insert_id;
}

const char *db_error_message(const struct db_connection *connection)
{
    return connection->error_message;
}

unsigned db_error_number(const struct db_connection *connection)
{
    return connection->error_number;
}

bool db_denied(const struct db_connection *connection)
{
    enum {
        ER_TABLEACCESS_DENIED = 1142,
        ER_COLUMNACCESS_DENIED = 1143,
        ER_PROCACCESS_DENIED = 1370
    };

    return connection->error_number == ER_TABLEACCESS_DENIED ||
           connection->error_number == ER_COLUMNACCESS_DENIED ||
           connection->error_number == ER_PROCACCESS_DENIED;
}
