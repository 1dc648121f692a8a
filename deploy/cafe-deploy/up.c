/* Starting and ending what the services stand on. Each step looks whether it
 * was done before, so `up` may be called again at any time. */
#include "up.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ftw.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "balancer.h"
#include "balancer_config.h"
#include "cafe/clock.h"
#include "docker.h"
#include "network.h"
#include "pipeline.h"

enum {
    SHORT_S = 30,
    START_S = 120, /* until a database, made anew, answers */
    MIGRATE_S = 300,
    LOOK_MS = 200,
    SECRET_BYTES = 18
};

static const char *const accounts[] = { "root", "migrate", "customer",
                                        "employee", NULL };
static const char *const folders[] = { "locks",    "services",     "taskdefs",
                                       "secrets",  "balancer",     "registry",
                                       "database", "repositories", "pipelines",
                                       NULL };
static const char *const repositories[] = { "microservices", "deployment",
                                            NULL };

/* Files. */

static enum error make_folders(struct site *site)
{
    enum error err = site_folder(site, site->folder, 0700);

    for (size_t i = 0; folders[i] && err == OK; i++) {
        char *path = site_path(site, "%s", folders[i]);

        err = path ? site_folder(site, path, 0755) : ERROR_MEMORY;
    }
    return err;
}

/* What `up` was told, in the order of settings_of(). */
enum { SETTINGS = 5 };

static void settings_of(struct site *site, uint64_t *settings[SETTINGS])
{
    settings[0] = &site->ports[0];
    settings[1] = &site->ports[1];
    settings[2] = &site->registry_port;
    settings[3] = &site->bake_s;
    settings[4] = &site->healthy_s;
}

static enum error write_settings(struct site *site)
{
    char *path = site_path(site, "settings");
    uint64_t *settings[SETTINGS];
    struct text text;
    enum error err;

    settings_of(site, settings);
    text_init(&text, 0);
    for (size_t i = 0; i < SETTINGS; i++) {
        text_append_number(&text, *settings[i]);
        text_append_char(&text, '\n');
    }
    err = path ? site_write(site, path, &text, 0600) : ERROR_MEMORY;
    text_free(&text);
    return err;
}

static enum error read_settings(struct site *site, bool *found)
{
    char *path = site_path(site, "settings");
    uint64_t *settings[SETTINGS];
    struct slice rest;
    enum error err = path ? site_read(site, path, &rest) : ERROR_MEMORY;

    settings_of(site, settings);
    *found = err == OK && rest.data;
    for (size_t i = 0; i < SETTINGS && *found && err == OK; i++) {
        uint64_t value;

        if (slice_number(slice_cut(&rest, '\n'), UINT16_MAX, &value) != OK)
            return fail(site, ERROR_SYSTEM, "%s: not written by this program",
                        path);
        if (*settings[i] == 0)
            *settings[i] = value;
    }
    return err;
}

static void default_settings(struct site *site)
{
    static const uint64_t defaults[SETTINGS] = { 8080, 8081, 5000, 15, 60 };
    uint64_t *settings[SETTINGS];

    settings_of(site, settings);
    for (size_t i = 0; i < SETTINGS; i++) {
        if (*settings[i] == 0)
            *settings[i] = defaults[i];
    }
}

enum error site_read_settings(struct site *site)
{
    bool found;
    enum error err = read_settings(site, &found);

    if (err == OK && !found)
        return fail(site, ERROR_CONFIG,
                    "no rehearsal is up in %s; first: cafe-deploy up",
                    site->folder);
    return err;
}

/* A password that no quoting can spoil. The folder above is ours alone; the
 * file itself has to be read by the users of containers. */
static enum error make_secret(struct site *site, const char *account)
{
    char *path = site_path(site, "secrets/%s.password", account);
    unsigned char bytes[SECRET_BYTES];
    struct text text;
    enum error err;

    if (!path)
        return ERROR_MEMORY;
    if (access(path, F_OK) == 0)
        return OK;
    if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
        return fail(site, ERROR_SYSTEM, "no random bytes");
    text_init(&text, 0);
    for (size_t i = 0; i < sizeof(bytes); i++)
        text_printf(&text, "%02x", bytes[i]);
    err = site_write(site, path, &text, 0444);
    text_free(&text);
    return err;
}

