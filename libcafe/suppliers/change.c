/* What becomes of one row: locked, compared with what the change was based on,
 * merged, checked, written. */
#include "change.h"

#include "cafe/suppliers/columns.h"
#include "cafe/suppliers/untouched.h"
#include "merge.h"
#include "refusal.h"
#include "repair.h"
#include "undo.h"
#include "version.h"

/* The columns in the order of enum supplier_field, the id last. */
enum { VALUES = SUPPLIER_FIELDS + 1 };

static const char insert_supplier[] = "INSERT INTO suppliers (" COLUMNS
                                      ") VALUES (" COLUMN_MARKS ")";

static const char insert_again[] = "INSERT INTO suppliers (" COLUMNS
                                   ", id) VALUES (" COLUMN_MARKS ", ?)";

static const char update_supplier[] = "UPDATE suppliers SET " COLUMNS_SET
                                      " WHERE id = ?";

static const char delete_supplier[] = "DELETE FROM suppliers WHERE id = ?";

static const char lock_row[] =
    "SELECT id FROM suppliers WHERE id = ? FOR UPDATE";

/* Versions. */

/*
 * After an older backup was restored the log counts on from there: the revision
 * that the form was based on may be another one's now, made at another time.
 */
static enum error verify_base(struct db_connection *connection,
                              struct attempt *attempt)
{
    struct store_job *job = &attempt->job;
    uint64_t *base = attempt->follows ? &attempt->shown : &job->expected;
    bool same = true;
    enum error err = OK;

    if (*base != 0 && job->expected_us != 0)
        err = version_is(connection, job->supplier.id, *base, job->expected_us,
                         &same);
    if (err == OK && !same)
        *base = REVISION_LOST;
    return err;
}

static enum error store_take_exists(const struct db_row *row, void *context)
{
    (void)row;
    *(bool *)context = true;
    return OK;
}

/* From here on no other transaction changes the supplier, if it is there. */
static enum error store_lock(struct db_connection *connection,
                             struct attempt *attempt)
{
    const struct db_value id = DB_VALUE_INTEGER(attempt->job.supplier.id);
    struct versions versions;
    enum error err;

    attempt->exists = false;
    err = db_query(connection, lock_row, &id, 1, store_take_exists,
                   &attempt->exists);
    if (err == OK)
        err = versions_read(connection, id.integer, 1, &versions);
    if (err != OK || (err = verify_base(connection, attempt)) != OK)
        return err;
    attempt->version = versions.last[0];
    return attempt->follows
               ? version_saved(connection, id.integer, attempt->job.form_key,
                               &attempt->job.expected)
               : OK;
}

/* As store_lock(), for a change that makes no sense without the row. */
static enum error lock_present(struct db_connection *connection,
                               struct attempt *attempt)
{
    enum error err = store_lock(connection, attempt);

    return err == OK && !attempt->exists ? ERROR_NOT_FOUND : err;
}

static bool changed_meanwhile(const struct attempt *attempt)
{
    return attempt->job.expected != 0 &&
           attempt->job.expected != attempt->version;
}

/* Clashes. */

static enum error read_clash(struct db_connection *connection,
                             struct attempt *attempt)
{
    struct store_job *job = &attempt->job;

    return clash_read(connection, job->arena, job->supplier.id, job->expected,
                      attempt->version, &job->clash);
}

/* A removal or a restoration has no fields to merge, and a program wants none
 * merged. */
static enum error refuse_changed(struct db_connection *connection,
                                 struct attempt *attempt)
{
    enum error err = read_clash(connection, attempt);

    if (err != OK)
        return err;
    attempt->job.supplier = attempt->job.clash.theirs.supplier;
    return ERROR_CONFLICT;
}

/* What is there, and what the form shows. */
static enum error store_read_shown(struct db_connection *connection,
                                   struct attempt *attempt)
{
    struct store_job *job = &attempt->job;
    int64_t id = job->supplier.id;
    uint64_t was = job->expected ? job->expected : attempt->version;
    enum error err = clash_read(connection, job->arena, id,
                                attempt->follows ? attempt->shown : was,
                                attempt->version, &job->clash);

