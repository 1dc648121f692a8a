/* The catalog behind a real server and database: fresh, shared, or stale. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "cafe/catalog.h"
#include "cafe/clock.h"
#include "cafe/migrations.h"
#include "cafe/response.h"
#include "cafe/server.h"
#include "test_database.h"

enum {
    WAIT_MS = 500,
    COMPARE_MS = 300,
    GIVE_UP_MS = 20000,
    REPLY_MAX_BYTES = 4096,
    KEPT_MAX = 2
};

struct fixture {
    struct event_base *base;
    struct counters counters;
    struct log *log;
    FILE *log_file;
    struct db_connection *direct; /* for what others do to the database */
    char link[64];                /* the socket as the pool knows it */
    const char *socket;
    struct db *db;
    struct db_options options;
    struct catalog *catalog;
    struct server *server;
    struct server_config server_config;
    int asked; /* requests whose handler has run */
    size_t kept_count;
    struct request *kept[KEPT_MAX];
    const struct snapshot *kept_snapshots[KEPT_MAX];
};

/* Pages. */

/* "2 fresh: Ab, Cd, \n", or 503. */
static void list_show(struct request *req, const struct snapshot *now)
{
    struct text text;

    if (!now) {
        respond_error(req, 503);
        return;
    }
    text_init(&text, 0);
    text_printf(&text, "%zu %s:", snapshot_count(now),
                snapshot_stale(now) ? "stale" : "fresh");
    for (size_t i = 0; i < snapshot_count(now); i++) {
        text_append_char(&text, ' ');
        text_append_slice(&text, snapshot_at(now, i)->fields[SUPPLIER_NAME]);
    }
    respond_plain(req, 200, text_string(&text));
    text_free(&text);
}

static void list(struct request *req)
{
    struct fixture *f = request_app(req);

    f->asked++;
    catalog_when_fresh(f->catalog, list_show, req);
}

/* Hold on to the snapshot; the test answers later. */
static void keep_show(struct request *req, const struct snapshot *now)
{
    struct fixture *f = request_app(req);

    f->kept_snapshots[f->kept_count] = now;
    f->kept[f->kept_count++] = req;
}

static void keep(struct request *req)
{
    struct fixture *f = request_app(req);

    catalog_when_fresh(f->catalog, keep_show, req);
}

static const struct route routes[] = {
    { GET, "/list", list, 0, 0 },
    { GET, "/keep", keep, 0, 0 },
    { 0 },
};

/* Set-up. */

static void open_log(struct fixture *f)
{
    f->log_file = tmpfile();
    assert_non_null(f->log_file);
    f->log = log_open("test", "0", LOG_JSON, fileno(f->log_file), NULL);
    assert_non_null(f->log);
}

static void open_db(struct fixture *f)
{
    struct db_config config = { .options = test_database(),
                                .threads = 2,
                                .queue_max = 100,
                                .queue_ms = 5000,
                                .back_off_max_ms = 100,
                                .log = f->log,
                                .counters = &f->counters };

    snprintf(f->link, sizeof(f->link), "/tmp/cafe-test-link-%d", (int)getpid());
    unlink(f->link);
    f->socket = config.options.socket;
    assert_int_equal(symlink(f->socket, f->link), 0);
    config.options.socket = f->link;
    config.options.name = "cafe_test_catalog";
    f->options = config.options;
    assert_int_equal(db_open(f->base, &config, &f->db), OK);
}

static void open_catalog(struct fixture *f)
{
    const struct catalog_config config = {
        .base = f->base,
        .db = f->db,
        .options = f->options,
        .log = f->log,
        .counters = &f->counters,
        .settings = { .max_bytes = 1024 * 1024,
                      .wait_ms = WAIT_MS,
                      .compare_ms = COMPARE_MS },
    };

    assert_int_equal(catalog_open(&config, &f->catalog), OK);
}

static void open_server(struct fixture *f)
{
    struct text error;

    text_init(&error, 0);
    f->server_config = (struct server_config){ .name = "main",
                                               .routes = routes,
                                               .app = f,
                                               .limits = server_limits_default,
                                               .log = f->log,
                                               .counters = &f->counters };
    assert_int_equal(server_open(f->base, &f->server_config, &f->server), OK);
    assert_int_equal(server_listen(f->server, "127.0.0.1", 0, &error), OK);
    text_free(&error);
}

