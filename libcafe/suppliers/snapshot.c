/* Snapshots: how indexes are read, linked and let go. */
#include "snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "cafe/base/clock.h"

/*
 * Lifetime. Indexes form a chain in the order in which they were the newest. An
 * index is read as long as somebody has a reference: the catalog to the newest
 * one, requests and searches to those that they began with.
 *
 *     oldest   A  B  C  D      read by a long download
 *     middle   A  B' C  D      no readers; it replaced B
 *     newest   A  B' C  D'     read by the catalog; it replaced D
 *
 * A row is in successive indexes without a gap. Once it has been replaced it
 * never comes back: a supplier who gets the old texts again gets a new row. So
 * the rows that end with the oldest index are those that its successor
 * replaced, and no others. In the picture, B is freed with the oldest index and
 * D with the middle one, which therefore waits for the oldest to end.
 *
 * Rows need no count of references for that. To count them, each new index
 * would have to touch every row, which is what sharing them avoids. References
 * and links belong to the loop and need no lock: the catalog takes a reference
 * for a database thread before it submits the job, and drops it when the job
 * has come back.
 */

static void free_rows(struct row *const *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(rows[i]);
}

static void free_struct(struct index *index)
{
    free(index->by_name);
    free(index->by_id);
    free(index->replaced);
    free(index);
}

/* An index of index_make() shares no rows, so all of them are its own. */
void index_discard(struct index *index)
{
    free_rows(index->by_id, index->count);
    free_struct(index);
}

void index_follow(struct index *newest, struct index *next)
{
    /* Before the catalog lets go of `newest`: freed without a newer one it
     * would take the rows with it that both share. */
    next->older = newest;
    if (newest != NULL)
        newest->newer = next;
}

struct index *index_ref(struct index *index)
{
    index->references++;
    return index;
}

/* Only the oldest may free rows, for a row may be in any run of successive
 * indexes. If the newer one shares, it has all rows of the oldest but those
 * that it replaced; else (everything was read again) it has none of them. */
static void free_oldest(struct index *oldest)
{
    struct index *newer = oldest->newer;

    if (newer != NULL && newer->shares)
        free_rows(newer->replaced, newer->replaced_count);
    else
        free_rows(oldest->by_id, oldest->count);
    if (newer != NULL)
        newer->older = NULL;
    free_struct(oldest);
}

/* Nobody reads this index any more, but older ones do, so its rows stay. The
 * arrays can go, unless nothing else names its rows: those that the newer one
 * replaced are named there. */
static void free_positions(struct index *index)
{
    if (index->newer == NULL || !index->newer->shares)
        return;
    free(index->by_name);
    free(index->by_id);
    index->by_name = NULL;
    index->by_id = NULL;
}

void index_unref(struct index *index)
{
    if (index == NULL || --index->references > 0)
        return;
    free_positions(index);
    /* Contents without readers in the middle have waited for this one. */
    while (index != NULL && index->older == NULL && index->references == 0) {
        struct index *newer = index->newer;

        free_oldest(index);
        index = newer;
    }
}

/* Reading. */

size_t snapshot_count(const struct snapshot *snapshot)
{
    return snapshot->index->count;
}

size_t snapshot_row_bytes(const struct snapshot *snapshot)
{
    const struct index *index = snapshot->index;

    return index->count ? index->bytes / index->count : 0;
}

static int compare_id(const void *id, const void *element)
{
    const struct row *const *row = element;
    int64_t wanted = *(const int64_t *)id;

    return (wanted > (*row)->supplier.id) - (wanted < (*row)->supplier.id);
}

struct row *index_find(const struct index *index, int64_t id)
{
    struct row *const *found = index->count == 0
                                   ? NULL
                                   : bsearch(&id, index->by_id, index->count,
                                             sizeof(*index->by_id), compare_id);

    return found != NULL ? *found : NULL;
}

const struct supplier *snapshot_find(const struct snapshot *snapshot,
                                     int64_t id)
{
    const struct row *row = index_find(snapshot->index, id);

    return row != NULL ? &row->supplier : NULL;
}

uint64_t snapshot_serial(const struct snapshot *snapshot)
{
    return snapshot->index->serial;
}

struct revision snapshot_revision(const struct snapshot *snapshot)
{
    return snapshot->index->revision;
}

int64_t snapshot_as_of_us(const struct snapshot *snapshot)
{
    return snapshot->as_of_us;
}

bool snapshot_stale(const struct snapshot *snapshot)
{
    return snapshot->stale;
}

/* What pages say of one that is stale. */

void snapshot_context(const struct snapshot *snapshot, struct arena *arena,
                      struct context *context)
{
    char as_of[CLOCK_WORDS_BYTES], iso[CLOCK_ISO_BYTES];

    if (snapshot == NULL || !snapshot_stale(snapshot))
        return;
    clock_words(snapshot_as_of_us(snapshot), as_of);
    clock_iso(snapshot_as_of_us(snapshot), iso);
    context_text(context, "as_of", arena_slice(arena, slice_of(as_of)));
    context_text(context, "as_of_iso", arena_slice(arena, slice_of(iso)));
}

void snapshot_mark(const struct snapshot *snapshot, struct page *page)
{
    char as_of[CLOCK_ISO_BYTES];

    if (snapshot == NULL || page == NULL || !snapshot_stale(snapshot))
        return;
    clock_iso(snapshot_as_of_us(snapshot), as_of);
    page_field(page, "Cafe-As-Of", as_of);
}
