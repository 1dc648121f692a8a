/* What a manual page says beside the table of options. */
#include "cafe/base/version.h"
#include "frame.h"

static const char manual_stopping[] =
    ".SH SIGNALS\n"
    ".TP\n.B SIGTERM, SIGINT\n"
    "Keep accepting connections for drain_delay_ms if anybody has connected\n"
    "recently, then finish the requests in flight and exit with 0, within\n"
    "stop_max_ms. A second signal ends the daemon immediately.\n";

static const char manual_ending[] =
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

static void manual_add_reloading(const struct frame *frame, struct text *out)
{
    text_append_string(out, ".TP\n.B SIGHUP\nReload the configuration. Changes "
                            "to these options take effect\nimmediately:\n");
    reload_name_live(frame->source.options, out);
    text_append_string(out, ".\nAll others need a restart, and the log names "
                            "those that have changed.\n");
}

void manual_show(const struct frame *frame)
{
    struct text rest;

    text_init(&rest, 0);
    text_append_string(&rest, manual_stopping);
    manual_add_reloading(frame, &rest);
    text_append_string(&rest, manual_ending);
    config_man(&frame->source,
               &(struct config_manual){
                   .version = version_text(),
                   .summary = frame->definition->summary,
                   .description = frame->definition->description,
                   .rest = text_string(&rest),
               },
               stdout);
    text_free(&rest);
}