static int setup_without_catalog(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct text report;

    assert_non_null(f);
    text_init(&report, 0);
    f->direct = test_connect_scratch("cafe_test_catalog");
    assert_int_equal(db_migrate(f->direct, supplier_migrations, false, &report),
                     OK);
    text_free(&report);
    f->base = event_base_new();
    assert_non_null(f->base);
    open_log(f);
    open_db(f);
    open_server(f);
    *state = f;
    return 0;
}

static int setup(void **state)
{
    int failed = setup_without_catalog(state);

    open_catalog(*state);
    return failed;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    if (f->catalog)
        catalog_stop(f->catalog);
    db_close(f->db);
    server_close(f->server);
    catalog_close(f->catalog);
    log_close(f->log);
    fclose(f->log_file);
    event_base_free(f->base);
    unlink(f->link);
    test_run(f->direct, "DROP DATABASE cafe_test_catalog");
    db_disconnect(f->direct);
    free(f);
    return 0;
}

static void add(struct fixture *f, const char *name)
{
    static const char sql[] =
        "INSERT INTO suppliers (name, address, city, state, email, phone)"
        " VALUES (?, 'a', 'b', 'c', 'd', 'e')";
    const struct db_value value = DB_VALUE_TEXT(slice_of(name));

    assert_int_equal(db_execute(f->direct, sql, &value, 1), OK);
}

static enum error take_integer(const struct db_row *row, void *context)
{
    *(int64_t *)context = db_row_integer(row, 0);
    return OK;
}

/* The pool's connections end and the database can't be found any more. */
static void take_away(struct fixture *f)
{
    static const char next[] =
        "SELECT MIN(ID) FROM information_schema.PROCESSLIST"
        " WHERE DB = 'cafe_test_catalog' AND ID <> CONNECTION_ID()";
    int64_t id = 0;
    char sql[40];

    unlink(f->link);
    while (db_query(f->direct, next, NULL, 0, take_integer, &id) == OK && id) {
        snprintf(sql, sizeof(sql), "KILL %lld", (long long)id);
        if (db_run_text(f->direct, slice_of(sql)) != OK)
            assert_int_equal(db_error_number(f->direct), 1094); /* gone */
    }
}

/* A client in the same loop: it sends, then looks between turns. */

static int client_send(struct fixture *f, const char *path)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    char request[200];

    address.sin_port = htons((uint16_t)server_port(f->server));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)),
                     0);
    int len = snprintf(request, sizeof(request),
                       "GET %s HTTP/1.1\r\nHost: test\r\n"
                       "Connection: close\r\n\r\n",
                       path);
    assert_int_equal(send(fd, request, (size_t)len, 0), len);
    return fd;
}

static void turn(struct fixture *f)
{
    event_base_loop(f->base, EVLOOP_NONBLOCK);
}

/* Read until the server closes; the answer from its status code on. */
static void client_receive(struct fixture *f, int fd,
                           char reply[REPLY_MAX_BYTES])
{
    int64_t until_ms = clock_monotonic_ms() + GIVE_UP_MS;
    size_t len = 0;

    for (;;) {
        ssize_t got =
            recv(fd, reply + len, REPLY_MAX_BYTES - 1 - len, MSG_DONTWAIT);

        if (got == 0)
            break;
        assert_true(got > 0 || errno == EAGAIN);
        assert_true(clock_monotonic_ms() < until_ms);
        if (got > 0)
            len += (size_t)got;
        else
            turn(f);
    }
    reply[len] = '\0';
    close(fd);
}

/* What the body of an answer has to begin with. */
static void assert_body(const char *reply, const char *body)
{
    const char *found = strstr(reply, "\r\n\r\n");

    assert_non_null(found);
    if (strncmp(found + 4, body, strlen(body)) != 0)
        fail_msg("expected %s, got %s", body, reply);
}

