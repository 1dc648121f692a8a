/* The catalog behind a real server and database: fresh, shared, or stale. */
#include <limits.h>
#include <stdatomic.h>

#include "test_catalog.h"
#include "test_timers.h"

/* How many rows were made by the first revisions, on any thread. */
enum { REVISIONS = 64 };
static atomic_int rows_made[REVISIONS];

enum error __real_row_make(const struct supplier *supplier, struct row **row);
enum error __wrap_row_make(const struct supplier *supplier, struct row **row);

enum error __wrap_row_make(const struct supplier *supplier, struct row **row)
{
    if (supplier->revision < REVISIONS)
        atomic_fetch_add(&rows_made[supplier->revision], 1);
    return __real_row_make(supplier, row);
}

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
        int second;

        while (f->asked == before)
            turn(f);
        add(f, "x");
        second = client_send(f, "/list");
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

/* Requests of a crowd, one in each turn of the loop. */
struct crowd {
    struct catalog *catalog;
    struct lifetime life;
    struct event *next;
};

static int shown_fresh, shown_stale;

static void count_show(struct lifetime *life, const struct snapshot *now)
{
    (void)life;
    if (now != NULL && !snapshot_stale(now))
        shown_fresh++;
    else
        shown_stale++;
}

static void crowd_ask(evutil_socket_t fd, short what, void *argument)
{
    static const struct timeval at_once;
    struct crowd *crowd = argument;

    (void)fd;
    (void)what;
    /* Before the catalog sets its timer, so that this one comes first. */
    assert_int_equal(event_add(crowd->next, &at_once), 0);
    catalog_when_fresh(crowd->catalog, count_show, &crowd->life);
}

/* Requests that keep coming share a question, and it does not wait for the
 * last of them. */
static void test_a_question_does_not_wait_for_ever(void **state)
{
    struct fixture *f = *state;
    struct crowd crowd = { .life.arena = arena_open(0) };

    assert_list(f, client_send(f, "/list"), "0 fresh:");
    shown_fresh = shown_stale = 0;
    crowd.catalog = f->catalog;
    crowd.next = evtimer_new(f->base, crowd_ask, &crowd);
    crowd_ask(-1, 0, &crowd);
    while (shown_fresh + shown_stale == 0)
        event_base_loop(f->base, EVLOOP_ONCE);
    assert_int_equal(shown_stale, 0);
    assert_in_range(shown_fresh, 2, INT_MAX);
    event_free(crowd.next);
    lifetime_end(&crowd.life);
    arena_close(crowd.life.arena);
}

static void test_without_a_database_the_last_state_is_stale(void **state)
{
    struct fixture *f = *state;

    add(f, "x");
    await_list(f, "1 fresh: x");
    take_away(f);
    add(f, "y");
    assert_list(f, client_send(f, "/list"), "1 stale: x");
    assert_list(f, client_send(f, "/list"), "1 stale: x");
    assert_int_equal(symlink(f->socket, f->link), 0);
    await_list(f, "2 fresh: x y");
}

static void test_without_any_state_there_is_nothing_to_show(void **state)
{
    struct fixture *f = *state;
    char reply[REPLY_MAX_BYTES];

    unlink(f->link);
    open_catalog(f, AWAY_WAIT_MS);
    client_receive(f, client_send(f, "/list"), reply);
    assert_non_null(strstr(reply, "HTTP/1.1 503 "));
}

/* Whichever timer can't be added, nobody waits for ever, and the catalog
 * finds back by itself. */
static void test_without_timers_everybody_is_answered(void **state)
{
    enum { TIMERS = 5, CLIENTS = 3 };
    struct fixture *f = *state;
    char reply[REPLY_MAX_BYTES];

    add(f, "x");
    assert_list(f, client_send(f, "/list"), "1 fresh: x");
    for (int left = 0; left < TIMERS; left++) {
        int fds[CLIENTS];

        timers_left = left;
        for (int i = 0; i < CLIENTS; i++)
            fds[i] = client_send(f, "/list");
        for (int i = 0; i < CLIENTS; i++) {
            client_receive(f, fds[i], reply);
            assert_non_null(strstr(reply, ": x"));
        }
        timers_left = -1;
        await_list(f, "1 fresh: x");
    }
}

static void test_without_database_and_timers_it_is_stale(void **state)
{
    struct fixture *f = *state;

    add(f, "x");
    assert_list(f, client_send(f, "/list"), "1 fresh: x");
    take_away(f);
    timers_left = 2; /* the question and its patience, but no second try */
    assert_list(f, client_send(f, "/list"), "1 stale: x");
    assert_int_equal(symlink(f->socket, f->link), 0);
    timers_left = -1;
    await_list(f, "1 fresh: x");
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
    const struct snapshot *first;
    int64_t as_of_us;
    const struct snapshot *last;

    add(f, "x");
    first = keep_one(f, &fds[0]);
    as_of_us = snapshot_as_of_us(first);
    add(f, "y");
    assert_list(f, client_send(f, "/list"), "2 fresh: x y");
    take_away(f);
    timers_left = 2; /* so that nobody waits until it is back */
    last = keep_one(f, &fds[1]);
    timers_left = -1;
    assert_int_equal(snapshot_count(first), 1);
    assert_false(snapshot_stale(first));
    assert_int_equal(snapshot_as_of_us(first), as_of_us);
    assert_true(snapshot_stale(last));
    assert_int_equal(snapshot_count(last), 2);
    assert_true(snapshot_as_of_us(last) > as_of_us);
    list_show(request_life(f->kept[0]), first);
    list_show(request_life(f->kept[1]), last);
    assert_list(f, fds[0], "1 fresh: x");
    assert_list(f, fds[1], "2 stale: x y");
}

