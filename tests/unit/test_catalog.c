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

enum { GIVE_UP_MS = 20000, REPLY_MAX_BYTES = 4096, KEPT_MAX = 2 };

struct fixture {
    struct event_base *base;
    struct counters counters;
    struct log *log;
    FILE *log_file;
    struct db_connection *direct; /* for what others do to the database */
    char link[64];                /* the socket as the pool knows it */
    const char *socket;
    struct db *db;
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
                                .log = f->log,
                                .counters = &f->counters };

    snprintf(f->link, sizeof(f->link), "/tmp/cafe-test-link-%d", (int)getpid());
    unlink(f->link);
    f->socket = config.options.socket;
    assert_int_equal(symlink(f->socket, f->link), 0);
    config.options.socket = f->link;
    config.options.name = "cafe_test_catalog";
    assert_int_equal(db_open(f->base, &config, &f->db), OK);
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

static int setup(void **state)
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
    assert_int_equal(catalog_open(f->db, f->log, &f->catalog), OK);
    open_server(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    server_close(f->server);
    catalog_close(f->catalog);
    db_close(f->db);
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

/* The reading is under way while all of it is closed. */
static void test_closing_with_a_reading_under_way(void **state)
{
    struct fixture *f = *state;
    int fd = client_send(f, "/list");

    while (f->asked == 0)
        turn(f);
    server_close(f->server);
    f->server = NULL;
    catalog_close(f->catalog);
    f->catalog = NULL;
    db_close(f->db);
    f->db = NULL;
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
        WITH_FIXTURE(test_without_any_state_there_is_nothing_to_show),
        WITH_FIXTURE(test_a_snapshot_in_use_never_changes),
        WITH_FIXTURE(test_suppliers_are_found_by_id),
        WITH_FIXTURE(test_closing_with_a_reading_under_way),
    };

    (void)test_database();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
