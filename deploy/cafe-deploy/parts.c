/* The containers that the services stand on. */
#include "parts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "balancer.h"
#include "balancer_config.h"
#include "cafe/base/clock.h"
#include "docker.h"
#include "network.h"

enum {
    SHORT_S = 30,
    RUN_S = 300,   /* an image may have to be pulled first */
    START_S = 120, /* until a database, made anew, answers */
    LOOK_MS = 200
};

/* Publish a port of a container on loopback. */
static void add_port(struct site *site, struct command_line *line,
                     uint64_t outside, unsigned inside)
{
    command_add_pair(line, "--publish",
                     arena_printf(site->arena, "127.0.0.1:%u:%u",
                                  (unsigned)outside, inside));
}

static void add_user(struct site *site, struct command_line *line)
{
    command_add_pair(line, "--user",
                     arena_printf(site->arena, "%u:%u", (unsigned)getuid(),
                                  (unsigned)getgid()));
}

/* RDS: a database as the original application leaves it, with accounts. */
static void database_line(struct site *site, struct command_line *line)
{
    docker_begin_run(site, line, DATABASE_NAME, DATABASE_ADDRESS);
    command_add_all(line, "--network-alias", "db", "--env",
                    "MARIADB_ROOT_PASSWORD_FILE=/run/secrets/root.password",
                    NULL);
    docker_add_mount(site, line, site_path(site, "secrets"), "/run/secrets",
                     ":ro");
    docker_add_mount(site, line, site_path(site, "database"), "/etc/cafe",
                     ":ro");
    docker_add_mount(site, line,
                     site_source(site, "deploy/compose/accounts.sh"),
                     "/docker-entrypoint-initdb.d/accounts.sh", ":ro");
    docker_add_mount(site, line, site_source(site, "deploy/local/accounts.sql"),
                     "/cafe/accounts.sql", ":ro");
    docker_add_mount(site, line,
                     site_source(site, "deploy/rehearsal/monolith.sql"),
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
    docker_add_mount(site, line, site_path(site, "registry"),
                     "/var/lib/registry", "");
    command_add(line, "registry:2");
}

/* microservicesLB. */
static void balancer_line(struct site *site, struct command_line *line)
{
    docker_begin_run(site, line, BALANCER_NAME, BALANCER_ADDRESS);
    add_user(site, line);
    for (size_t i = 0; i < LISTENERS; i++)
        add_port(site, line, site->ports[i], site->balancer.listeners[i].port);
    docker_add_mount(site, line, site_path(site, "balancer"), BALANCER_FOLDER,
                     "");
    docker_add_mount(site, line, site_source(site, "deploy/pages"),
                     PAGES_FOLDER, ":ro");
    /* As this program has them; Docker leaves out those that are not set. */
    command_add_all(line, "--env", "APP_IDENTITY_HEADER", "--env",
                    "APP_IDENTITY_GROUPS_HEADER", NULL);
    command_add_all(line, "--read-only", "--cap-drop", "ALL", "haproxy:2.6",
                    "-f", BALANCER_FOLDER "/haproxy.cfg", NULL);
}

/* Whether they answer. */

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

static const struct part {
    const char *name;
    void (*line)(struct site *site, struct command_line *line);
    enum error (*ask)(struct site *site, bool *answers);
} parts[] = { { DATABASE_NAME, database_line, database_answers },
              { REGISTRY_NAME, registry_line, registry_answers },
              { BALANCER_NAME, balancer_line, balancer_answers } };

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
    return program_run(site, &line, RUN_S, part->name, NULL);
}

static enum error parts_wait_for(struct site *site, const struct part *part)
{
    int64_t until_ms = clock_monotonic_ms() + START_S * 1000;
    bool answers = false;

    for (;;) {
        struct container container;
        enum error err = part->ask(site, &answers);

        if (err != OK || answers)
            return err;
        if ((err = docker_look(site, part->name, &container)) != OK)
            return err;
        /* Docker restarts it by itself: once is enough to know that it does not
         * start. */
        if (container.restarts > 0 || clock_monotonic_ms() > until_ms) {
            struct slice words = docker_last_words(site, part->name);

            return fail(site, ERROR_DEADLINE,
                        "%s does not start (docker logs %s): %.*s", part->name,
                        part->name, (int)words.len, words.data);
        }
        pause_ms(LOOK_MS);
    }
}

enum error parts_start(struct site *site)
{
    enum error err = OK;

    for (size_t i = 0; i < PARTS && err == OK; i++)
        err = start_part(site, &parts[i]);
    /* After all were started: they start at the same time. */
    for (size_t i = 0; i < PARTS && err == OK; i++)
        err = parts_wait_for(site, &parts[i]);
    return err;
}
