/* Jobs of unknown outcome are settled by running them again, where
 * that does no harm; and servers that no longer take writes are left. */
#include "test_db_pool.h"

enum { THREADS = 4 };

/* What a dying job does, and what is true of the database meanwhile. */
struct dying {
    struct probe probe; /* first: the job of done */
    int deaths;         /* runs that end with a lost connection */
    enum error then;    /* what the next one ends with */
    const char *link;   /* to the socket; taken away with the connection */
    const int64_t *others;
    size_t other_count;
};

static void kill_others(const struct dying *dying)
{
    for (size_t i = 0; i < dying->other_count; i++)
        if (dying->others[i] != dying->probe.number)
            kill_from_elsewhere(dying->others[i]);
}

/* A statement with an effect, and then no connection any more. */
static enum error die(struct db_connection *db, struct dying *dying)
{
    static const char write[] = "DO 1";
    enum error err;

    if ((err = db_begin(db)) != OK ||
        (err = db_execute(db, write, NULL, 0)) != OK)
        return db_rollback(db, err);
    kill_others(dying);
    kill_from_elsewhere(dying->probe.number);
    if (dying->link != NULL)
        unlink(dying->link);
    return db_commit(db);
}

static enum error die_then(struct db_connection *db, void *job)
{
    struct dying *dying = job;
    enum error err = ask_id(db, &dying->probe);

    if (err != OK)
        return err;
    return dying->probe.runs <= dying->deaths ? die(db, dying) : dying->then;
}

static void submit_dying(struct fixture *f, struct dying *dying)
{
    dying->probe.fixture = f;
    db_submit_call(f->db,
                   &(struct db_call){ .operation = "test", .repeatable = true },
                   die_then, on_done, dying);
}

/* A pool whose socket can be taken away. */
static void start_linked(struct fixture *f, char link[64], const char **real)
{
    snprintf(link, 64, "/tmp/cafe-test-link-%d", (int)getpid());
    unlink(link);
    *real = f->config.options.socket;
    assert_int_equal(symlink(*real, link), 0);
    f->config.options.socket = link;
    start(f);
}

static void await_away(struct fixture *f)
{
    int64_t until_ms = clock_monotonic_ms() + GIVE_UP_S * 1000;

    while (!logged(f, "database is unavailable")) {
        event_base_loop(f->base, EVLOOP_NONBLOCK);
        assert_true(clock_monotonic_ms() < until_ms);
    }
}

static void test_runs_again_and_says_so(void **state)
{
    struct fixture f;
    struct dying dying = { .deaths = 1, .then = OK };

    (void)state;
    setup(&f);
    start(&f);
    submit_dying(&f, &dying);
    await(&f, &dying.probe);
    assert_int_equal(dying.probe.outcome, OK);
    assert_int_equal(dying.probe.runs, 2);
    assert_int_equal(logged(&f, "database job is retried"), 1);
    assert_int_equal(logged(&f, "database job failed"), 0);
    assert_int_equal(counter_get(&f.counters, COUNTER_DB_JOBS_DONE), 1);
    teardown(&f);
}

static void test_runs_at_most_three_times(void **state)
{
    struct fixture f;
    struct dying dying = { .deaths = 100 };
    struct probe probe;

    (void)state;
    setup(&f);
    start(&f);
    submit_dying(&f, &dying);
    await(&f, &dying.probe);
    assert_int_equal(dying.probe.outcome, ERROR_DB_UNKNOWN);
    assert_int_equal(dying.probe.runs, 3);
    assert_int_equal(finish(&f, ask_id, &probe), OK);
    teardown(&f);
}

/* What the job found in the database settles it; that the database failed
 * once more does not. */