static void assert_list(struct fixture *f, int fd, const char *body)
{
    char reply[REPLY_MAX_BYTES];

    client_receive(f, fd, reply);
    assert_body(reply, body);
}

static enum error append_name(const struct db_row *row, void *context)
{
    text_append_char(context, ' ');
    text_append_slice(context, db_row_text(row, 0));
    return OK;
}

/* The list as the table has it. */
static void expect_list(struct fixture *f, char expected[REPLY_MAX_BYTES])
{
    int64_t count = 0;
    struct text names;

    text_init(&names, 0);
    assert_int_equal(db_query(f->direct, "SELECT COUNT(*) FROM suppliers", NULL,
                              0, take_integer, &count),
                     OK);
    assert_int_equal(db_query(f->direct,
                              "SELECT name FROM suppliers ORDER BY name, id",
                              NULL, 0, append_name, &names),
                     OK);
    snprintf(expected, REPLY_MAX_BYTES, "%lld fresh:%s", (long long)count,
             text_string(&names));
    text_free(&names);
}

/* Tests. */

static void test_all_suppliers_in_the_order_of_their_names(void **state)
{
    struct fixture *f = *state;

    assert_list(f, client_send(f, "/list"), "0 fresh:");
    add(f, "zebra");
    add(f, "\u00c9mile");
    add(f, "eclair");
    add(f, "\u0141\u00f3d\u017a");
    add(f, "Emile");
    add(f, "Lodz");
    assert_list(f, client_send(f, "/list"),
                "6 fresh: eclair Emile \u00c9mile Lodz "
                "\u0141\u00f3d\u017a zebra");
}

/* One that came after the question was sent waits for the next one. */
static void test_every_request_sees_what_was_written_before_it(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 20; i++) {
        char expected[40];
        int before = f->asked;
        int first = client_send(f, "/list");
        char reply[REPLY_MAX_BYTES];

        while (f->asked == before)
            turn(f);
        add(f, "x");
        int second = client_send(f, "/list");
        snprintf(expected, sizeof(expected), "%d fresh:", i + 1);
        assert_list(f, second, expected);
        client_receive(f, first, reply);
    }
}

static void test_requests_share_a_reading(void **state)
{
    enum { CLIENTS = 40 };
    struct fixture *f = *state;
    int fds[CLIENTS];

    add(f, "x");
    for (int i = 0; i < CLIENTS; i++)
        fds[i] = client_send(f, "/list");
    for (int i = 0; i < CLIENTS; i++)
        assert_list(f, fds[i], "1 fresh: x");
    assert_int_equal(f->asked, CLIENTS);
    assert_in_range(counter_get(&f->counters, COUNTER_DB_JOBS_DONE), 1,
                    CLIENTS / 4);
}

static void test_without_a_database_the_last_state_is_stale(void **state)
{
    struct fixture *f = *state;
    char reply[REPLY_MAX_BYTES];

    add(f, "x");
    assert_list(f, client_send(f, "/list"), "1 fresh: x");
    take_away(f);
    add(f, "y");
    assert_list(f, client_send(f, "/list"), "1 stale: x");
    assert_list(f, client_send(f, "/list"), "1 stale: x");
    assert_int_equal(symlink(f->socket, f->link), 0);
    int64_t until_ms = clock_monotonic_ms() + GIVE_UP_MS;
    do {
        assert_true(clock_monotonic_ms() < until_ms);
        client_receive(f, client_send(f, "/list"), reply);
    } while (strstr(reply, "stale"));
    assert_body(reply, "2 fresh: x y");
}

static void test_without_any_state_there_is_nothing_to_show(void **state)
{
    struct fixture *f = *state;
    char reply[REPLY_MAX_BYTES];

    unlink(f->link);
    open_catalog(f);
    client_receive(f, client_send(f, "/list"), reply);
    assert_non_null(strstr(reply, "HTTP/1.1 503 "));
}

static const struct snapshot *keep_one(struct fixture *f, int *fd)
{
    size_t before = f->kept_count;

    *fd = client_send(f, "/keep");
    while (f->kept_count == before)
        turn(f);
    return f->kept_snapshots[before];
}

