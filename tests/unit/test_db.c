/* A connection with a real database: values, rows, transactions, errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "test_database.h"

enum { LONG_BYTES = 3 * 1024 * 1024, MANY_ROWS = 5000 };

static int connect_one(void **state)
{
    struct db_connection *db = test_connect();

    test_run(db, "DROP TABLE IF EXISTS test_db");
    test_run(db, "CREATE TABLE test_db (id INT AUTO_INCREMENT PRIMARY KEY,"
                 " t LONGTEXT NULL, n BIGINT NULL) ENGINE=InnoDB"
                 " DEFAULT CHARSET=utf8mb4");
    *state = db;
    return 0;
}

static int disconnect_one(void **state)
{
    test_run(*state, "DROP TABLE test_db");
    db_disconnect(*state);
    return 0;
}

static const char insert_row[] = "INSERT INTO test_db (t, n) VALUES (?, ?)";

static int64_t insert(struct db_connection *db, struct slice t, int64_t n)
{
    const struct db_value values[] = { DB_VALUE_TEXT(t), DB_VALUE_INTEGER(n) };

    assert_int_equal(db_execute(db, insert_row, values, 2), OK);
    assert_int_equal(db_found_rows(db), 1);
    return db_insert_id(db);
}

static enum error take_integer(const struct db_row *row, void *context)
{
    *(int64_t *)context = db_row_integer(row, 0);
    return OK;
}

static int64_t ask(struct db_connection *db, const char *sql)
{
    int64_t number = -1;

    assert_int_equal(db_query(db, sql, NULL, 0, take_integer, &number), OK);
    return number;
}

struct copy {
    struct text text;
    bool null;
    int64_t number;
};

static enum error take_copy(const struct db_row *row, void *context)
{
    struct copy *copy = context;

    text_reset(&copy->text);
    text_append_slice(&copy->text, db_row_text(row, 0));
    copy->null = db_row_null(row, 0);
    copy->number = db_row_integer(row, 1);
    return OK;
}

static const char select_row[] = "SELECT t, n FROM test_db WHERE id = ?";

static void read_back(struct db_connection *db, int64_t id, struct copy *copy)
{
    const struct db_value value = DB_VALUE_INTEGER(id);

    assert_int_equal(db_query(db, select_row, &value, 1, take_copy, copy), OK);
    assert_int_equal(db_found_rows(db), 1);
}

static void test_texts_of_any_length_come_back(void **state)
{
    static const size_t lens[] = { 0,   1,    63,   64,         65, 127,
                                   128, 5000, 1000, LONG_BYTES, 3 };
    char *bytes = malloc(LONG_BYTES);
    struct copy copy = { 0 };

    assert_non_null(bytes);
    memset(bytes, 'x', LONG_BYTES);
    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        struct slice t = { bytes, lens[i] };

        bytes[0] = (char)('a' + i);
        read_back(*state, insert(*state, t, (int64_t)i - 5), &copy);
        assert_true(slice_equal(text_slice(&copy.text), t));
        assert_false(copy.null);
        assert_int_equal(copy.number, (int64_t)i - 5);
    }
    text_free(&copy.text);
    free(bytes);
}

static void test_unicode_null_and_the_bounds_of_integers(void **state)
{
    const struct slice t = SLICE("Kāfé ☕ 咖啡 𝄞 'quoted' \\ %s");
    const struct db_value nothing[] = { DB_VALUE_NULL, DB_VALUE_NULL };
    struct copy copy = { 0 };

    read_back(*state, insert(*state, t, INT64_MIN), &copy);
    assert_true(slice_equal(text_slice(&copy.text), t));
    assert_true(copy.number == INT64_MIN);
    read_back(*state, insert(*state, t, INT64_MAX), &copy);
    assert_true(copy.number == INT64_MAX);
    read_back(*state, insert(*state, slice_of(NULL), 0), &copy);
    assert_false(copy.null);
    assert_int_equal(db_execute(*state, insert_row, nothing, 2), OK);
    read_back(*state, db_insert_id(*state), &copy);
    assert_true(copy.null);
    assert_int_equal(copy.text.len, 0);
    text_free(&copy.text);
}

struct sum {
    int64_t rows, total, stop_at;
};

static enum error add_up(const struct db_row *row, void *context)
{
    struct sum *sum = context;

    sum->rows++;
    sum->total += db_row_integer(row, 0);
    return sum->rows == sum->stop_at ? ERROR_LIMIT : OK;
}

static const char select_many[] =
    "SELECT seq, REPEAT('y', seq MOD 300) FROM seq_1_to_5000";

static void test_rows_come_one_by_one_and_can_be_cut_short(void **state)
{
    struct sum all = { 0 };
    struct sum some = { .stop_at = 7 };

    assert_int_equal(db_query(*state, select_many, NULL, 0, add_up, &all), OK);
    assert_int_equal(all.rows, MANY_ROWS);
    assert_int_equal(all.total, MANY_ROWS * (MANY_ROWS + 1) / 2);
    assert_int_equal(db_query(*state, select_many, NULL, 0, add_up, &some),
                     ERROR_LIMIT);
    assert_int_equal(some.rows, 7);
    assert_int_equal(ask(*state, "SELECT 42"), 42);
}

static void test_session_is_set_up(void **state)
{
    assert_int_equal(ask(*state, "SELECT @@innodb_lock_wait_timeout"), 3);
    assert_int_equal(ask(*state, "SELECT @@lock_wait_timeout"), 3);
    assert_int_equal(ask(*state, "SELECT @@session.time_zone = '+00:00'"), 1);
    assert_int_equal(ask(*state, "SELECT @@tx_isolation = 'READ-COMMITTED'"),
                     1);
    assert_int_equal(
        ask(*state, "SELECT @@sql_mode LIKE '%STRICT_ALL_TABLES%'"), 1);
    assert_int_equal(ask(*state,
                         "SELECT @@character_set_client = 'utf8mb4' AND "
                         "@@character_set_results = 'utf8mb4'"),
                     1);
}

static void test_saving_unchanged_finds_the_row(void **state)
{
    static const char save[] = "UPDATE test_db SET n = 7 WHERE id = ?";
    const struct db_value id =
        DB_VALUE_INTEGER(insert(*state, SLICE("same"), 7));
    const struct db_value none = DB_VALUE_INTEGER(-1);

    assert_int_equal(db_execute(*state, save, &id, 1), OK);
    assert_int_equal(db_found_rows(*state), 1);
    assert_int_equal(db_execute(*state, save, &none, 1), OK);
    assert_int_equal(db_found_rows(*state), 0);
}

static void test_transactions(void **state)
{
    static const char count[] = "SELECT COUNT(*) FROM test_db";
    int64_t before = ask(*state, count);

    assert_int_equal(db_begin(*state), OK);
    insert(*state, SLICE("gone"), 1);
    assert_int_equal(ask(*state, count), before + 1);
    assert_int_equal(db_rollback(*state, ERROR_CONFLICT), ERROR_CONFLICT);
    assert_int_equal(ask(*state, count), before);
    assert_int_equal(db_begin(*state), OK);
    insert(*state, SLICE("kept"), 1);
    assert_int_equal(db_commit(*state), OK);
    assert_int_equal(ask(*state, count), before + 1);
}

static void test_failures_have_a_class_and_a_message(void **state)
{
    static const char taken[] = "INSERT INTO test_db (id) VALUES (?), (?)";
    static const char faulty[] = "SELECT FROM WHERE";
    static const char missing[] = "SELECT 1 FROM test_no_such_table";
    const struct db_value twice[] = { DB_VALUE_INTEGER(900000),
                                      DB_VALUE_INTEGER(900000) };

    assert_int_equal(db_execute(*state, taken, twice, 2), ERROR_DB_DUPLICATE);
    assert_int_equal(db_error_number(*state), 1062);
    assert_non_null(strstr(db_error_message(*state), "900000"));
    assert_int_equal(db_execute(*state, faulty, NULL, 0), ERROR_DB_TRIGGERS);
    assert_int_equal(db_execute(*state, missing, NULL, 0), ERROR_DB_SCHEMA);
    assert_int_equal(db_execute(*state, taken, twice, 1), ERROR_DB);
    assert_int_equal(ask(*state, "SELECT 43"), 43);
}

static void test_too_long_a_text_is_refused_not_cut(void **state)
{
    static const char cut[] = "INSERT INTO test_short VALUES (?)";
    const struct db_value value = DB_VALUE_TEXT(SLICE("abcd"));

    test_run(*state, "CREATE TEMPORARY TABLE test_short (t VARCHAR(3))");
    assert_int_equal(db_execute(*state, cut, &value, 1), ERROR_DB_VALUE);
    assert_int_equal(db_error_number(*state), 1406);
    test_run(*state, "DROP TEMPORARY TABLE test_short");
}

static void test_statements_beyond_the_kept_ones_still_run(void **state)
{
    static const char count[] =
        "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS"
        " WHERE VARIABLE_NAME = 'PREPARED_STMT_COUNT'";
    static char texts[200][24];
    int64_t before = ask(*state, count);

    for (int64_t i = 0; i < 200; i++)
        snprintf(texts[i], sizeof(texts[i]), "SELECT %d", (int)i);
    for (int64_t i = 0; i < 400; i++)
        assert_int_equal(ask(*state, texts[i % 200]), i % 200);
    assert_true(ask(*state, count) - before <= 64);
}

static void test_a_lock_that_is_not_given_is_one_statement(void **state)
{
    static const char take[] =
        "SELECT n FROM test_db WHERE id = ? FOR UPDATE NOWAIT";
    const struct db_value id =
        DB_VALUE_INTEGER(insert(*state, SLICE("locked"), 1));
    struct db_connection *other = test_connect();
    int64_t n = 0;

    assert_int_equal(db_begin(*state), OK);
    assert_int_equal(db_query(*state, take, &id, 1, take_integer, &n), OK);
    assert_int_equal(db_query(other, take, &id, 1, take_integer, &n),
                     ERROR_DB_STATEMENT);
    assert_int_equal(db_rollback(*state, OK), OK);
    assert_int_equal(db_query(other, take, &id, 1, take_integer, &n), OK);
    db_disconnect(other);
}

/* Far more than the buffers between server and client hold. */
static const char select_large[] =
    "SELECT seq, REPEAT('y', 5000) FROM seq_1_to_5000";

