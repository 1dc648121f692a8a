/* Work on the other thread: where it runs, in which order, how often. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "cafe/service/offload.h"

enum { JOBS = 1000, PATIENCE_S = 20, NAP_US = 20 * 1000 };

struct fixture;

struct job {
    struct fixture *fixture;
    int works, dones; /* how often */
    enum error err;
    int worked_as; /* how many had worked before */
    int done_as;
    pthread_t worker, finisher;
    sigset_t blocked;
};

struct fixture {
    struct event_base *base;
    struct offload *offload;
    pthread_t loop;
    atomic_int worked;
    int submitted, done, wanted;
    struct job jobs[JOBS];
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    assert_non_null(fixture);
    fixture->base = event_base_new();
    fixture->loop = pthread_self();
    for (size_t i = 0; i < JOBS; i++)
        fixture->jobs[i].fixture = fixture;
    assert_int_equal(offload_open(fixture->base, 0, &fixture->offload), OK);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    offload_close(fixture->offload);
    event_base_free(fixture->base);
    free(fixture);
    return 0;
}

static void work(void *argument)
{
    struct job *job = argument;

    job->works++;
    job->worked_as = atomic_fetch_add(&job->fixture->worked, 1);
    job->worker = pthread_self();
    pthread_sigmask(SIG_SETMASK, NULL, &job->blocked);
}

static void work_slowly(void *argument)
{
    usleep(NAP_US);
    work(argument);
}

static void done(void *argument, enum error err)
{
    struct job *job = argument;
    struct fixture *fixture = job->fixture;

    job->dones++;
    job->err = err;
    job->done_as = fixture->done++;
    job->finisher = pthread_self();
    if (fixture->done == fixture->wanted)
        event_base_loopbreak(fixture->base);
}

/* The next job; its done function does not run before this returns. */
static void submit(struct fixture *fixture, offload_work_fn *work_fn,
                   offload_done_fn *done_fn)
{
    int before = fixture->done;

    assert_true(fixture->submitted < JOBS);
    assert_int_equal(offload_submit(fixture->offload, "", work_fn, done_fn,
                                    &fixture->jobs[fixture->submitted++]),
                     OK);
    assert_int_equal(fixture->done, before);
}

/* Run the loop until that many are done, and on for those done twice. */
static void run_until(struct fixture *fixture, int wanted)
{
    const struct timeval patience = { PATIENCE_S, 0 };

    fixture->wanted = wanted;
    event_base_loopexit(fixture->base, &patience);
    event_base_loop(fixture->base, EVLOOP_NO_EXIT_ON_EMPTY);
    assert_int_equal(fixture->done, wanted);
    event_base_loop(fixture->base, EVLOOP_NONBLOCK);
    assert_int_equal(fixture->done, wanted);
}

/* Every job that was submitted is done, in order, exactly once. The first ones
 * ran as they should, the others not at all; returns how many ran. */
static int expect_done(const struct fixture *fixture)
{
    int worked = fixture->worked;

    assert_int_equal(fixture->done, fixture->submitted);
    for (int i = 0; i < fixture->submitted; i++) {
        const struct job *job = &fixture->jobs[i];

        assert_int_equal(job->dones, 1);
        assert_int_equal(job->done_as, i);
        assert_true(pthread_equal(job->finisher, fixture->loop));
        assert_int_equal(job->works, i < worked);
        assert_int_equal(job->err, i < worked ? OK : ERROR_STOPPING);
        if (job->works == 0)
            continue;
        assert_int_equal(job->worked_as, i);
        assert_false(pthread_equal(job->worker, fixture->loop));
        assert_true(pthread_equal(job->worker, fixture->jobs[0].worker));
    }
    return worked;
}

static void expect_all(const struct fixture *fixture)
{
    assert_int_equal(expect_done(fixture), fixture->submitted);
}

