/* Which versions of a supplier the log has. */
#include "version.h"

static const char select_versions[] =
    "SELECT revision FROM supplier_changes WHERE supplier_id = ?"
    " ORDER BY revision DESC LIMIT ?";

static const char select_saved[] = "SELECT MAX(revision) FROM supplier_changes"
                                   " WHERE supplier_id = ? AND form_key = ?";

static const char select_time[] =
    "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', at)"
    " FROM supplier_changes WHERE revision = ? AND supplier_id = ?";

static enum error take_version(const struct db_row *row, void *context)
{
    struct versions *versions = context;

    versions->last[versions->count++] = (uint64_t)db_row_integer(row, 0);
    return OK;
}

enum error versions_read(struct db_connection *connection, int64_t id,
                         size_t limit, struct versions *versions)
{
    const struct db_value values[] = {
        DB_VALUE_INTEGER(id),
        DB_VALUE_INTEGER((int64_t)limit),
    };

    *versions = (struct versions){ 0 };
    return db_query(connection, select_versions, values, 2, take_version,
                    versions);
}

enum error version_saved(struct db_connection *connection, int64_t id,
                         const char *form_key, uint64_t *revision)
{
    const struct db_value values[] = {
        DB_VALUE_INTEGER(id),
        DB_VALUE_TEXT(slice_of(form_key)),
    };
    /* MAX() of no rows is NULL, read as 0. */
    struct versions saved = { 0 };
    enum error err =
        db_query(connection, select_saved, values, 2, take_version, &saved);

    if (err == OK && saved.last[0] != 0)
        *revision = saved.last[0];
    return err;
}

static enum error take_time(const struct db_row *row, void *context)
{
    *(int64_t *)context = db_row_integer(row, 0);
    return OK;
}

enum error version_is(struct db_connection *connection, int64_t id,
                      uint64_t revision, int64_t at_us, bool *same)
{
    const struct db_value values[] = {
        DB_VALUE_INTEGER((int64_t)revision),
        DB_VALUE_INTEGER(id),
    };
    int64_t found_us = 0;
    enum error err =
        db_query(connection, select_time, values, 2, take_time, &found_us);

    if (err == OK)
        *same = found_us == at_us;
    return err;
}
