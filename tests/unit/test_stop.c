/* The end of a daemon, also when no timer can be added any more. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "cafe/base/clock.h"
#include "frame.h"
#include "test_server.h"
#include "test_timers.h"

struct fixture {
    struct frame frame;
    struct service_settings settings;
    int null_fd;
    unsigned waits_ended;
};

enum { MINUTE_MS = 60 * 1000, FOREVER_MS = 60 * MINUTE_MS };

static void count_end_of_waits(void *app)
{
    struct fixture *f = app;

    f->waits_ended++;
}

static const struct service_definition with_waits = {
    .name = "test",
    .end_waits = count_end_of_waits,
};

/* The alarm that bounds a stop would end these tests with 0. */
static void block_alarm(void)
{
    sigset_t alarm;

    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    assert_int_equal(sigprocmask(SIG_BLOCK, &alarm, NULL), 0);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct frame *frame;

    assert_non_null(f);
    frame = &f->frame;
    f->null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    frame->definition = &with_waits;
    frame->app = f;
    frame->settings = &f->settings;
    block_alarm();
    f->settings.stop_max_ms = FOREVER_MS;
    frame->service.base = event_base_new();
    frame->service.log = log_open("test", "0", LOG_TEXT, f->null_fd, NULL);
    frame->main_config = (struct server_config){
        .name = "main",
        .routes = ops_routes,
        .limits = server_limits_default,
        .log = frame->service.log,
        .counters = &frame->counters,
    };
    assert_int_equal(server_open(frame->service.base, &frame->main_config,
                                 &frame->main_server),
                     OK);
    assert_int_equal(stop_open(frame), OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    server_close(f->frame.main_server);
    stop_close(&f->frame);
    log_close(f->frame.service.log);
    event_base_free(f->frame.service.base);
    close(f->null_fd);
    free(f);
    return 0;
}

static void stop(struct fixture *f)
{
    assert_int_equal(kill(getpid(), SIGTERM), 0);
    while (!f->frame.done)
        assert_int_equal(event_base_loop(f->frame.service.base, EVLOOP_ONCE),
                         0);
}

static void test_it_ends_when_nobody_is_left(void **state)
{
    struct fixture *f = *state;

    stop(f);
    assert_true(f->frame.draining && f->frame.stopped);
    assert_int_equal(f->waits_ended, 1);
}

/* Whether it goes on accepting after one turn of the loop. */
static bool drains(struct fixture *f)
{
    assert_int_equal(kill(getpid(), SIGTERM), 0);
    while (!f->frame.draining)
        assert_int_equal(event_base_loop(f->frame.service.base, EVLOOP_ONCE),
                         0);
    assert_int_equal(event_base_loop(f->frame.service.base, EVLOOP_NONBLOCK),
                     0);
    assert_int_equal(f->waits_ended, f->frame.stopped);
    return !f->frame.stopped;
}

static void test_a_load_balancer_is_given_time_to_notice(void **state)
{
    struct fixture *f = *state;

    f->settings.drain_delay_ms = FOREVER_MS / 2;
    f->frame.asked_ms = clock_monotonic_ms() - 10 * MINUTE_MS;
    assert_true(drains(f));
}

static void test_one_that_asks_no_more_is_not(void **state)
{
    struct fixture *f = *state;

    f->settings.drain_delay_ms = FOREVER_MS / 2;
    f->frame.asked_ms = clock_monotonic_ms() - 12 * MINUTE_MS;
    assert_false(drains(f));
}

static void test_nor_is_nobody(void **state)
{
    struct fixture *f = *state;

    f->settings.drain_delay_ms = FOREVER_MS / 2;
    assert_false(drains(f));
}

/* Settings that the configuration refuses: the time to stop counts. */
static void test_the_time_to_stop_bounds_the_delay(void **state)
{
    struct fixture *f = *state;

    f->settings.drain_delay_ms = FOREVER_MS;
    f->settings.stop_max_ms = 100;
    f->frame.asked_ms = clock_monotonic_ms();
    stop(f);
    assert_true(f->frame.stopped);
}

static void test_the_page_for_load_balancers_counts(void **state)
{
    static const struct service_definition definition = { .health_path = "/" };
    struct frame frame = { .definition = &definition };
    const char *client;
    void *state_of_server;

    (void)state;
    assert_int_equal(server_start(&state_of_server, stop_note_asked, &frame),
                     0);
    assert_int_equal(server_ask(state_of_server, "GET /other HTTP/1.1",
                                "Host: x\r\n", &client),
                     404);
    assert_true(frame.asked_ms == 0);
    assert_int_equal(
        server_ask(state_of_server, "GET / HTTP/1.1", "Host: x\r\n", &client),
        200);
    assert_true(frame.asked_ms > 0);
    assert_int_equal(server_end(&state_of_server), 0);
}

/* Nobody would ever look whether all have gone. */
static void test_it_ends_at_once_without_a_timer(void **state)
{
    struct fixture *f = *state;

    f->settings.drain_delay_ms = FOREVER_MS / 2;
    timers_left = 0;
    stop(f);
    timers_left = -1;
    assert_true(f->frame.draining);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_it_ends_when_nobody_is_left,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_load_balancer_is_given_time_to_notice, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_that_asks_no_more_is_not,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nor_is_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_time_to_stop_bounds_the_delay,
                                        set_up, tear_down),
        cmocka_unit_test(test_the_page_for_load_balancers_counts),
        cmocka_unit_test_setup_teardown(test_it_ends_at_once_without_a_timer,
                                        set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
