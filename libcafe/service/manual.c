/* What a manual page says beside the table of options. */
#include "frame.h"

static const char manual_rest[] =
    ".SH SIGNALS\n"
    ".TP\n.B SIGTERM, SIGINT\n"
    "Keep accepting connections for drain_delay_ms if anybody has connected\n"
    "recently, then finish the requests in flight and exit with 0, within\n"
    "stop_max_ms. A second signal ends the daemon immediately.\n"
    ".TP\n.B SIGHUP\n"
    "Reload the configuration. The options allow, trusted_proxies, hosts,\n"
    "origins, identity.header, identity.keys, identity.signer,\n"
    "identity.claim, http.*, log*, drain_delay_ms and stop_max_ms take\n"
    "effect immediately; all others need a restart, and the log names\n"
    "those that have changed.\n"
    ".TP\n.B SIGUSR1, SIGUSR2\n"
    "Ignored.\n"
    ".SH EXIT STATUS\n"
    "0 after a requested stop or a successful command; 1 after an error, with\n"
    "one line on standard error that says what is wrong and what to do.\n"
    ".SH ENVIRONMENT\n"
    "Besides the variables of the options, these variables of systemd:\n"
    ".TP\n.B NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID\n"
    "The daemon notifies the service manager when it serves, while its event\n"
    "loop runs, and when it stops, for Type=notify and WatchdogSec=.\n"
    ".TP\n.B LISTEN_FDS, LISTEN_PID, LISTEN_FDNAMES\n"
    "Serve on a socket that systemd has opened, whatever port and bind say.\n"
    "The socket named ops is the operators' port.\n";

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
