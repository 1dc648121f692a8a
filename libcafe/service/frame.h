/* What the files of the daemon frame share. */
#ifndef CAFE_SERVICE_FRAME_H
#define CAFE_SERVICE_FRAME_H

#include "cafe/base/inquiry.h"
#include "cafe/service/access.h"
#include "cafe/service/service.h"
#include "key_check.h"
#include "notify.h"
#include "sign_in.h"
#include "token_wait.h"

struct event;

/** What is known of the database, and the probes that wait to know more. */
struct readiness {
    struct inquiry inquiry; /* probes */
    struct event *timer;    /* patience, or the next question while late */
    enum error outcome;     /* of the last question; ERROR_DEADLINE: none yet */
    int64_t since_us;       /* UTC: since when it is that */
    enum error schema;      /* what the database last said */
    int64_t answered_us;    /* UTC: when; 0: never */
    int64_t asked_ms, asked_us;
    bool late; /* probes are answered at once */
};

/** The turns of the event loop, for monitoring. */
struct loop_turns {
    int64_t ended_us;     /* monotonic: when the last one did */
    int64_t processor_us; /* of the thread, when last asked for */
    int64_t short_us;     /* of short turns since then */
    int64_t longest_us;   /* processor time of the longest turn */
    int64_t long_ones;
};

/** A running daemon. */
struct frame {
    const struct service_definition *definition;
    struct arena *arena; /* for strings that live as long as the daemon */
    struct config_source source;
    struct config *config;
    struct service_settings *settings; /* followed by the daemon's own */

    struct service service;
    struct counters counters, ops_counters;
    int64_t started_s; /* UTC */
    struct loop_turns turns;
    struct access_rules access;
    struct sign_in *sign_in;       /* NULL: no pages have roles */
    struct key_check *key_check;   /* NULL: there is nothing for keys */
    struct token_wait *token_wait; /* NULL: nobody fetches keys of tokens */
    struct server_config main_config, ops_config;
    struct server *main_server, *ops_server;
    struct notify *notify; /* NULL: no service manager */
    void *app;

    struct page *healthy; /* made once: probes come often */
    struct readiness readiness;

    struct event *signals[3];
    struct event *stop_timer;
    int64_t asked_ms; /* when a load balancer last asked, monotonic; 0: never */
    bool ready;       /* the log has said so */
    bool draining;
    int64_t draining_us; /* UTC: since when */
    bool stopped;        /* the listener is closed */
    bool done;
    int64_t stop_by_ms; /* monotonic */
};

/* options.c */

/** Make the tables of options and commands of this daemon. Errors:
 * ERROR_MEMORY. */
MUST_CHECK enum error options_prepare(struct frame *frame);

/** Name the folders that were not configured. Errors: ERROR_MEMORY;
 * ERROR_SYSTEM without /proc, for which `why` says what to do. */
MUST_CHECK enum error options_find_folders(const char *name,
                                           struct arena *arena,
                                           struct service_settings *settings,
                                           struct text *why);

/* check.c */

/** Put an option and its place in front of a reason; returns err. */
enum error frame_blame(const struct config *config, const char *name,
                       enum error err, const struct text *why,
                       struct text *error);

/**
 * Refuse settings that can't be meant together, and files that can't be read.
 *
 * error   One line that names option and place.
 * Errors  ERROR_CONFIG, ERROR_MEMORY.
 */
MUST_CHECK enum error settings_check(const struct config *config,
                                     const struct service_settings *settings,
                                     struct text *error);

/** Try whether the ports can be bound; one that is in use counts as fine.
 * Errors and error as above; ERROR_SYSTEM. */
MUST_CHECK enum error ports_try(const struct config *config,
                                const struct service_settings *settings,
                                struct text *error);

/** Connect to the database and ask for schema and rights; blocks. Errors:
 * ERROR_DB_…, ERROR_MEMORY; error as above. */
MUST_CHECK enum error database_try(const struct frame *frame,
                                   struct text *error);

/* manual.c */

/** Write the manual page of this daemon to standard output. */
void manual_show(const struct frame *frame);

/* metrics.c */

/** Note that a turn of the loop is over. What counts is its processor time:
 * waiting for events is none, and other processes do not count. In a busy loop
 * the figure is up to 10 ms too small. */
void metrics_note_turn(struct frame *frame);

/** The row for /metrics, of the operators' port alone. */
extern const struct route metrics_routes[];

/* ops.c */

/** Rows for /healthz and /readyz; their request_app() is the frame. */
extern const struct route ops_routes[];

/** Ask the daemon on this port for /healthz; returns the exit status. */
int ops_healthcheck(const struct service_settings *settings);

/* readiness.c */

/** Begin without knowing anything. Errors: ERROR_MEMORY. */
MUST_CHECK enum error readiness_open(struct frame *frame);
void readiness_close(struct frame *frame);

/** GET /readyz: answer within the app's wait_ms, text or JSON. */
void readiness_show(struct request *req);

/* rules.c */

/**
 * Read the lists of addresses and origins; rules is unchanged on failure.
 *
 * error   One line that names option and place.
 * Errors  ERROR_CONFIG, ERROR_MEMORY.
 */
MUST_CHECK enum error access_open(const struct service_definition *definition,
                                  const struct config *config,
                                  const struct service_settings *settings,
                                  struct access_rules *rules,
                                  struct text *error);
void access_close(struct access_rules *rules);

/* servers.c */

/**
 * Open the servers and listen.
 *
 * error   One line on failure.
 * Errors  ERROR_CONFIG, ERROR_BUSY, ERROR_MEMORY, ERROR_SYSTEM.
 */
MUST_CHECK enum error servers_open(struct frame *frame, struct text *error);

/* stop.c */

/** Handle SIGTERM, SIGINT and SIGHUP. Errors: ERROR_MEMORY. */
MUST_CHECK enum error stop_open(struct frame *frame);
void stop_close(struct frame *frame);

/** Ignore SIGUSR1 and SIGUSR2, which would otherwise end the process. */
void stop_ignore_signals(void);

/** A check_fn (context: the frame) that refuses nothing: it notes when the page
 * was asked for that load balancers use. */
int stop_note_asked(void *context, struct request *req);

/** Log the end, once the loop is left. */
void stop_say(const struct frame *frame);

/* reload.c */

/** Zeroed settings of this daemon, to free(); NULL when out of memory. */
struct service_settings *settings_new(const struct frame *frame);

enum log_format settings_log_format(const struct service_settings *settings);

/** Those of settings_apply() that are the log's. */
void settings_apply_log(struct log *log,
                        const struct service_settings *settings);

/** Apply the options that can change while the daemon runs, except those of
 * access_open(). */
void settings_apply(struct frame *frame,
                    const struct service_settings *settings);

/** Append the names of the options that can change while the daemon runs, with
 * commas between. */
void reload_name_live(const struct option *option, struct text *out);

/** Read the configuration again and apply what can change while running; log
 * which changed options need a restart. */
void frame_reload(struct frame *frame);

#endif
