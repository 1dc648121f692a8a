/* The database threads: every job comes back exactly once, and as what. */
#include "test_db_pool.h"
#include "test_timers.h"

static void test_done_runs_on_the_loop_thread(void **state)
{
    struct fixture f;
    struct probe probe;

    (void)state;
    setup(&f);
    start(&f);
    assert_int_equal(finish(&f, ask_id, &probe), OK);
    assert_false(pthread_equal(probe.ran_on, pthread_self()));
    assert_int_equal(counter_get(&f.counters, COUNTER_DB_JOBS_DONE), 1);
    assert_int_equal(counter_get(&f.counters, COUNTER_DB_CONNECTIONS_OPEN), 1);
    db_close(f.db);
    f.db = NULL;
    assert_int_equal(counter_get(&f.counters, COUNTER_DB_CONNECTIONS_OPEN), 0);
    teardown(&f);
}

static enum error look_at_signals(struct db_connection *db, void *job)
{
    struct probe *probe = job;
    sigset_t blocked;

    (void)db;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    probe->number = sigismember(&blocked, SIGTERM) == 1 &&
                    sigismember(&blocked, SIGPIPE) == 1 &&
                    sigismember(&blocked, SIGHUP) == 1;
    return OK;
}

static void test_threads_block_signals(void **state)
{
    struct fixture f;
    struct probe probe;

    (void)state;
    setup(&f);
    start(&f);
    assert_int_equal(finish(&f, look_at_signals, &probe), OK);
    assert_int_equal(probe.number, 1);
    teardown(&f);
}

enum { MANY = 3000 };

static void test_many_jobs_on_several_threads(void **state)
{
    static struct probe probes[MANY];
    struct fixture f;

    (void)state;
    setup(&f);
    f.config.threads = 4;
    f.config.queue_max = MANY;
    memset(probes, 0, sizeof(probes));
    start(&f);
    for (int i = 0; i < MANY; i++)
        submit(&f, ask_id, &probes[i]);
    for (int i = 0; i < MANY; i++)
        await(&f, &probes[i]);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(probes[i].outcome, OK);
        assert_int_equal(probes[i].runs, 1);
        assert_int_equal(probes[i].done, 1);
    }
    teardown(&f);
}

/* A pool of one thread that is held by a job. */
static void start_held(struct fixture *f, struct probe *held, sem_t *begun,
                       sem_t *go)
{
    start(f);
    sem_init(begun, 0, 0);
    sem_init(go, 0, 0);
    do {
        *held = (struct probe){ .begun = begun, .go = go };
        submit(f, hold, held);
    } while (!has_begun(f, held));
}

static void test_a_full_queue_is_busy(void **state)
{
    struct fixture f;
    struct probe held, waits[2] = { { 0 } }, refused = { 0 };
    sem_t begun, go;

    (void)state;
    setup(&f);
    f.config.queue_max = 2;
    start_held(&f, &held, &begun, &go);
    submit(&f, ask_id, &waits[0]);
    submit(&f, ask_id, &waits[1]);
    submit(&f, ask_id, &refused);
    await(&f, &refused);
    assert_int_equal(refused.outcome, ERROR_BUSY);
    assert_int_equal(refused.runs, 0);
    sem_post(&go);
    await(&f, &waits[0]);
    await(&f, &waits[1]);
    assert_int_equal(waits[0].outcome, OK);
    assert_int_equal(waits[1].outcome, OK);
    assert_int_equal(counter_get(&f.counters, COUNTER_DB_JOBS_REFUSED), 1);
    teardown(&f);
}

static void test_deadline_passes_while_all_threads_are_busy(void **state)
{
    struct fixture f;
    struct probe held, late[2] = { { 0 } };
    sem_t begun, go;
    int64_t before_ms;

    (void)state;
    setup(&f);
    f.config.queue_ms = 50;
    start_held(&f, &held, &begun, &go);
    before_ms = clock_monotonic_ms();
    submit(&f, ask_id, &late[0]);
    submit(&f, ask_id, &late[1]);
    await(&f, &late[0]);
    await(&f, &late[1]);
    assert_true(clock_monotonic_ms() - before_ms >= 50);
    assert_int_equal(late[0].outcome, ERROR_DEADLINE);
    assert_int_equal(late[1].outcome, ERROR_DEADLINE);
    assert_int_equal(late[0].runs + late[1].runs, 0);
    assert_int_equal(held.done, 0);
    sem_post(&go);
    await(&f, &held);
    assert_int_equal(held.outcome, OK);
    teardown(&f);
}

