/* Contents of the catalog: made, changed, compared. */
#include "test_index.h"

struct named {
    int64_t id; /* 0: the end */
    const char *name;
    bool gone; /* as a change */
};

enum { NAMED_MAX = 12 };

static struct index *make(const struct named *named)
{
    struct row **rows = calloc(NAMED_MAX, sizeof(struct row *));
    struct index *index = NULL;
    size_t count;

    assert_non_null(rows);
    for (count = 0; named[count].id != 0; count++)
        rows[count] = row_of(named[count].id, 1, named[count].name);
    assert_int_equal(index_make(rows, count, &revision, &index), OK);
    return index;
}

static enum error apply(const struct index *base, const struct named *named,
                        size_t max_bytes, struct index **index)
{
    struct change changes[NAMED_MAX];
    size_t count;

    for (count = 0; named[count].id != 0; count++)
        changes[count] = (struct change){
            named[count].id, named[count].gone
                                 ? NULL
                                 : row_of(named[count].id, 2, named[count].name)
        };
    return index_apply(base, changes, count, &revision, max_bytes, index);
}

/* The names in their order, and each supplier found by id. */
static void expect(struct index *index, const char *names)
{
    const struct snapshot snapshot = { .index = index };
    struct text text;

    text_init(&text, 0);
    for (size_t i = 0; i < snapshot_count(&snapshot); i++) {
        const struct supplier *supplier = &index->by_name[i]->supplier;

        assert_ptr_equal(snapshot_find(&snapshot, supplier->id), supplier);
        assert_true(slice_is(supplier->fields[SUPPLIER_CITY], "Springfield"));
        text_printf(&text, "%s%d", i ? " " : "", (int)supplier->id);
        text_append_slice(&text, supplier->fields[SUPPLIER_NAME]);
    }
    assert_string_equal(text_string(&text), names);
    text_free(&text);
    for (size_t i = 1; i < index->count; i++)
        assert_true(index->by_id[i - 1]->supplier.id <
                    index->by_id[i]->supplier.id);
    assert_null(snapshot_find(&snapshot, 999));
}

/* Let a base and what follows from it go. */
static void unref_both(struct index *base, struct index *next)
{
    index_follow(base, next);
    index_unref(base);
    index_unref(next);
}

static const struct {
    struct named rows[NAMED_MAX];
    const char *names;
} orders[] = {
    { { { 0 } }, "" },
    { { { 1, "a", 0 } }, "1a" },
    /* By the fold, */
    { { { 1, "b", 0 }, { 2, "A", 0 }, { 3, "C", 0 } }, "2A 1b 3C" },
    { { { 1, "ab", 0 }, { 2, "a", 0 }, { 3, "", 0 } }, "3 2a 1ab" },
    { { { 1, "Zoo", 0 }, { 2, "\u00c4pfel", 0 }, { 3, "apple", 0 } },
      "2\u00c4pfel 3apple 1Zoo" },
    /* then by bytes, those from 0x80 on last, */
    { { { 1, "\u00e4", 0 }, { 2, "a", 0 }, { 3, "A", 0 }, { 4, "\u00c4", 0 } },
      "3A 2a 4\u00c4 1\u00e4" },
    /* then by id. */
    { { { 10, "a", 0 }, { 9, "a", 0 }, { -3, "a", 0 }, { 11, "A", 0 } },
      "11A -3a 9a 10a" },
};

static void test_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        struct index *index = make(orders[i].rows);

        expect(index, orders[i].names);
        assert_int_equal(index->revision.number, revision.number);
        index_discard(index);
    }
}

static void test_ids_far_apart(void **state)
{
    struct index *index = make((struct named[]){
        { INT64_MAX, "a", 0 }, { INT64_MIN, "a", 0 }, { 1, "a", 0 }, { 0 } });

    (void)state;
    assert_true(index->by_id[0]->supplier.id == INT64_MIN);
    assert_true(index->by_name[2]->supplier.id == INT64_MAX);
    assert_non_null(index_find(index, INT64_MIN));
    assert_null(index_find(index, -1));
    index_discard(index);
}

#define ABC                                          \
    {                                                \
        { 2, "b", 0 }, { 4, "d", 0 }, { 6, "f", 0 }, \
        {                                            \
            0                                        \
        }                                            \
    }