static void test_suppliers_are_found_by_id(void **state)
{
    struct fixture *f = *state;
    int fd;
    const struct snapshot *now;
    const struct supplier *a;

    add(f, "b");
    add(f, "gone");
    add(f, "a");
    test_run(f->direct, "DELETE FROM suppliers WHERE id = 2");
    test_run(f->direct, "UPDATE suppliers SET country = 'Per\u00fa',"
                        " notes = '# Hi' WHERE id = 3");
    now = keep_one(f, &fd);
    a = snapshot_find(now, 3);
    assert_true(slice_is(a->fields[SUPPLIER_NAME], "a"));
    assert_true(slice_is(a->fields[SUPPLIER_PHONE], "e"));
    assert_true(slice_is(a->fields[SUPPLIER_COUNTRY], "Per\u00fa"));
    assert_true(slice_is(a->fields[SUPPLIER_NOTES], "# Hi"));
    assert_int_equal(snapshot_find(now, 1)->id, 1);
    assert_null(snapshot_find(now, 2));
    assert_null(snapshot_find(now, 0));
    assert_null(snapshot_find(now, INT64_MAX));
    list_show(request_life(f->kept[0]), now);
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

/* What is searched of a supplier is made once, however often it has changed
 * since the last question. */
static void test_a_row_is_made_once_for_many_changes(void **state)
{
    enum { ADDED = 3, UPDATED = ADDED + 2 * 20, LAST = UPDATED + 3 };
    struct fixture *f = *state;

    add(f, "a");
    add(f, "b");
    add(f, "gone");
    assert_list(f, client_send(f, "/list"), "3 fresh: a b gone");
    for (int i = 0; i < REVISIONS; i++)
        atomic_store(&rows_made[i], 0);
    /* One transaction: comparing, which makes rows, too, sees its end only. */
    test_run(f->direct, "START TRANSACTION");
    for (int i = 0; i < 20; i++)
        test_run(f->direct, "UPDATE suppliers SET city = CONCAT(city, 'x')"
                            " WHERE name IN ('a', 'gone')");
    test_run(f->direct, "UPDATE suppliers SET name = 'c' WHERE name = 'a'");
    test_run(f->direct, "UPDATE suppliers SET name = 'd' WHERE name = 'b'");
    test_run(f->direct, "DELETE FROM suppliers WHERE name = 'gone'");
    test_run(f->direct, "COMMIT");
    assert_list(f, client_send(f, "/list"), "2 fresh: c d");
    for (int i = ADDED + 1; i <= LAST; i++)
        assert_int_equal(atomic_load(&rows_made[i]) > 0,
                         i > UPDATED && i < LAST);
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
    } while (strstr(reply, "0 fresh:") == NULL);
    add(f, "b");
    assert_list(f, client_send(f, "/list"), "1 fresh: b");
}

/* More than are followed one by one. */
/* Perhaps not at once: a busy machine may read for longer than a request
 * waits. */
static void expect_fresh_list(struct fixture *f, const char *body)
{
    int64_t until_ms = clock_monotonic_ms() + GIVE_UP_MS;
    char reply[REPLY_MAX_BYTES];

    do {
        client_receive(f, client_send(f, "/list"), reply);
    } while (strstr(reply, " stale: ") != NULL &&
             clock_monotonic_ms() < until_ms);
    assert_body(reply, body);
}

static void test_many_changes_at_once(void **state)
{
    struct fixture *f = *state;

    add(f, "a");
    assert_list(f, client_send(f, "/list"), "1 fresh: a");
    test_run(f->direct,
             "INSERT INTO suppliers (name, address, city, state, email, phone)"
             " SELECT CONCAT('x', seq), '', '', '', '', '' FROM seq_1_to_1500");
    expect_fresh_list(f, "1501 fresh: a x1 x10");
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
        WITH_FIXTURE(test_a_question_does_not_wait_for_ever),
        cmocka_unit_test_setup_teardown(
            test_without_a_database_the_last_state_is_stale, setup_for_outage,
            teardown),
        WITH_FIXTURE(test_without_timers_everybody_is_answered),
        WITH_FIXTURE(test_without_database_and_timers_it_is_stale),
        cmocka_unit_test_setup_teardown(
            test_without_any_state_there_is_nothing_to_show,
            setup_without_catalog, teardown),
        WITH_FIXTURE(test_changes_by_others_arrive),
        WITH_FIXTURE(test_a_row_is_made_once_for_many_changes),
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
