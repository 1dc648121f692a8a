/* The option table of the daemons. One row makes the flag, the variable, the
 * YAML key, the line of --help and the line of the sample file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frame.h"

static const char *const tls_choices[] = { "off", "require", "verify", NULL };
static const char *const log_choices[] = { "auto", "json", "text", NULL };
static const char *const level_choices[] = { "debug", "info", "warning",
                                             "error", NULL };

#define AT(field) offsetof(struct service_settings, field)
#define MINUTE_MS (60 * 1000)

static const struct option rows[] = {
    { "port", OPTION_NUMBER, AT(port), "8080", 0, 65535, NULL,
      "Port to serve on; 0 picks a free one." },
    { "bind", OPTION_TEXT, AT(bind), "", 0, 0, NULL,
      "Numeric address to serve on; empty for all." },
    { "user", OPTION_TEXT, AT(user), "", 0, 0, NULL,
      "User to become when root starts the daemon, before it opens anything; "
      "empty to stay." },
    { "ops.port", OPTION_NUMBER, AT(ops_port), "0", 0, 65535, NULL,
      "Port for operators (/healthz, /readyz, /metrics); 0 for none." },
    { "ops.bind", OPTION_TEXT, AT(ops_bind), "", 0, 0, NULL,
      "Numeric address of that port; empty for all." },
    { "allow", OPTION_LIST, AT(allow), "", 0, 0, NULL,
      "Clients that may use the daemon: address ranges, loopback, private, "
      "none; empty for all." },
    { "trusted_proxies", OPTION_LIST, AT(trusted_proxies), "loopback", 0, 0,
      NULL,
      "Proxies whose X-Forwarded-For, X-Forwarded-Host and X-Request-Id are "
      "trusted; same syntax as allow." },
    { "hosts", OPTION_LIST, AT(hosts), "", 0, 0, NULL,
      "Host names to serve, for example cafe.example, besides localhost, "
      "private addresses and the hosts of origins; any for all." },
    { "origins", OPTION_LIST, AT(origins), "", 0, 0, NULL,
      "Origins that may post forms, for example https://cafe.example; empty "
      "for the host in the request." },
    { "customer.admin_link", OPTION_SWITCH, AT(admin_link), "on", 0, 0, NULL,
      "Show the link to /admin on the customers' pages; the same for both "
      "daemons." },
    { "db.host", OPTION_TEXT, AT(db.host), "127.0.0.1", 0, 0, NULL,
      "Database host; the primary, never a replica." },
    { "db.port", OPTION_NUMBER, AT(db.port), "3306", 1, 65535, NULL,
      "Database port." },
    { "db.socket", OPTION_PATH, AT(db.socket), "", 0, 0, NULL,
      "Unix socket of the database, instead of host and port." },
    { "db.user", OPTION_TEXT, AT(db.user), "nodeapp", 0, 0, NULL,
      "Database account." },
    { "db.password", OPTION_SECRET, AT(db.password), "", 0, 0, NULL,
      "Its password." },
    { "db.password_file", OPTION_PATH, AT(db.password_file), "", 0, 0, NULL,
      "File with its password, read again at each connect." },
    { "db.name", OPTION_TEXT, AT(db.name), "COFFEE", 0, 0, NULL,
      "Database name." },
    { "db.tls", OPTION_CHOICE, AT(db.tls), "off", 0, 0, tls_choices,
      "TLS to the database; verify checks its certificate." },
    { "db.tls_ca", OPTION_PATH, AT(db.tls_ca), "", 0, 0, NULL,
      "PEM file of trusted authorities; empty for the system's." },
    { "db.connect_timeout_s", OPTION_NUMBER, AT(db.connect_timeout_s), "3", 1,
      60, NULL, "Seconds to wait for a connection to the database." },
    { "db.read_timeout_s", OPTION_NUMBER, AT(db.read_timeout_s), "10", 1, 300,
      NULL,
      "Seconds to wait for an answer from the database; also the limit within "
      "which all statements of a save must begin." },
    { "db.write_timeout_s", OPTION_NUMBER, AT(db.write_timeout_s), "10", 1, 300,
      NULL,
      "Seconds to wait while sending to the database; over TCP, until the "
      "data is acknowledged." },
    { "db.threads", OPTION_NUMBER, AT(db_threads), "4", 1, 64, NULL,
      "Database threads, each with its own connection; with three or more, "
      "one is reserved for reading." },
    { "db.queue_max", OPTION_NUMBER, AT(db_queue_max), "1024", 1, 100000, NULL,
      "Database jobs that may wait in the queue." },
    { "db.queue_ms", OPTION_NUMBER, AT(db_queue_ms), "3000", 1, MINUTE_MS, NULL,
      "Milliseconds that a database job may wait in the queue." },
    { "log", OPTION_CHOICE, AT(log_format), "auto", 0, 0, log_choices,
      "Log format; auto is text on a terminal, else json." },
    { "log_level", OPTION_CHOICE, AT(log_level), "info", 0, 0, level_choices,
      "Lowest level to log." },
    { "log_requests", OPTION_SWITCH, AT(log_requests), "on", 0, 0, NULL,
      "Log one line per request." },
    { "log_repeat_s", OPTION_NUMBER, AT(log_repeat_s), "60", 1, 86400, NULL,
      "Seconds between log lines about a lasting state, such as an "
      "unavailable database." },
    { "drain_delay_ms", OPTION_NUMBER, AT(drain_delay_ms), "5000", 0,
      10 * MINUTE_MS, NULL,
      "Milliseconds to keep accepting connections after SIGTERM, until the "
      "load balancer notices; skipped if nobody has connected recently." },
    { "stop_max_ms", OPTION_NUMBER, AT(stop_max_ms), "25000", 0, 10 * MINUTE_MS,
      NULL, "Milliseconds after SIGTERM by which the daemon exits." },
    { "http.head_ms", OPTION_NUMBER, AT(limits.head_ms), "5000", 1,
      10 * MINUTE_MS, NULL, "Milliseconds to receive a whole request head." },
    { "http.body_ms", OPTION_NUMBER, AT(limits.body_ms), "10000", 1,
      10 * MINUTE_MS, NULL,
      "Milliseconds to receive a body, plus the time that its size takes at "
      "http.body_min_rate." },
    { "http.body_min_rate", OPTION_NUMBER, AT(limits.body_min_rate), "1024", 1,
      1000000000, NULL,
      "Lowest acceptable rate of a body in bytes per second; for one over "
      "1 MiB at least 65536." },
    { "http.handle_ms", OPTION_NUMBER, AT(limits.handle_ms), "50000", 1,
      60 * MINUTE_MS, NULL,
      "Milliseconds to answer a request before it fails with 503; keep it "
      "shorter than the load balancer's timeout." },
    { "http.idle_ms", OPTION_NUMBER, AT(limits.idle_ms), "75000", 1,
      60 * MINUTE_MS, NULL,
      "Milliseconds to keep an idle connection open; keep it longer than the "
      "load balancer's timeout." },
    { "http.write_ms", OPTION_NUMBER, AT(limits.write_ms), "30000", 1,
      10 * MINUTE_MS, NULL,
      "Milliseconds over which a client must read at least 1 KiB per second "
      "of a response." },
    { "http.write_max_ms", OPTION_NUMBER, AT(limits.write_max_ms), "3600000", 1,
      24 * 60 * MINUTE_MS, NULL,
      "Milliseconds for the client to read a whole response." },
    { "http.linger_ms", OPTION_NUMBER, AT(limits.linger_ms), "2000", 1,
      MINUTE_MS, NULL,
      "Milliseconds to keep reading after a response that closes the "
      "connection." },
    { "http.connections_max", OPTION_NUMBER, AT(limits.connections_max),
      "10000", 1, 1000000, NULL, "Connections open at the same time." },
    { "http.requests_max", OPTION_NUMBER, AT(limits.requests_max), "1000", 1,
      1000000000, NULL, "Requests on one connection." },
    { "views", OPTION_PATH, AT(views), "", 0, 0, NULL,
      "Folder of templates; empty for the installed ones." },
    { "statics", OPTION_LIST, AT(statics), "", 0, 0, NULL,
      "Folders of static files; empty for the installed ones." },
    { "content", OPTION_PATH, AT(content), "", 0, 0, NULL,
      "Folder of Markdown pages; empty for the installed ones." },
    { "cache.max_bytes", OPTION_NUMBER, AT(cache_max_bytes), "33554432", 0,
      INT64_C(1) << 40, NULL, "Size of the page cache in bytes." },
    /* Last: the other options of this group follow where pages have roles. */
    { "identity.header", OPTION_TEXT, AT(identity_header), "", 0, 0, NULL,
      "Header field in which a trusted proxy names the person who is signed "
      "in, for example X-Forwarded-User; x-amzn-oidc-data for the token of an "
      "AWS load balancer; empty for none." },
    { "identity.keys", OPTION_PATH, AT(identity_keys), "", 0, 0, NULL,
      "Public keys that verify those tokens: a PEM file, or a folder of files "
      "named after the tokens' kid. Read again on SIGHUP; a key that is new "
      "in the folder is found without." },
    { "identity.wanted", OPTION_PATH, AT(identity_wanted), "", 0, 0, NULL,
      "Named pipe into which the daemon writes the kid of each token whose "
      "key is not in that folder, for a program that fetches keys; empty for "
      "none." },
    { "identity.signer", OPTION_TEXT, AT(identity_signer), "", 0, 0, NULL,
      "ARN of the load balancer whose tokens are accepted." },
    { "identity.claim", OPTION_TEXT, AT(identity_claim), "email", 0, 0, NULL,
      "Claim of those tokens that is the name of the person." },
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* Of daemons whose pages have roles. */
static const struct option role_rows[] = {
    { "identity.groups_header", OPTION_TEXT, AT(groups_header), "", 0, 0, NULL,
      "Header field in which that proxy names the groups of the person, with "
      "commas between, for example X-Forwarded-Groups; empty for none." },
    { "identity.htpasswd", OPTION_PATH, AT(htpasswd), "", 0, 0, NULL,
      "File of names and passwords with which people sign in, where no proxy "
      "does that; see --add-user. Read again on SIGHUP; empty for none." },
    { "identity.logout_url", OPTION_TEXT, AT(logout_url), "", 0, 0, NULL,
      "Address at which that proxy signs people out, for example "
      "/oauth2/sign_out; pages have a link to it. Empty for none." },
    { "identity.key_per_minute", OPTION_NUMBER, AT(key_per_minute), "600", 1,
      1000000, NULL,
      "Requests that the key of a program may make in a minute; more are "
      "refused with 429. See --add-key." },
    { "editors", OPTION_LIST, AT(editors), "", 0, 0, NULL,
      "People who may change suppliers, by name or as group:NAME; all others "
      "may only look. Empty for everybody who is let in." },
};