/* The daemons ask for TLS, as they do with RDS. */
static enum error make_certificate(struct site *site)
{
    char *key = site_path(site, "database/key.pem");
    char *certificate = site_path(site, "database/certificate.pem");
    struct command_line line = { .count = 0 };
    enum error err = OK;

    if (!key || !certificate)
        return ERROR_MEMORY;
    command_add_all(&line, "openssl", "req", "-x509", "-newkey", "ec",
                    "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                    "3650", "-subj", "/CN=db", "-keyout", key, "-out",
                    certificate, NULL);
    if (access(certificate, F_OK) != 0)
        err = program_run(site, &line, SHORT_S, "openssl", NULL);
    if (err == OK && (chmod(key, 0444) != 0 || chmod(certificate, 0444) != 0))
        return fail(site, ERROR_SYSTEM, "%s: %s", key, strerror(errno));
    return err;
}

/* Never packed: a pipeline looks at the file of the branch. */
static enum error make_repository(struct site *site, const char *name)
{
    char *path = site_path(site, "repositories/%s.git", name);
    struct command_line init = { .count = 0 }, keep = { .count = 0 };
    enum error err;

    if (!path)
        return ERROR_MEMORY;
    command_add_all(&init, "git", "init", "--quiet", "--bare",
                    "--initial-branch=dev", path, NULL);
    command_add_all(&keep, "git", "--git-dir", path, "config", "gc.auto", "0",
                    NULL);
    err = program_run(site, &init, SHORT_S, "git init", NULL);
    return err == OK ? program_run(site, &keep, SHORT_S, "git config", NULL)
                     : err;
}

/* Containers. */

static enum error check_port(struct site *site, const char *flag, uint64_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool free_;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    free_ = bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
    close(fd);
    return free_ ? OK
                 : fail(site, ERROR_CONFIG,
                        "port %u is taken; choose another: %s N",
                        (unsigned)port, flag);
}

/* Docker can have one rehearsal. */
static enum error check_owner(struct site *site, bool *fresh)
{
    struct command_line line = { .count = 0 };
    struct outcome outcome;
    enum error err;

    command_add_all(&line, "docker", "network", "inspect", "--format",
                    "{{index .Labels \"" LABEL "\"}}", NETWORK_NAME, NULL);
    if ((err = program_try(site, &line, SHORT_S, &outcome)) != OK)
        return err;
    *fresh = outcome.status != 0;
    if (!*fresh && !slice_is(outcome.output, site->folder))
        return fail(site, ERROR_CONFIG,
                    "the rehearsal in %.*s is up; first: cafe-deploy --state "
                    "%.*s down",
                    (int)outcome.output.len, outcome.output.data,
                    (int)outcome.output.len, outcome.output.data);
    return OK;
}

static enum error make_network(struct site *site)
{
    struct command_line line = { .count = 0 };

    command_add_all(&line, "docker", "network", "create", "--subnet",
                    NETWORK_CIDR, "--gateway", NETWORK_GATEWAY, "--ip-range",
                    NETWORK_FREE, "--label", NULL);
    command_add(&line, arena_printf(site->arena, LABEL "=%s", site->folder));
    command_add(&line, NETWORK_NAME);
    return program_run(site, &line, SHORT_S, "docker network create", NULL);
}

/* Publish a port of a container on loopback. */
static void add_port(struct site *site, struct command_line *line,
                     uint64_t outside, unsigned inside)
{
    command_add_pair(line, "--publish",
                     arena_printf(site->arena, "127.0.0.1:%u:%u",
                                  (unsigned)outside, inside));
}

/* Let a container see a file or folder of ours. */
static void add_mount(struct site *site, struct command_line *line,
                      const char *source, const char *target,
                      const char *options)
{
    command_add_pair(
        line, "--volume",
        source ? arena_printf(site->arena, "%s:%s%s", source, target, options)
               : NULL);
}