static const struct {
    struct named base[NAMED_MAX];
    struct named changes[NAMED_MAX];
    const char *names;
} steps[] = {
    { ABC, { { 0 } }, "2b 4d 6f" },
    /* Added first, last, between, at the same position, and among equals. */
    { ABC, { { 1, "a", 0 } }, "1a 2b 4d 6f" },
    { ABC, { { 7, "g", 0 } }, "2b 4d 6f 7g" },
    { ABC, { { 3, "c", 0 }, { 5, "e", 0 } }, "2b 3c 4d 5e 6f" },
    { ABC, { { 1, "e2", 0 }, { 9, "e1", 0 } }, "2b 4d 9e1 1e2 6f" },
    { ABC, { { 3, "d", 0 }, { 5, "d", 0 } }, "2b 3d 4d 5d 6f" },
    { ABC, { { 1, "h", 0 }, { 9, "a", 0 } }, "9a 2b 4d 6f 1h" },
    /* Gone. */
    { ABC, { { 2, "", 1 } }, "4d 6f" },
    { ABC, { { 6, "", 1 } }, "2b 4d" },
    { ABC, { { 2, "", 1 }, { 4, "", 1 }, { 6, "", 1 } }, "" },
    { ABC, { { 1, "", 1 }, { 5, "", 1 }, { 9, "", 1 } }, "2b 4d 6f" },
    /* Changed in place, to the other end, and exchanged. */
    { ABC, { { 4, "d", 0 } }, "2b 4d 6f" },
    { ABC, { { 2, "z", 0 } }, "4d 6f 2z" },
    { ABC, { { 6, "a", 0 } }, "6a 2b 4d" },
    { ABC, { { 2, "f", 0 }, { 6, "b", 0 } }, "6b 4d 2f" },
    { ABC, { { 2, "f", 0 }, { 4, "b", 0 }, { 6, "d", 0 } }, "4b 6d 2f" },
    /* All at once. */
    { ABC,
      { { 1, "c", 0 }, { 2, "", 1 }, { 4, "z", 0 }, { 6, "a", 0 } },
      "6a 1c 4z" },
    { ABC, { { 2, "", 1 }, { 4, "", 1 }, { 6, "", 1 }, { 7, "b", 0 } }, "7b" },
    /* From nothing. */
    { { { 0 } }, { { 0 } }, "" },
    { { { 0 } }, { { 1, "", 1 } }, "" },
    { { { 0 } }, { { 1, "b", 0 }, { 2, "a", 0 }, { 3, "A", 0 } }, "3A 2a 1b" },
};

static void step(size_t i)
{
    struct index *base = make(steps[i].base);
    const char *before = base->count > 0 ? "2b 4d 6f" : "";
    struct index *next = NULL;

    assert_int_equal(apply(base, steps[i].changes, SIZE_MAX, &next), OK);
    expect(base, before);
    expect(next, steps[i].names);
    if (base->count > 0)
        assert_int_equal(next->bytes, bytes_of(next));
    index_ref(base);
    index_follow(base, next);
    index_unref(base);
    expect(base, before);
    index_unref(base);
    expect(next, steps[i].names);
    index_unref(next);
}

static void test_apply(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        step(i);
}

static void test_down_to_empty_and_up(void **state)
{
    struct index *full = make((struct named[])ABC);
    struct index *empty = NULL, *again = NULL;

    (void)state;
    assert_int_equal(full->bytes, bytes_of(full));
    assert_int_equal(
        apply(
            full,
            (struct named[]){ { 2, "", 1 }, { 4, "", 1 }, { 6, "", 1 }, { 0 } },
            SIZE_MAX, &empty),
        OK);
    assert_int_equal(empty->bytes, 0);
    assert_int_equal(apply(empty, (struct named[])ABC, SIZE_MAX, &again), OK);
    expect(again, "2b 4d 6f");
    assert_int_equal(again->bytes, full->bytes);
    index_follow(full, empty);
    index_unref(full);
    unref_both(empty, again);
}

