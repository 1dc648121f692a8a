/* Suppliers that may be there already. */
#include "test_index.h"

#include "cafe/base/clock.h"
#include "cafe/suppliers/duplicates.h"

enum { MANY = 10000 };

static struct supplier supplier_of(int64_t id, const char *name,
                                   const char *city, const char *email,
                                   const char *phone)
{
    return (
        struct supplier){ .id = id,
                          .revision = 1,
                          .fields = { [SUPPLIER_NAME] = slice_of(name),
                                      [SUPPLIER_CITY] = slice_of(city),
                                      [SUPPLIER_EMAIL] = slice_of(email),
                                      [SUPPLIER_PHONE] = slice_of(phone) } };
}

static struct index *content_of(const struct supplier *suppliers, size_t count)
{
    struct row **rows = calloc(count, sizeof(struct row *));
    struct index *index = NULL;

    assert_non_null(rows);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(row_make(&suppliers[i], &rows[i]), OK);
    assert_int_equal(index_make(rows, count, &revision, &index), OK);
    return index;
}

/* Asked with others, it finds the same. */
static void expect_of_many(const struct snapshot *snapshot,
                           const struct supplier *supplier,
                           const struct supplier *before,
                           const struct duplicates *found)
{
    const struct supplier other = supplier_of(0, "none", "like", "it", "9");
    struct duplicate_question questions[] = {
        { .supplier = &other },
        { .supplier = supplier, .before = before },
        { 0 },
    };
    const struct duplicates *again = &questions[1].found;

    assert_int_equal(duplicates_find_all(snapshot, questions, 3), OK);
    assert_int_equal(questions[0].found.count + questions[2].found.count, 0);
    assert_true(questions[1].twin == SIZE_MAX);
    assert_int_equal(again->count, found->count);
    assert_int_equal(again->more, found->more);
    for (size_t i = 0; i < found->count; i++) {
        assert_ptr_equal(again->found[i].supplier, found->found[i].supplier);
        assert_int_equal(again->found[i].reasons, found->found[i].reasons);
    }
}

/* "id:reasons id:reasons" of what is found. */
static void expect(struct index *index, const struct supplier *supplier,
                   const struct supplier *before, const char *wanted)
{
    const struct snapshot snapshot = { .index = index };
    struct duplicates found;
    struct text text;

    text_init(&text, 0);
    assert_int_equal(duplicates_find(&snapshot, supplier, before, &found), OK);
    for (size_t i = 0; i < found.count; i++)
        text_printf(&text, "%s%d:%u", i ? " " : "",
                    (int)found.found[i].supplier->id, found.found[i].reasons);
    if (found.more)
        text_append_string(&text, " more");
    assert_string_equal(text_string(&text), wanted);
    text_free(&text);
    expect_of_many(&snapshot, supplier, before, &found);
}

static void test_reasons(void **state)
{
    const struct supplier stored[] = {
        supplier_of(1, "Caf\u00e9 \u0141\u00f3d\u017a", "K\u00f6ln",
                    "A@Example.com", "+49 (221) 555-0100"),
        supplier_of(2, "Other", "Koln", "", ""),
        supplier_of(3, "Third", "Bonn", "b@example.com", "5550101 ext. 7"),
    };
    struct index *index = content_of(stored, 3);
    struct supplier typed =
        supplier_of(0, "New", "K\u00f6ln", "new@example.com", "1234567");

    (void)state;
    expect(index, &typed, NULL, "");
    typed.fields[SUPPLIER_PHONE] = SLICE("49-221-5550100");
    expect(index, &typed, NULL, "1:1");
    typed.fields[SUPPLIER_EMAIL] = SLICE("B@EXAMPLE.com");
    expect(index, &typed, NULL, "1:1 3:2");
    typed.fields[SUPPLIER_NAME] = SLICE("cafe lodz");
    typed.fields[SUPPLIER_CITY] = SLICE("KOLN");
    expect(index, &typed, NULL, "1:5 3:2");
    typed.fields[SUPPLIER_CITY] = SLICE("Bonn");
    typed.fields[SUPPLIER_PHONE] = SLICE("555 0101");
    expect(index, &typed, NULL, "3:2");
    typed.fields[SUPPLIER_PHONE] = SLICE("555 0101 x7");
    expect(index, &typed, NULL, "3:3");
    index_discard(index);
}

/* A phone with a digit more or less is another one. */
static void test_digits(void **state)
{
    const struct supplier stored[] = {
        supplier_of(1, "a", "b", "", "1234567"),
        supplier_of(2, "c", "d", "", "12345678"),
        supplier_of(3, "e", "f", "", "none"),
    };
    struct index *index = content_of(stored, 3);
    struct supplier typed = supplier_of(0, "x", "y", "", "123 45 67");

    (void)state;
    expect(index, &typed, NULL, "1:1");
    typed.fields[SUPPLIER_PHONE] = SLICE("none");
    expect(index, &typed, NULL, "");
    index_discard(index);
}

/* With and without country code, however it is spelt. */
static void test_spellings_of_a_phone(void **state)
{
    const struct supplier stored[] = {
        supplier_of(1, "a", "b", "", "+44 20 7946 0958"),
        supplier_of(2, "c", "d", "", "020 7946\u20110958"),
        supplier_of(3, "e", "f", "", "0044 (0)20 7946 0958"),
        supplier_of(4, "g", "h", "", "+49 20 7946 0958"),
        supplier_of(5, "i", "j", "", "020 7946 0958 ext. 3"),
    };
    struct index *index = content_of(stored, 5);
    struct supplier typed = supplier_of(0, "x", "y", "", "+44 (0)20 7946 0958");

    (void)state;
    expect(index, &typed, NULL, "1:1 2:1 3:1");
    typed.fields[SUPPLIER_PHONE] = SLICE("020 79460958");
    expect(index, &typed, NULL, "1:1 2:1 3:1 4:1");
    typed.fields[SUPPLIER_PHONE] = SLICE("011 44 20 7946 0958");
    expect(index, &typed, NULL, "1:1 2:1 3:1");
    index_discard(index);
}

