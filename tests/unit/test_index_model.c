/* Contents in long chains: against a plain array, and with many readers. */
#include "test_index.h"

enum { IDS = 40, CHANGE_SETS = 2000 };
enum { ROUNDS = 100, ROUND_STEPS = 20, READERS = 24 };

/* Names with what they are sorted by. */
static const struct {
    const char *name, *fold;
} names[] = {
    { "a", "a" },
    { "A", "a" },
    { "\u00e4", "a" },
    { "ab", "ab" },
    { "b", "b" },
    { "B", "b" },
    { "Caf\u00e9", "cafe" },
    { "cafe", "cafe" },
    { "caf", "caf" },
    { "zz", "zz" },
};

enum { NAMES = sizeof(names) / sizeof(names[0]) };

struct modelled {
    int64_t id;
    uint64_t changed;
    size_t name;
};

struct model {
    uint64_t seed, changes;
    bool present[IDS];
    struct modelled rows[IDS];
};

static uint64_t random_below(struct model *model, uint64_t bound)
{
    model->seed ^= model->seed << 13;
    model->seed ^= model->seed >> 7;
    model->seed ^= model->seed << 17;
    return (model->seed >> 16) % bound;
}

static struct row *row_of_model(const struct modelled *row)
{
    return row_of(row->id, row->changed, names[row->name].name);
}

static struct change change_one(struct model *model, size_t at, bool gone)
{
    struct modelled *row = &model->rows[at];

    *row = (struct modelled){ .id = (int64_t)at + 1,
                              .changed = ++model->changes,
                              .name = random_below(model, NAMES) };
    model->present[at] = !gone;
    return (struct change){ row->id, gone ? NULL : row_of_model(row) };
}

/* Mostly a few changes; sometimes none, all, or all are gone. */
static size_t change_some(struct model *model, struct change *changes)
{
    static const uint64_t tenths[] = { 0, 1, 1, 1, 1, 2, 2, 5, 10, 10 };
    uint64_t share = tenths[random_below(model, 10)];
    bool all_gone = share == 10 && random_below(model, 4) == 0;
    size_t count = 0;

    for (size_t at = 0; at < IDS; at++)
        if (random_below(model, 10) < share)
            changes[count++] =
                change_one(model, at, all_gone || random_below(model, 3) == 0);
    return count;
}

/* The index after a random set of changes, with the base let go. */
static struct index *follow_changes(struct model *model, struct index *base)
{
    struct change changes[IDS];
    size_t count = change_some(model, changes);
    struct index *next = NULL;

    assert_int_equal(
        index_apply(base, changes, count, &revision, SIZE_MAX, &next), OK);
    index_follow(base, next);
    index_unref(base);
    return next;
}

/* All of the model, read anew. */
static struct index *make(const struct model *model)
{
    struct row **rows = calloc(IDS, sizeof(struct row *));
    struct index *index = NULL;
    size_t count = 0;

    assert_non_null(rows);
    for (size_t at = 0; at < IDS; at++)
        if (model->present[at])
            rows[count++] = row_of_model(&model->rows[at]);
    assert_int_equal(index_make(rows, count, &revision, &index), OK);
    return index;
}

static struct index *begin(struct model *model, uint64_t seed)
{
    *model = (struct model){ .seed = seed };
    for (size_t at = 0; at < IDS; at++)
        free(change_one(model, at, false).row);
    return make(model);
}

static int compare(const void *left, const void *right)
{
    const struct modelled *a = left;
    const struct modelled *b = right;
    int order = strcmp(names[a->name].fold, names[b->name].fold);

    if (order == 0)
        order = strcmp(names[a->name].name, names[b->name].name);
    return order ? order : (a->id > b->id) - (a->id < b->id);
}

static void expect_row(const struct supplier *supplier,
                       const struct modelled *row)
{
    assert_int_equal(supplier->id, row->id);
    assert_int_equal(supplier->revision, row->changed);
    assert_true(
        slice_is(supplier->fields[SUPPLIER_NAME], names[row->name].name));
}

static void expect(const struct model *model, struct index *index)
{
    struct modelled sorted[IDS];
    size_t count = 0;

    for (size_t at = 0; at < IDS; at++) {
        const struct modelled *row = &model->rows[at];
        struct row *found = index_find(index, row->id);

        assert_int_equal(found != NULL, model->present[at]);
        if (found == NULL)
            continue;
        assert_ptr_equal(index->by_id[count], found);
        sorted[count++] = *row;
    }
    assert_int_equal(index->count, count);
    qsort(sorted, count, sizeof(sorted[0]), compare);
    for (size_t at = 0; at < count; at++)
        expect_row(&index->by_name[at]->supplier, &sorted[at]);
    assert_int_equal(index->bytes, bytes_of(index));
}