static void test_what_settles_a_job(void **state)
{
    static const struct {
        enum error then, outcome;
    } cases[] = {
        { ERROR_NOT_FOUND, ERROR_NOT_FOUND },
        { ERROR_CONFLICT, ERROR_CONFLICT },
        { ERROR_DB_DUPLICATE, ERROR_DB_UNKNOWN },
        { ERROR_DB_STATEMENT, ERROR_DB_UNKNOWN },
        { ERROR_DB_AWAY, ERROR_DB_UNKNOWN },
        { ERROR_MEMORY, ERROR_DB_UNKNOWN },
        { ERROR_DB, ERROR_DB_UNKNOWN },
    };
    struct fixture f;

    (void)state;
    setup(&f);
    start(&f);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct dying dying = { .deaths = 1, .then = cases[i].then };

        submit_dying(&f, &dying);
        await(&f, &dying.probe);
        assert_int_equal(dying.probe.outcome, cases[i].outcome);
        assert_int_equal(dying.probe.runs, 2);
    }
    teardown(&f);
}

/* New jobs are refused at once meanwhile. */
static void test_a_database_that_stays_away(void **state)
{
    enum { QUEUE_MS = 600 };
    int64_t began_ms;
    struct fixture f;
    struct dying dying = { .deaths = 1 };
    struct probe probe;
    const char *real;
    char link[64];

    (void)state;
    setup(&f);
    f.config.queue_ms = QUEUE_MS;
    start_linked(&f, link, &real);
    dying.link = link;
    began_ms = clock_monotonic_ms();
    submit_dying(&f, &dying);
    await_away(&f);
    assert_int_equal(finish(&f, ask_id, &probe), ERROR_DB_AWAY);
    await(&f, &dying.probe);
    assert_true(clock_monotonic_ms() - began_ms >= QUEUE_MS - 10);
    assert_int_equal(dying.probe.outcome, ERROR_DB_UNKNOWN);
    assert_int_equal(dying.probe.runs, 1);
    teardown(&f);
}

static enum error meet(struct db_connection *db, void *job)
{
    enum error err = ask_id(db, job);

    return err == OK ? hold(db, job) : err;
}

/* Let every thread have a connection; their ids. */
static void connect_all(struct fixture *f, int64_t ids[THREADS])
{
    struct probe probes[THREADS];
    sem_t begun, go;

    sem_init(&begun, 0, 0);
    sem_init(&go, 0, 0);
    for (size_t i = 0; i < THREADS; i++) {
        probes[i] = (struct probe){ .begun = &begun, .go = &go };
        submit(f, meet, &probes[i]);
    }
    for (size_t i = 0; i < THREADS; i++)
        assert_true(has_begun(f, &probes[i]));
    for (size_t i = 0; i < THREADS; i++)
        sem_post(&go);
    for (size_t i = 0; i < THREADS; i++) {
        await(f, &probes[i]);
        assert_int_equal(probes[i].outcome, OK);
        ids[i] = probes[i].number;
    }
}

/* A restart: every connection is dead, nobody asks for anything, and the
 * database is back before the job's time is up. */
static void test_a_database_that_comes_back_in_time(void **state)
{
    struct fixture f;
    struct dying dying = { .deaths = 1, .then = OK };
    int64_t ids[THREADS];
    const char *real;
    char link[64];

    (void)state;
    setup(&f);
    f.config.threads = THREADS;
    start_linked(&f, link, &real);
    connect_all(&f, ids);
    dying.link = link;
    dying.others = ids;
    dying.other_count = THREADS;
    submit_dying(&f, &dying);
    await_away(&f);
    assert_int_equal(symlink(real, link), 0);
    await(&f, &dying.probe);
    assert_int_equal(dying.probe.outcome, OK);
    assert_int_equal(dying.probe.runs, 2);
    teardown(&f);
    unlink(link);
}

