/* Whether the database has the schema that this program needs. */
#include "cafe/migrations.h"

static const char read_one[] =
    "SELECT id, name, address, city, state, country, email, phone, notes"
    " FROM suppliers LIMIT 1";

int supplier_schema_version(void)
{
    int version = 0;

    for (size_t i = 0; supplier_migrations[i].number != 0; i++)
        version = supplier_migrations[i].number;
    return version;
}

enum error supplier_schema_check(struct db_connection *connection, void *job)
{
    int version = 0;
    enum error err = db_schema_version(connection, &version);

    (void)job;
    if (err != OK)
        return err;
    if (version < supplier_schema_version())
        return ERROR_DB_SCHEMA;
    return db_query(connection, read_one, NULL, 0, NULL, NULL);
}