static void add_user(struct site *site, struct command_line *line)
{
    command_add_pair(line, "--user",
                     arena_printf(site->arena, "%u:%u", (unsigned)getuid(),
                                  (unsigned)getgid()));
}

static char *source_path(struct site *site, const char *name)
{
    return arena_printf(site->arena, "%s/%s", site->root, name);
}

/* RDS: a database as the original application leaves it, with accounts. */
static void database_line(struct site *site, struct command_line *line)
{
    docker_begin_run(site, line, DATABASE_NAME, DATABASE_ADDRESS);
    command_add_all(line, "--network-alias", "db", "--env",
                    "MARIADB_ROOT_PASSWORD_FILE=/run/secrets/root.password",
                    NULL);
    add_mount(site, line, site_path(site, "secrets"), "/run/secrets", ":ro");
    add_mount(site, line, site_path(site, "database"), "/etc/cafe", ":ro");
    add_mount(site, line, source_path(site, "deploy/compose/accounts.sh"),
              "/docker-entrypoint-initdb.d/accounts.sh", ":ro");
    add_mount(site, line, source_path(site, "deploy/local/accounts.sql"),
              "/cafe/accounts.sql", ":ro");
    add_mount(site, line, source_path(site, "deploy/rehearsal/monolith.sql"),
              "/docker-entrypoint-initdb.d/monolith.sql", ":ro");
    command_add_all(line, "mariadb:10.11", "mariadbd",
                    "--character-set-server=utf8mb4", "--skip-name-resolve",
                    "--ssl-cert=/etc/cafe/certificate.pem",
                    "--ssl-key=/etc/cafe/key.pem", NULL);
}

/* ECR. */
static void registry_line(struct site *site, struct command_line *line)
{
    docker_begin_run(site, line, REGISTRY_NAME, NULL);
    add_user(site, line);
    add_port(site, line, site->registry_port, 5000);
    add_mount(site, line, site_path(site, "registry"), "/var/lib/registry", "");
    command_add(line, "registry:2");
}

/* microservicesLB. */
static void balancer_line(struct site *site, struct command_line *line)
{
    docker_begin_run(site, line, BALANCER_NAME, BALANCER_ADDRESS);
    add_user(site, line);
    for (size_t i = 0; i < LISTENERS; i++)
        add_port(site, line, site->ports[i], site->balancer.listeners[i].port);
    add_mount(site, line, site_path(site, "balancer"), BALANCER_FOLDER, "");
    command_add_all(line, "--read-only", "--cap-drop", "ALL", "haproxy:2.6",
                    "-f", BALANCER_FOLDER "/haproxy.cfg", NULL);
}

static const struct part {
    const char *name;
    void (*line)(struct site *site, struct command_line *line);
} parts[] = { { DATABASE_NAME, database_line },
              { REGISTRY_NAME, registry_line },
              { BALANCER_NAME, balancer_line } };

enum { PARTS = sizeof(parts) / sizeof(parts[0]) };

static enum error start_part(struct site *site, const struct part *part)
{
    struct command_line line = { .count = 0 };
    struct container container;
    enum error err = docker_look(site, part->name, &container);

    if (err != OK || container.running)
        return err;
    if (container.exists)
        command_add_all(&line, "docker", "start", part->name, NULL);
    else
        part->line(site, &line);
    return program_run(site, &line, SHORT_S, part->name, NULL);
}

/* Waiting until they answer. */

static enum error database_answers(struct site *site, bool *answers)
{
    struct command_line line = { .count = 0 };
    struct outcome outcome;
    enum error err;

    command_add_all(&line, "docker", "exec", DATABASE_NAME, "healthcheck.sh",
                    "--connect", "--innodb_initialized", NULL);
    err = program_try(site, &line, SHORT_S, &outcome);
    *answers = outcome.status == 0;
    return err;
}