static void test_stopping_leaves_it_unknown(void **state)
{
    struct fixture f;
    struct dying dying = { .deaths = 1 };
    const char *real;
    char link[64];

    (void)state;
    setup(&f);
    start_linked(&f, link, &real);
    dying.link = link;
    submit_dying(&f, &dying);
    await_away(&f);
    db_close(f.db);
    f.db = NULL;
    assert_int_equal(dying.probe.done, 1);
    assert_int_equal(dying.probe.outcome, ERROR_DB_UNKNOWN);
    teardown(&f);
}

/* Rolled back is not unknown: that has its own count. */
static enum error roll_back_twice(struct db_connection *db, void *job)
{
    struct probe *probe = job;

    (void)db;
    return ++probe->runs < 3 ? ERROR_DB_RETRY : OK;
}

static void test_a_repeatable_job_may_be_rolled_back(void **state)
{
    struct fixture f;
    struct probe probe = { 0 };

    (void)state;
    setup(&f);
    start(&f);
    db_submit_call(f.db,
                   &(struct db_call){ .operation = "test", .repeatable = true },
                   roll_back_twice, on_done, &probe);
    await(&f, &probe);
    assert_int_equal(probe.outcome, OK);
    assert_int_equal(probe.runs, 3);
    teardown(&f);
}

/* Errors by class, as a real server sends them. */

/* Work that meets an error of this number. */
static enum error meet_error(struct db_connection *db, void *job)
{
    struct probe *probe = job;
    char sql[80];
    enum error err;

    probe->runs++;
    snprintf(sql, sizeof(sql), "SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = %d",
             (int)probe->number);
    err = db_begin(db);
    if (err == OK)
        err = db_run_text(db, slice_of(sql));
    return err == OK ? ERROR_SYNTAX : err;
}

static enum error outcome_of_error(struct fixture *f, int number, int runs)
{
    struct probe probe = { .number = number };

    submit(f, meet_error, &probe);
    await(f, &probe);
    assert_int_equal(probe.runs, runs);
    return probe.outcome;
}

static void test_a_server_without_writes_is_left(void **state)
{
    static const int numbers[] = { 1290, 1792, 1836, 1047 };
    int64_t before[THREADS], after[THREADS];
    struct fixture f;

    (void)state;
    setup(&f);
    f.config.threads = THREADS;
    start(&f);
    connect_all(&f, before);
    for (size_t n = 0; n < sizeof(numbers) / sizeof(numbers[0]); n++) {
        assert_int_equal(outcome_of_error(&f, numbers[n], 1), ERROR_DB_AWAY);
        connect_all(&f, after);
        for (size_t i = 0; i < THREADS; i++)
            for (size_t j = 0; j < THREADS; j++)
                assert_int_not_equal(before[i], after[j]);
        memcpy(before, after, sizeof(before));
    }
    teardown(&f);
}

static enum error ask_transaction(struct db_connection *db, void *job)
{
    static const char sql[] = "SELECT @@in_transaction * 1000000000"
                              " + CONNECTION_ID()";
    struct probe *probe = job;

    return db_query(db, sql, NULL, 0, take_integer, &probe->number);
}

/* The connection is kept, and nothing of the transaction. */
static void test_other_errors_are_rolled_back(void **state)
{
    static const struct {
        int number, runs;
        enum error outcome;
    } cases[] = {
        { 1205, 1, ERROR_DB_STATEMENT }, { 1969, 1, ERROR_DB_STATEMENT },
        { 3024, 1, ERROR_DB_STATEMENT }, { 1317, 1, ERROR_DB_STATEMENT },
        { 1213, 3, ERROR_DB_RETRY },     { 1020, 3, ERROR_DB_RETRY },
        { 1142, 1, ERROR_DB_AWAY },      { 1226, 1, ERROR_DB_AWAY },
        { 1114, 1, ERROR_DB_AWAY },      { 1021, 1, ERROR_DB_AWAY },
        { 1064, 1, ERROR_DB_TRIGGERS },  { 1062, 1, ERROR_DB_DUPLICATE },
    };
    struct fixture f;
    struct probe first, probe;

    (void)state;
    setup(&f);
    start(&f);
    assert_int_equal(finish(&f, ask_id, &first), OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(outcome_of_error(&f, cases[i].number, cases[i].runs),
                         cases[i].outcome);
        assert_int_equal(finish(&f, ask_transaction, &probe), OK);
        assert_int_equal(probe.number, first.number);
    }
    teardown(&f);
}