/* A supplier that looks like another one can be saved without being asked each
 * time. */
static void test_only_what_changed(void **state)
{
    const struct supplier stored[] = {
        supplier_of(1, "Same", "Here", "a@example.com", "1234567"),
        supplier_of(2, "Same", "Here", "a@example.com", "1234567"),
    };
    struct index *index = content_of(stored, 2);
    struct supplier typed = stored[1];

    (void)state;
    expect(index, &typed, &stored[1], "");
    expect(index, &typed, NULL, "1:7");
    typed.fields[SUPPLIER_PHONE] = SLICE("123-4567");
    expect(index, &typed, &stored[1], "1:1");
    typed.fields[SUPPLIER_CITY] = SLICE("here");
    expect(index, &typed, &stored[1], "1:5");
    index_discard(index);
}

static void test_no_more_than_fit(void **state)
{
    struct supplier stored[DUPLICATES_MAX + 1];
    struct supplier typed = supplier_of(0, "n", "c", "", "1234567");
    struct index *index;

    (void)state;
    for (int i = 0; i <= DUPLICATES_MAX; i++)
        stored[i] = supplier_of(i + 1, "m", "c", "", "1234567");
    index = content_of(stored, DUPLICATES_MAX + 1);
    expect(index, &typed, NULL,
           "1:1 2:1 3:1 4:1 5:1 6:1 7:1 8:1 9:1 10:1 more");
    index_discard(index);
}

/* Among those that are asked about, the earlier one is named. */
static void test_twins(void **state)
{
    struct snapshot snapshot = { .index = content_of(NULL, 0) };
    const struct supplier asked[] = {
        supplier_of(0, "Caf\u00e9", "Bonn", "", "+49 221 555 0100"),
        supplier_of(7, "b", "c", "", "221 555 0101"),
        supplier_of(0, "cafe", "bonn", "", "1234567"),
        supplier_of(0, "d", "e", "", "0221 555 0100"),
        supplier_of(8, "b", "c", "", "221 555 0101"),
    };
    struct duplicate_question questions[] = {
        { .supplier = &asked[0] },
        { .supplier = &asked[1], .before = &asked[1] },
        { .supplier = &asked[2] },
        { .supplier = &asked[3] },
        { .supplier = &asked[4], .before = &asked[4] },
    };

    (void)state;
    assert_int_equal(duplicates_find_all(&snapshot, questions, 5), OK);
    assert_true(questions[0].twin == SIZE_MAX);
    assert_true(questions[1].twin == SIZE_MAX);
    assert_int_equal(questions[2].twin, 0);
    assert_int_equal(questions[3].twin, 0);
    assert_true(questions[4].twin == SIZE_MAX); /* neither has changed */
    index_discard(snapshot.index);
}

static void measure_questions(const struct snapshot *snapshot,
                              const struct supplier *stored)
{
    enum { ASKED = 1000 };
    struct duplicate_question *questions = calloc(ASKED, sizeof(*questions));
    struct supplier *asked = calloc(ASKED, sizeof(*asked));
    int64_t began;

    for (int i = 0; i < ASKED; i++) {
        asked[i] = stored[i];
        asked[i].id = 0;
        questions[i].supplier = &asked[i];
    }
    began = clock_monotonic_us();
    assert_int_equal(duplicates_find_all(snapshot, questions, ASKED), OK);
    print_message("%d of them at once: %d us\n", ASKED,
                  (int)(clock_monotonic_us() - began));
    for (int i = 0; i < ASKED; i++) {
        assert_int_equal(questions[i].found.count, 1);
        assert_int_equal(questions[i].found.found[0].reasons, 7);
    }
    free(asked);
    free(questions);
}

/* Prints what 10,000 suppliers cost. */
static void test_many(void **state)
{
    struct supplier *stored = calloc(MANY, sizeof(*stored));
    struct arena *names = arena_open(0);
    struct supplier typed = supplier_of(0, "Name 5000", "City 5000",
                                        "x@example.com", "+1 555 000 9999");
    struct snapshot snapshot = { 0 };
    struct duplicates found;
    int64_t began;

    (void)state;
    for (int i = 0; i < MANY; i++)
        stored[i] = supplier_of(i + 1, arena_printf(names, "Name %d", i),
                                arena_printf(names, "City %d", i),
                                arena_printf(names, "a%d@example.com", i),
                                arena_printf(names, "+1 555 000 %04d", i));
    snapshot.index = content_of(stored, MANY);
    began = clock_monotonic_us();
    for (int i = 0; i < 100; i++)
        assert_int_equal(duplicates_find(&snapshot, &typed, NULL, &found), OK);
    print_message("%d suppliers: %d us a search\n", MANY,
                  (int)(clock_monotonic_us() - began) / 100);
    assert_int_equal(found.count, 2);
    measure_questions(&snapshot, stored);
    index_discard(snapshot.index);
    free(stored);
    arena_close(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_digits),
        cmocka_unit_test(test_spellings_of_a_phone),
        cmocka_unit_test(test_only_what_changed),
        cmocka_unit_test(test_no_more_than_fit),
        cmocka_unit_test(test_twins),
        cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