enum { ROLE_ROWS = sizeof(role_rows) / sizeof(role_rows[0]) };

static const struct command common_commands[] = {
    { "-h, --help", COMMAND_HELP, "Show this text.", NULL },
    { "-V, --version", COMMAND_VERSION, "Show the version.", NULL },
    { "--check-config", COMMAND_CHECK,
      "Report everything that would prevent a start, except ports in use, "
      "then exit.",
      NULL },
    { "--check-config=connect", COMMAND_CHECK | COMMAND_CONNECT,
      "The same, and check that the database accepts the account and has "
      "everything needed.",
      NULL },
    { "--print-config", COMMAND_PRINT,
      "Show each option and where its value comes from.", NULL },
    { "--sample-config", COMMAND_SAMPLE, "Show a sample YAML file.", NULL },
    { "--man-page", COMMAND_MAN, "Show its manual page, for man -l -.", NULL },
    { "--healthcheck", COMMAND_HEALTHCHECK,
      "Succeed if the daemon on this port is healthy.", NULL },
};

enum { COMMANDS = sizeof(common_commands) / sizeof(common_commands[0]) };

static size_t count_options(const struct option *option)
{
    size_t count = 0;

    while (option != NULL && option[count].name != NULL)
        count++;
    return count;
}

static size_t count_commands(const struct command *command)
{
    size_t count = 0;

    while (command != NULL && command[count].flag != NULL)
        count++;
    return count;
}