/* Kill another connection while it is idle. */
static void kill_connection(struct db_connection *db, int64_t id)
{
    char sql[40];

    snprintf(sql, sizeof(sql), "KILL %lld", (long long)id);
    test_run(db, sql);
}

static void test_lost_before_anything_was_sent_is_away(void **state)
{
    struct db_connection *db = test_connect();

    kill_connection(*state, ask(db, "SELECT CONNECTION_ID()"));
    assert_int_equal(db_begin(db), ERROR_DB_AWAY);
    assert_int_equal(db_begin(db), ERROR_DB_AWAY);
    assert_int_equal(db_rollback(db, ERROR_DB_AWAY), ERROR_DB_AWAY);
    db_disconnect(db);
}

static void test_lost_after_a_write_is_unknown(void **state)
{
    struct db_connection *db = test_connect();
    int64_t id = ask(db, "SELECT CONNECTION_ID()");

    assert_int_equal(db_begin(db), OK);
    insert(db, SLICE("lost"), 1);
    kill_connection(*state, id);
    assert_int_equal(db_commit(db), ERROR_DB_UNKNOWN);
    assert_int_equal(db_execute(db, "SELECT 1", NULL, 0), ERROR_DB_UNKNOWN);
    db_disconnect(db);
}

/* A result that another session breaks off after its first row. */
struct cut {
    struct db_connection *other;
    const char *sql;
    int64_t rows;
};

