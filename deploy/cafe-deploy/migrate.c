/* The schema, and what the accounts may do: containers that run once. */
#include "migrate.h"

#include "docker.h"
#include "network.h"

enum { SHORT_S = 30, MIGRATE_S = 300 };

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
    docker_add_mount(site, line, site_path(site, "secrets"), "/run/secrets",
                     ":ro");
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

enum error migrate(struct site *site)
{
    struct command_line upgrade = { .count = 0 }, grants = { .count = 0 };
    enum error err = check_image(site);

    if (err != OK)
        return err;
    begin_once(site, &upgrade);
    command_add_all(&upgrade, "--env", "APP_DB_HOST=db", "--env",
                    "APP_DB_USER=migrate", "--env", "APP_DB_TLS=require",
                    "--env",
                    "APP_DB_PASSWORD_FILE=/run/secrets/migrate.password",
                    "employee", "--migrate", NULL);
    /* First the schema, then the rights: grants name tables that it makes. */
    if ((err = run_once(site, &upgrade, "employee --migrate")) != OK)
        return err;
    begin_once(site, &grants);
    command_add_all(&grants, "--env", "CAFE_SAMPLE=no", "--entrypoint", "bash",
                    NULL);
    docker_add_mount(site, &grants,
                     site_source(site, "deploy/compose/grants.sh"),
                     "/cafe/grants.sh", ":ro");
    docker_add_mount(site, &grants,
                     site_source(site, "deploy/local/grants.sql"),
                     "/cafe/grants.sql", ":ro");
    command_add_all(&grants, "mariadb:10.11", "/cafe/grants.sh", NULL);
    return run_once(site, &grants, "grants");
}