/* Without memory for the timer nobody would see the deadline pass. */
static void test_no_job_waits_without_a_deadline(void **state)
{
    struct fixture f;
    struct probe refused = { 0 };

    (void)state;
    setup(&f);
    start(&f);
    timers_left = 0;
    db_submit(f.db, "test", ask_id, on_done, &refused);
    timers_left = -1;
    assert_int_equal(refused.done, 1);
    assert_int_equal(refused.outcome, ERROR_MEMORY);
    assert_int_equal(finish(&f, ask_id, &refused), OK);
    teardown(&f);
}

static void test_jobs_come_back_when_the_next_deadline_is_lost(void **state)
{
    struct fixture f;
    struct probe held, late[2] = { { 0 } };
    sem_t begun, go;
    int64_t submitted_ms;

    (void)state;
    setup(&f);
    f.config.queue_ms = 50;
    start_held(&f, &held, &begun, &go);
    submit(&f, ask_id, &late[0]);
    submitted_ms = clock_monotonic_ms();
    while (clock_monotonic_ms() <= submitted_ms + f.config.queue_ms)
        continue;
    submit(&f, ask_id, &late[1]);
    timers_left = 1; /* await() takes it */
    await(&f, &late[0]);
    timers_left = 1;
    await(&f, &late[1]);
    timers_left = -1;
    assert_int_equal(late[0].outcome, ERROR_DEADLINE);
    assert_true(late[1].outcome == ERROR_MEMORY ||
                late[1].outcome == ERROR_DEADLINE); /* a slow machine */
    sem_post(&go);
    await(&f, &held);
    teardown(&f);
}

/* A done function that submits once more. */
static void submit_another(void *job, enum error outcome)
{
    struct probe *probe = job;

    on_done(job, outcome);
    db_submit(probe->fixture->db, "test", ask_id, on_done, probe->next);
}

static void test_stopping_hands_every_job_back(void **state)
{
    struct fixture f;
    struct probe held, another = { 0 };
    struct probe waits[2] = { { .next = &another }, { 0 } };
    sem_t begun, go;

    (void)state;
    setup(&f);
    start_held(&f, &held, &begun, &go);
    waits[0].fixture = &f;
    db_submit(f.db, "test", ask_id, submit_another, &waits[0]);
    submit(&f, ask_id, &waits[1]);
    sem_post(&go);
    db_close(f.db);
    assert_int_equal(held.done, 1);
    assert_int_equal(held.outcome, OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(waits[i].done, 1);
        assert_int_equal(waits[i].outcome, waits[i].runs ? OK : ERROR_STOPPING);
    }
    assert_int_equal(another.done, 1);
    assert_int_equal(another.outcome, ERROR_STOPPING);
    f.db = NULL;
    teardown(&f);
}

static enum error roll_back_twice(struct db_connection *db, void *job)
{
    struct probe *probe = job;

    (void)db;
    return ++probe->runs < 3 ? ERROR_DB_RETRY : OK;
}

static enum error roll_back_always(struct db_connection *db, void *job)
{
    struct probe *probe = job;

    (void)db;
    probe->runs++;
    return ERROR_DB_RETRY;
}

static void test_rolled_back_jobs_run_at_most_three_times(void **state)
{
    struct fixture f;
    struct probe probe;

    (void)state;
    setup(&f);
    start(&f);
    assert_int_equal(finish(&f, roll_back_twice, &probe), OK);
    assert_int_equal(probe.runs, 3);
    assert_int_equal(finish(&f, roll_back_always, &probe), ERROR_DB_RETRY);
    assert_int_equal(probe.runs, 3);
    teardown(&f);
}

static void test_killed_while_idle_goes_unnoticed(void **state)
{
    struct fixture f;
    struct probe probe;

    (void)state;
    setup(&f);
    start(&f);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(finish(&f, ask_id, &probe), OK);
        kill_from_elsewhere(probe.number);
    }
    assert_int_equal(logged(&f, "database"), 0);
    teardown(&f);
}