    if (err == OK && attempt->follows)
        err = clash_follow(connection, job->arena, id, job->form_key,
                           &job->clash);
    return err;
}

/* A field that was not touched is put back as the form showed it, or as it is
 * now. */
static enum error restore_untouched(struct store_job *job)
{
    const struct store_clash *clash = &job->clash;
    enum error err = OK;

    if (clash->was.revision != 0)
        err = untouched_restore(job->arena, &job->supplier, &clash->was,
                                job->shown);
    if (err == OK)
        err = untouched_restore(job->arena, &job->supplier,
                                &clash->theirs.supplier, job->shown);
    return err;
}

static enum error merge_changed(struct store_job *job)
{
    bool got = merge(&job->supplier, &job->clash);

    if (job->clash.count > 0)
        return ERROR_CONFLICT;
    job->merged = got;
    return OK;
}

/* Whatever the form was based on: nothing gets into the row that the rules
 * refuse, but what is there may stay. */
static enum error store_check(struct store_job *job)
{
    untouched_check(job->arena, &job->supplier, &job->clash.theirs.supplier,
                    &job->faults);
    return job->faults.count > 0 ? ERROR_SYNTAX : OK;
}

/* The changes. */

static enum error write_fields(struct db_connection *connection,
                               const char *sql, const struct supplier *supplier)
{
    struct db_value values[VALUES];

    for (size_t f = 0; f < SUPPLIER_FIELDS; f++)
        values[f] = DB_VALUE_TEXT(supplier->fields[f]);
    values[SUPPLIER_FIELDS] = DB_VALUE_INTEGER(supplier->id);
    return db_execute(connection, sql, values,
                      sql == insert_supplier ? SUPPLIER_FIELDS : VALUES);
}

static enum error store_insert(struct db_connection *connection,
                               struct attempt *attempt)
{
    struct supplier *supplier = &attempt->job.supplier;
    enum error err = write_fields(connection, insert_supplier, supplier);

    supplier->id = db_insert_id(connection);
    return err;
}

static enum error prepare_update(struct db_connection *connection,
                                 struct attempt *attempt)
{
    struct store_job *job = &attempt->job;
    enum error err = lock_present(connection, attempt);

    if (err == OK && job->exact && changed_meanwhile(attempt))
        return refuse_changed(connection, attempt);
    if (err == OK)
        err = store_read_shown(connection, attempt);
    if (err == OK)
        err = restore_untouched(job);
    if (err == OK && (changed_meanwhile(attempt) || attempt->follows))
        err = merge_changed(job);
    if (err == OK)
        err = store_check(job);
    return err;
}

/* CLIENT_FOUND_ROWS: a row that is saved as it was counts as found. */
static enum error update(struct db_connection *connection,
                         struct attempt *attempt)
{
    return write_fields(connection, update_supplier, &attempt->job.supplier);
}

static enum error prepare_removal(struct db_connection *connection,
                                  struct attempt *attempt)
{
    enum error err = lock_present(connection, attempt);

    if (err == OK && changed_meanwhile(attempt))
        err = refuse_changed(connection, attempt);
    return err;
}

static enum error remove_it(struct db_connection *connection,
                            struct attempt *attempt)
{
    const struct db_value id = DB_VALUE_INTEGER(attempt->job.supplier.id);

    return db_execute(connection, delete_supplier, &id, 1);
}

/* Take the fields of the version to go back to; without an id, its id too. */
static enum error take_back(struct db_connection *connection,
                            struct attempt *attempt)
{
    struct store_job *job = &attempt->job;
    struct history_entry entry;
    bool found;
    enum error err = clash_entry(connection, job->arena, job->supplier.id,
                                 job->version, &entry, &found);

    if (err != OK)
        return err;
    if (!found)
        return ERROR_NOT_FOUND;
    job->supplier = entry.supplier;
    return OK;
}

static enum error prepare_restoration(struct db_connection *connection,
                                      struct attempt *attempt)
{
    enum error err = take_back(connection, attempt);