static enum error registry_answers(struct site *site, bool *answers)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port =
                                       htons((uint16_t)site->registry_port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    static const char question[] = "GET /v2/ HTTP/1.0\r\n\r\n";
    const struct timeval patience = { 2, 0 };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char reply[16];

    if (fd < 0)
        return fail(site, ERROR_SYSTEM, "socket: %s", strerror(errno));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    *answers =
        connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
        send(fd, question, sizeof(question) - 1, MSG_NOSIGNAL) > 0 &&
        recv(fd, reply, sizeof(reply), MSG_WAITALL) == (ssize_t)sizeof(reply);
    close(fd);
    return OK;
}

static enum error balancer_answers(struct site *site, bool *answers)
{
    struct servers servers;
    enum error err = balancer_look(site, &servers);

    *answers = err == OK && !servers.away;
    return err;
}

static enum error wait_for(struct site *site, const char *name,
                           enum error (*ask)(struct site *, bool *))
{
    int64_t until_ms = clock_monotonic_ms() + START_S * 1000;
    bool answers = false;

    for (;;) {
        struct container container;
        enum error err = ask(site, &answers);

        if (err != OK || answers)
            return err;
        if ((err = docker_look(site, name, &container)) != OK)
            return err;
        if (container.restarts > 0 || clock_monotonic_ms() > until_ms) {
            struct slice words = docker_last_words(site, name);

            return fail(site, ERROR_DEADLINE,
                        "%s does not start (docker logs %s): %.*s", name, name,
                        (int)words.len, words.data);
        }
        pause_ms(LOOK_MS);
    }
}

static enum error prepare(struct site *site)
{
    enum error err = make_folders(site);

    if (err == OK)
        err = write_settings(site);
    for (size_t i = 0; accounts[i] && err == OK; i++)
        err = make_secret(site, accounts[i]);
    for (size_t i = 0; repositories[i] && err == OK; i++)
        err = make_repository(site, repositories[i]);
    if (err == OK)
        err = make_certificate(site);
    return err == OK ? balancer_init(site) : err;
}

static enum error check_ports(struct site *site)
{
    const struct {
        const char *flag;
        uint64_t number;
    } ports[] = { { "--port", site->ports[0] },
                  { "--test-port", site->ports[1] },
                  { "--registry-port", site->registry_port } };
    enum error err = OK;

    for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]) && err == OK; i++) {
        for (size_t j = 0; j < i && err == OK; j++) {
            if (ports[i].number == ports[j].number)
                err = fail(site, ERROR_CONFIG, "%s and %s are both %u",
                           ports[j].flag, ports[i].flag,
                           (unsigned)ports[i].number);
        }
        if (err == OK)
            err = check_port(site, ports[i].flag, ports[i].number);
    }
    return err;
}

enum error site_up(struct site *site)
{
    bool fresh, found = false;
    enum error err = docker_check(site);

    if (err != OK || (err = check_owner(site, &fresh)) != OK ||
        (!fresh && (err = read_settings(site, &found)) != OK))
        return err;
    default_settings(site);
    if ((fresh && (err = check_ports(site)) != OK) ||
        (err = prepare(site)) != OK ||
        (fresh && (err = make_network(site)) != OK))
        return err;
    for (size_t i = 0; i < PARTS && err == OK; i++)
        err = start_part(site, &parts[i]);
    if (err != OK ||
        (err = wait_for(site, DATABASE_NAME, database_answers)) != OK ||
        (err = wait_for(site, REGISTRY_NAME, registry_answers)) != OK ||
        (err = wait_for(site, BALANCER_NAME, balancer_answers)) != OK ||
        (err = balancer_sync(site)) != OK)
        return err;
    say("Load balancer: http://127.0.0.1:%u (listener %u), "
        "http://127.0.0.1:%u (listener %u)",
        (unsigned)site->ports[0], site->balancer.listeners[0].port,
        (unsigned)site->ports[1], site->balancer.listeners[1].port);
    say("Registry: 127.0.0.1:%u", (unsigned)site->registry_port);
    say("Repositories: %s/repositories/{microservices,deployment}.git",
        site->folder);
    return events_start(site);
}

/* Ending. */