/* The connection dies between the check and the first statement, once. */
static enum error die_before_first(struct db_connection *db, void *job)
{
    struct probe *probe = job;
    enum error err;

    if (probe->runs++ == 0)
        kill_from_elsewhere(probe->number);
    if ((err = db_begin(db)) != OK)
        return err;
    return db_commit(db);
}

static void test_lost_before_the_first_statement_runs_again(void **state)
{
    struct fixture f;
    struct probe probe, dying = { 0 };

    (void)state;
    setup(&f);
    start(&f);
    assert_int_equal(finish(&f, ask_id, &probe), OK);
    dying.number = probe.number;
    submit(&f, die_before_first, &dying);
    await(&f, &dying);
    assert_int_equal(dying.outcome, OK);
    assert_int_equal(dying.runs, 2);
    teardown(&f);
}

/* The connection dies after a statement with an effect. */
static enum error die_after_write(struct db_connection *db, void *job)
{
    static const char write[] = "DO 1";
    struct probe *probe = job;
    enum error err;

    probe->runs++;
    if ((err = db_begin(db)) != OK ||
        (err = db_execute(db, write, NULL, 0)) != OK)
        return db_rollback(db, err);
    kill_from_elsewhere(probe->number);
    return db_commit(db);
}

static void test_lost_while_executing_is_unknown(void **state)
{
    struct fixture f;
    struct probe probe, dying = { 0 };

    (void)state;
    setup(&f);
    start(&f);
    assert_int_equal(finish(&f, ask_id, &probe), OK);
    dying.number = probe.number;
    submit(&f, die_after_write, &dying);
    await(&f, &dying);
    assert_int_equal(dying.outcome, ERROR_DB_UNKNOWN);
    assert_int_equal(dying.runs, 1);
    assert_int_equal(logged(&f, "database job failed"), 1);
    assert_int_equal(finish(&f, ask_id, &probe), OK);
    assert_true(probe.number != dying.number);
    teardown(&f);
}

static enum error forget_to_commit(struct db_connection *db, void *job)
{
    (void)job;
    return db_begin(db);
}

static enum error ask_transaction(struct db_connection *db, void *job)
{
    struct probe *probe = job;

    return db_query(db, "SELECT @@in_transaction", NULL, 0, take_integer,
                    &probe->number);
}

static void test_a_transaction_never_outlives_its_job(void **state)
{
    struct fixture f;
    struct probe probe;

    (void)state;
    setup(&f);
    start(&f);
    assert_int_equal(finish(&f, forget_to_commit, &probe), ERROR_DB);
    assert_int_equal(finish(&f, ask_transaction, &probe), OK);
    assert_int_equal(probe.number, 0);
    teardown(&f);
}

/* A socket that takes connections and drops them, and counts them. */
struct faulty_server {
    char path[64];
    int fd;
    _Atomic int accepted;
    pthread_t thread;
};

static void *drop_connections(void *argument)
{
    struct faulty_server *server = argument;
    int fd;

    while ((fd = accept(server->fd, NULL, NULL)) >= 0) {
        server->accepted++;
        close(fd);
    }
    return NULL;
}

static void faulty_server_start(struct faulty_server *server)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    *server = (struct faulty_server){ 0 };
    snprintf(server->path, sizeof(server->path), "/tmp/cafe-test-%d.sock",
             (int)getpid());
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", server->path);
    unlink(server->path);
    server->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(server->fd >= 0);
    assert_int_equal(
        bind(server->fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(server->fd, 50), 0);
    assert_int_equal(
        pthread_create(&server->thread, NULL, drop_connections, server), 0);
}

static void faulty_server_stop(struct faulty_server *server)
{
    shutdown(server->fd, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->fd);
    unlink(server->path);
}

/* Attempts to connect in this time: the pauses between them double. Threads may
 * have begun another two. */
static int attempts_max(const struct fixture *f, int64_t passed_ms)
{
    int64_t pause_ms = 100;
    int count = 3;

    for (int64_t at_ms = pause_ms; at_ms <= passed_ms; at_ms += pause_ms) {
        count++;
        if (2 * pause_ms <= f->config.back_off_max_ms)
            pause_ms *= 2;
    }
    return count;
}