static enum error cut_at_first(const struct db_row *row, void *context)
{
    struct cut *cut = context;

    (void)row;
    if (cut->rows++ == 0)
        test_run(cut->other, cut->sql);
    return OK;
}

/* What a large result ends with, and with which number. */
static void assert_cut(struct db_connection *other, const char *kill,
                       bool touched, enum error err, unsigned number)
{
    struct db_connection *db = test_connect();
    struct cut cut = { .other = other };
    char sql[64];

    snprintf(sql, sizeof(sql), "%s %lld", kill,
             (long long)ask(db, "SELECT CONNECTION_ID()"));
    cut.sql = sql;
    if (touched)
        test_run(db, "DO 1");
    assert_int_equal(db_query(db, select_large, NULL, 0, cut_at_first, &cut),
                     err);
    assert_int_equal(db_error_number(db), number);
    db_disconnect(db);
}

static void test_what_breaks_inside_a_result_has_its_number(void **state)
{
    assert_cut(*state, "KILL", false, ERROR_DB_AWAY, 2013);
    assert_cut(*state, "KILL", true, ERROR_DB_UNKNOWN, 2013);
    assert_cut(*state, "KILL QUERY", false, ERROR_DB_STATEMENT, 1317);
    assert_cut(*state, "KILL QUERY", true, ERROR_DB_STATEMENT, 1317);
}

