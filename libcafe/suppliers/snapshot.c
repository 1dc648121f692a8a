/* A snapshot: read once from the database, sorted, then only looked at. */
#include "snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "cafe/clock.h"
#include "cafe/unicode.h"

/* The id first, then the columns in the order of enum supplier_field. */
static const char select_suppliers[] =
    "SELECT id, name, address, city, state, country, email, phone, notes"
    " FROM suppliers ORDER BY id";

struct row {
    struct supplier supplier;
    struct row *next;
};

/* A reading at work: rows are linked as they come, counted, then indexed. */
struct reading {
    struct arena *arena;
    struct row *first;
    struct row **end;
    size_t count;
};

/* What a supplier is sorted by. */
struct key {
    struct slice fold;
    const struct supplier *supplier;
};

/* Copy the texts of a row behind each other into one piece of memory. */
static enum error copy_fields(struct arena *arena, const struct db_row *row,
                              struct supplier *supplier)
{
    size_t bytes = 0;

    for (unsigned f = 0; f < SUPPLIER_FIELDS; f++)
        bytes += db_row_text(row, f + 1).len;
    char *at = arena_alloc(arena, bytes + 1);
    if (!at)
        return ERROR_MEMORY;
    for (unsigned f = 0; f < SUPPLIER_FIELDS; f++) {
        struct slice text = db_row_text(row, f + 1);

        if (text.len > 0)
            memcpy(at, text.data, text.len);
        supplier->fields[f] = (struct slice){ at, text.len };
        at += text.len;
    }
    return OK;
}

static enum error take_row(const struct db_row *db_row, void *context)
{
    struct reading *reading = context;
    struct row *row = arena_alloc(reading->arena, sizeof(*row));

    if (!row)
        return ERROR_MEMORY;
    row->supplier.id = db_row_integer(db_row, 0);
    *reading->end = row;
    reading->end = &row->next;
    reading->count++;
    return copy_fields(reading->arena, db_row, &row->supplier);
}

static int compare_slices(struct slice a, struct slice b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter ? memcmp(a.data, b.data, shorter) : 0;

    return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* By the fold of the name, then its bytes, then the id. */
static int compare_keys(const void *left, const void *right)
{
    const struct key *a = left;
    const struct key *b = right;
    int order = compare_slices(a->fold, b->fold);

    if (order == 0)
        order = compare_slices(a->supplier->fields[SUPPLIER_NAME],
                               b->supplier->fields[SUPPLIER_NAME]);
    if (order == 0)
        order = (a->supplier->id > b->supplier->id) -
                (a->supplier->id < b->supplier->id);
    return order;
}

/* Sort by name; the folds are needed only meanwhile. */
static enum error sort_by_name(struct content *content, struct arena *arena)
{
    struct key *keys = arena_alloc(arena, content->count * sizeof(*keys));
    enum error err;

    if (!keys)
        return ERROR_MEMORY;
    for (size_t i = 0; i < content->count; i++) {
        keys[i].supplier = content->by_id[i];
        err = unicode_fold(arena, content->by_id[i]->fields[SUPPLIER_NAME],
                           &keys[i].fold);
        if (err != OK)
            return err;
    }
    qsort(keys, content->count, sizeof(*keys), compare_keys);
    for (size_t i = 0; i < content->count; i++)
        content->by_name[i] = keys[i].supplier;
    return OK;
}

static enum error make_content(const struct reading *reading, int64_t as_of_us,
                               struct content **result)
{
    struct arena *arena = reading->arena;
    size_t bytes = reading->count * sizeof(struct supplier *);
    struct content *content = arena_alloc(arena, sizeof(*content));
    size_t i = 0;

    if (!content)
        return ERROR_MEMORY;
    *content = (struct content){ .references = 1,
                                 .arena = arena,
                                 .as_of_us = as_of_us,
                                 .count = reading->count,
                                 .by_id = arena_alloc(arena, bytes),
                                 .by_name = arena_alloc(arena, bytes) };
    if (!content->by_id || !content->by_name)
        return ERROR_MEMORY;
    for (const struct row *row = reading->first; row; row = row->next)
        content->by_id[i++] = &row->supplier;
    struct arena *folds = arena_open(0);
    enum error err = folds ? sort_by_name(content, folds) : ERROR_MEMORY;
    arena_close(folds);
    if (err == OK)
        *result = content;
    return err;
}

enum error content_read(struct db_connection *connection,
                        struct content **content)
{
    struct reading reading = { .arena = arena_open(0) };
    int64_t as_of_us = clock_utc_us();

    if (!reading.arena)
        return ERROR_MEMORY;
    reading.end = &reading.first;
    enum error err =
        db_query(connection, select_suppliers, NULL, 0, take_row, &reading);
    if (err == OK)
        err = make_content(&reading, as_of_us, content);
    if (err != OK)
        arena_close(reading.arena);
    return err;
}

struct content *content_ref(struct content *content)
{
    content->references++;
    return content;
}

void content_unref(struct content *content)
{
    if (content && --content->references == 0)
        arena_close(content->arena);
}

size_t snapshot_count(const struct snapshot *snapshot)
{
    return snapshot->content->count;
}

const struct supplier *snapshot_at(const struct snapshot *snapshot,
                                   size_t place)
{
    return snapshot->content->by_name[place];
}

static int compare_id(const void *id, const void *element)
{
    const struct supplier *const *supplier = element;
    int64_t wanted = *(const int64_t *)id;

    return (wanted > (*supplier)->id) - (wanted < (*supplier)->id);
}

const struct supplier *snapshot_find(const struct snapshot *snapshot,
                                     int64_t id)
{
    const struct content *content = snapshot->content;
    const struct supplier *const *found =
        bsearch(&id, content->by_id, content->count, sizeof(*content->by_id),
                compare_id);

    return found ? *found : NULL;
}

int64_t snapshot_as_of_us(const struct snapshot *snapshot)
{
    return snapshot->content->as_of_us;
}

bool snapshot_stale(const struct snapshot *snapshot)
{
    return snapshot->stale;
}
