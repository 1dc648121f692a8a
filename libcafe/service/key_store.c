/* Keys in the database. A key is found by its digest: what a guess has in
 * common with a key says nothing about the digests that are compared. */
#include <stdio.h>

#include "cafe/service/keys.h"

#define KEY_COLUMNS                                            \
    "SELECT name, may = 'write', CAST(DATE(created) AS CHAR)," \
    " CAST(last_used AS CHAR), CAST(expires AS CHAR),"         \
    " COALESCE(expires <= UTC_TIMESTAMP(), 0),"                \
    " COALESCE(last_used = UTC_DATE(), 0) FROM cafe_keys"

static const char select_key[] = KEY_COLUMNS " WHERE digest = UNHEX(?)";
static const char select_keys[] = KEY_COLUMNS " ORDER BY name";
static const char count_keys[] = "SELECT COUNT(*) FROM cafe_keys";

static const char insert_stored[] =
    "INSERT INTO cafe_keys (name, digest, may, created, expires)"
    " VALUES (?, UNHEX(?), ?, UTC_TIMESTAMP(),"
    " UTC_TIMESTAMP() + INTERVAL ? DAY)";

static const char delete_key[] = "DELETE FROM cafe_keys WHERE name = ?";

static const char note_use[] =
    "UPDATE cafe_keys SET last_used = UTC_DATE() WHERE digest = UNHEX(?)";

struct found {
    struct key *key;
    bool any;
    bool used_today;
};

static void key_column(const struct db_row *row, unsigned column, char *text,
                       size_t bytes)
{
    struct slice value = db_row_text(row, column);

    snprintf(text, bytes, "%.*s", (int)value.len,
             value.data != NULL ? value.data : "");
}

static void take_key(const struct db_row *row, struct key *key)
{
    key_column(row, 0, key->name, sizeof(key->name));
    key->writes = db_row_integer(row, 1) == 1;
    key_column(row, 2, key->created, sizeof(key->created));
    key_column(row, 3, key->last_used, sizeof(key->last_used));
    key_column(row, 4, key->expires, sizeof(key->expires));
    key->expired = db_row_integer(row, 5) != 0;
}

static enum error take_found(const struct db_row *row, void *context)
{
    struct found *found = context;

    take_key(row, found->key);
    found->any = true;
    found->used_today = db_row_integer(row, 6) == 1;
    return OK;
}

enum error key_find(struct db_connection *connection,
                    const struct key_digest *digest, struct key *key)
{
    const struct db_value hex = DB_VALUE_TEXT(slice_of(digest->hex));
    struct found found = { .key = key };
    enum error err =
        db_query(connection, select_key, &hex, 1, take_found, &found);

    if (err != OK)
        return err;
    if (!found.any)
        return ERROR_NOT_FOUND;
    /* Once a day; a database that takes no writes still lets programs read. */
    if (!found.used_today && !key->expired)
        err = db_execute(connection, note_use, &hex, 1);
    return err == ERROR_DB_UNKNOWN || err == ERROR_MEMORY ? err : OK;
}

enum error key_add(struct db_connection *connection, const char *name,
                   const struct key_digest *digest, bool writes, int64_t days)
{
    const struct db_value values[] = {
        DB_VALUE_TEXT(slice_of(name)),
        DB_VALUE_TEXT(slice_of(digest->hex)),
        DB_VALUE_TEXT(slice_of(writes ? "write" : "read")),
        days > 0 ? DB_VALUE_INTEGER(days) : DB_VALUE_NULL,
    };
    int64_t count = 0;
    enum error err =
        db_query(connection, count_keys, NULL, 0, db_take_integer, &count);

    if (err == OK && count >= KEYS_MAX)
        return ERROR_LIMIT;
    return err == OK ? db_execute(connection, insert_stored, values, 4) : err;
}

enum error key_remove(struct db_connection *connection, const char *name)
{
    const struct db_value value = DB_VALUE_TEXT(slice_of(name));
    enum error err = db_execute(connection, delete_key, &value, 1);

    return err == OK && db_found_rows(connection) == 0 ? ERROR_NOT_FOUND : err;
}

static enum error show_key(const struct db_row *row, void *context)
{
    key_fn *const *show = context;
    struct key key;

    take_key(row, &key);
    (*show)(&key);
    return OK;
}

enum error keys_list(struct db_connection *connection, key_fn *show)
{
    return db_query(connection, select_keys, NULL, 0, show_key, &show);
}
