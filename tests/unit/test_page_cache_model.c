/* A page cache for a long time: a flood of keys, and a model to compare. */
#include "test_page_cache.h"

enum { FLOOD = 100 * 1000, FLOOD_REGULAR = 1000, FLOOD_KEPT = 8 };

static void flood(struct page_cache *cache)
{
    uint64_t seed = 42;
    char key[32];

    for (int i = 0; i < FLOOD; i++) {
        snprintf(key, sizeof(key), "/%016llx",
                 (unsigned long long)random_next(&seed));
        assert_int_equal(ask(cache, slice_of(key), 1), '-');
        if (i % FLOOD_REGULAR == 0)
            assert_int_equal(ask(cache, SLICE("regular"), 1), '?');
    }
}

static void test_a_flood_pushes_nothing_out(void **state)
{
    struct page_cache *cache =
        page_cache_open(FLOOD_KEPT * cost_of(BODY_BYTES));
    size_t before;

    (void)state;
    for (int i = 0; i < FLOOD_KEPT; i++) {
        ask_twice(cache, (struct slice){ &"abcdefgh"[i], 1 });
        keep(cache, (struct slice){ &"abcdefgh"[i], 1 }, 1, i, BODY_BYTES);
    }
    before = page_cache_bytes(cache);
    assert_int_equal(ask(cache, SLICE("regular"), 1), '-');
    assert_int_equal(ask(cache, SLICE("once"), 1), '-');
    flood(cache);
    assert_int_equal(page_cache_bytes(cache), before);
    for (int i = 0; i < FLOOD_KEPT; i++)
        expect_status(cache, (struct slice){ &"abcdefgh"[i], 1 }, i);
    /* Memory of what was asked for is bounded. */
    assert_int_equal(ask(cache, SLICE("once"), 1), '-');
    page_cache_close(cache);
}

enum { OUTDATED_MAX = 2 }; /* pages that go when one comes */
enum { MODEL_KEYS = 60, MODEL_STEPS = 100 * 1000, MODEL_BODY_BYTES = 5000 };

struct modelled {
    bool asked, cached;
    uint64_t version, used; /* used: at which step */
    size_t bytes;
    int status;
};

struct model {
    size_t max_bytes, bytes;
    size_t overhead; /* of a page, beside its body */
    uint64_t step;
    uint64_t hits, pushed_out, outdated;
    struct modelled keys[MODEL_KEYS];
};

static void model_drop(struct model *model, struct modelled *key)
{
    if (key->cached)
        model->bytes -= key->bytes;
    key->cached = false;
}

static char model_ask(struct model *model, size_t at, uint64_t version)
{
    struct modelled *key = &model->keys[at];

    if (key->cached && key->version != version)
        model_drop(model, key);
    key->used = model->step;
    if (key->cached)
        return '+';
    if (key->asked)
        return '?';
    key->asked = true;
    return '-';
}

/* The one that was used least recently; NULL: there is none. */
static struct modelled *model_oldest(struct model *model)
{
    struct modelled *oldest = NULL;

    for (size_t i = 0; i < MODEL_KEYS; i++)
        if (model->keys[i].cached &&
            (oldest == NULL || model->keys[i].used < oldest->used))
            oldest = &model->keys[i];
    return oldest;
}

static void model_push_out(struct model *model)
{
    struct modelled *oldest = model_oldest(model);

    assert_non_null(oldest);
    model_drop(model, oldest);
    oldest->asked = false;
    model->pushed_out++;
}

static void model_forget_outdated(struct model *model, uint64_t version)
{
    for (int i = 0; i < OUTDATED_MAX; i++) {
        struct modelled *oldest = model_oldest(model);

        if (oldest == NULL || oldest->version >= version)
            return;
        model_drop(model, oldest);
        model->outdated++;
    }
}

static void model_keep(struct model *model, size_t at, uint64_t version,
                       size_t bytes)
{
    struct modelled *key = &model->keys[at];

    if (!key->asked)
        return;
    model_drop(model, key);
    if (bytes > model->max_bytes)
        return;
    while (model->bytes + bytes > model->max_bytes)
        model_push_out(model);
    *key = (struct modelled){ .asked = true,
                              .cached = true,
                              .version = version,
                              .used = model->step,
                              .bytes = bytes,
                              .status = (int)model->step };
    model->bytes += bytes;
    model_forget_outdated(model, version);
}

static void step_keep(struct page_cache *cache, struct model *model, size_t at,
                      uint64_t version, uint64_t *seed)
{
    char byte = (char)at;
    struct page *page =
        page_of((int)model->step, random_next(seed) % MODEL_BODY_BYTES);

    model_keep(model, at, version, model->overhead + page->body.capacity);
    page_cache_keep(cache, (struct slice){ &byte, 1 }, version, page);
    page_unref(page);
}

static void step_ask(struct page_cache *cache, struct model *model, size_t at,
                     uint64_t version)
{
    char byte = (char)at;
    bool wanted = false;
    char expected = model_ask(model, at, version);
    struct page *page =
        page_cache_find(cache, (struct slice){ &byte, 1 }, version, &wanted);

    assert_int_equal(page != NULL ? '+' : wanted ? '?' : '-', expected);
    if (page == NULL)
        return;
    model->hits++;
    assert_int_equal(page->status, model->keys[at].status);
    page_unref(page);
}

static void test_as_the_model(void **state)
{
    struct model model = { .max_bytes = 40 * 1000, .overhead = cost_of(0) };
    struct page_cache *cache = page_cache_open(model.max_bytes);
    uint64_t seed = 7;

    (void)state;
    for (model.step = 1; model.step <= MODEL_STEPS; model.step++) {
        size_t at = random_next(&seed) % MODEL_KEYS;
        uint64_t version = random_next(&seed) % 20 == 0 ? 2 : 1;

        if (random_next(&seed) % 4 == 0)
            step_keep(cache, &model, at, version, &seed);
        else
            step_ask(cache, &model, at, version);
        assert_int_equal(page_cache_bytes(cache), model.bytes);
        assert_true(page_cache_bytes(cache) <= model.max_bytes);
    }
    assert_true(model.hits > MODEL_STEPS / 20);
    assert_true(model.pushed_out > MODEL_STEPS / 20);
    assert_true(model.outdated > MODEL_STEPS / 100);
    page_cache_close(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_flood_pushes_nothing_out),
        cmocka_unit_test(test_as_the_model),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
