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

#include "frame.h"
#include "test_timers.h"

struct fixture {
    struct frame frame;
    struct service_settings settings;
    int null_fd;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct frame *frame;

    assert_non_null(f);
    frame = &f->frame;
    f->null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    frame->settings = &f->settings;
    f->settings.stop_max_ms = 3600 * 1000;
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
}

/* Nobody would ever look whether all have gone. */
static void test_it_ends_at_once_without_a_timer(void **state)
{
    struct fixture *f = *state;

    f->settings.drain_delay_ms = 3600 * 1000;
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
        cmocka_unit_test_setup_teardown(test_it_ends_at_once_without_a_timer,
                                        set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