    if (err == OK)
        err = store_lock(connection, attempt);
    if (err == OK && changed_meanwhile(attempt))
        err = refuse_changed(connection, attempt);
    return err;
}

/* The fields of `was` in place of those that this change has touched; what was
 * changed again since is asked about. */
static enum error undo_fields(struct db_connection *connection,
                              struct attempt *attempt,
                              const struct history_entry *change)
{
    struct store_job *job = &attempt->job;
    struct supplier now;
    enum error err = row_read(connection, job->arena, job->supplier.id, &now);

    if (err != OK)
        return err;
    job->clash = (struct store_clash){ 0 };
    job->clash.count =
        undo(change, &now, job->picks, &job->supplier, job->clash.fields);
    if (job->clash.count == 0)
        return OK;
    job->clash.theirs.supplier = now;
    job->clash.theirs.supplier.revision = attempt->version;
    return ERROR_CONFLICT;
}

/* Of a removal this is a restoration. */
static enum error prepare_undo(struct db_connection *connection,
                               struct attempt *attempt)
{
    struct store_job *job = &attempt->job;
    struct history_entry change;
    enum error err = undo_entry(connection, job->arena, job->version, &change);

    if (err != OK)
        return err;
    job->supplier = change.supplier;
    err = change.action == HISTORY_REMOVE ? store_lock(connection, attempt)
                                          : lock_present(connection, attempt);
    if (err == OK && changed_meanwhile(attempt))
        return refuse_changed(connection, attempt);
    if (err == OK && change.action != HISTORY_REMOVE)
        err = undo_fields(connection, attempt, &change);
    return err;
}

/* A duplicate key means that another restoration was faster: look again. */
static enum error restore(struct db_connection *connection,
                          struct attempt *attempt)
{
    enum error err = write_fields(
        connection, attempt->exists ? update_supplier : insert_again,
        &attempt->job.supplier);

    if (err == ERROR_DB_DUPLICATE && !attempt->exists &&
        refusal_of_primary_key(connection))
        return ERROR_DB_RETRY;
    return err;
}

static enum error prepare_nothing(struct db_connection *connection,
                                  struct attempt *attempt)
{
    (void)connection;
    (void)attempt;
    return OK;
}

const struct kind kind_add = { .name = "add",
                               .writes_fields = true,
                               .prepare = prepare_nothing,
                               .write = store_insert };
const struct kind kind_update = { .name = "update",
                                  .writes_fields = true,
                                  .prepare = prepare_update,
                                  .write = update };
const struct kind kind_remove = { .name = "remove",
                                  .prepare = prepare_removal,
                                  .write = remove_it };
const struct kind kind_restore = { .name = "restore",
                                   .log_action = "restore",
                                   .goes_back = true,
                                   .prepare = prepare_restoration,
                                   .write = restore };
const struct kind kind_undo = { .name = "undo",
                                .log_action = "restore",
                                .goes_back = true,
                                .prepare = prepare_undo,
                                .write = restore };

/* The transaction that they are in. */

/* What the triggers write into the log beside the row: set each time, for the
 * connection has been somebody else's. */
static const char set_log_context[] =
    "SET @cafe_actor = ?, @cafe_action = ?, @cafe_form_key = ?";

static struct db_value text_or_null(const char *text)
{
    return text != NULL ? DB_VALUE_TEXT(slice_of(text)) : DB_VALUE_NULL;
}

enum error change_begin(struct db_connection *connection, const char *actor,
                        const char *log_action, const char *form_key)
{
    const struct db_value values[] = {
        text_or_null(actor),
        text_or_null(log_action),
        text_or_null(form_key),
    };
    enum error err = db_begin(connection);

    if (err != OK)
        return err;
    if ((err = db_execute(connection, set_log_context, values, 3)) != OK)
        return db_rollback(connection, err);
    return OK;
}

bool change_may_again(struct db_connection *connection, enum error err,
                      bool *reloaded)
{
    if (err != ERROR_DB_TRIGGERS || !repair_is_spoiled(connection))
        return false;
    *reloaded = repair_reload(connection) == OK;
    return true;
}