/* Copy `count` options whose offsets count from `at`; returns their end. A part
 * of the program has a table for its own struct, which may be anywhere in the
 * daemon's settings. */
static struct option *put_options(struct option *end,
                                  const struct option *options, size_t count,
                                  size_t at)
{
    for (size_t i = 0; i < count; i++) {
        *end = options[i];
        end++->offset += at;
    }
    return end;
}

static void set_fallback(struct option *options, const char *name,
                         const char *fallback)
{
    while (strcmp(options->name, name) != 0)
        options++;
    options->fallback = fallback;
}

/* The common rows, then the daemon's own; what follows them is zero. */
static const struct option *join_options(const struct frame *frame)
{
    const struct service_definition *own = frame->definition;
    size_t first = count_options(own->options);
    size_t second = count_options(own->more_options);
    size_t roles = own->check_roles ? ROLE_ROWS : 0;
    struct option *all = arena_alloc(
        frame->arena, (ROWS + roles + first + second + 1) * sizeof(*all));
    struct option *end;

    if (all == NULL)
        return NULL;
    end = put_options(all, rows, ROWS, 0);
    end = put_options(end, role_rows, roles, 0);
    end = put_options(end, own->options, first, own->options_at);
    put_options(end, own->more_options, second, own->more_options_at);
    set_fallback(all, "allow", own->allow_fallback);
    set_fallback(all, "ops.port", own->ops_port_fallback);
    set_fallback(all, "hosts", own->hosts_fallback);
    return all;
}