static void test_a_snapshot_in_use_never_changes(void **state)
{
    struct fixture *f = *state;
    int fds[2];

    add(f, "x");
    const struct snapshot *first = keep_one(f, &fds[0]);
    int64_t as_of_us = snapshot_as_of_us(first);
    add(f, "y");
    assert_list(f, client_send(f, "/list"), "2 fresh: x y");
    take_away(f);
    const struct snapshot *last = keep_one(f, &fds[1]);
    assert_int_equal(snapshot_count(first), 1);
    assert_false(snapshot_stale(first));
    assert_int_equal(snapshot_as_of_us(first), as_of_us);
    assert_true(snapshot_stale(last));
    assert_int_equal(snapshot_count(last), 2);
    assert_true(snapshot_as_of_us(last) > as_of_us);
    list_show(f->kept[0], first);
    list_show(f->kept[1], last);
    assert_list(f, fds[0], "1 fresh: x");
    assert_list(f, fds[1], "2 stale: x y");
}

static void test_suppliers_are_found_by_id(void **state)
{
    struct fixture *f = *state;
    int fd;

    add(f, "b");
    add(f, "gone");
    add(f, "a");
    test_run(f->direct, "DELETE FROM suppliers WHERE id = 2");
    test_run(f->direct, "UPDATE suppliers SET country = 'Per\u00fa',"
                        " notes = '# Hi' WHERE id = 3");
    const struct snapshot *now = keep_one(f, &fd);
    const struct supplier *a = snapshot_find(now, 3);
    assert_true(slice_is(a->fields[SUPPLIER_NAME], "a"));
    assert_true(slice_is(a->fields[SUPPLIER_PHONE], "e"));
    assert_true(slice_is(a->fields[SUPPLIER_COUNTRY], "Per\u00fa"));
    assert_true(slice_is(a->fields[SUPPLIER_NOTES], "# Hi"));
    assert_int_equal(snapshot_find(now, 1)->id, 1);
    assert_null(snapshot_find(now, 2));
    assert_null(snapshot_find(now, 0));
    assert_null(snapshot_find(now, INT64_MAX));
    list_show(f->kept[0], now);
    assert_list(f, fd, "2 fresh: a b");
}

/* Every kind of statement, also one that changes an id. */
static void test_changes_by_others_arrive(void **state)
{
    struct fixture *f = *state;

    add(f, "b");
    add(f, "d");
    assert_list(f, client_send(f, "/list"), "2 fresh: b d");
    test_run(f->direct, "UPDATE suppliers SET name = 'e' WHERE id = 1");
    assert_list(f, client_send(f, "/list"), "2 fresh: d e");
    test_run(f->direct, "UPDATE suppliers SET name = 'D' WHERE id = 2");
    assert_list(f, client_send(f, "/list"), "2 fresh: D e");
    test_run(f->direct, "UPDATE suppliers SET id = 7 WHERE id = 1");
    assert_list(f, client_send(f, "/list"), "2 fresh: D e");
    test_run(f->direct, "UPDATE suppliers SET name = CONCAT(name, id)");
    assert_list(f, client_send(f, "/list"), "2 fresh: D2 e7");
    test_run(f->direct, "DELETE FROM suppliers");
    assert_list(f, client_send(f, "/list"), "0 fresh:");
}

/* The database came back as it was before: after a crash, from a backup. */
static void test_a_lost_history_is_noticed(void **state)
{
    struct fixture *f = *state;

    add(f, "a");
    add(f, "b");
    assert_list(f, client_send(f, "/list"), "2 fresh: a b");
    test_run(f->direct, "DELETE FROM suppliers WHERE name = 'b'");
    test_run(f->direct, "DELETE FROM supplier_changes WHERE revision > 1");
    test_run(f->direct,
             "UPDATE supplier_revision SET n = 1, at ="
             " (SELECT at FROM supplier_changes WHERE revision = 1)");
    assert_list(f, client_send(f, "/list"), "1 fresh: a");
    add(f, "c"); /* takes the number that b had */
    assert_list(f, client_send(f, "/list"), "2 fresh: a c");
}

