/*
 * Signals, and the daemon's orderly end: readiness turns 503 while it goes on
 * serving, then the listener closes, then what is in flight ends.
 *
 * The order loses no request. A load balancer learns from /readyz that it shall
 * send no more, and until it has learned that, what it sends is served; if the
 * listener closed first, its next connections would be refused. stop_max_ms
 * bounds all of it, with a part left for closing what requests wait for.
 */
#include <event2/event.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include "cafe/base/clock.h"
#include "frame.h"

enum {
    LOOK_MS = 20,
    /* The part of the time to stop that is left for closing, in which requests
     * that wait for the database are answered. At most a quarter of it. */
    CLOSING_MS = 500,
    /* A client that connected longer ago is gone. */
    CONNECTION_MS = 10 * 1000,
    /* Load balancers ask at least every five minutes (those of AWS). */
    LOAD_BALANCER_MS = 11 * 60 * 1000
};

int stop_note_asked(void *context, struct request *req)
{
    struct frame *frame = context;

    if (slice_is(request_head(req)->path, frame->definition->health_path))
        frame->asked_ms = clock_monotonic_ms();
    return 0;
}

static bool within(int64_t then_ms, int64_t now_ms, int64_t ms)
{
    return then_ms != 0 && now_ms - then_ms < ms;
}

/* How long to go on accepting, so that load balancers see /readyz turn 503
 * before connections are refused. Without any there is nothing to wait for: a
 * developer's Ctrl-C ends it at once. */
static int64_t drain_delay(const struct frame *frame, int64_t now_ms)
{
    if (within(frame->asked_ms, now_ms, LOAD_BALANCER_MS) ||
        within(server_accepted_ms(frame->main_server), now_ms, CONNECTION_MS))
        return frame->settings->drain_delay_ms;
    return 0;
}

/* Closing may wait for anything, a database that hangs for instance; now it is
 * time to be gone. All log lines are written by then. */
static void on_alarm(int number)
{
    /* Not exit(): a signal handler may only call what is safe at any moment,
     * and exit() would free what an interrupted function has in its hands. */
    (void)number;
    _exit(0);
}

/* With 0, for tests and tools, closing takes as long as it takes. */
static void set_alarm(int64_t ms)
{
    const struct itimerval time = { .it_value = { ms / 1000,
                                                  ms % 1000 * 1000 } };
    struct sigaction action = { .sa_handler = on_alarm };

    sigemptyset(&action.sa_mask);
    /* Neither fails with these arguments. */
    if (sigaction(SIGALRM, &action, NULL) == 0)
        (void)setitimer(ITIMER_REAL, &time, NULL);
}

void stop_ignore_signals(void)
{
    signal(SIGUSR1, SIG_IGN);
    signal(SIGUSR2, SIG_IGN);
}

void stop_say(const struct frame *frame)
{
    size_t left = server_connections(frame->main_server);

    if (left > 0)
        log_line(frame->service.log, LOG_WARNING, "stopping took too long",
                 LOG_NUMBER("stop_max_ms", frame->settings->stop_max_ms),
                 LOG_NUMBER("connections", (int64_t)left), LOG_END);
    log_line(frame->service.log, LOG_INFO, "stopped", LOG_END);
    log_flush(frame->service.log);
}

/* Without a timer it ends now: nobody would ever look again. */
static void look_again_in(struct frame *frame, int64_t ms)
{
    const struct timeval delay = { ms / 1000, ms % 1000 * 1000 };

    if (event_add(frame->stop_timer, &delay) == 0)
        return;
    log_line(frame->service.log, LOG_ERROR, "stopping immediately",
             LOG_STRING("reason", error_text(ERROR_MEMORY)), LOG_END);
    frame->done = true;
}

/* The drain delay is over, or it is time to see whether all have gone. */
static void stop_on_time(evutil_socket_t fd, short what, void *argument)
{
    struct frame *frame = argument;

    (void)fd;
    (void)what;
    /* Once: connections that were idle then have been closed, others close with
     * their answer. */
    if (!frame->stopped) {
        frame->stopped = true;
        if (frame->definition->end_waits != NULL)
            frame->definition->end_waits(frame->app);
        server_stop(frame->main_server);
    }
    if (server_connections(frame->main_server) == 0 ||
        clock_monotonic_ms() >= frame->stop_by_ms)
        frame->done = true;
    else
        look_again_in(frame, LOOK_MS);
}

static void stop_begin(struct frame *frame, int number)
{
    int64_t now_ms = clock_monotonic_ms();
    int64_t max_ms = frame->settings->stop_max_ms;
    int64_t closing_ms = max_ms / 4 < CLOSING_MS ? max_ms / 4 : CLOSING_MS;
    int64_t delay_ms = drain_delay(frame, now_ms);

    if (delay_ms > max_ms - closing_ms)
        delay_ms = max_ms - closing_ms;
    log_line(frame->service.log, LOG_INFO, "stopping",
             LOG_STRING("signal", number == SIGTERM ? "SIGTERM" : "SIGINT"),
             LOG_NUMBER("drain_delay_ms", delay_ms), LOG_END);
    notify_send(frame->notify, NOTIFY_STOPPING);
    set_alarm(max_ms);
    frame->draining = true;
    frame->draining_us = clock_utc_us();
    frame->stop_by_ms = now_ms + max_ms - closing_ms;
    server_drain(frame->main_server);
    look_again_in(frame, delay_ms);
}

static void on_stop(evutil_socket_t number, short what, void *argument)
{
    struct frame *frame = argument;

    (void)what;
    if (!frame->draining) {
        stop_begin(frame, (int)number);
        return;
    }
    /* An impatient operator: clients see broken connections, and saves that are
     * under way end one way or the other in the database. */
    log_line(frame->service.log, LOG_WARNING, "stopped immediately",
             LOG_STRING("reason", "second signal"), LOG_END);
    log_flush(frame->service.log);
    _exit(1);
}

static void on_reload(evutil_socket_t number, short what, void *argument)
{
    (void)number;
    (void)what;
    frame_reload(argument);
}

enum error stop_open(struct frame *frame)
{
    struct event_base *base = frame->service.base;

    frame->signals[0] = evsignal_new(base, SIGTERM, on_stop, frame);
    frame->signals[1] = evsignal_new(base, SIGINT, on_stop, frame);
    frame->signals[2] = evsignal_new(base, SIGHUP, on_reload, frame);
    frame->stop_timer = evtimer_new(base, stop_on_time, frame);
    for (size_t i = 0; i < 3; i++) {
        if (frame->signals[i] == NULL || event_add(frame->signals[i], NULL))
            return ERROR_MEMORY;
    }
    return frame->stop_timer != NULL ? OK : ERROR_MEMORY;
}

void stop_close(struct frame *frame)
{
    for (size_t i = 0; i < 3; i++) {
        if (frame->signals[i] != NULL)
            event_free(frame->signals[i]);
    }
    if (frame->stop_timer != NULL)
        event_free(frame->stop_timer);
}
