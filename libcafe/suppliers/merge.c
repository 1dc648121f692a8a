/* The three-way merge of a supplier's fields, and the versions for it. */
#include "merge.h"

#include "cafe/suppliers/columns.h"

enum { OWN_MAX = 16 };

static const char select_fields[] = "SELECT " COLUMNS
                                    " FROM suppliers WHERE id = ?";

static const char select_own[] = "SELECT revision FROM supplier_changes"
                                 " WHERE supplier_id = ? AND form_key = ?"
                                 " ORDER BY revision DESC LIMIT ?";

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
    bool found;
};

static enum error take_fields(const struct db_row *row, void *context)
{
    struct fields *fields = context;

    fields->found = true;
    for (unsigned f = 0; f < SUPPLIER_FIELDS; f++) {
        struct slice text = db_row_null(row, f) ? SLICE("")
                                                : db_row_text(row, f);

        fields->fields[f] = arena_slice(fields->arena, text);
        if (fields->fields[f].data == NULL)
            return ERROR_MEMORY;
    }
    return OK;
}

enum error row_read(struct db_connection *connection, struct arena *arena,
                    int64_t id, struct supplier *supplier)
{
    const struct db_value value = DB_VALUE_INTEGER(id);
    struct supplier read = { .id = id };
    struct fields fields = { arena, read.fields, false };
    enum error err =
        db_query(connection, select_fields, &value, 1, take_fields, &fields);

    if (err == OK && !fields.found)
        err = ERROR_NOT_FOUND;
    if (err == OK)
        *supplier = read;
    return err;
}

/* The texts of both: of `was` the log's, of `now` those of the row. */
static enum error read_both(struct db_connection *connection,
                            struct arena *arena, int64_t id, uint64_t was,
                            uint64_t now, struct store_clash *clash)
{
    struct history_entry entry = { 0 };
    bool found;
    enum error err = clash_entry(connection, arena, id, was, &entry, &found);

    if (err != OK)
        return err;
    clash->was = entry.supplier;
    return clash_entry(connection, arena, id, now, &clash->theirs, &found);
}

enum error clash_read(struct db_connection *connection, struct arena *arena,
                      int64_t id, uint64_t was, uint64_t now,
                      struct store_clash *clash)
{
    struct supplier *theirs = &clash->theirs.supplier;
    enum error err = OK;

    *clash = (struct store_clash){ 0 };
    if (was != now)
        err = read_both(connection, arena, id, was, now, clash);
    if (err == OK)
        err = row_read(connection, arena, id, theirs);
    if (err == ERROR_NOT_FOUND) /* a removed one: the log's last texts */
        err = OK;
    theirs->id = id;
    theirs->revision = now;
    /* Nothing has changed since: saves reading the log for the usual case. */
    if (was == now)
        clash->was = *theirs;
    return err;
}

/* The revisions that a form has saved, the newest first. */
struct own {
    size_t count;
    uint64_t revisions[OWN_MAX];
};

static enum error take_own(const struct db_row *row, void *context)
{
    struct own *own = context;

    own->revisions[own->count++] = (uint64_t)db_row_integer(row, 0);
    return OK;
}

/* What a save has changed is what its form showed then; where it has changed
 * nothing, the form went on showing what it had before. */
static void show_saved(struct supplier *was, const struct history_entry *saved)
{
    const bool first = was->revision == 0 || saved->before.revision == 0;

    for (size_t f = 0; f < SUPPLIER_FIELDS; f++)
        if (first ||
            !slice_equal(saved->before.fields[f], saved->supplier.fields[f]))
            was->fields[f] = saved->supplier.fields[f];
    was->revision = saved->supplier.revision;
}

enum error clash_follow(struct db_connection *connection, struct arena *arena,
                        int64_t id, const char *form_key,
                        struct store_clash *clash)
{
    const struct db_value values[] = { DB_VALUE_INTEGER(id),
                                       DB_VALUE_TEXT(slice_of(form_key)),
                                       DB_VALUE_INTEGER(OWN_MAX) };
    struct own own = { 0 };
    enum error err =
        db_query(connection, select_own, values, 3, take_own, &own);

    /* More saves than were read: what the form showed before them is unknown,
     * and the oldest of these counts as a whole. */
    if (own.count == OWN_MAX)
        clash->was.revision = 0;
    /* From the oldest on, as the form has shown them one after the other. */
    while (err == OK && own.count > 0) {
        struct history_entry entry;
        bool found;

        err = clash_entry(connection, arena, id, own.revisions[--own.count],
                          &entry, &found);
        if (err == OK && found)
            show_saved(&clash->was, &entry);
    }
    return err;
}

bool merge(struct supplier *mine, struct store_clash *clash)
{
    const struct slice *was = clash->was.fields;
    const struct slice *theirs = clash->theirs.supplier.fields;
    const bool known = clash->was.revision != 0;
    bool got = false;

    clash->count = 0;
    for (size_t f = 0; f < SUPPLIER_FIELDS; f++) {
        /* Both may have typed the same: that is no clash. */
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
