/* Changes to suppliers, each one transaction, read from top to bottom. */
#include "cafe/store.h"

/* The columns in the order of enum supplier_field, the id last. */
enum { VALUES = SUPPLIER_FIELDS + 1 };

static const char insert_supplier[] =
    "INSERT INTO suppliers"
    " (name, address, city, state, country, email, phone, notes)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)";

static const char update_supplier[] =
    "UPDATE suppliers SET name = ?, address = ?, city = ?, state = ?,"
    " country = ?, email = ?, phone = ?, notes = ? WHERE id = ?";

static const char delete_supplier[] = "DELETE FROM suppliers WHERE id = ?";

/* What the triggers write into the log beside the row: set each time, for the
 * connection has been somebody else's. */
static const char set_log_context[] =
    "SET @cafe_actor = ?, @cafe_action = NULL, @cafe_form_key = NULL";

static enum error begin(struct db_connection *connection,
                        const struct store_job *job)
{
    const struct db_value actor =
        job->actor ? DB_VALUE_TEXT(slice_of(job->actor)) : DB_VALUE_NULL;
    enum error err = db_begin(connection);

    if (err != OK)
        return err;
    if ((err = db_execute(connection, set_log_context, &actor, 1)) != OK)
        return db_rollback(connection, err);
    return OK;
}

static void supplier_values(const struct supplier *supplier,
                            struct db_value values[VALUES])
{
    for (size_t f = 0; f < SUPPLIER_FIELDS; f++)
        values[f] = DB_VALUE_TEXT(supplier->fields[f]);
    values[SUPPLIER_FIELDS] = DB_VALUE_INTEGER(supplier->id);
}

enum error store_add(struct db_connection *connection, void *job)
{
    struct store_job *add = job;
    struct db_value values[VALUES];
    enum error err;

    supplier_values(&add->supplier, values);
    if ((err = begin(connection, add)) != OK)
        return err;
    err = db_execute(connection, insert_supplier, values, SUPPLIER_FIELDS);
    if (err != OK)
        return db_rollback(connection, err);
    add->id = db_insert_id(connection);
    return db_commit(connection);
}

/* CLIENT_FOUND_ROWS: a row that is saved as it was counts as found. */
enum error store_update(struct db_connection *connection, void *job)
{
    struct store_job *update = job;
    struct db_value values[VALUES];
    enum error err;

    supplier_values(&update->supplier, values);
    if ((err = begin(connection, update)) != OK)
        return err;
    if ((err = db_execute(connection, update_supplier, values, VALUES)) != OK)
        return db_rollback(connection, err);
    if (db_found_rows(connection) == 0)
        return db_rollback(connection, ERROR_NOT_FOUND);
    update->id = update->supplier.id;
    return db_commit(connection);
}

enum error store_remove(struct db_connection *connection, void *job)
{
    struct store_job *remove = job;
    const struct db_value id = DB_VALUE_INTEGER(remove->supplier.id);
    enum error err;

    if ((err = begin(connection, remove)) != OK)
        return err;
    if ((err = db_execute(connection, delete_supplier, &id, 1)) != OK)
        return db_rollback(connection, err);
    if (db_found_rows(connection) == 0)
        return db_rollback(connection, ERROR_NOT_FOUND);
    remove->id = remove->supplier.id;
    return db_commit(connection);
}
