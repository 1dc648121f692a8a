/* The frame of a daemon: from the command line to its orderly end. */
#ifndef CAFE_SERVICE_H
#define CAFE_SERVICE_H

#include "cafe/base/config.h"
#include "cafe/base/freshness.h"
#include "cafe/db/db.h"
#include "cafe/html/assets.h"
#include "cafe/html/render.h"
#include "cafe/html/template.h"
#include "cafe/http/server.h"

/** The options that every daemon has. */
struct service_settings {
    int64_t port;
    const char *bind;
    const char *user; /* to become when root starts it */
    int64_t ops_port;
    const char *ops_bind;
    struct db_options db;
    int64_t db_threads;
    int64_t db_queue_max;
    int64_t db_queue_ms;
    const char *allow;
    const char *trusted_proxies;
    const char *hosts;
    const char *origins;
    const char *identity_header;
    const char *identity_keys, *identity_signer, *identity_claim;
    const char *identity_wanted;
    bool admin_link;           /* of the customers' pages, to the employees' */
    const char *groups_header; /* this and the next: NULL without roles */
    const char *logout_url;
    const char *htpasswd;
    const char *editors;
    int64_t key_per_minute; /* requests; 0 without roles */
    int log_format;
    bool log_requests;
    int log_level;
    int64_t log_repeat_s;
    int64_t drain_delay_ms;
    int64_t stop_max_ms;
    struct server_limits limits;
    const char *views;   /* folder of templates */
    const char *statics; /* folders of static files, comma-separated */
    const char *content; /* folder of Markdown pages */
    int64_t cache_max_bytes;
};

struct event_base;
struct page_cache;
struct offload;
struct notes;

/** What the frame has opened, for the daemon's pages. */
struct service {
    const struct service_settings *settings;
    struct event_base *base;
    struct log *log;
    struct counters *counters;
    struct db *db;
    struct templates *templates;
    struct assets *assets;
    struct page_cache *cache;
    struct offload *offload;
    struct notes *notes;
    const char *version;
    int64_t answers_max_bytes; /* as of request_reserve(); open() may set it */
    enum scripts scripts;      /* as of the definition */
};

/** What the pages show, for /readyz. */
struct service_state {
    struct freshness shown;
    bool unwritable; /* the triggers kept the last save from being done;
                        pages are served all the same */
    int64_t unwritable_since_us; /* UTC */
};

/** Values of the commands that every daemon has. */
enum service_command {
    COMMAND_HELP = 1 << 0,
    COMMAND_VERSION = 1 << 1,
    COMMAND_CHECK = 1 << 2,
    COMMAND_PRINT = 1 << 3,
    COMMAND_SAMPLE = 1 << 4,
    COMMAND_HEALTHCHECK = 1 << 5,
    COMMAND_MAN = 1 << 6,
    COMMAND_CONNECT = 1 << 7, /* with COMMAND_CHECK: the database, too */
    COMMAND_OWN = 1 << 8      /* the first value of a daemon's own */
};

/** What makes one daemon differ from another. */
struct service_definition {
    const char *name;           /* "customer" */
    const char *summary;        /* for its manual page: one line, */
    const char *description;    /* and one paragraph */
    const char *static_prefix;  /* "/static" */
    const char *allow_fallback; /* default of the option allow; "" everybody */
    const char *ops_port_fallback; /* default of the option ops.port */
    const char *health_path;       /* a page that load balancers ask for */
    const char *hosts_fallback; /* default of the option hosts; "any" for all */
    bool check_origin;
    bool check_roles;      /* its routes say whom they are for: role_check() */
    const char *keys_root; /* below this path programs sign in by key; NULL:
                              nowhere */
    enum scripts scripts;  /* what its static files may do on its pages */
    const struct route *routes;
    error_page_fn *error_page;
    const struct command *commands;    /* its own; NULL or ended by NULL flag */
    size_t settings_bytes;             /* of a struct that begins with
                                          struct service_settings */
    const struct option *options;      /* its own; ended by NULL name */
    size_t options_at;                 /* what their offsets count from */
    const struct option *more_options; /* more of them; NULL: none */
    size_t more_options_at;

    /**
     * Refuse its own settings and files as open() would, and open nothing. NULL
     * if there are none.
     *
     * option  On failure the name of the faulty one.
     * why     One line, without that name.
     */
    enum error (*check)(struct service *service, const char **option,
                        struct text *why);

    /**
     * Make the application; *app is what request_app() returns.
     *
     * error   One line on failure.
     */
    enum error (*open)(struct service *service, void **app, struct text *error);

    /** The daemon stops accepting: answer the requests that wait for something
     * to happen, and let none wait from now on. Others go on. May be NULL. */
    void (*end_waits)(void *app);

    /** Answer the requests that still wait; the servers are still open. May be
     * NULL. */
    void (*stop)(void *app);

    /** Free the application; no request is left. */
    void (*close)(void *app);

    /** Write the application's figures, for /metrics. */
    void (*metrics)(const void *app, struct text *out);

    /** A db_work_fn for readiness: the schema fits, a real table answers. */
    db_work_fn *ready;

    /** What the pages show now. */
    void (*state)(const void *app, struct service_state *state);

    /** A db_work_fn that changes nothing: the account has all rights it needs.
     */
    db_work_fn *rights;

    /**
     * Run its own commands (or-ed); returns the exit status.
     *
     * config  Has their arguments: config_argument().
     */
    int (*run_command)(int command, const struct config *config,
                       const struct service_settings *settings);

    /** Commands that fail with status 2, because 1 says something else; also
     * for a fault on the command line or in the configuration. */
    int failing_with_2;
};

/**
 * Run a daemon: read the configuration, open everything, listen, log
 * "listening", serve until SIGTERM or SIGINT, drain, close.
 *
 * Returns  The exit status: 0; 1 after one line on standard error that says
 *          what is wrong and what to do.
 */
int service_main(const struct service_definition *definition, int argc,
                 char **argv);

#endif
