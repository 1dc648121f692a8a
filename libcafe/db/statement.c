/* Prepared statements: cached with their connection, read row by row. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cafe/base/clock.h"
#include "connection.h"

enum {
    STATEMENTS_MAX = 64, /* of a connection; the server keeps them too */
    CELL_FIRST_BYTES = 64
};

/* Where one column of a row is put; it grows to the longest seen. */
struct cell {
    char *data;
    size_t capacity;   /* without the byte for the NUL */
    unsigned long len; /* of the whole value, also when it didn't fit */
    my_bool null;
};

struct statement {
    struct statement *next;
    const char *sql; /* its address is the key */
    MYSQL_STMT *stmt;
    bool reads; /* only reads: running it a second time does no harm */
    unsigned columns;
    struct cell *cells;
    MYSQL_BIND *binds;
    size_t value_count;
    MYSQL_BIND *values;
};

struct db_row {
    const struct statement *statement;
};

/*
 * What breaks while a result is read is noted by the connector in the
 * connection alone, not in the statement.
 */
static enum error stmt_failed(struct db_connection *connection,
                              MYSQL_STMT *stmt)
{
    MYSQL *mysql = connection->mysql;

    if (mysql_stmt_errno(stmt))
        return connection_failed(connection, mysql_stmt_errno(stmt),
                                 mysql_stmt_error(stmt));
    return connection_failed(connection, mysql_errno(mysql),
                             mysql_error(mysql));
}

/* The program itself is wrong; say so instead of reading beyond an array. */
static enum error misused(struct db_connection *connection, const char *what)
{
    connection->error_number = 0;
    snprintf(connection->error_message, sizeof(connection->error_message), "%s",
             what);
    return ERROR_DB;
}

static void statement_free(struct statement *statement)
{
    for (unsigned i = 0; statement->cells != NULL && i < statement->columns;
         i++)
        free(statement->cells[i].data);
    free(statement->cells);
    free(statement->binds);
    free(statement->values);
    if (statement->stmt != NULL)
        mysql_stmt_close(statement->stmt);
    free(statement);
}

void connection_free_statements(struct db_connection *connection)
{
    while (connection->statements != NULL) {
        struct statement *first = connection->statements;

        connection->statements = first->next;
        statement_free(first);
    }
    connection->statement_count = 0;
}

/* Unlink and free the statement that a link points to. */
static void statement_drop(struct db_connection *connection,
                           struct statement **link)
{
    struct statement *statement = *link;

    *link = statement->next;
    connection->statement_count--;
    statement_free(statement);
}

static void drop_oldest(struct db_connection *connection)
{
    struct statement **link = &connection->statements;

    while ((*link)->next != NULL)
        link = &(*link)->next;
    statement_drop(connection, link);
}

static void put_first(struct db_connection *connection,
                      struct statement *statement)
{
    statement->next = connection->statements;
    connection->statements = statement;
}

/* The cached statement of this text, moved to the front; NULL: none yet. */
static struct statement *statement_find(struct db_connection *connection,
                                        const char *sql)
{
    struct statement **link = &connection->statements;
    struct statement *found;

    while (*link != NULL && (*link)->sql != sql)
        link = &(*link)->next;
    found = *link;
    if (found != NULL) {
        *link = found->next;
        put_first(connection, found);
    }
    return found;
}

static bool cell_grow(struct cell *cell, MYSQL_BIND *bind, size_t bytes)
{
    size_t capacity = cell->capacity ? cell->capacity : CELL_FIRST_BYTES;
    char *data;

    while (capacity < bytes)
        capacity *= 2;
    data = realloc(cell->data, capacity + 1);
    if (data == NULL)
        return false;
    cell->data = data;
    cell->capacity = capacity;
    bind->buffer = data;
    bind->buffer_length = (unsigned long)capacity;
    return true;
}

/* Every column is read as text: the protocol's integers convert exactly. */
static enum error make_cells(struct statement *statement)
{
    unsigned columns = mysql_stmt_field_count(statement->stmt);

