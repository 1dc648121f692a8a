/* What the tests of test_catalog.c stand on. */
#ifndef CAFE_TEST_CATALOG_H
#define CAFE_TEST_CATALOG_H

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

#include "cafe/base/clock.h"
#include "cafe/http/response.h"
#include "cafe/http/server.h"
#include "cafe/suppliers/catalog.h"
#include "cafe/suppliers/migrations.h"
#include "snapshot.h"
#include "test_database.h"

enum {
    WAIT_MS = 30000,    /* for a database that is there */
    AWAY_WAIT_MS = 500, /* for one that is not */
    COMPARE_MS = 300,
    GIVE_UP_MS = 60000,
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
static void list_show(struct lifetime *life, const struct snapshot *now)
{
    struct request *req = request_of(life);
    struct text text;

    if (now == NULL) {
        respond_error(req, 503);
        return;
    }
    text_init(&text, 0);
    text_printf(&text, "%zu %s:", snapshot_count(now),
                snapshot_stale(now) ? "stale" : "fresh");
    for (size_t i = 0; i < snapshot_count(now); i++) {
        text_append_char(&text, ' ');
        text_append_slice(
            &text, now->index->by_name[i]->supplier.fields[SUPPLIER_NAME]);
    }
    respond_plain(req, 200, text_string(&text));
    text_free(&text);
}

static void list(struct request *req)
{
    struct fixture *f = request_app(req);

    f->asked++;
    catalog_when_fresh(f->catalog, list_show, request_life(req));
}

/* Hold on to the snapshot; the test answers later. */
static void keep_show(struct lifetime *life, const struct snapshot *now)
{
    struct request *req = request_of(life);
    struct fixture *f = request_app(req);

    f->kept_snapshots[f->kept_count] = now;
    f->kept[f->kept_count++] = req;
}

static void keep(struct request *req)
{
    struct fixture *f = request_app(req);

    catalog_when_fresh(f->catalog, keep_show, request_life(req));
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
    assert_int_equal(db_open(f->base, &config, &f->db), OK);
}

static void open_catalog(struct fixture *f, int64_t wait_ms)
{
    const struct catalog_settings settings = { .max_bytes = 1024 * 1024,
                                               .wait_ms = wait_ms,
                                               .compare_ms = COMPARE_MS };

    assert_int_equal(catalog_open(f->base, f->db, &settings, &f->catalog), OK);
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
    assert_int_equal(supplier_migrate(f->direct, false, &report), OK);
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

    open_catalog(*state, WAIT_MS);
    return failed;
}

static int setup_for_outage(void **state)
{
    int failed = setup_without_catalog(state);

    open_catalog(*state, AWAY_WAIT_MS);
    return failed;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    if (f->catalog != NULL)
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
    int fd, len;

    address.sin_port = htons((uint16_t)server_port(f->server));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)),
                     0);
    len = snprintf(request, sizeof(request),
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

/* Ask until it is fresh. */
static void await_list(struct fixture *f, const char *body)
{
    int64_t until_ms = clock_monotonic_ms() + GIVE_UP_MS;
    char reply[REPLY_MAX_BYTES];

    do {
        assert_true(clock_monotonic_ms() < until_ms);
        client_receive(f, client_send(f, "/list"), reply);
    } while (strstr(reply, " fresh:") == NULL);
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

#endif
