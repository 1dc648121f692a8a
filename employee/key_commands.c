/* --add-key, --list-keys and --remove-key. A key is printed once, and is kept
 * nowhere. */
#include <stdio.h>
#include <string.h>

#include "cafe/service/audit.h"
#include "cafe/service/keys.h"
#include "employee.h"

/* What the commands were given. */
struct key_order {
    const char *name;
    bool writes;
    uint64_t days; /* 0: it does not expire */
};

static const char bad_name[] =
    "a name must be 1 to 100 bytes of printable UTF-8";

/* NULL: it is read; else what is wrong. */
static const char *order_read(const struct config *config,
                              struct key_order *order)
{
    const char *may = config_argument(config, "--may");
    const char *days = config_argument(config, "--days");

    order->name = config_argument(config, "--add-key");
    if (!key_name_valid(slice_of(order->name)))
        return bad_name;
    if (may == NULL || (strcmp(may, "read") != 0 && strcmp(may, "write") != 0))
        return "say what the program may do: --may read or --may write";
    order->writes = strcmp(may, "write") == 0;
    if (days != NULL &&
        (slice_number(slice_of(days), KEY_DAYS_MAX, &order->days) != OK ||
         order->days == 0))
        return "--days needs a number from 1 to 3650";
    return NULL;
}

static const char *key_explain(const struct db_connection *connection,
                               enum error err)
{
    if (err == ERROR_DB_DUPLICATE)
        return "there is already a key with this name; remove it first, or "
               "choose another name";
    if (err == ERROR_NOT_FOUND)
        return "there is no key with this name; see --list-keys";
    if (err == ERROR_LIMIT)
        return "there are already 256 keys, which is the maximum; remove one "
               "first";
    if (err == ERROR_DB_SCHEMA)
        return "run employee --migrate first";
    if (db_denied(connection))
        return "this account may not change keys; use the account that "
               "migrates";
    return db_error_message(connection)[0] ? db_error_message(connection)
                                           : error_text(err);
}

/* To standard output nothing else, so that a script can take it. A key that
 * nobody has got is removed again. */
static enum error hand_out(struct db_connection *connection,
                           const struct key_order *order, const char *text)
{
    enum error err;

    if (printf("%s\n", text) > 0 && fflush(stdout) == 0) {
        fprintf(stderr, "employee: key %s may %s; it is shown only now\n",
                order->name, order->writes ? "write" : "read");
        return OK;
    }
    err = key_remove(connection, order->name);
    return err == OK ? ERROR_SYSTEM : err;
}

static enum error order_run(struct db_connection *connection,
                            const struct key_order *order)
{
    char text[KEY_TEXT_BYTES];
    struct key_digest digest;
    enum error err = key_make(text);

    if (err == OK)
        err = key_digest(slice_of(text), &digest);
    if (err == OK)
        err = key_add(connection, order->name, &digest, order->writes,
                      (int64_t)order->days);
    if (err == OK)
        err = hand_out(connection, order, text);
    explicit_bzero(text, sizeof(text));
    return err;
}

static void show_listed(const struct key *key)
{
    printf("%s\t%s\tcreated %s\tlast used %s\t%s %s\n", key->name,
           key->writes ? "write" : "read", key->created,
           key->last_used[0] ? key->last_used : "never",
           key->expired ? "expired" : "expires",
           key->expires[0] ? key->expires : "never");
}

static enum error run_on(struct db_connection *connection, int command,
                         const struct config *config,
                         const struct key_order *order)
{
    if (command & COMMAND_ADD_KEY)
        return order_run(connection, order);
    if (command & COMMAND_REMOVE_KEY)
        return key_remove(connection, config_argument(config, "--remove-key"));
    return keys_list(connection, show_listed);
}

/* A line in the log for what changed who may come in. */
static void key_note(const struct service_settings *settings, int command,
                     const struct config *config, const struct key_order *order)
{
    if (command & COMMAND_ADD_KEY)
        audit_write(settings, "employee", "key added",
                    (const struct log_field[]){
                        LOG_STRING("key", order->name),
                        LOG_STRING("may", order->writes ? "write" : "read"),
                        LOG_NUMBER("days", (int64_t)order->days), LOG_END });
    else if (command & COMMAND_REMOVE_KEY)
        audit_write(
            settings, "employee", "key removed",
            (const struct log_field[]){
                LOG_STRING("key", config_argument(config, "--remove-key")),
                LOG_END });
}

int key_commands_run(int command, const struct config *config,
                     const struct service_settings *settings)
{
    struct db_connection *connection = NULL;
    struct key_order order = { 0 };
    const char *fault = command & COMMAND_ADD_KEY ? order_read(config, &order)
                                                  : NULL;
    enum error err;
    struct text why;

    text_init(&why, 0);
    if (fault == NULL) {
        if (db_connect(&settings->db, &connection, &why) != OK)
            fault = text_string(&why);
        else if ((err = run_on(connection, command, config, &order)) != OK)
            fault = key_explain(connection, err);
        else
            key_note(settings, command, config, &order);
    }
    if (fault != NULL)
        fprintf(stderr, "employee: %s\n", fault);
    else if (command & COMMAND_REMOVE_KEY)
        printf("key %s was removed\n", config_argument(config, "--remove-key"));
    db_disconnect(connection);
    text_free(&why);
    return fault == NULL ? 0 : 1;
}
