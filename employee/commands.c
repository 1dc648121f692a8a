/* What employee does instead of serving: migrate, repair, forget, add people
 * and keys. */
#include <stdio.h>

#include "cafe/suppliers/history.h"
#include "cafe/suppliers/migrations.h"
#include "cafe/suppliers/unescape.h"
#include "employee.h"

/* A large table takes its time, and a migration that is cut off has to be run
 * again. */
enum { READ_TIMEOUT_S = 3600, RUNS_MAX = 3 };

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
      "With --migrate or --import: only show what would be done.", NULL },
    { "--forget", COMMAND_FORGET,
      "Erase a supplier's history, except for its present text, then exit.",
      "ID" },
    { "--add-user", COMMAND_ADD_USER,
      "Add a person to the file of identity.htpasswd, or change their "
      "password, then exit. Asks for the password.",
      "NAME" },
    { "--password-file", COMMAND_PASSWORD_FILE,
      "With --add-user: read the password from the first line of this file.",
      "FILE" },
    { "--add-key", COMMAND_ADD_KEY,
      "Add a key with which a program may use /admin/api, print it, then exit. "
      "Use the account that migrates, also to remove one.",
      "NAME" },
    { "--may", COMMAND_MAY, "With --add-key: what the program may do.",
      "read|write" },
    { "--days", COMMAND_DAYS,
      "With --add-key: days until the key expires; without it, never.", "N" },
    { "--list-keys", COMMAND_LIST_KEYS,
      "Show the keys' names, rights, and days of creation, last use and "
      "expiry, then exit.",
      NULL },
    { "--remove-key", COMMAND_REMOVE_KEY,
      "Remove a key, then exit: the program is refused from then on.", "NAME" },
    { "--import", COMMAND_IMPORT,
      "Import suppliers from a CSV, vCard or JSON file, then exit: with status "
      "1 if there are rows to check, which are written to FILE.faulty.csv, and "
      "2 if the import failed.",
      "FILE" },
    { "--actor", COMMAND_ACTOR,
      "With --import or --undo-import: who makes the changes, for the history.",
      "NAME" },
    { "--clear-empty", COMMAND_CLEAR_EMPTY,
      "With --import: an empty cell clears the supplier's field. Without it, "
      "the field stays.",
      NULL },
    { "--remove-missing", COMMAND_REMOVE_MISSING,
      "With --import: also delete the suppliers that the file lacks.", NULL },
    { "--undo-import", COMMAND_UNDO_IMPORT,
      "Undo an import, except for suppliers changed since, then exit. KEY is "
      "what --import printed.",
      "KEY" },
    { "--export", COMMAND_EXPORT,
      "Write all suppliers to standard output as CSV, then exit.", NULL },
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
    if (db_denied(connection))
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

/* Each command with those that only go with it. */
static const struct {
    int command;
    int with;
    const char *alone;    /* when there are others */
    const char *together; /* when only those are there that go with it */
} combinations[] = {
    { COMMAND_ADD_USER, COMMAND_PASSWORD_FILE,
      "--add-user can't be combined with other commands",
      "--password-file needs --add-user" },
    { COMMAND_ADD_KEY, COMMAND_MAY | COMMAND_DAYS,
      "--add-key can't be combined with other commands",
      "--may and --days need --add-key" },
    { COMMAND_LIST_KEYS, 0, "--list-keys can't be combined with other commands",
      NULL },
    { COMMAND_REMOVE_KEY, 0,
      "--remove-key can't be combined with other commands", NULL },
    { COMMAND_FORGET, 0, "--forget can't be combined with other commands",
      NULL },
    { COMMAND_IMPORT,
      COMMAND_DRY_RUN | COMMAND_ACTOR | COMMAND_CLEAR_EMPTY |
          COMMAND_REMOVE_MISSING,
      "--import can't be combined with these commands", NULL },
    { COMMAND_UNDO_IMPORT, COMMAND_ACTOR,
      "--undo-import can't be combined with these commands", NULL },
    { COMMAND_EXPORT, 0, "--export can't be combined with other commands",
      NULL },
};

/* Why these commands can't be run; NULL: they can. */
static const char *fault_of(int command)
{
    for (size_t i = 0; i < sizeof(combinations) / sizeof(combinations[0]);
         i++) {
        int with = combinations[i].with;

        if (command & combinations[i].command)
            return command & ~(combinations[i].command | with)
                       ? combinations[i].alone
                       : NULL;
        if ((command & with) && combinations[i].together != NULL)
            return combinations[i].together;
    }
    if (command & COMMAND_MIGRATE)
        return NULL;
    if (command & COMMAND_UNESCAPE)
        return "--unescape needs --migrate";
    if (command & COMMAND_DRY_RUN)
        return "--dry-run needs --migrate or --import";
    return command & COMMAND_ACTOR
               ? "--actor needs --import or --undo-import"
               : "--clear-empty and --remove-missing need --import";
}

int commands_run(int command, const struct config *config,
                 const struct service_settings *settings)
{
    const char *fault = fault_of(command);

    if (fault != NULL && (command & IMPORT_COMMANDS))
        return employee_complain(fault, "") + 1;
    if (fault != NULL)
        return employee_complain(fault, "");
    if (command & (COMMAND_IMPORT | COMMAND_UNDO_IMPORT))
        return import_command_run(command, config, settings);
    if (command & COMMAND_EXPORT)
        return export_command_run(settings);
    if (command & COMMAND_ADD_USER)
        return add_user_run(config, settings);
    if (command & (COMMAND_ADD_KEY | COMMAND_LIST_KEYS | COMMAND_REMOVE_KEY))
        return key_commands_run(command, config, settings);
    if (command & COMMAND_FORGET)
        return run_forget(config_argument(config, "--forget"), settings);
    return employee_run_migrate(command, settings);
}
