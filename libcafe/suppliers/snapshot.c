/* Snapshots: how contents are read, linked and let go. */
#include "snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "cafe/base/clock.h"

/* Lifetime. */

static void free_rows(struct row *const *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(rows[i]);
}

static void free_struct(struct content *content)
{
    free(content->by_name);
    free(content->by_id);
    free(content->replaced);
    free(content);
}

void content_discard(struct content *content)
{
    free_rows(content->by_id, content->count);
    free_struct(content);
}

void content_follow(struct content *newest, struct content *next)
{
    /* Before the catalog lets go of `newest`: freed without a newer one it
     * would take the rows with it that both share. */
    next->older = newest;
    if (newest != NULL)
        newest->newer = next;
}

struct content *content_ref(struct content *content)
{
    content->references++;
    return content;
}

/* Only the oldest may free rows, for a row may be in any run of successive
 * contents. If the newer one shares, it has all rows of the oldest but those
 * that it replaced; else (everything was read again) it has none of them. */
static void free_oldest(struct content *oldest)
{
    struct content *newer = oldest->newer;

    if (newer != NULL && newer->shares)
        free_rows(newer->replaced, newer->replaced_count);
    else
        free_rows(oldest->by_id, oldest->count);
    if (newer != NULL)
        newer->older = NULL;
    free_struct(oldest);
}

/* Nobody reads this content any more, but older ones do, so its rows stay. The
 * arrays can go, unless nothing else names its rows: those that the newer one
 * replaced are named there. */
static void free_places(struct content *content)
{
    if (content->newer == NULL || !content->newer->shares)
        return;
    free(content->by_name);
    free(content->by_id);
    content->by_name = NULL;
    content->by_id = NULL;
}

void content_unref(struct content *content)
{
    if (content == NULL || --content->references > 0)
        return;
    free_places(content);
    /* Contents without readers in the middle have waited for this one. */
    while (content != NULL && content->older == NULL &&
           content->references == 0) {
        struct content *newer = content->newer;

        free_oldest(content);
        content = newer;
    }
}

/* Reading. */

size_t snapshot_count(const struct snapshot *snapshot)
{
    return snapshot->content->count;
}

const struct supplier *snapshot_at(const struct snapshot *snapshot,
                                   size_t place)
{
    return &snapshot->content->by_name[place]->supplier;
}

static int compare_id(const void *id, const void *element)
{
    const struct row *const *row = element;
    int64_t wanted = *(const int64_t *)id;

    return (wanted > (*row)->supplier.id) - (wanted < (*row)->supplier.id);
}

struct row *content_find(const struct content *content, int64_t id)
{
    struct row *const *found =
        content->count == 0 ? NULL
                            : bsearch(&id, content->by_id, content->count,
                                      sizeof(*content->by_id), compare_id);

    return found != NULL ? *found : NULL;
}

const struct supplier *snapshot_find(const struct snapshot *snapshot,
                                     int64_t id)
{
    const struct row *row = content_find(snapshot->content, id);

    return row != NULL ? &row->supplier : NULL;
}

uint64_t snapshot_serial(const struct snapshot *snapshot)
{
    return snapshot->content->serial;
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

void snapshot_view(const struct snapshot *snapshot, struct arena *arena,
                   struct view *view)
{
    char as_of[CLOCK_ISO_BYTES];
    struct slice minute = { as_of + strlen("2026-11-23T"), strlen("14:02") };

    if (snapshot == NULL || !snapshot_stale(snapshot))
        return;
    clock_iso(snapshot_as_of_us(snapshot), as_of);
    view_text(view, "as_of", arena_slice(arena, minute));
}

void snapshot_mark(const struct snapshot *snapshot, struct page *page)
{
    char as_of[CLOCK_ISO_BYTES];

    if (snapshot == NULL || page == NULL || !snapshot_stale(snapshot))
        return;
    clock_iso(snapshot_as_of_us(snapshot), as_of);
    page_field(page, "Cafe-As-Of", as_of);
}