static void test_rows_are_shared(void **state)
{
    struct index *base = make((struct named[])ABC);
    struct index *next = NULL;

    (void)state;
    assert_int_equal(
        apply(base, (struct named[]){ { 4, "d", 0 }, { 0 } }, SIZE_MAX, &next),
        OK);
    assert_ptr_equal(index_find(next, 2), index_find(base, 2));
    assert_ptr_equal(index_find(next, 6), index_find(base, 6));
    assert_ptr_not_equal(index_find(next, 4), index_find(base, 4));
    assert_int_equal(index_find(base, 4)->supplier.revision, 1);
    assert_int_equal(index_find(next, 4)->supplier.revision, 2);
    /* The same texts, but one has been written again. */
    assert_false(index_equal(base, next));
    assert_false(index_equal(next, base));
    unref_both(base, next);
}

static void test_limit(void **state)
{
    static const struct named changes[] = {
        { 1, "a", 0 }, { 2, "", 1 }, { 4, "a longer name", 0 }, { 0 }
    };
    struct index *base = make((struct named[])ABC);
    struct index *next = NULL, *again = NULL;

    (void)state;
    assert_int_equal(apply(base, changes, SIZE_MAX, &next), OK);
    index_follow(base, next);
    index_unref(base);
    expect(next, "1a 4a longer name 6f");
    assert_int_equal(apply(next, changes, next->bytes - 1, &again),
                     ERROR_LIMIT);
    assert_int_equal(apply(next, changes, 0, &again), ERROR_LIMIT);
    assert_null(again);
    expect(next, "1a 4a longer name 6f");
    assert_int_equal(apply(next, changes, next->bytes, &again), OK);
    assert_int_equal(again->bytes, next->bytes);
    unref_both(next, again);
}

static const struct {
    struct named a[NAMED_MAX], b[NAMED_MAX];
    bool equal;
} pairs[] = {
    { { { 0 } }, { { 0 } }, true },
    { ABC, ABC, true },
    { ABC, { { 6, "f", 0 }, { 4, "d", 0 }, { 2, "b", 0 } }, true },
    { ABC, { { 0 } }, false },
    { ABC, { { 2, "b", 0 }, { 4, "d", 0 } }, false },
    { ABC, { { 2, "b", 0 }, { 4, "d", 0 }, { 7, "f", 0 } }, false },
    { ABC, { { 2, "b", 0 }, { 4, "d", 0 }, { 6, "F", 0 } }, false },
    { ABC, { { 2, "b", 0 }, { 4, "f", 0 }, { 6, "d", 0 } }, false },
    { ABC, { { 2, "b", 0 }, { 4, "d", 0 }, { 6, "", 0 } }, false },
};

static void expect_equal(const struct index *a, const struct index *b,
                         bool equal)
{
    assert_int_equal(index_equal(a, b), equal);
    assert_int_equal(index_equal(b, a), equal);
    assert_true(index_equal(a, a));
    assert_true(index_equal(b, b));
}

static void test_equal(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct index *a = make(pairs[i].a);
        struct index *b = make(pairs[i].b);

        expect_equal(a, b, pairs[i].equal);
        index_discard(a);
        index_discard(b);
    }
}

/* One supplier without any text but one. */
static struct index *make_field(size_t field, struct slice text)
{
    struct supplier supplier = { .id = 1, .fields = { [0] = { NULL, 0 } } };
    struct row **rows = calloc(1, sizeof(struct row *));
    struct index *index = NULL;

    assert_non_null(rows);
    supplier.fields[field] = text;
    assert_int_equal(row_make(&supplier, rows), OK);
    assert_int_equal(index_make(rows, 1, &revision, &index), OK);
    assert_int_equal(index->bytes, bytes_of(index));
    return index;
}

static void test_equal_in_every_field(void **state)
{
    (void)state;
    for (size_t f = 0; f < SUPPLIER_FIELDS; f++) {
        struct index *a = make_field(f, SLICE("x\0y"));
        struct index *b = make_field(f, SLICE("x\0z"));
        struct index *same = make_field(f, SLICE("x\0y"));
        struct index *empty = make_field(f, SLICE(""));

        expect_equal(a, b, false);
        expect_equal(a, same, true);
        expect_equal(a, empty, false);
        index_discard(a);
        index_discard(b);
        index_discard(same);
        index_discard(empty);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_ids_far_apart),
        cmocka_unit_test(test_apply),
        cmocka_unit_test(test_down_to_empty_and_up),
        cmocka_unit_test(test_rows_are_shared),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_equal_in_every_field),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