static void test_all_at_once(void **state)
{
    struct fixture *fixture = *state;

    for (int i = 0; i < JOBS; i++)
        submit(fixture, work, done);
    run_until(fixture, JOBS);
    expect_all(fixture);
}

static void test_one_after_the_other(void **state)
{
    struct fixture *fixture = *state;

    for (int i = 0; i < 100; i++) {
        submit(fixture, work, done);
        run_until(fixture, i + 1);
    }
    expect_all(fixture);
}

/* Those come while the thread is at work. */
static void test_behind_a_slow_one(void **state)
{
    struct fixture *fixture = *state;

    submit(fixture, work_slowly, done);
    for (int i = 0; i < 10; i++)
        submit(fixture, work, done);
    run_until(fixture, 11);
    expect_all(fixture);
}

/* Two for each one, until there are no more. */
static void done_and_again(void *argument, enum error err)
{
    struct job *job = argument;

    for (int i = 0; i < 2 && job->fixture->submitted < JOBS; i++)
        submit(job->fixture, work, done_and_again);
    done(job, err);
}

static void test_submit_from_done(void **state)
{
    struct fixture *fixture = *state;

    submit(fixture, work, done_and_again);
    run_until(fixture, JOBS);
    expect_all(fixture);
}

static int close_early(struct fixture *fixture)
{
    assert_int_equal(fixture->done, 0);
    offload_close(fixture->offload);
    fixture->offload = NULL;
    return expect_done(fixture);
}

/* Not even begun: a daemon that has to stop would take as long as they do. They
 * are so many that none of the tests depends on how soon it is told to stop. */
static void test_close_with_jobs_waiting(void **state)
{
    struct fixture *fixture = *state;

    for (int i = 0; i < JOBS; i++)
        submit(fixture, work_slowly, done);
    assert_true(close_early(fixture) < JOBS);
    /* Nothing is left in the loop. */
    assert_int_equal(event_base_loop(fixture->base, EVLOOP_NONBLOCK), 1);
}

static void test_close_with_results_waiting(void **state)
{
    struct fixture *fixture = *state;

    for (int i = 0; i < 10; i++)
        submit(fixture, work, done);
    for (int i = 0; i < PATIENCE_S * 1000 && atomic_load(&fixture->worked) < 10;
         i++)
        usleep(1000);
    assert_int_equal(atomic_load(&fixture->worked), 10);
    assert_int_equal(close_early(fixture), 10);
}

/* Some were done by the loop, the others are by closing, run or not. */
static void test_close_halfway(void **state)
{
    struct fixture *fixture = *state;

    for (int i = 0; i < 50; i++)
        submit(fixture, work, done);
    run_until(fixture, 50);
    for (int i = 50; i < JOBS; i++)
        submit(fixture, work_slowly, done);
    assert_int_equal(fixture->done, 50);
    offload_close(fixture->offload);
    fixture->offload = NULL;
    assert_true(expect_done(fixture) < JOBS);
}

/* What is submitted by the last done function is refused. */
static void done_and_one_more(void *argument, enum error err)
{
    struct job *job = argument;
    struct fixture *fixture = job->fixture;

    done(job, err);
    assert_int_equal(offload_submit(fixture->offload, "", work, done,
                                    &fixture->jobs[fixture->submitted]),
                     ERROR_STOPPING);
}

static void test_submit_from_done_while_closing(void **state)
{
    struct fixture *fixture = *state;

    submit(fixture, work_slowly, done_and_one_more);
    close_early(fixture);
}

/* Between the two nothing runs any more, and nothing is taken. */
static void test_stop_then_close(void **state)
{
    struct fixture *fixture = *state;

    for (int i = 0; i < JOBS; i++)
        submit(fixture, work_slowly, done);
    offload_stop(fixture->offload);
    assert_int_equal(fixture->done, JOBS);
    assert_true(expect_done(fixture) < JOBS);
    assert_int_equal(
        offload_submit(fixture->offload, "", work, done, &fixture->jobs[0]),
        ERROR_STOPPING);
    offload_stop(fixture->offload);
    offload_close(fixture->offload);
    fixture->offload = NULL;
    assert_int_equal(fixture->done, JOBS);
    offload_stop(NULL);
}

