/* What a manual page says beside the table of options. */
#include "frame.h"

static const char manual_rest[] =
    ".SH SIGNALS\n"
    ".TP\n.B SIGTERM, SIGINT\n"
    "Go on accepting for drain_delay_ms if anybody has asked lately, then\n"
    "answer the requests that are there and end with 0, within stop_max_ms. A\n"
    "second one ends it at once.\n"
    ".TP\n.B SIGHUP\n"
    "Read the configuration again. Who may use it, whose X\\-Forwarded\\-For\n"
    "is believed, the names that are served, the site's own origins, the\n"
    "limits of HTTP, the log and the times of a stop change at once,\n"
    "everything else at the next start; the log names what has changed and\n"
    "waits for that.\n"
    ".TP\n.B SIGUSR1, SIGUSR2\n"
    "Are ignored.\n"
    ".SH EXIT STATUS\n"
    "0 when it was told to end or a command succeeded; 1 after one line on\n"
    "standard error that says what is wrong and what to do.\n"
    ".SH ENVIRONMENT\n"
    "Besides the variables of the options, those of systemd:\n"
    ".TP\n.B NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID\n"
    "The service manager is told when it serves, that its event loop runs, "
    "and\n"
    "when it stops: Type=notify and WatchdogSec=.\n"
    ".TP\n.B LISTEN_FDS, LISTEN_PID, LISTEN_FDNAMES\n"
    "Serve on a socket that was opened before, whatever port and bind say. "
    "The\n"
    "one named ops is the operators' port.\n";

void manual_show(const struct frame *frame)
{
    const struct config_manual manual = {
        .version = CAFE_VERSION,
        .summary = frame->definition->summary,
        .description = frame->definition->description,
        .rest = manual_rest,
    };

    config_man(&frame->source, &manual, stdout);
}