static void test_truncate_is_noticed(void **state)
{
    struct fixture *f = *state;
    int64_t until_ms = clock_monotonic_ms() + GIVE_UP_MS;
    char reply[REPLY_MAX_BYTES];

    add(f, "a");
    assert_list(f, client_send(f, "/list"), "1 fresh: a");
    test_run(f->direct, "TRUNCATE suppliers");
    do {
        assert_true(clock_monotonic_ms() < until_ms);
        client_receive(f, client_send(f, "/list"), reply);
    } while (!strstr(reply, "0 fresh:"));
    add(f, "b");
    assert_list(f, client_send(f, "/list"), "1 fresh: b");
}

/* More than are followed one by one. */
static void test_many_changes_at_once(void **state)
{
    struct fixture *f = *state;

    add(f, "a");
    assert_list(f, client_send(f, "/list"), "1 fresh: a");
    test_run(f->direct,
             "INSERT INTO suppliers (name, address, city, state, email, phone)"
             " SELECT CONCAT('x', seq), '', '', '', '', '' FROM seq_1_to_1500");
    assert_list(f, client_send(f, "/list"), "1501 fresh: a x1 x10");
}

static void test_too_many_bytes_are_refused(void **state)
{
    struct fixture *f = *state;

    add(f, "a");
    assert_list(f, client_send(f, "/list"), "1 fresh: a");
    test_run(f->direct,
             "INSERT INTO suppliers (name, address, city, state, email, phone)"
             " SELECT REPEAT('x', 255), REPEAT('x', 255), '', '', '', ''"
             " FROM seq_1_to_2500");
    assert_list(f, client_send(f, "/list"), "1 stale: a");
    test_run(f->direct, "DELETE FROM suppliers WHERE name <> 'a'");
}

/* Whatever changes, the catalog shows what a SELECT shows. */
static void test_random_changes(void **state)
{
    struct fixture *f = *state;
    unsigned seed = 1;

    for (int round = 0; round < 150; round++) {
        char sql[200], expected[REPLY_MAX_BYTES];
        int id = rand_r(&seed) % 12 + 1;

        snprintf(sql, sizeof(sql),
                 rand_r(&seed) % 3 == 0
                     ? "DELETE FROM suppliers WHERE id = %d"
                     : "REPLACE INTO suppliers VALUES"
                       " (%d, CHAR(97 + %d), '', '', '', '', '')",
                 id, rand_r(&seed) % 26);
        test_run(f->direct, sql);
        if (rand_r(&seed) % 2)
            continue;
        expect_list(f, expected);
        assert_list(f, client_send(f, "/list"), expected);
    }
}

/* The reading is under way while all of it is closed. */
static void test_closing_with_a_reading_under_way(void **state)
{
    struct fixture *f = *state;
    int fd = client_send(f, "/list");

    while (f->asked == 0)
        turn(f);
    catalog_stop(f->catalog);
    db_close(f->db);
    f->db = NULL;
    server_close(f->server);
    f->server = NULL;
    catalog_close(f->catalog);
    f->catalog = NULL;
    close(fd);
}

#define WITH_FIXTURE(test) \
    cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(test_all_suppliers_in_the_order_of_their_names),
        WITH_FIXTURE(test_every_request_sees_what_was_written_before_it),
        WITH_FIXTURE(test_requests_share_a_reading),
        WITH_FIXTURE(test_without_a_database_the_last_state_is_stale),
        cmocka_unit_test_setup_teardown(
            test_without_any_state_there_is_nothing_to_show,
            setup_without_catalog, teardown),
        WITH_FIXTURE(test_changes_by_others_arrive),
        WITH_FIXTURE(test_a_lost_history_is_noticed),
        WITH_FIXTURE(test_truncate_is_noticed),
        WITH_FIXTURE(test_many_changes_at_once),
        WITH_FIXTURE(test_too_many_bytes_are_refused),
        WITH_FIXTURE(test_random_changes),
        WITH_FIXTURE(test_a_snapshot_in_use_never_changes),
        WITH_FIXTURE(test_suppliers_are_found_by_id),
        WITH_FIXTURE(test_closing_with_a_reading_under_way),
    };

    (void)test_database();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