/* Also where the connection is still there: it is not trusted any more. */
static void test_unknown_errors_cost_the_connection(void **state)
{
    static const int numbers[] = { 1053, 1180, 1927 };
    struct fixture f;
    struct probe before, after;

    (void)state;
    setup(&f);
    start(&f);
    assert_int_equal(finish(&f, ask_id, &before), OK);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        assert_int_equal(outcome_of_error(&f, numbers[i], 1), ERROR_DB_UNKNOWN);
        assert_int_equal(finish(&f, ask_id, &after), OK);
        assert_int_not_equal(after.number, before.number);
        before = after;
    }
    teardown(&f);
}

/* One statement after the other, for three times as long as all of them may
 * take; then COMMIT. */
static enum error dawdle(struct db_connection *db, void *job)
{
    static const char nap[] = "DO SLEEP(0.05)";
    struct probe *probe = job;
    const int64_t limit_ms = probe->fixture->config.options.read_timeout_s *
                             1000;
    const int64_t until_ms = clock_monotonic_ms() + 3 * limit_ms;
    enum error err = db_begin(db);

    probe->runs++;
    while (err == OK && clock_monotonic_ms() < until_ms)
        err = db_execute(db, nap, NULL, 0);
    return err == OK ? db_commit(db) : db_rollback(db, err);
}

/* A slow database: a job that takes too long is given up, and says so. */
static void test_all_statements_of_a_repeatable_job_have_one_limit(void **state)
{
    struct fixture f;
    struct probe probe = { .fixture = &f }, other;

    (void)state;
    setup(&f);
    f.config.options.read_timeout_s = 1;
    start(&f);
    db_submit_call(f.db,
                   &(struct db_call){ .operation = "test", .repeatable = true },
                   dawdle, on_done, &probe);
    await(&f, &probe);
    assert_int_equal(probe.outcome, ERROR_DEADLINE);
    assert_int_equal(probe.runs, 1);
    assert_int_equal(logged(&f, "timed out"), 1);
    assert_int_equal(finish(&f, ask_id, &other), OK); /* its own time */
    assert_int_equal(finish(&f, dawdle, &other), OK); /* no limit */
    teardown(&f);
}

/* The limit is over while the second run begins: it tells nothing of the
 * first. */
static void test_a_limit_settles_nothing(void **state)
{
    struct fixture f;
    struct dying dying = { .deaths = 1, .then = ERROR_DEADLINE };

    (void)state;
    setup(&f);
    start(&f);
    submit_dying(&f, &dying);
    await(&f, &dying.probe);
    assert_int_equal(dying.probe.outcome, ERROR_DB_UNKNOWN);
    teardown(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs_again_and_says_so),
        cmocka_unit_test(test_runs_at_most_three_times),
        cmocka_unit_test(test_what_settles_a_job),
        cmocka_unit_test(test_a_database_that_stays_away),
        cmocka_unit_test(test_a_database_that_comes_back_in_time),
        cmocka_unit_test(test_stopping_leaves_it_unknown),
        cmocka_unit_test(test_a_repeatable_job_may_be_rolled_back),
        cmocka_unit_test(test_a_server_without_writes_is_left),
        cmocka_unit_test(test_other_errors_are_rolled_back),
        cmocka_unit_test(test_unknown_errors_cost_the_connection),
        cmocka_unit_test(
            test_all_statements_of_a_repeatable_job_have_one_limit),
        cmocka_unit_test(test_a_limit_settles_nothing),
    };

    (void)test_database();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
