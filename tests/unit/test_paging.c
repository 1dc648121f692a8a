/* Which part of a list a page shows, and the links to its neighbours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cafe/suppliers/paging.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

/* A query on a list of `count` items; the page it gives. */
static const struct {
    const char *query;
    size_t count, page, per, first, end;
} reads[] = {
    { "", 5213, 1, 50, 0, 50 },
    { "page=1", 5213, 1, 50, 0, 50 },
    { "page=2", 5213, 2, 50, 50, 100 },
    { "page=2&per=10", 5213, 2, 10, 10, 20 },
    { "per=10&page=2&sort=name", 5213, 2, 10, 10, 20 },
    { "page=2&page=3", 5213, 2, 50, 50, 100 },
    { "page=%32", 5213, 2, 50, 50, 100 },
    /* The last page, full and not. */
    { "page=105", 5213, 105, 50, 5200, 5213 },
    { "page=104", 5213, 104, 50, 5150, 5200 },
    { "page=2", 100, 2, 50, 50, 100 },
    { "page=3", 100, 2, 50, 50, 100 },
    { "page=3", 101, 3, 50, 100, 101 },
    { "per=1&page=3", 3, 3, 1, 2, 3 },
    /* Beyond: the nearest there is. */
    { "page=106", 5213, 105, 50, 5200, 5213 },
    { "page=18446744073709551616", 5213, 105, 50, 5200, 5213 },
    { "page=99999999999999999999999999", 120, 3, 50, 100, 120 },
    { "per=200", 5213, 1, 200, 0, 200 },
    { "per=201", 5213, 1, 200, 0, 200 },
    { "per=18446744073709551616&page=27", 5213, 27, 200, 5200, 5213 },
    { "per=200&page=28", 5213, 27, 200, 5200, 5213 },
    { "page=0", 5213, 1, 50, 0, 50 },
    { "per=0", 5213, 1, 1, 0, 1 },
    { "per=0&page=0", 5213, 1, 1, 0, 1 },
    /* Faulty: as if it weren't there. */
    { "page=&per=", 5213, 1, 50, 0, 50 },
    { "page&per", 5213, 1, 50, 0, 50 },
    { "page=two&per=ten", 5213, 1, 50, 0, 50 },
    { "page=-2&per=-10", 5213, 1, 50, 0, 50 },
    { "page=%2B2&per=+10", 5213, 1, 50, 0, 50 },
    { "page=2.0&per=1e1", 5213, 1, 50, 0, 50 },
    { "page=02&per=010", 5213, 1, 50, 0, 50 },
    { "page=0x2&per=0xa", 5213, 1, 50, 0, 50 },
    { "page=2+&per=%2010", 5213, 1, 50, 0, 50 },
    { "Page=2&PER=10", 5213, 1, 50, 0, 50 },
    /* Less than a page, and nothing at all. */
    { "", 1, 1, 50, 0, 1 },
    { "page=2", 50, 1, 50, 0, 50 },
    { "", 0, 1, 50, 0, 0 },
    { "page=7&per=10", 0, 1, 10, 0, 0 },
};

struct fixture {
    struct arena *arena;
    struct form query;
    struct paging paging;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    assert_non_null(fixture);
    fixture->arena = arena_open(0);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    arena_close(fixture->arena);
    free(fixture);
    return 0;
}

static void read_query(struct fixture *fixture, const char *query, size_t count)
{
    size_t page, per;

    assert_int_equal(
        form_parse(fixture->arena, slice_of(query), &fixture->query), OK);
    paging_wanted(&fixture->query, &page, &per);
    paging_set(&fixture->paging, count, page, per);
}

static void test_read(void **state)
{
    struct fixture *fixture = *state;
    const struct paging *got = &fixture->paging;

    for (size_t i = 0; i < ROWS(reads); i++) {
        read_query(fixture, reads[i].query, reads[i].count);
        if (got->count != reads[i].count || got->page != reads[i].page ||
            got->per != reads[i].per || got->first != reads[i].first ||
            got->end != reads[i].end)
            fail_msg("'%s' of %zu: page %zu of %zu each, %zu to %zu",
                     reads[i].query, reads[i].count, got->page, got->per,
                     got->first, got->end);
    }
}

/* Each item is on one page, and the pages lie side by side. */
static void test_pages_cover_the_list(void **state)
{
    struct fixture *fixture = *state;
    size_t page, end;

    for (size_t count = 1; count <= 23; count++) {
        for (page = 1, end = 0; end < count; page++) {
            read_query(fixture,
                       arena_printf(fixture->arena, "per=5&page=%zu", page),
                       count);
            assert_int_equal(fixture->paging.page, page);
            assert_int_equal(fixture->paging.first, end);
            assert_in_range(fixture->paging.end, end + 1, end + 5);
            end = fixture->paging.end;
        }
        assert_int_equal(end, count);
    }
}

/* What stands above the rows. */
static const struct {
    const char *query;
    size_t count;
    const char *range;
} ranges[] = {
    { "", 5213, "1–50 of 5,213" },
    { "page=2", 5213, "51–100 of 5,213" },
    { "page=21", 5213, "1,001–1,050 of 5,213" },
    { "page=105", 5213, "5,201–5,213 of 5,213" },
    { "page=999", 5213, "5,201–5,213 of 5,213" },
    { "page=20", 1000, "951–1,000 of 1,000" },
    { "", 999, "1–50 of 999" },
    { "", 100000, "1–50 of 100,000" },
    { "page=6173&per=200", 1234567, "1,234,401–1,234,567 of 1,234,567" },
    { "", 50, "1–50 of 50" },
    { "", 51, "1–50 of 51" },
    { "page=2", 51, "51–51 of 51" },
    { "", 1, "1–1 of 1" },
    { "per=50", 60, "1–50 of 60" },
    { "per=10", 60, "1–10 of 60" },
    { "per=10&page=3", 60, "21–30 of 60" },
    { "per=999", 500, "1–200 of 500" },
    { "per=0&page=2", 3, "2–2 of 3" },
    { "sort=name", 60, "1–50 of 60" },
    { "page=2", 0, "0–0 of 0" },
};

static void test_range(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < ROWS(ranges); i++) {
        read_query(fixture, ranges[i].query, ranges[i].count);
        assert_string_equal(paging_range(&fixture->paging, fixture->arena),
                            ranges[i].range);
    }
}

static void test_without_memory_is_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct arena *full = arena_open(1);

    read_query(fixture, "page=2", 5213);
    assert_null(paging_range(&fixture->paging, full));
    assert_string_equal(paging_number(5213, full), "");
    arena_close(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pages_cover_the_list, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_range, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_without_memory_is_nothing, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