static const struct command *join_commands(const struct frame *frame)
{
    const struct command *own = frame->definition->commands;
    size_t count = count_commands(own);
    struct command *all =
        arena_alloc(frame->arena, (COMMANDS + count + 1) * sizeof(*all));

    if (all == NULL)
        return NULL;
    memcpy(all, common_commands, sizeof(common_commands));
    if (count > 0)
        memcpy(all + COMMANDS, own, count * sizeof(*all));
    return all;
}

enum error options_prepare(struct frame *frame)
{
    frame->source.options = join_options(frame);
    frame->source.commands = join_commands(frame);
    frame->source.program = frame->definition->name;
    return frame->source.options != NULL && frame->source.commands != NULL
               ? OK
               : ERROR_MEMORY;
}

/* Its path, from the kernel; `why` says what to do without one. */
static enum error own_path(char *path, size_t size, struct text *why)
{
    ssize_t len = readlink("/proc/self/exe", path, size);

    if (len >= 0 && (size_t)len < size) {
        path[len] = '\0';
        return OK;
    }
    text_printf(why,
                "cannot find the installed folders: /proc/self/exe: %s; mount "
                "/proc, or set views, statics and content",
                strerror(len < 0 ? errno : ENAMETOOLONG));
    return ERROR_SYSTEM;
}

/* "../share/cafe/NAME" beside the folder of this program. */
static enum error share_folder(const char *name, struct arena *arena,
                               const char **share, struct text *why)
{
    char path[4096];
    enum error err = own_path(path, sizeof(path), why);
    char *slash;

    if (err != OK)
        return err;
    slash = strrchr(path, '/');
    if (slash != NULL)
        *slash = '\0';
    *share = arena_printf(arena, "%s/../share/cafe/%s", path, name);
    return *share != NULL ? OK : ERROR_MEMORY;
}

enum error options_find_folders(const char *name, struct arena *arena,
                                struct service_settings *settings,
                                struct text *why)
{
    const char *share = NULL;
    enum error err;

    if (settings->views[0] != '\0' && settings->statics[0] != '\0' &&
        settings->content[0] != '\0')
        return OK;
    err = share_folder(name, arena, &share, why);
    if (err != OK)
        return err;
    if (settings->views[0] == '\0')
        settings->views = arena_printf(arena, "%s/views", share);
    if (settings->statics[0] == '\0')
        settings->statics = arena_printf(arena, "%s/static", share);
    if (settings->content[0] == '\0')
        settings->content = arena_printf(arena, "%s/content", share);
    return settings->views != NULL && settings->statics != NULL &&
                   settings->content != NULL
               ? OK
               : ERROR_MEMORY;
}