static void test_a_dead_database_is_not_hammered(void **state)
{
    struct faulty_server server;
    struct fixture f;
    struct probe probe;
    int64_t began_ms, passed_ms;
    int jobs = 0;

    (void)state;
    setup(&f);
    f.config.threads = 4;
    faulty_server_start(&server);
    f.config.options.socket = server.path;
    start(&f);
    began_ms = clock_monotonic_ms();
    do {
        assert_int_equal(finish(&f, ask_id, &probe), ERROR_DB_AWAY);
        jobs++;
        passed_ms = clock_monotonic_ms() - began_ms;
        assert_in_range(passed_ms, 0, GIVE_UP_S * 1000);
    } while (jobs <= 100 || passed_ms < 500 || server.accepted < 2);
    assert_in_range(server.accepted, 2, attempts_max(&f, passed_ms));
    assert_int_equal(logged(&f, "database is unavailable"), 1);
    teardown(&f);
    faulty_server_stop(&server);
}

static void test_away_and_back_are_logged_once(void **state)
{
    char link[64];
    struct fixture f;
    struct probe probe;
    const char *real;
    int64_t until_ms;

    (void)state;
    setup(&f);
    snprintf(link, sizeof(link), "/tmp/cafe-test-link-%d", (int)getpid());
    unlink(link);
    real = f.config.options.socket;
    f.config.options.socket = link;
    start(&f);
    for (int i = 0; i < 20; i++)
        assert_int_equal(finish(&f, ask_id, &probe), ERROR_DB_AWAY);
    assert_int_equal(symlink(real, link), 0);
    until_ms = clock_monotonic_ms() + GIVE_UP_S * 1000;
    while (finish(&f, ask_id, &probe) != OK)
        assert_true(clock_monotonic_ms() < until_ms);
    assert_int_equal(logged(&f, "database is unavailable"), 1);
    assert_int_equal(logged(&f, "database is available again"), 1);
    teardown(&f);
    unlink(link);
}

/* A server that answers nothing must not hold a job beyond its deadline. */
static void test_deadline_passes_while_connecting(void **state)
{
    enum { CONNECT_S = 60 };
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct fixture f;
    struct probe probe;
    int fd;
    int64_t before_ms;

    (void)state;
    setup(&f);
    snprintf(address.sun_path, sizeof(address.sun_path),
             "/tmp/cafe-test-mute-%d", (int)getpid());
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 5), 0);
    f.config.options.socket = address.sun_path;
    f.config.options.connect_timeout_s = CONNECT_S;
    f.config.options.read_timeout_s = CONNECT_S;
    f.config.queue_ms = 50;
    start(&f);
    before_ms = clock_monotonic_ms();
    assert_int_equal(finish(&f, ask_id, &probe), ERROR_DEADLINE);
    assert_in_range(clock_monotonic_ms() - before_ms, 50, CONNECT_S * 1000 - 1);
    close(fd); /* and the connection ends */
    teardown(&f);
    unlink(address.sun_path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_done_runs_on_the_loop_thread),
        cmocka_unit_test(test_threads_block_signals),
        cmocka_unit_test(test_many_jobs_on_several_threads),
        cmocka_unit_test(test_a_full_queue_is_busy),
        cmocka_unit_test(test_deadline_passes_while_all_threads_are_busy),
        cmocka_unit_test(test_no_job_waits_without_a_deadline),
        cmocka_unit_test(test_jobs_come_back_when_the_next_deadline_is_lost),
        cmocka_unit_test(test_stopping_hands_every_job_back),
        cmocka_unit_test(test_rolled_back_jobs_run_at_most_three_times),
        cmocka_unit_test(test_killed_while_idle_goes_unnoticed),
        cmocka_unit_test(test_lost_before_the_first_statement_runs_again),
        cmocka_unit_test(test_lost_while_executing_is_unknown),
        cmocka_unit_test(test_a_transaction_never_outlives_its_job),
        cmocka_unit_test(test_a_dead_database_is_not_hammered),
        cmocka_unit_test(test_away_and_back_are_logged_once),
        cmocka_unit_test(test_deadline_passes_while_connecting),
    };

    (void)test_database();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
