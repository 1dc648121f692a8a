/*
 * The triggers of the change log, made from the table of fields. Numbered
 * migrations make tables and columns; the triggers are compared with these
 * texts by each --migrate, and exchanged where they differ.
 */
#include "triggers.h"

#include "cafe/suppliers/columns.h"

/* Never NULL, even where an adopted table allows it. */
#define NEW_VALUE(field, column, ...) "COALESCE(NEW." column ", '')"
#define OLD_VALUE(field, column, ...) "COALESCE(OLD." column ", '')"
#define NEW_VALUES SUPPLIER_TABLE(NEW_VALUE, ", ")
#define OLD_VALUES SUPPLIER_TABLE(OLD_VALUE, ", ")

/* clang-format off */

/* The next number is taken within the writer's transaction: the lock of the
 * counter's row makes the order of revisions the order of commits. */
#define LOG(id, action, values)                                             \
    "UPDATE supplier_revision SET n = n + 1, at = moment WHERE one = 1; "   \
    "SELECT n INTO next FROM supplier_revision WHERE one = 1; "             \
    "INSERT INTO supplier_changes (revision, supplier_id, action, " COLUMNS \
    ", actor, writer, form_key, at) VALUES"                                 \
    " (next, " id ", " action ", " values ", LEFT(@cafe_actor, 255),"       \
    " USER(), LEFT(@cafe_form_key, 22), moment); "

#define BEGIN                                               \
    "BEGIN DECLARE next BIGINT UNSIGNED; "                  \
    "DECLARE moment DATETIME(6) DEFAULT UTC_TIMESTAMP(6); "

#define REMOVED                            \
    BEGIN                                  \
    LOG("OLD.id", "'remove'", OLD_VALUES)  \
    "END"

/* Every row is logged, also one that is written as it was: comparing would
 * take 'a' for 'A'. A row that gets another id is gone under the old one; one
 * that UPDATE IGNORE left alone, because its new id is taken, is still there.
 */
#define CHANGED                                                              \
    BEGIN                                                                    \
    "DECLARE moved BOOLEAN DEFAULT NEW.id <> OLD.id; "                       \
    "DECLARE ignored BOOLEAN DEFAULT FALSE; "                                \
    "IF moved THEN "                                                         \
    "SET ignored = EXISTS (SELECT 1 FROM suppliers WHERE id = OLD.id); "     \
    "END IF; "                                                               \
    "IF moved AND NOT ignored THEN "                                         \
    LOG("OLD.id", "'remove'", OLD_VALUES)                                    \
    "END IF; "                                                               \
    "IF NOT ignored THEN "                                                   \
    LOG("NEW.id", "IF(moved, 'add', " RESTORED_OR("'update'") ")", NEW_VALUES) \
    "END IF; END"

#define ADDED                                              \
    BEGIN                                                  \
    LOG("NEW.id", RESTORED_OR("'add'"), NEW_VALUES)        \
    "END"

#define RESTORED_OR(action) \
    "IF(@cafe_action = 'restore', 'restore', " action ")"

/* Without DROP in MariaDB: there a trigger takes the place of another in one
 * step. MySQL takes the comment for one. */
#define ROW(trigger, event, text)                                    \
    { .name = trigger,                                               \
      .on = event,                                                   \
      .body = text,                                                  \
      .drop = "DROP TRIGGER IF EXISTS " trigger,                     \
      .create = "CREATE /*M! OR REPLACE */ TRIGGER " trigger         \
                " AFTER " event " ON suppliers FOR EACH ROW " text }
/* clang-format on */

/* In the order in which they are made. The one for new rows comes last: a row
 * that is logged at all is logged until its end. */
static const struct trigger {
    const char *name, *on, *body, *drop, *create;
} triggers[TRIGGERS] = {
    ROW("suppliers_removed", "DELETE", REMOVED),
    ROW("suppliers_changed", "UPDATE", CHANGED),
    ROW("suppliers_added", "INSERT", ADDED),
};

/* Looking. */

/* White space is not compared: a dump may bring a trigger back with other line
 * ends. */
static const char find_trigger[] =
    "SELECT EVENT_OBJECT_TABLE = 'suppliers',"
    " CAST(TRIM(REGEXP_REPLACE(ACTION_STATEMENT, '[[:space:]]+', ' '))"
    "  AS BINARY) = CAST(? AS BINARY)"
    "  AND ACTION_TIMING = 'AFTER' AND EVENT_MANIPULATION = ?,"
    " DEFINER = CURRENT_USER(), EVENT_OBJECT_TABLE, DEFINER"
    " FROM information_schema.TRIGGERS"
    " WHERE TRIGGER_SCHEMA = DATABASE() AND TRIGGER_NAME = ?";

/* What a trigger is like. */
struct finding {
    bool found, elsewhere; /* elsewhere: on another table */
    struct text fault;     /* what is wrong with it; empty: nothing */
};

