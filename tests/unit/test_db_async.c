/* A question that the loop asks itself: answered, late, and cut off. */
#include "test_db_pool.h"

/* Answers at once while nobody holds the lock, and else not for a minute. */
static const char select_when_free[] =
    "SELECT IF(IS_FREE_LOCK('cafe_async') = 1, 0, SLEEP(60)), CONNECTION_ID()";

struct asker {
    struct fixture f;
    struct db_async *async;
    int done;
    enum error outcome;
    int64_t numbers[DB_ASYNC_NUMBERS];
};

static void open_asker(struct asker *asker)
{
    memset(asker, 0, sizeof(*asker));
    setup(&asker->f);
}

static void start_asker(struct asker *asker)
{
    start(&asker->f);
    assert_int_equal(db_async_open(asker->f.base, asker->f.db, select_when_free,
                                   &asker->async),
                     OK);
}

static void close_asker(struct asker *asker)
{
    db_async_disconnect(asker->async);
    db_close(asker->f.db);
    asker->f.db = NULL;
    db_async_close(asker->async);
    teardown(&asker->f);
}

static void on_numbers(void *context, enum error outcome,
                       const int64_t numbers[DB_ASYNC_NUMBERS])
{
    struct asker *asker = context;

    asker->done++;
    asker->outcome = outcome;
    memcpy(asker->numbers, numbers, sizeof(asker->numbers));
}

/* Ask, as soon as there is a connection. */
static void ask(struct asker *asker)
{
    int64_t until_ms = clock_monotonic_ms() + GIVE_UP_S * 1000;

    asker->done = 0;
    while (!db_async_ask(asker->async, on_numbers, asker)) {
        assert_true(clock_monotonic_ms() < until_ms);
        db_async_connect(asker->async);
        event_base_loop(asker->f.base, EVLOOP_NONBLOCK);
    }
    assert_int_equal(asker->done, 0);
}

static void await_numbers(struct asker *asker)
{
    int64_t until_ms = clock_monotonic_ms() + GIVE_UP_S * 1000;

    while (!asker->done) {
        assert_true(clock_monotonic_ms() < until_ms);
        event_base_loop(asker->f.base, EVLOOP_NONBLOCK);
    }
    assert_int_equal(asker->done, 1);
}

static struct db_connection *hold_lock(void)
{
    struct db_connection *other = test_connect();

    test_run(other, "DO GET_LOCK('cafe_async', 0)");
    return other;
}

/* Until the server is at work on the question. */
static void await_sleep(struct asker *asker, struct db_connection *other)
{
    static const char select_sleeping[] =
        "SELECT COUNT(*) FROM information_schema.PROCESSLIST"
        " WHERE STATE = 'User sleep'";
    int64_t sleeping = 0;

    while (!sleeping) {
        assert_int_equal(db_query(other, select_sleeping, NULL, 0,
                                  db_take_integer, &sleeping),
                         OK);
        assert_int_equal(asker->done, 0);
    }
}

static void test_it_answers_over_and_over(void **state)
{
    struct asker asker;
    int64_t id;

    (void)state;
    open_asker(&asker);
    start_asker(&asker);
    assert_false(db_async_ask(asker.async, on_numbers, &asker));
    ask(&asker);
    await_numbers(&asker);
    id = asker.numbers[1];
    for (int i = 0; i < 1000; i++) {
        ask(&asker);
        await_numbers(&asker);
        assert_int_equal(asker.outcome, OK);
        assert_int_equal(asker.numbers[0], 0);
        assert_int_equal(asker.numbers[1], id);
    }
    close_asker(&asker);
}

/* The server ends the connection while nothing is asked. */
static void test_an_idle_connection_that_ends(void **state)
{
    int64_t until_ms = clock_monotonic_ms() + GIVE_UP_S * 1000;
    struct asker asker;
    int64_t id;

    (void)state;
    open_asker(&asker);
    start_asker(&asker);
    ask(&asker);
    await_numbers(&asker);
    id = asker.numbers[1];
    kill_from_elsewhere(id);
    asker.done = 0;
    while (db_async_ask(asker.async, on_numbers, &asker)) {
        assert_true(clock_monotonic_ms() < until_ms);
        await_numbers(&asker);
        asker.done = 0;
    }
    ask(&asker);
    await_numbers(&asker);
    assert_int_equal(asker.outcome, OK);
    assert_int_not_equal(asker.numbers[1], id);
    close_asker(&asker);
}

static void test_a_connection_that_ends_before_the_answer(void **state)
{
    struct db_connection *other;
    struct asker asker;

    (void)state;
    open_asker(&asker);
    start_asker(&asker);
    ask(&asker);
    await_numbers(&asker);
    other = hold_lock();
    ask(&asker);
    await_sleep(&asker, other);
    kill_from_elsewhere(asker.numbers[1]);
    await_numbers(&asker);
    assert_int_not_equal(asker.outcome, OK);
    assert_false(db_async_ask(asker.async, on_numbers, &asker));
    db_disconnect(other);
    ask(&asker);
    await_numbers(&asker);
    assert_int_equal(asker.outcome, OK);
    close_asker(&asker);
}

static void test_an_answer_has_a_deadline(void **state)
{
    struct db_connection *other;
    struct asker asker;
    int64_t asked_ms;

    (void)state;
    open_asker(&asker);
    asker.f.config.options.read_timeout_s = 1;
    start_asker(&asker);
    ask(&asker);
    await_numbers(&asker);
    other = hold_lock();
    asked_ms = clock_monotonic_ms();
    ask(&asker);
    await_numbers(&asker);
    assert_int_equal(asker.outcome, ERROR_DB_AWAY);
    assert_true(clock_monotonic_ms() - asked_ms >= 1000);
    db_disconnect(other);
    close_asker(&asker);
}

static void test_disconnecting_ends_the_question(void **state)
{
    struct db_connection *other;
    struct asker asker;

    (void)state;
    open_asker(&asker);
    start_asker(&asker);
    ask(&asker);
    await_numbers(&asker);
    other = hold_lock();
    ask(&asker);
    await_sleep(&asker, other);
    db_async_disconnect(asker.async);
    assert_int_equal(asker.done, 1);
    assert_int_equal(asker.outcome, ERROR_STOPPING);
    db_disconnect(other);
    close_asker(&asker);
}

/* Whatever the thread has got to by then. */
static void test_closing_while_it_connects(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct asker asker;

        open_asker(&asker);
        start_asker(&asker);
        db_async_connect(asker.async);
        close_asker(&asker);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_answers_over_and_over),
        cmocka_unit_test(test_an_idle_connection_that_ends),
        cmocka_unit_test(test_a_connection_that_ends_before_the_answer),
        cmocka_unit_test(test_an_answer_has_a_deadline),
        cmocka_unit_test(test_disconnecting_ends_the_question),
        cmocka_unit_test(test_closing_while_it_connects),
    };

    (void)test_database(); /* or skip all */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
