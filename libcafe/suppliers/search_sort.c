/* Sorting found suppliers by a column, a few at a time: a merge sort from the
 * bottom up, whose passes can stop anywhere. */
#include <stdlib.h>

#include "search_private.h"

enum {
    HEAD_BYTES = 16,
    STEP_KEYS = 128,    /* each reads a row: memory that is far away */
    STEP_ENTRIES = 1024 /* moved */
};

/* What is compared lies in the entry itself, because reading a row for each
 * comparison would be a cache miss. Only folds that are equal in their first 16
 * bytes and longer are read from their rows. */
struct entry {
    uint64_t head[HEAD_BYTES / 8]; /* the fold's first bytes, then zeros */
    uint32_t position;
    uint8_t len; /* of the fold; HEAD_BYTES + 1: longer */
};

struct sorting {
    const struct index *index;
    enum supplier_field field;
    bool descending;
    uint32_t *positions;
    size_t count;
    size_t keyed; /* entries that are filled in */
    struct entry *from, *to;
    size_t width;            /* of the sorted runs in `from` */
    size_t left, left_end;   /* the rest of a run, */
    size_t right, right_end; /* that of the run after it, */
    size_t out;              /* and where the next entry goes */
    size_t written;          /* back to positions */
};

struct sorting *sorting_open(const struct index *index,
                             enum supplier_field field, bool descending,
                             uint32_t *positions, size_t count)
{
    struct sorting *sorting = calloc(1, sizeof(*sorting));
    size_t bytes = (count ? count : 1) * sizeof(struct entry);

    if (sorting == NULL)
        return NULL;
    *sorting = (struct sorting){ .index = index,
                                 .field = field,
                                 .descending = descending,
                                 .count = count,
                                 .from = malloc(bytes),
                                 .to = malloc(bytes),
                                 .width = 1 };
    if (sorting->from == NULL || sorting->to == NULL) {
        sorting_close(sorting);
        return NULL;
    }
    sorting->positions = positions;
    return sorting;
}

static struct slice fold_at(const struct sorting *sorting, uint32_t position)
{
    return row_fold(sorting->index->by_name[position], sorting->field);
}

static void fill_entry(const struct sorting *sorting, size_t at)
{
    struct entry *entry = &sorting->from[at];
    struct slice fold = fold_at(sorting, sorting->positions[at]);

    *entry = (struct entry){
        .position = sorting->positions[at],
        .len = (uint8_t)(fold.len > HEAD_BYTES ? HEAD_BYTES + 1 : fold.len)
    };
    /* Big-endian, so that comparing numbers is comparing bytes. */
    for (size_t i = 0; i < HEAD_BYTES && i < fold.len; i++)
        entry->head[i / 8] |= (uint64_t)(unsigned char)fold.data[i]
                              << (56 - 8 * (i % 8));
}

static int compare_folds(const struct sorting *sorting, const struct entry *a,
                         const struct entry *b)
{
    for (size_t i = 0; i < HEAD_BYTES / 8; i++)
        if (a->head[i] != b->head[i])
            return a->head[i] < b->head[i] ? -1 : 1;
    if (a->len > HEAD_BYTES || b->len > HEAD_BYTES)
        return compare_slices(fold_at(sorting, a->position),
                              fold_at(sorting, b->position));
    return (a->len > b->len) - (a->len < b->len);
}

/* Whether `a` goes before `b`, which comes after it in the order of names:
 * equal ones stay in that order, and empty ones come last in both
 * directions. */
static bool comes_first(const struct sorting *sorting, const struct entry *a,
                        const struct entry *b)
{
    int order;

    if ((a->len == 0) != (b->len == 0))
        return b->len == 0;
    order = compare_folds(sorting, a, b);
    return sorting->descending ? order >= 0 : order <= 0;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void sorting_next_pair(struct sorting *sorting)
{
    sorting->left = sorting->out;
    sorting->left_end = least(sorting->left + sorting->width, sorting->count);
    sorting->right = sorting->left_end;
    sorting->right_end = least(sorting->right + sorting->width, sorting->count);
}

/* What was written becomes what is read. All positions are at 0 with both runs
 * empty, so merge_some() begins with a pair. */
static void next_pass(struct sorting *sorting)
{
    struct entry *sorted = sorting->to;

    sorting->to = sorting->from;
    sorting->from = sorted;
    sorting->width *= 2;
    sorting->out = 0;
    sorting->left = sorting->left_end = 0;
    sorting->right = sorting->right_end = 0;
}

static void merge_some(struct sorting *sorting)
{
    const struct entry *from = sorting->from;
    size_t stop = least(sorting->out + STEP_ENTRIES, sorting->count);

    while (sorting->out < stop) {
        bool take_left;

        if (sorting->left == sorting->left_end &&
            sorting->right == sorting->right_end)
            sorting_next_pair(sorting);
        take_left =
            sorting->right == sorting->right_end ||
            (sorting->left < sorting->left_end &&
             comes_first(sorting, &from[sorting->left], &from[sorting->right]));
        sorting->to[sorting->out++] =
            from[take_left ? sorting->left++ : sorting->right++];
    }
    if (sorting->out == sorting->count)
        next_pass(sorting);
}

bool sorting_step(struct sorting *sorting)
{
    size_t stop;

    if (sorting->keyed < sorting->count) {
        stop = least(sorting->keyed + STEP_KEYS, sorting->count);
        while (sorting->keyed < stop)
            fill_entry(sorting, sorting->keyed++);
        return false;
    }
    if (sorting->width < sorting->count) {
        merge_some(sorting);
        return false;
    }
    stop = least(sorting->written + STEP_ENTRIES, sorting->count);
    for (; sorting->written < stop; sorting->written++)
        sorting->positions[sorting->written] =
            sorting->from[sorting->written].position;
    return sorting->written == sorting->count;
}

uint32_t *sorting_take(struct sorting *sorting)
{
    uint32_t *positions = sorting->positions;

    sorting->positions = NULL;
    return positions;
}

void sorting_close(struct sorting *sorting)
{
    if (sorting == NULL)
        return;
    free(sorting->positions);
    free(sorting->from);
    free(sorting->to);
    free(sorting);
}
