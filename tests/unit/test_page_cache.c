/* Kept pages: what is worth keeping, what goes first, and readers that hold on.
 */
#include "test_page_cache.h"

/*
 * A key letter and what happens to it: asked for with '-', '?' or '+' as the
 * answer, or '!' cached. "v2" makes it another version. There is room for
 * three.
 */
static const struct {
    const char *rule;
    const char *steps;
} scripts[] = {
    { "kept from the second request on", "a- a? a? a! a+ a+" },
    { "nobody asked for it", "a! a-" },
    { "another version forgets, and is wanted at once",
      "a- a? a! a+ v2 a? a! a+ a+" },
    { "the older version is forgotten, too", "a- a? a! v2 a? v1 a?" },
    { "only the one that is asked for is forgotten",
      "a- a? a! b- b? b! v2 a? v1 b+" },
    { "kept again by another version", "a- a? a! v2 a! v1 a?" },
    { "the one asked for least recently goes",
      "a- a? a! b- b? b! c- c? c! a+ d- d? d! b- a+ c+ d+" },
    { "keeping is a use, too",
      "a- a? a! b- b? b! c- c? c! a! d- d? d! a+ c+ d+ b-" },
    { "who is gone has to be asked for twice",
      "a- a? a! b- b? b! c- c? c! d- d? d! a- a? a! b- c+ d+ a+" },
    { "a miss pushes nothing out",
      "a- a? a! b- b? b! c- c? c! d- d? e- e? a+ b+ c+" },
    { "who comes sends the outdated away, two at most",
      "a- a? a! b- b? b! c- c? c! v2 a? a! v1 b? c? v2 a+" },
    { "nobody newer is sent away",
      "v2 a- a? a! b- b? b! v1 c- c? c! v2 a+ b+" },
    { "what is forgotten makes room",
      "a- a? a! b- b? b! c- c? c! v2 a? v1 d- d? d! b+ c+ d+ a?" },
};

static void run_script(struct page_cache *cache, const char *rule,
                       const char *steps)
{
    uint64_t version = 1;

    for (const char *at = steps; *at != '\0'; at += at[2] == ' ' ? 3 : 2) {
        struct slice key = { at, 1 };

        if (at[0] == 'v')
            version = (uint64_t)(at[1] - '0');
        else if (at[1] == '!')
            keep(cache, key, version, 200, BODY_BYTES);
        else if (ask(cache, key, version) != at[1])
            fail_msg("%s: not so at \"%s\"", rule, at);
    }
}

static void test_scripts(void **state)
{
    size_t room = 3 * cost_of(BODY_BYTES);

    (void)state;
    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        struct page_cache *cache = page_cache_open(room);

        run_script(cache, scripts[i].rule, scripts[i].steps);
        page_cache_close(cache);
    }
}

/* How many bytes are left over beside one page, and if it is cached then. */
static const struct {
    int64_t spare;
    bool cached;
} rooms[] = { { -1, false }, { 0, true }, { 1, true } };

static void test_room_to_the_byte(void **state)
{
    size_t cost = cost_of(BODY_BYTES);

    (void)state;
    for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
        struct page_cache *cache =
            page_cache_open((size_t)((int64_t)cost + rooms[i].spare));

        ask_twice(cache, SLICE("k"));
        keep(cache, SLICE("k"), 1, 200, BODY_BYTES);
        assert_int_equal(ask(cache, SLICE("k"), 1),
                         rooms[i].cached ? '+' : '?');
        assert_int_equal(page_cache_bytes(cache), rooms[i].cached ? cost : 0);
        page_cache_close(cache);
    }
}

/* The same beside another page: the older one is what there is no room for. */
static void test_room_for_two_to_the_byte(void **state)
{
    size_t cost = cost_of(BODY_BYTES);

    (void)state;
    for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
        struct page_cache *cache =
            page_cache_open((size_t)(2 * (int64_t)cost + rooms[i].spare));

        run_script(cache, "first", "a- a? a! b- b? b! b+");
        assert_int_equal(page_cache_bytes(cache), (rooms[i].cached + 1) * cost);
        assert_int_equal(ask(cache, SLICE("a"), 1),
                         rooms[i].cached ? '+' : '-');
        page_cache_close(cache);
    }
}

static void test_too_large_pushes_nothing_out(void **state)
{
    struct page_cache *cache = page_cache_open(2 * cost_of(BODY_BYTES));

    (void)state;
    ask_twice(cache, SLICE("a"));
    ask_twice(cache, SLICE("b"));
    keep(cache, SLICE("a"), 1, 200, BODY_BYTES);
    keep(cache, SLICE("b"), 1, 200, 10 * BODY_BYTES);
    assert_int_equal(ask(cache, SLICE("b"), 1), '?');
    assert_int_equal(ask(cache, SLICE("a"), 1), '+');
    /* What it would have replaced shows something else and is gone. */
    keep(cache, SLICE("a"), 1, 200, 10 * BODY_BYTES);
    assert_int_equal(ask(cache, SLICE("a"), 1), '?');
    assert_int_equal(page_cache_bytes(cache), 0);
    page_cache_close(cache);
}