static int remove_entry(const char *path, const struct stat *status, int kind,
                        struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

static enum error remove_network(struct site *site)
{
    struct command_line line = { .count = 0 };
    struct outcome outcome;

    command_add_all(&line, "docker", "network", "rm", NETWORK_NAME, NULL);
    return program_try(site, &line, SHORT_S, &outcome);
}

/* Tasks and parts alike, whatever the state says: at once. */
static enum error remove_containers(struct site *site)
{
    struct command_line list = { .count = 0 }, remove = { .count = 0 };
    struct slice names;
    enum error err;

    command_add_all(&list, "docker", "ps", "--all", "--format", "{{.Names}}",
                    "--filter", NULL);
    command_add(&list,
                arena_printf(site->arena, "label=" LABEL "=%s", site->folder));
    err = program_run(site, &list, SHORT_S, "docker ps", &names);
    if (err != OK || names.len == 0)
        return err;
    command_add_all(&remove, "docker", "rm", "--force", "--volumes", NULL);
    while (names.len > 0) {
        struct slice name = slice_cut(&names, '\n');

        command_add(&remove, arena_copy(site->arena, name.data, name.len));
    }
    return program_run(site, &remove, START_S, "docker rm", NULL);
}

enum error site_down(struct site *site)
{
    bool fresh;
    enum error err = docker_check(site);

    if (err != OK || (err = check_owner(site, &fresh)) != OK ||
        (err = events_stop(site)) != OK ||
        (err = remove_containers(site)) != OK ||
        (!fresh && (err = remove_network(site)) != OK))
        return err;
    if (nftw(site->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS) != 0 &&
        errno != ENOENT)
        return fail(site, ERROR_SYSTEM, "%s: %s", site->folder,
                    strerror(errno));
    return OK;
}

/* The schema. */

static enum error run_once(struct site *site, struct command_line *line,
                           const char *what)
{
    struct slice output;
    enum error err = program_run(site, line, MIGRATE_S, what, &output);

    while (err == OK && output.len > 0) {
        struct slice text = slice_cut(&output, '\n');

        say("  %.*s", (int)text.len, text.data);
    }
    return err;
}

static void begin_once(struct site *site, struct command_line *line)
{
    command_add_all(line, "docker", "run", "--rm", "--network", NETWORK_NAME,
                    "--read-only", "--cap-drop", "ALL", "--security-opt",
                    "no-new-privileges", NULL);
    command_add_pair(line, "--label",
                     arena_printf(site->arena, LABEL "=%s", site->folder));
    add_mount(site, line, site_path(site, "secrets"), "/run/secrets", ":ro");
}

/* The image that was built here: it need not be in the registry yet. */
static enum error check_image(struct site *site)
{
    struct command_line line = { .count = 0 };
    struct outcome outcome;
    enum error err;

    command_add_all(&line, "docker", "image", "inspect", "employee", NULL);
    err = program_try(site, &line, SHORT_S, &outcome);
    if (err == OK && outcome.status != 0)
        return fail(site, ERROR_CONFIG,
                    "no local image 'employee'; first: docker build --tag "
                    "employee -f employee/Dockerfile .");
    return err;
}

enum error site_migrate(struct site *site)
{
    struct command_line migrate = { .count = 0 }, grants = { .count = 0 };
    enum error err = check_image(site);

    if (err != OK)
        return err;
    begin_once(site, &migrate);
    command_add_all(&migrate, "--env", "APP_DB_HOST=db", "--env",
                    "APP_DB_USER=migrate", "--env", "APP_DB_TLS=require",
                    "--env",
                    "APP_DB_PASSWORD_FILE=/run/secrets/migrate.password",
                    "employee", "--migrate", NULL);
    if ((err = run_once(site, &migrate, "employee --migrate")) != OK)
        return err;
    begin_once(site, &grants);
    command_add_all(&grants, "--env", "CAFE_SAMPLE=no", "--entrypoint", "bash",
                    NULL);
    add_mount(site, &grants, source_path(site, "deploy/compose/grants.sh"),
              "/cafe/grants.sh", ":ro");
    add_mount(site, &grants, source_path(site, "deploy/local/grants.sql"),
              "/cafe/grants.sql", ":ro");
    command_add_all(&grants, "mariadb:10.11", "/cafe/grants.sh", NULL);
    return run_once(site, &grants, "grants");
}