    if (columns == 0)
        return OK;
    statement->cells = calloc(columns, sizeof(*statement->cells));
    statement->binds = calloc(columns, sizeof(*statement->binds));
    if (statement->cells == NULL || statement->binds == NULL)
        return ERROR_MEMORY;
    statement->columns = columns;
    for (unsigned i = 0; i < columns; i++) {
        MYSQL_BIND *bind = &statement->binds[i];
        struct cell *cell = &statement->cells[i];

        bind->buffer_type = MYSQL_TYPE_STRING;
        bind->length = &cell->len;
        bind->is_null = &cell->null;
        if (!cell_grow(cell, bind, CELL_FIRST_BYTES))
            return ERROR_MEMORY;
    }
    return OK;
}

static enum error make_values(struct statement *statement)
{
    statement->value_count = mysql_stmt_param_count(statement->stmt);
    if (statement->value_count > 0)
        statement->values =
            calloc(statement->value_count, sizeof(*statement->values));
    return statement->value_count > 0 && statement->values == NULL
               ? ERROR_MEMORY
               : OK;
}

static enum error statement_prepare(struct db_connection *connection,
                                    struct statement *statement)
{
    const char *sql = statement->sql;
    enum error err;

    statement->stmt = mysql_stmt_init(connection->mysql);
    if (statement->stmt == NULL)
        return ERROR_MEMORY;
    if (mysql_stmt_prepare(statement->stmt, sql, strlen(sql)))
        return stmt_failed(connection, statement->stmt);
    err = make_values(statement);
    return err == OK ? make_cells(statement) : err;
}

/* The cached statement of this text, prepared now if need be. */
static enum error obtain(struct db_connection *connection, const char *sql,
                         struct statement **result)
{
    struct statement *statement = statement_find(connection, sql);
    enum error err;

    if (statement != NULL) {
        *result = statement;
        return OK;
    }
    if (connection->statement_count == STATEMENTS_MAX)
        drop_oldest(connection);
    statement = calloc(1, sizeof(*statement));
    if (statement == NULL)
        return ERROR_MEMORY;
    statement->sql = sql;
    statement->reads = slice_starts(slice_of(sql), "SELECT ");
    err = statement_prepare(connection, statement);
    if (err != OK) {
        statement_free(statement);
        return err;
    }
    put_first(connection, statement);
    connection->statement_count++;
    *result = statement;
    return OK;
}

/*
 * The connector only reads what a value points to, but its type doesn't say
 * so; and a text without data would be NULL to it.
 */
static void bind_value(MYSQL_BIND *bind, const struct db_value *value)
{
    const void *data = &value->integer;

    *bind = (MYSQL_BIND){ 0 };
    switch (value->kind) {
    case DB_NULL:
        bind->buffer_type = MYSQL_TYPE_NULL;
        return;
    case DB_INTEGER:
        bind->buffer_type = MYSQL_TYPE_LONGLONG;
        break;
    case DB_TEXT:
        bind->buffer_type = MYSQL_TYPE_STRING;
        bind->buffer_length = (unsigned long)value->text.len;
        data = value->text.data != NULL ? value->text.data : "";
        break;
    }
    bind->buffer = (void *)(uintptr_t)data;
}

static enum error execute(struct db_connection *connection,
                          struct statement *statement,
                          const struct db_value *values, size_t count)
{
    if (count != statement->value_count)
        return misused(connection, "wrong number of values for a statement");
    for (size_t i = 0; i < count; i++)
        bind_value(&statement->values[i], &values[i]);
    if (count > 0 && mysql_stmt_bind_param(statement->stmt, statement->values))
        return stmt_failed(connection, statement->stmt);
    /* Before it is sent. What only reads can run again, whatever became of it.
     */
    if (!statement->reads)
        connection->touched = true;
    if (mysql_stmt_execute(statement->stmt))
        return stmt_failed(connection, statement->stmt);
    return OK;
}

/* Fetch what didn't fit into its cell once more, into a larger one. */
static enum error refetch(struct db_connection *connection,
                          struct statement *statement, bool *grown)
{
    MYSQL_STMT *stmt = statement->stmt;