static enum error refused(struct db_options *options, struct text *why)
{
    struct db_connection *db = NULL;
    enum error err;

    text_reset(why);
    err = db_connect(options, &db, why);
    assert_null(db);
    assert_true(why->len > 0);
    assert_null(strchr(text_string(why), '\n'));
    return err;
}

static void test_refused_connections_say_why(void **state)
{
    struct db_options options = test_database();
    struct text why;

    (void)state;
    text_init(&why, 0);
    options.user = "nobody_here";
    options.password = "top secret";
    assert_int_equal(refused(&options, &why), ERROR_DB_AWAY);
    assert_non_null(strstr(text_string(&why), "nobody_here"));
    assert_null(strstr(text_string(&why), "top secret"));
    options = test_database();
    options.socket = "/nonexistent/socket";
    assert_int_equal(refused(&options, &why), ERROR_DB_AWAY);
    options = test_database();
    options.password_file = "/nonexistent/password";
    assert_int_equal(refused(&options, &why), ERROR_DB_AWAY);
    assert_non_null(strstr(text_string(&why), "/nonexistent/password"));
    options = test_database();
    options.name = "no_such_database";
    assert_int_equal(refused(&options, &why), ERROR_DB_AWAY);
    text_free(&why);
}

/* The connector would look for a socket of its own choice. */
static void test_localhost_with_a_port_is_tcp(void **state)
{
    struct db_options options = test_database();
    struct text why;

    (void)state;
    text_init(&why, 0);
    options.socket = "";
    options.host = "localhost";
    options.port = 1;
    assert_int_equal(refused(&options, &why), ERROR_DB_AWAY);
    assert_null(strstr(text_string(&why), "socket"));
    text_free(&why);
}

static void write_file(const char *path, const char *content)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void test_password_file_is_read_at_each_connect(void **state)
{
    struct db_options options = test_database();
    char path[] = "/tmp/cafe-test-password-XXXXXX";
    int fd = mkstemp(path);
    char line[256];
    struct text why;
    struct db_connection *db = NULL;

    (void)state;
    text_init(&why, 0);
    assert_true(fd >= 0);
    close(fd);
    snprintf(line, sizeof(line), "%s\r\n", options.password);
    options.password_file = path;
    options.password = "not this one";
    write_file(path, "wrong\n");
    assert_int_equal(refused(&options, &why), ERROR_DB_AWAY);
    write_file(path, line);
    assert_int_equal(db_connect(&options, &db, &why), OK);
    db_disconnect(db);
    unlink(path);
    text_free(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts_of_any_length_come_back),
        cmocka_unit_test(test_unicode_null_and_the_bounds_of_integers),
        cmocka_unit_test(test_rows_come_one_by_one_and_can_be_cut_short),
        cmocka_unit_test(test_session_is_set_up),
        cmocka_unit_test(test_saving_unchanged_finds_the_row),
        cmocka_unit_test(test_transactions),
        cmocka_unit_test(test_failures_have_a_class_and_a_message),
        cmocka_unit_test(test_too_long_a_text_is_refused_not_cut),
        cmocka_unit_test(test_statements_beyond_the_kept_ones_still_run),
        cmocka_unit_test(test_a_lock_that_is_not_given_is_one_statement),
        cmocka_unit_test(test_lost_before_anything_was_sent_is_away),
        cmocka_unit_test(test_lost_after_a_write_is_unknown),
        cmocka_unit_test(test_what_breaks_inside_a_result_has_its_number),
        cmocka_unit_test(test_refused_connections_say_why),
        cmocka_unit_test(test_localhost_with_a_port_is_tcp),
        cmocka_unit_test(test_password_file_is_read_at_each_connect),
    };

    (void)test_database();
    return cmocka_run_group_tests(tests, connect_one, disconnect_one);
}
