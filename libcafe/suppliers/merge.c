/* The three-way merge of a supplier's fields, and the versions for it. */
#include "merge.h"

static const char select_fields[] =
    "SELECT name, address, city, state, country, email, phone, notes"
    " FROM suppliers WHERE id = ?";

enum error clash_entry(struct db_connection *connection, struct arena *arena,
                       int64_t id, uint64_t revision,
                       struct history_entry *entry, bool *found)
{
    struct history_job job = {
        .arena = arena, .supplier_id = id, .before = revision + 1, .limit = 1
    };
    enum error err = history_read(connection, &job);

    if (err != OK)
        return err;
    *found = job.count == 1 && job.entries[0].supplier.revision == revision &&
             !job.entries[0].forgotten;
    if (*found)
        *entry = job.entries[0];
    return OK;
}

struct fields {
    struct arena *arena;
    struct slice *fields;
};

static enum error take_fields(const struct db_row *row, void *context)
{
    struct fields *fields = context;

    for (unsigned f = 0; f < SUPPLIER_FIELDS; f++) {
        struct slice text = db_row_null(row, f) ? SLICE("")
                                                : db_row_text(row, f);

        fields->fields[f] = arena_slice(fields->arena, text);
        if (!fields->fields[f].data)
            return ERROR_MEMORY;
    }
    return OK;
}

enum error clash_read(struct db_connection *connection, struct arena *arena,
                      int64_t id, uint64_t was, uint64_t now,
                      struct store_clash *clash)
{
    const struct db_value value = DB_VALUE_INTEGER(id);
    struct supplier *theirs = &clash->theirs.supplier;
    struct fields fields = { arena, theirs->fields };
    struct history_entry entry = { 0 };
    bool found;
    enum error err;

    *clash = (struct store_clash){ 0 };
    if ((err = clash_entry(connection, arena, id, was, &entry, &found)) != OK)
        return err;
    clash->was = entry.supplier;
    if ((err = clash_entry(connection, arena, id, now, &clash->theirs,
                           &found)) != OK)
        return err;
    theirs->id = id;
    theirs->revision = now;
    return db_query(connection, select_fields, &value, 1, take_fields, &fields);
}

bool merge(struct supplier *mine, struct store_clash *clash)
{
    const struct slice *was = clash->was.fields;
    const struct slice *theirs = clash->theirs.supplier.fields;
    const bool known = clash->was.revision != 0;
    bool got = false;

    clash->count = 0;
    for (size_t f = 0; f < SUPPLIER_FIELDS; f++) {
        bool differs = !slice_equal(mine->fields[f], theirs[f]);
        bool only_they = known && slice_equal(mine->fields[f], was[f]);
        bool only_i = known && slice_equal(theirs[f], was[f]);

        clash->fields[f] = differs && !only_they && !only_i;
        clash->count += clash->fields[f];
        if (differs && only_they) {
            mine->fields[f] = theirs[f];
            got = true;
        }
    }
    return got;
}
