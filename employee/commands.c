/* What employee does instead of serving: migrate, repair, forget, add people.
 */
#include <stdio.h>

#include "cafe/suppliers/history.h"
#include "cafe/suppliers/migrations.h"
#include "cafe/suppliers/unescape.h"
#include "employee.h"

/* A large table takes its time, and a migration that is cut off has to be run
 * again. */
enum { READ_TIMEOUT_S = 3600, RUNS_MAX = 3 };

enum { ER_TABLEACCESS_DENIED = 1142, ER_COLUMNACCESS_DENIED = 1143 };

const struct command employee_commands[] = {
    { "--migrate", COMMAND_MIGRATE,
      "Create or update the database schema and restore what is missing, then "
      "exit.",
      NULL },
    { "--unescape", COMMAND_UNESCAPE,
      "With --migrate: also repair texts that the original application "
      "escaped.",
      NULL },
    { "--dry-run", COMMAND_DRY_RUN,
      "With --migrate: only show what would be done.", NULL },
    { "--forget", COMMAND_FORGET,
      "Erase a supplier's history, except what the table holds now, then exit.",
      "ID" },
    { "--add-user", COMMAND_ADD_USER,
      "Add a person to the file of identity.htpasswd, or change their "
      "password, then exit. Asks for the password.",
      "NAME" },
    { "--password-file", COMMAND_PASSWORD_FILE,
      "With --add-user: read the password from the first line of this file.",
      "FILE" },
    { NULL, 0, NULL, NULL },
};

static int employee_complain(const char *what, const char *why)
{
    fprintf(stderr, "employee: %s%s%s\n", what, why[0] ? ": " : "", why);
    return 1;
}

/* A connection with a long read timeout. NULL: `why` says why there is none. */
static struct db_connection *employee_connect_to(
    const struct service_settings *settings, struct text *why)
{
    struct db_options options = settings->db;
    struct db_connection *connection = NULL;

    options.read_timeout_s = READ_TIMEOUT_S;
    if (db_connect(&options, &connection, why) != OK)
        return NULL;
    return connection;
}

/* Migrating. */

static enum error employee_migrate(struct db_connection *connection,
                                   int command, struct text *report)
{
    bool dry_run = (command & COMMAND_DRY_RUN) != 0;
    enum error err = supplier_migrate(connection, dry_run, report);

    if (err == OK && (command & COMMAND_UNESCAPE))
        err = unescape_suppliers(connection, dry_run, report);
    return err;
}

static int employee_run_migrate(int command,
                                const struct service_settings *settings)
{
    const char *failed = command & COMMAND_UNESCAPE
                             ? "not everything was migrated and repaired"
                             : "the schema is not up to date";
    struct text report;
    enum error err;
    int status = 0;
    struct db_connection *connection;

    text_init(&report, 0);
    connection = employee_connect_to(settings, &report);
    if (connection != NULL) {
        err = employee_migrate(connection, command, &report);
        if (report.len > 0 && report.data[report.len - 1] != '\n')
            text_append_char(&report, '\n');
        fputs(text_string(&report), err == OK ? stdout : stderr);
        if (err != OK)
            status = employee_complain(
                failed, err == ERROR_CONFLICT ? "see above" : error_text(err));
    } else {
        status = employee_complain(failed, text_string(&report));
    }
    db_disconnect(connection);
    text_free(&report);
    return status;
}

/* Forgetting. */

static enum error employee_forget(struct db_connection *connection, int64_t id,
                                  int64_t *entries)
{
    enum error err = ERROR_DB_RETRY;

    /* No worker repeats it here: a deadlock with a save is worth another try.
     */
    for (int run = 0; err == ERROR_DB_RETRY && run < RUNS_MAX; run++)
        err = history_forget(connection, id, entries);
    return err;
}

static bool lacks_rights(const struct db_connection *connection)
{
    return db_error_number(connection) == ER_TABLEACCESS_DENIED ||
           db_error_number(connection) == ER_COLUMNACCESS_DENIED;
}

/* Why nothing was forgotten, and what to do. */
static void employee_explain(const struct db_connection *connection,
                             enum error err, struct text *why)
{
    if (err == ERROR_NOT_FOUND) {
        text_append_string(why, "the history has no such supplier");
        return;
    }
    text_append_string(why, db_error_message(connection)[0]
                                ? db_error_message(connection)
                                : error_text(err));
    if (lacks_rights(connection))
        text_append_string(why, "; use the account that migrates");
    else if (err == ERROR_DB_SCHEMA)
        text_append_string(why, "; run employee --migrate first");
    else
        text_append_string(why, "; run it again");
}

static int forget_supplier(const struct service_settings *settings, int64_t id)
{
    struct text why;
    int64_t entries = 0;
    enum error err = ERROR_DB_AWAY;
    int status = 0;
    struct db_connection *connection;

    text_init(&why, 0);
    connection = employee_connect_to(settings, &why);
    if (connection != NULL) {
        err = employee_forget(connection, id, &entries);
        if (err != OK)
            employee_explain(connection, err, &why);
    }
    if (err == OK)
        printf("supplier %lld: %lld history entr%s erased\n", (long long)id,
               (long long)entries, entries == 1 ? "y" : "ies");
    else
        status = employee_complain("nothing was erased", text_string(&why));
    db_disconnect(connection);
    text_free(&why);
    return status;
}

static int run_forget(const char *argument,
                      const struct service_settings *settings)
{
    int64_t id;

    if (slice_id(slice_of(argument), &id) != OK)
        return employee_complain("--forget needs the numeric id of a supplier",
                                 argument);
    return forget_supplier(settings, id);
}

/* Why these commands can't be run; NULL: they can. */
static const char *fault_of(int command)
{
    const int adding = COMMAND_ADD_USER | COMMAND_PASSWORD_FILE;

    if (command & COMMAND_ADD_USER)
        return command & ~adding
                   ? "--add-user can't be combined with other commands"
                   : NULL;
    if (command & COMMAND_PASSWORD_FILE)
        return "--password-file needs --add-user";
    if (command & COMMAND_FORGET)
        return command != COMMAND_FORGET
                   ? "--forget can't be combined with other commands"
                   : NULL;
    if (!(command & COMMAND_MIGRATE))
        return command & COMMAND_UNESCAPE ? "--unescape needs --migrate"
                                          : "--dry-run needs --migrate";
    return NULL;
}

int commands_run(int command, const struct config *config,
                 const struct service_settings *settings)
{
    const char *fault = fault_of(command);

    if (fault != NULL)
        return employee_complain(fault, "");
    if (command & COMMAND_ADD_USER)
        return add_user_run(config, settings);
    if (command & COMMAND_FORGET)
        return run_forget(config_argument(config, "--forget"), settings);
    return employee_run_migrate(command, settings);
}
