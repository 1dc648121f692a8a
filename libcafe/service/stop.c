/* Signals, and the daemon's orderly end: readiness turns 503 while it goes on
 * serving, then the listener closes, then what is in flight ends. */
#include <event2/event.h>
#include <signal.h>
#include <unistd.h>

#include "cafe/clock.h"
#include "frame.h"

enum { LOOK_MS = 20 };

/* Without a timer it ends now: nobody would ever look again. */
static void look_again_in(struct frame *frame, int64_t ms)
{
    const struct timeval delay = { ms / 1000, ms % 1000 * 1000 };

    if (event_add(frame->stop_timer, &delay) == 0)
        return;
    log_line(frame->service.log, LOG_ERROR, "stopping at once",
             LOG_STRING("reason", error_text(ERROR_MEMORY)), LOG_END);
    frame->done = true;
}

/* The drain delay is over, or it is time to see whether all have gone. */
static void on_time(evutil_socket_t fd, short what, void *argument)
{
    struct frame *frame = argument;

    (void)fd;
    (void)what;
    if (!frame->stopped) {
        frame->stopped = true;
        server_stop(frame->main_server);
    }
    if (server_connections(frame->main_server) == 0 ||
        clock_monotonic_ms() >= frame->stop_by_ms)
        frame->done = true;
    else
        look_again_in(frame, LOOK_MS);
}

static void begin(struct frame *frame, int number)
{
    log_line(frame->service.log, LOG_INFO, "stopping",
             LOG_STRING("signal", number == SIGTERM ? "SIGTERM" : "SIGINT"),
             LOG_NUMBER("drain_delay_ms", frame->settings->drain_delay_ms),
             LOG_END);
    notify_send(frame->notify, NOTIFY_STOPPING);
    frame->draining = true;
    frame->stop_by_ms = clock_monotonic_ms() + frame->settings->stop_max_ms;
    server_drain(frame->main_server);
    look_again_in(frame, frame->settings->drain_delay_ms);
}

static void on_stop(evutil_socket_t number, short what, void *argument)
{
    struct frame *frame = argument;

    (void)what;
    if (!frame->draining) {
        begin(frame, (int)number);
        return;
    }
    log_line(frame->service.log, LOG_WARNING, "stopped at once",
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
    size_t i;

    frame->signals[0] = evsignal_new(base, SIGTERM, on_stop, frame);
    frame->signals[1] = evsignal_new(base, SIGINT, on_stop, frame);
    frame->signals[2] = evsignal_new(base, SIGHUP, on_reload, frame);
    frame->stop_timer = evtimer_new(base, on_time, frame);
    for (i = 0; i < 3; i++) {
        if (frame->signals[i] == NULL || event_add(frame->signals[i], NULL))
            return ERROR_MEMORY;
    }
    return frame->stop_timer ? OK : ERROR_MEMORY;
}

void stop_close(struct frame *frame)
{
    size_t i;

    for (i = 0; i < 3; i++) {
        if (frame->signals[i] != NULL)
            event_free(frame->signals[i]);
    }
    if (frame->stop_timer != NULL)
        event_free(frame->stop_timer);
}