static void test_open_and_close(void **state)
{
    struct fixture *fixture = *state;

    for (int i = 0; i < 100; i++) {
        struct offload *offload = NULL;

        assert_int_equal(offload_open(fixture->base, 0, &offload), OK);
        assert_non_null(offload);
        offload_close(offload);
    }
    offload_close(NULL);
}

/* What a process gets is the loop's to see. */
static void test_signals_are_the_loops(void **state)
{
    static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGPIPE };
    struct fixture *fixture = *state;
    sigset_t own;

    submit(fixture, work, done);
    run_until(fixture, 1);
    pthread_sigmask(SIG_SETMASK, NULL, &own);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        assert_int_equal(sigismember(&fixture->jobs[0].blocked, signals[i]), 1);
        assert_int_equal(sigismember(&own, signals[i]), 0);
    }
}

static void test_no_descriptor_left(void **state)
{
    struct fixture *fixture = *state;
    struct offload *offload = NULL;
    struct rlimit limit, none;
    enum error err;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){ 0, limit.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    err = offload_open(fixture->base, 0, &offload);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(err, ERROR_SYSTEM);
    assert_null(offload);
}

static atomic_bool gate;

static void work_at_the_gate(void *argument)
{
    while (!gate)
        usleep(1000);
    work(argument);
}

/* Its work waits until the gate is open. */
static void submit_for(struct fixture *fixture, struct offload *offload,
                       const char *client, enum error expected)
{
    assert_int_equal(offload_submit(offload, client, work_at_the_gate, done,
                                    &fixture->jobs[fixture->submitted]),
                     expected);
    fixture->submitted += expected == OK;
}

/* Whoever has one job does not wait for all of another client. */
static void test_clients_take_turns(void **state)
{
    struct fixture *fixture = *state;

    gate = false;
    for (int i = 0; i < 10; i++)
        submit_for(fixture, fixture->offload, "greedy", OK);
    submit_for(fixture, fixture->offload, "modest", OK);
    submit_for(fixture, fixture->offload, "another", OK);
    gate = true;
    run_until(fixture, 12);
    /* One may be at work already, and one has its turn. */
    assert_true(fixture->jobs[10].worked_as <= 2);
    assert_true(fixture->jobs[11].worked_as <= 3);
    for (int i = 1; i < 10; i++) /* each in its own order */
        assert_true(fixture->jobs[i].worked_as >
                    fixture->jobs[i - 1].worked_as);
}

static void test_a_client_has_a_limit(void **state)
{
    struct fixture *fixture = *state;
    struct offload *offload;

    assert_int_equal(offload_open(fixture->base, 3, &offload), OK);
    gate = false;
    for (int i = 0; i < 3; i++) /* the first one may be at work */
        submit_for(fixture, offload, "greedy", OK);
    for (int i = 0; i < 3; i++)
        submit_for(fixture, offload, "modest", OK);
    submit_for(fixture, offload, "modest", ERROR_BUSY);
    submit_for(fixture, offload, "another", OK);
    gate = true;
    run_until(fixture, fixture->submitted);
    offload_close(offload);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_all_at_once),
        TEST(test_one_after_the_other),
        TEST(test_behind_a_slow_one),
        TEST(test_submit_from_done),
        TEST(test_close_with_jobs_waiting),
        TEST(test_close_with_results_waiting),
        TEST(test_close_halfway),
        TEST(test_submit_from_done_while_closing),
        TEST(test_stop_then_close),
        TEST(test_open_and_close),
        TEST(test_signals_are_the_loops),
        TEST(test_no_descriptor_left),
        TEST(test_clients_take_turns),
        TEST(test_a_client_has_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