static void test_as_the_model(void **state)
{
    struct model model;
    struct index *newest = begin(&model, 11);
    size_t emptied = 0;

    (void)state;
    for (int i = 0; i < CHANGE_SETS; i++) {
        struct index *fresh;

        newest = follow_changes(&model, newest);
        assert_null(newest->older);
        expect(&model, newest);
        emptied += newest->count == 0;
        fresh = make(&model);
        assert_true(index_equal(fresh, newest));
        assert_true(index_equal(newest, fresh));
        index_discard(fresh);
    }
    assert_true(emptied > 0);
    index_unref(newest);
}

/* Readers. */

struct reader {
    struct index *index; /* NULL: reads nothing */
    uint64_t sum;
};

/* Of all that can be read in an index. */
static uint64_t sum_of(const struct index *index)
{
    uint64_t sum = index->count;

    for (size_t i = 0; i < index->count; i++) {
        const struct supplier *supplier = &index->by_name[i]->supplier;
        struct slice name = supplier->fields[SUPPLIER_NAME];

        assert_ptr_equal(index_find(index, supplier->id), index->by_name[i]);
        sum = sum * 31 + (uint64_t)supplier->id;
        sum = sum * 31 + supplier->revision;
        for (size_t at = 0; at < name.len; at++)
            sum = sum * 31 + (unsigned char)name.data[at];
    }
    return sum;
}

static void read_and_leave(struct reader *reader)
{
    if (reader->index == NULL)
        return;
    assert_true(sum_of(reader->index) == reader->sum);
    index_unref(reader->index);
    reader->index = NULL;
}

/* Somebody leaves, and reads what is newest or what another one reads. */
static void change_reader(struct model *model, struct reader *readers,
                          struct index *newest)
{
    struct reader *reader = &readers[random_below(model, READERS)];
    const struct reader *other = &readers[random_below(model, READERS)];
    struct index *index = other != reader && other->index != NULL ? other->index
                                                                  : newest;

    read_and_leave(reader);
    if (random_below(model, 4) > 0)
        *reader = (struct reader){ index_ref(index), sum_of(index) };
}

/* The next one: changed, or now and then all anew. */
static struct index *advance(struct model *model, struct index *newest)
{
    struct index *next;

    if (random_below(model, 5) > 0)
        return follow_changes(model, newest);
    next = make(model);
    index_follow(newest, next);
    index_unref(newest);
    return next;
}

/* All leave in any order, the one that keeps the newest among them. */
static void all_leave(struct model *model, struct reader *readers)
{
    for (size_t left = READERS + 1; left > 0; left--) {
        size_t at = random_below(model, left);

        read_and_leave(&readers[at]);
        readers[at] = readers[left - 1];
    }
}

static void test_readers_come_and_go(void **state)
{
    (void)state;
    for (uint64_t round = 1; round <= ROUNDS; round++) {
        struct reader readers[READERS + 1] = { { NULL, 0 } };
        struct model model;
        struct index *newest = begin(&model, round * 7919);

        for (int i = 0; i < ROUND_STEPS; i++) {
            change_reader(&model, readers, newest);
            change_reader(&model, readers, newest);
            newest = advance(&model, newest);
        }
        readers[READERS] = (struct reader){ newest, sum_of(newest) };
        all_leave(&model, readers);
    }
}

/* What nobody can read goes at once, in part or as a whole. */
static void test_what_nobody_reads_goes(void **state)
{
    struct model model;
    struct index *first = begin(&model, 5);
    struct index *second, *third;

    (void)state;
    index_ref(first);
    second = follow_changes(&model, first);
    third = follow_changes(&model, second);
    assert_ptr_equal(second->older, first);
    assert_ptr_equal(third->older, second);
    assert_null(second->by_name);
    assert_null(second->by_id);
    assert_non_null(first->by_name);
    index_unref(first);
    assert_null(third->older);
    expect(&model, third);
    index_unref(third);
    index_unref(NULL);
}

/* The same state takes the same bytes, however it was reached. */
static void test_bytes_of_nobody(void **state)
{
    struct model model = { .seed = 3 };
    struct index *nobody = make(&model);
    struct change change = change_one(&model, 0, false);
    struct index *one = NULL;
    size_t bytes = nobody->bytes;

    (void)state;
    assert_int_equal(index_apply(nobody, &change, 1, &revision, SIZE_MAX, &one),
                     OK);
    index_follow(nobody, one);
    index_unref(nobody);
    assert_int_equal(one->bytes, bytes_of(one));
    assert_int_equal(bytes, 0);
    index_unref(one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_the_model),
        cmocka_unit_test(test_readers_come_and_go),
        cmocka_unit_test(test_what_nobody_reads_goes),
        cmocka_unit_test(test_bytes_of_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
