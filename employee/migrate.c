/* employee --migrate: brings the database's schema up to date. */
#include <stdio.h>

#include "cafe/migrations.h"
#include "employee.h"

/* Adopting a large table takes its time. */
enum { MIGRATE_READ_TIMEOUT_S = 3600 };

const struct command employee_commands[] = {
    { "--migrate", COMMAND_MIGRATE,
      "Bring the database's schema up to date, then end." },
    { "--dry-run", COMMAND_DRY_RUN,
      "With --migrate: only show what would be done." },
    { 0 },
};

static enum error migrate(const struct db_options *options, bool dry_run,
                          struct text *report)
{
    struct db_connection *connection;
    enum error err = db_connect(options, &connection, report);

    if (err != OK)
        return err;
    err = supplier_migrate(connection, dry_run, report);
    db_disconnect(connection);
    return err;
}

int migrate_run(int command, const struct service_settings *settings)
{
    struct db_options options = settings->db;
    struct text report;
    enum error err;

    if (!(command & COMMAND_MIGRATE)) {
        fputs("employee: --dry-run goes with --migrate\n", stderr);
        return 1;
    }
    options.read_timeout_s = MIGRATE_READ_TIMEOUT_S;
    text_init(&report, 0);
    err = migrate(&options, (command & COMMAND_DRY_RUN) != 0, &report);
    if (report.len > 0 && report.data[report.len - 1] != '\n')
        text_append_char(&report, '\n');
    fputs(text_string(&report), err == OK ? stdout : stderr);
    if (err != OK)
        fprintf(stderr, "employee: the schema is not up to date: %s\n",
                error_text(err));
    text_free(&report);
    return err == OK ? 0 : 1;
}