static void test_no_room_at_all(void **state)
{
    struct page_cache *cache = page_cache_open(0);

    (void)state;
    ask_twice(cache, SLICE("a"));
    keep(cache, SLICE("a"), 1, 200, 0);
    assert_int_equal(ask(cache, SLICE("a"), 1), '?');
    assert_int_equal(page_cache_bytes(cache), 0);
    page_cache_close(cache);
    page_cache_close(NULL);
}

static void test_failed_pages_are_not_cached(void **state)
{
    struct page_cache *cache = page_cache_open(ROOMY_BYTES);
    struct page *page = page_of(200, BODY_BYTES);

    (void)state;
    page_field(page, "No", "line\nends");
    assert_true(page->failed);
    ask_twice(cache, SLICE("a"));
    page_cache_keep(cache, SLICE("a"), 1, page);
    page_cache_keep(cache, SLICE("a"), 1, NULL);
    assert_int_equal(ask(cache, SLICE("a"), 1), '?');
    assert_int_equal(page_cache_bytes(cache), 0);
    assert_int_equal(atomic_load(&page->references), 1);
    page_unref(page);
    page_cache_close(cache);
}

/* Keys that are easily taken for another one. */
static const struct {
    const char *data;
    size_t len;
} alike[] = {
    { "/suppliers?page=2 gzip", 22 },     { "/suppliers?page=2 br", 20 },
    { "/suppliers?page=2 identity", 26 }, { "/suppliers?page=2", 17 },
    { "/suppliers?page=2 gzip\0", 23 },   { "/suppliers?page=2 gzip\0a", 24 },
    { "/Suppliers?page=2 gzip", 22 },     { "", 0 },
};

enum { ALIKE = sizeof(alike) / sizeof(alike[0]) };

static void test_keys_are_told_apart(void **state)
{
    struct page_cache *cache = page_cache_open(ROOMY_BYTES);

    (void)state;
    for (int i = 0; i < ALIKE; i++) {
        struct slice key = { alike[i].data, alike[i].len };

        ask_twice(cache, key);
        keep(cache, key, 1, 200 + i, BODY_BYTES);
    }
    for (int i = 0; i < ALIKE; i++)
        expect_status(cache, (struct slice){ alike[i].data, alike[i].len },
                      200 + i);
    page_cache_close(cache);
}

/* Out of memory a key is absent: no page may be cached for it. */
static void test_absent_keys_name_nothing(void **state)
{
    struct page_cache *cache = page_cache_open(ROOMY_BYTES);

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ask(cache, slice_of(NULL), 1), '-');
        keep(cache, slice_of(NULL), 1, 200, BODY_BYTES);
    }
    assert_int_equal(page_cache_bytes(cache), 0);
    page_cache_close(cache);
}

static void test_long_keys(void **state)
{
    static char one[100 * 1000], other[100 * 1000];
    struct page_cache *cache = page_cache_open(ROOMY_BYTES);
    struct slice same = { one, 999 }, differs = { other, 999 };
    struct slice endless = { one, sizeof(one) };

    (void)state;
    memset(one, 'k', sizeof(one));
    memset(other, 'k', sizeof(other));
    other[998] = 'l';
    ask_twice(cache, same);
    ask_twice(cache, differs);
    keep(cache, same, 1, 201, BODY_BYTES);
    keep(cache, differs, 1, 202, BODY_BYTES);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ask(cache, endless, 1), '-');
        keep(cache, endless, 1, 203, BODY_BYTES);
    }
    expect_status(cache, same, 201);
    expect_status(cache, differs, 202);
    page_cache_close(cache);
}

static void expect_body(const struct page *page, char letter)
{
    assert_int_equal(page->body.len, BODY_BYTES);
    for (size_t i = 0; i < page->body.len; i++)
        assert_int_equal(page->body.data[i], letter);
}

/* Pushed out, replaced, forgotten, and left over when the cache is closed. */
static void test_who_holds_a_page_can_read_it(void **state)
{
    struct page_cache *cache = page_cache_open(cost_of(BODY_BYTES));
    static const char letters[] = "abcd";
    struct page *pages[4];
    bool wanted;

    (void)state;
    for (int i = 0; i < 4; i++) {
        struct slice key = { i < 2 ? "k" : "l", 1 };

        ask(cache, key, 1);
        keep(cache, key, 1, i, BODY_BYTES);
        pages[i] = page_cache_find(cache, key, 1, &wanted);
        assert_non_null(pages[i]);
    }
    assert_int_equal(ask(cache, SLICE("l"), 2), '?');
    keep(cache, SLICE("l"), 2, 9, BODY_BYTES);
    page_unref(page_cache_find(cache, SLICE("l"), 2, &wanted));
    page_cache_close(cache);
    for (int i = 0; i < 4; i++) {
        expect_body(pages[i], letters[i]);
        assert_int_equal(atomic_load(&pages[i]->references), 1);
        page_unref(pages[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scripts),
        cmocka_unit_test(test_room_to_the_byte),
        cmocka_unit_test(test_room_for_two_to_the_byte),
        cmocka_unit_test(test_too_large_pushes_nothing_out),
        cmocka_unit_test(test_no_room_at_all),
        cmocka_unit_test(test_failed_pages_are_not_cached),
        cmocka_unit_test(test_keys_are_told_apart),
        cmocka_unit_test(test_absent_keys_name_nothing),
        cmocka_unit_test(test_long_keys),
        cmocka_unit_test(test_who_holds_a_page_can_read_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