    for (unsigned i = 0; i < statement->columns; i++) {
        struct cell *cell = &statement->cells[i];
        MYSQL_BIND *bind = &statement->binds[i];

        if (cell->null || cell->len <= cell->capacity)
            continue;
        if (!cell_grow(cell, bind, cell->len))
            return ERROR_MEMORY;
        if (mysql_stmt_fetch_column(stmt, bind, i, 0))
            return stmt_failed(connection, stmt);
        *grown = true;
    }
    return OK;
}

static enum error fetch_rows(struct db_connection *connection,
                             struct statement *statement, db_row_fn *each_row,
                             void *context)
{
    const struct db_row row = { statement };
    bool grown = true;
    enum error err;

    if (mysql_stmt_field_count(statement->stmt) != statement->columns)
        return misused(connection, "the columns of a result have changed");
    connection->found_rows = 0;
    for (;;) {
        int status;

        /* The connector has a copy of the binds: it must know new memory before
         * the next row. Some versions empty the cells then, so this row has to
         * be read. */
        if (grown && mysql_stmt_bind_result(statement->stmt, statement->binds))
            return stmt_failed(connection, statement->stmt);
        grown = false;
        status = mysql_stmt_fetch(statement->stmt);
        if (status == MYSQL_NO_DATA)
            return OK;
        if (status != 0 && status != MYSQL_DATA_TRUNCATED)
            return stmt_failed(connection, statement->stmt);
        if ((err = refetch(connection, statement, &grown)) != OK)
            return err;
        connection->found_rows++;
        if (each_row != NULL && (err = each_row(&row, context)) != OK)
            return err;
    }
}

/* Free the rest of a result: rows that were left unread would come as the
 * answer to the next statement. A statement that the server may have forgotten,
 * or whose columns have changed, is prepared anew next time; statement_find()
 * has put it first. */
static void statement_finish(struct db_connection *connection,
                             struct statement *statement, enum error err)
{
    if (statement->columns > 0)
        mysql_stmt_free_result(statement->stmt);
    if (err == ERROR_DB || err == ERROR_DB_SCHEMA || err == ERROR_DB_TRIGGERS)
        if (statement_find(connection, statement->sql) != NULL)
            statement_drop(connection, &connection->statements);
}

enum error db_query(struct db_connection *connection, const char *sql,
                    const struct db_value *values, size_t count,
                    db_row_fn *each_row, void *context)
{
    struct statement *statement;
    enum error err;

    if (connection->lost)
        return connection_lost_error(connection);
    if (connection->deadline_ms &&
        clock_monotonic_ms() > connection->deadline_ms)
        return ERROR_DEADLINE;
    if ((err = obtain(connection, sql, &statement)) != OK)
        return err;
    err = execute(connection, statement, values, count);
    if (err == OK && statement->columns > 0) {
        err = fetch_rows(connection, statement, each_row, context);
    } else if (err == OK) {
        connection->found_rows =
            (int64_t)mysql_stmt_affected_rows(statement->stmt);
        connection->insert_id = (int64_t)mysql_stmt_insert_id(statement->stmt);
    }
    statement_finish(connection, statement, err);
    return err;
}

enum error db_execute(struct db_connection *connection, const char *sql,
                      const struct db_value *values, size_t count)
{
    return db_query(connection, sql, values, count, NULL, NULL);
}

/* The value of a column; NULL for one that isn't in the result. */
static const struct cell *cell_of(const struct db_row *row, unsigned column)
{
    return column < row->statement->columns ? &row->statement->cells[column]
                                            : NULL;
}

bool db_row_null(const struct db_row *row, unsigned column)
{
    const struct cell *cell = cell_of(row, column);

    return cell == NULL || cell->null;
}

struct slice db_row_text(const struct db_row *row, unsigned column)
{
    const struct cell *cell = cell_of(row, column);

    if (cell == NULL || cell->null)
        return slice_of(NULL);
    return (struct slice){ cell->data, cell->len };
}

int64_t db_row_integer(const struct db_row *row, unsigned column)
{
    const struct cell *cell = cell_of(row, column);

    if (cell == NULL || cell->null)
        return 0;
    /* Each cell has a byte more than its capacity for this. */
    cell->data[cell->len] = '\0';
    return strtoll(cell->data, NULL, 10);
}

enum error db_take_integer(const struct db_row *row, void *context)
{
    *(int64_t *)context = db_row_integer(row, 0);
    return OK;
}
