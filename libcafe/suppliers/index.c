/*
 * Indexes: made from all rows, or from an older index and what has changed. A
 * change to one supplier among 100,000 must not copy 100,000 rows: the two
 * arrays of pointers are copied in stretches, and rows that did not change are
 * shared with the older index, which snapshot.c takes into account when it
 * frees.
 *
 * This runs on a database thread, while the event loop goes on reading the
 * base. So nothing here writes to the base or to its rows, and its references
 * and links are not even read: they are the loop's, which links the new index
 * with index_follow().
 */
#include <stdlib.h>
#include <string.h>

#include "snapshot.h"

typedef int compare_fn(const struct row *a, const struct row *b);

/* Order. */

int compare_slices(struct slice a, struct slice b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    /* An absent text has no data, and memcmp() must not get NULL, not even for
     * no bytes. */
    int order = shorter ? memcmp(a.data, b.data, shorter) : 0;

    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_ids(const struct row *a, const struct row *b)
{
    return (a->supplier.id > b->supplier.id) -
           (a->supplier.id < b->supplier.id);
}

/* By the fold of the name, then its bytes, then the id: a total order, since
 * splice() finds by it the very row to leave out. */
static int compare_names(const struct row *a, const struct row *b)
{
    int order =
        compare_slices(row_fold(a, SUPPLIER_NAME), row_fold(b, SUPPLIER_NAME));

    if (order == 0)
        order = compare_slices(a->supplier.fields[SUPPLIER_NAME],
                               b->supplier.fields[SUPPLIER_NAME]);
    return order ? order : compare_ids(a, b);
}

static int sort_by_id(const void *left, const void *right)
{
    const struct row *const *a = left;
    const struct row *const *b = right;

    return compare_ids(*a, *b);
}

static int sort_by_name(const void *left, const void *right)
{
    const struct row *const *a = left;
    const struct row *const *b = right;

    return compare_names(*a, *b);
}

/* The first position whose row doesn't come before this one. A row that is
 * there is found itself, one that isn't belongs there. */
static size_t index_position_of(struct row *const *rows, size_t count,
                                const struct row *row, compare_fn *compare)
{
    size_t low = 0;

    while (low < count) {
        size_t middle = low + (count - low) / 2;

        if (compare(rows[middle], row) < 0)
            low = middle + 1;
        else
            count = middle;
    }
    return low;
}

/* Making. */

static struct index *allocate(size_t count, const struct revision *revision)
{
    struct index *index = calloc(1, sizeof(*index));
    /* Never 0: malloc() may answer that with NULL, as if memory had run out. */
    size_t bytes = (count ? count : 1) * sizeof(struct row *);

    if (index == NULL)
        return NULL;
    index->references = 1;
    index->revision = *revision;
    index->count = count;
    index->bytes = 2 * count * sizeof(struct row *);
    index->by_name = malloc(bytes);
    index->by_id = malloc(bytes);
    if (index->by_name != NULL && index->by_id != NULL)
        return index;
    free(index->by_name);
    free(index->by_id);
    free(index);
    return NULL;
}

enum error index_make(struct row **rows, size_t count,
                      const struct revision *revision, struct index **result)
{
    struct index *index = allocate(count, revision);

    /* The rows were given away, so without an index they end here. */
    for (size_t i = 0; i < count; i++) {
        if (index == NULL) {
            free(rows[i]);
            continue;
        }
        index->bytes += rows[i]->bytes;
        index->by_id[i] = rows[i];
        index->by_name[i] = rows[i];
    }
    free(rows);
    if (index == NULL)
        return ERROR_MEMORY;
    qsort(index->by_id, count, sizeof(*index->by_id), sort_by_id);
    qsort(index->by_name, count, sizeof(*index->by_name), sort_by_name);
    *result = index;
    return OK;
}

/* Changes as rows of the base to leave out and new rows to put in, each list in
 * the order of the array that splice() makes. A supplier that was edited is in
 * both. */
struct edit {
    size_t left_count, added_count;
    struct row **left;
    struct row **added;
};

static bool index_edit_open(struct edit *edit, const struct index *base,
                            const struct change *changes, size_t count)
{
    *edit = (struct edit){ .left = calloc(count + 1, sizeof(*edit->left)),
                           .added = calloc(count + 1, sizeof(*edit->added)) };
    if (edit->left == NULL || edit->added == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        /* Neither there before nor now: added and removed between two
         * questions. */
        struct row *old = index_find(base, changes[i].id);

        if (old != NULL)
            edit->left[edit->left_count++] = old;
        if (changes[i].row != NULL)
            edit->added[edit->added_count++] = changes[i].row;
    }
    return true;
}

static void edit_close(struct edit *edit)
{
    free(edit->left);
    free(edit->added);
}

/* Copy an array without the rows that are left out, with those that are
 * added. Everything up to the next change is copied at once, so the cost is
 * that of memcpy() and of two binary searches for each change. Where both
 * fall on one position the new row goes first: it does not come after the row
 * that it meets. */
static void splice(struct row **out, struct row *const *old, size_t old_count,
                   const struct edit *edit, compare_fn *compare)
{
    size_t at = 0, left = 0, added = 0;

    for (;;) {
        size_t out_at =
            left < edit->left_count
                ? index_position_of(old, old_count, edit->left[left], compare)
                : old_count;
        size_t in_at =
            added < edit->added_count
                ? index_position_of(old, old_count, edit->added[added], compare)
                : old_count;
        size_t stop = out_at < in_at ? out_at : in_at;

        memcpy(out, old + at, (stop - at) * sizeof(*out));
        out += stop - at;
        at = stop;
        if (added < edit->added_count && in_at == stop) {
            *out++ = edit->added[added++];
        } else if (left < edit->left_count) {
            at++;
            left++;
        } else {
            return;
        }
    }
}

static void free_changes(const struct change *changes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(changes[i].row);
}

/* The rows of the base that stay count for the new index as well: what counts
 * is how much memory there would be with this index alone. */
static size_t bytes_after(const struct index *base, const struct edit *edit,
                          size_t count)
{
    size_t bytes = base->bytes + 2 * count * sizeof(struct row *) -
                   2 * base->count * sizeof(struct row *);

    for (size_t i = 0; i < edit->left_count; i++)
        bytes -= edit->left[i]->bytes;
    for (size_t i = 0; i < edit->added_count; i++)
        bytes += edit->added[i]->bytes;
    return bytes;
}

static enum error index_apply_edit(const struct index *base, struct edit *edit,
                                   const struct revision *revision,
                                   size_t max_bytes, struct index **result)
{
    size_t count = base->count + edit->added_count - edit->left_count;
    size_t bytes = bytes_after(base, edit, count);
    struct index *index;

    /* The base stays in memory as long as it has readers: max_bytes bounds one
     * index, not both. */
    if (bytes > max_bytes)
        return ERROR_LIMIT;
    if ((index = allocate(count, revision)) == NULL)
        return ERROR_MEMORY;
    index->bytes = bytes;
    splice(index->by_id, base->by_id, base->count, edit, compare_ids);
    /* The changes came by id. For the other array they go by name: the old name
     * for a row that leaves, the new one for a row that comes. */
    qsort(edit->left, edit->left_count, sizeof(*edit->left), sort_by_name);
    qsort(edit->added, edit->added_count, sizeof(*edit->added), sort_by_name);
    splice(index->by_name, base->by_name, base->count, edit, compare_names);
    /* From here on the base's rows have two owners; which of them frees a row
     * is decided by the list of those that are replaced. */
    index->shares = true;
    index->replaced = edit->left;
    index->replaced_count = edit->left_count;
    edit->left = NULL;
    *result = index;
    return OK;
}

enum error index_apply(const struct index *base, const struct change *changes,
                       size_t count, const struct revision *revision,
                       size_t max_bytes, struct index **index)
{
    struct edit edit;
    enum error err =
        index_edit_open(&edit, base, changes, count) ? OK : ERROR_MEMORY;

    if (err == OK)
        err = index_apply_edit(base, &edit, revision, max_bytes, index);
    /* The base and its rows stay as they are, so the caller can go on with
     * them. */
    if (err != OK)
        free_changes(changes, count);
    edit_close(&edit);
    return err;
}

/* The revision counts, too: pages put it into forms, which a save compares with
 * the log. */
static bool same_supplier(const struct supplier *a, const struct supplier *b)
{
    if (a->id != b->id || a->revision != b->revision)
        return false;
    for (size_t f = 0; f < SUPPLIER_FIELDS; f++)
        if (!slice_equal(a->fields[f], b->fields[f]))
            return false;
    return true;
}

bool index_equal(const struct index *a, const struct index *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!same_supplier(&a->by_id[i]->supplier, &b->by_id[i]->supplier))
            return false;
    return true;
}