static void triggers_say(struct finding *finding, const char *fault,
                         struct slice what)
{
    text_append_string(&finding->fault, fault);
    text_append_slice(&finding->fault, what);
}

static enum error take_trigger(const struct db_row *row, void *context)
{
    struct finding *finding = context;

    finding->found = true;
    finding->elsewhere = !db_row_integer(row, 0);
    if (finding->elsewhere)
        triggers_say(finding, ": it is on ", db_row_text(row, 3));
    else if (!db_row_integer(row, 1))
        triggers_say(finding, ": it differs from this program's", SLICE(""));
    else if (!db_row_integer(row, 2))
        triggers_say(finding, ": it runs as another account, ",
                     db_row_text(row, 4));
    return OK;
}

/* The caller frees `finding`, also on failure. */
static enum error triggers_look_at(struct db_connection *connection,
                                   const struct trigger *trigger,
                                   struct finding *finding)
{
    const struct db_value values[] = {
        DB_VALUE_TEXT(slice_of(trigger->body)),
        DB_VALUE_TEXT(slice_of(trigger->on)),
        DB_VALUE_TEXT(slice_of(trigger->name)),
    };
    enum error err;

    *finding = (struct finding){ 0 };
    text_init(&finding->fault, 0);
    err = db_query(connection, find_trigger, values, 3, take_trigger, finding);
    return err == OK && finding->fault.failed ? ERROR_MEMORY : err;
}

static bool is_fine(const struct finding *finding)
{
    return finding->found && finding->fault.len == 0;
}

enum error triggers_look(struct db_connection *connection, struct text *report,
                         size_t *missing)
{
    enum error err = OK;

    *missing = 0;
    for (size_t i = 0; err == OK && i < TRIGGERS; i++) {
        struct finding finding;

        err = triggers_look_at(connection, &triggers[i], &finding);
        if (err == OK && !is_fine(&finding)) {
            text_printf(report, "missing: the trigger %s on suppliers%s\n",
                        triggers[i].name, text_string(&finding.fault));
            ++*missing;
        }
        text_free(&finding.fault);
    }
    return err;
}

/* Making. */

static const char ask_mariadb[] = "SELECT VERSION() LIKE '%MariaDB%'";
static const char lock_table[] = "LOCK TABLES suppliers WRITE";
static const char unlock_table[] = "UNLOCK TABLES";

static enum error take_mariadb(const struct db_row *row, void *context)
{
    *(bool *)context = db_row_integer(row, 0) == 1;
    return OK;
}

static enum error choose(struct db_connection *connection,
                         enum trigger_exchange *exchange)
{
    bool mariadb = false;
    enum error err;

    if (*exchange != TRIGGER_BY_SERVER)
        return OK;
    err = db_query(connection, ask_mariadb, NULL, 0, take_mariadb, &mariadb);
    *exchange = mariadb ? TRIGGER_AT_ONCE : TRIGGER_UNDER_LOCK;
    return err;
}

static enum error drop_and_create(struct db_connection *connection,
                                  const struct trigger *trigger)
{
    enum error err = db_run_text(connection, slice_of(trigger->drop));

    return err == OK ? db_run_text(connection, slice_of(trigger->create)) : err;
}

static enum error under_lock(struct db_connection *connection,
                             const struct trigger *trigger)
{
    enum error err = db_run_text(connection, slice_of(lock_table));
    enum error unlocked;

    if (err != OK)
        return err;
    err = drop_and_create(connection, trigger);
    unlocked = db_run_text(connection, slice_of(unlock_table));
    return err != OK ? err : unlocked;
}

/* One of this name on another table is in the way; nothing logs then. */
static enum error triggers_make_one(struct db_connection *connection,
                                    const struct trigger *trigger,
                                    enum trigger_exchange exchange,
                                    bool elsewhere)
{
    if (exchange == TRIGGER_UNDER_LOCK)
        return under_lock(connection, trigger);
    return elsewhere ? drop_and_create(connection, trigger)
                     : db_run_text(connection, slice_of(trigger->create));
}

enum error triggers_make(struct db_connection *connection,
                         enum trigger_exchange exchange, bool dry_run,
                         struct text *report)
{
    enum error err = choose(connection, &exchange);

    for (size_t i = 0; err == OK && i < TRIGGERS; i++) {
        struct finding finding;

        err = triggers_look_at(connection, &triggers[i], &finding);
        if (err == OK && !is_fine(&finding)) {
            text_printf(report, "the trigger %s: %s%s\n", triggers[i].name,
                        dry_run ? "would run:\n" : "made",
                        dry_run ? triggers[i].create : "");
            if (!dry_run)
                err = triggers_make_one(connection, &triggers[i], exchange,
                                        finding.elsewhere);
        }
        text_free(&finding.fault);
    }
    return err;
}

enum error triggers_drop(struct db_connection *connection)
{
    enum error err = OK;

    for (size_t i = 0; err == OK && i < TRIGGERS; i++)
        err = db_run_text(connection, slice_of(triggers[i].drop));
    return err;
}
