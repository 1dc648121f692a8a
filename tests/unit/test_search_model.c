/* Searches of random suppliers, against a plain way to find the same. */
#include "cafe/base/unicode.h"
#include "cafe/suppliers/phone.h"
#include "search_private.h"
#include "test_index.h"

enum { ROUNDS = 200, ROWS_MAX = 700, WORDS_MAX = 4 };

/* Few of them, so that much is equal or nearly so. */
static const char *const pieces[] = {
    "a", "A", "b", "\u00e4", "\u00df", "ss", "\u0141", "l", "1",  "2", "12",
    " ", "-", "&", ".",      "(",      "+",  "@",      "'", "ue", "o",
};

enum { PIECES = sizeof(pieces) / sizeof(pieces[0]) };

static const char *const longs[] = {
    "", "", "", "", "sixteen  letters", "sixteen  letterss", "Sixteen  letters",
};

struct model {
    uint64_t seed;
    struct arena *arena;
    struct index *index;
    struct search search;
    struct row *const *rows;
    struct slice folds[ROWS_MAX][SUPPLIER_FIELDS]; /* by position */
    struct slice searched[ROWS_MAX][SUPPLIER_FIELDS];
    int ranks[ROWS_MAX];
};

static uint64_t random_below(struct model *model, uint64_t limit)
{
    model->seed = model->seed * 6364136223846793005u + 1442695040888963407u;
    return (model->seed >> 33) % limit;
}

static struct slice random_text(struct model *model, size_t most)
{
    struct slice copy;
    struct text text;

    text_init(&text, 0);
    text_append_string(&text, longs[random_below(model, 7)]);
    for (uint64_t left = random_below(model, most + 1); left > 0; left--)
        text_append_string(&text, pieces[random_below(model, PIECES)]);
    copy = arena_slice(model->arena, text_slice(&text));
    text_free(&text);
    return copy;
}

static void make_rows(struct model *model)
{
    size_t count = random_below(model, 2) ? random_below(model, 12)
                                          : random_below(model, ROWS_MAX);
    struct row **rows = calloc(count + 1, sizeof(struct row *));

    assert_non_null(rows);
    for (size_t i = 0; i < count; i++) {
        struct supplier supplier = { .id = (int64_t)i + 1 };

        for (size_t f = 0; f < SUPPLIER_FIELDS; f++)
            supplier.fields[f] = random_text(model, 6);
        if (random_below(model, 2))
            supplier.fields[SUPPLIER_ENDED_ON] = SLICE("");
        assert_int_equal(row_make(&supplier, &rows[i]), OK);
    }
    assert_int_equal(index_make(rows, count, &revision, &model->index), OK);
}

/* A random list, read from a query as a browser sends it. */
static void make_search(struct model *model)
{
    static const char *const orders[] = { "", "name", "city", "phone",
                                          "email" };
    struct form form;
    struct text query;

    text_init(&query, 0);
    text_append_string(&query, "q=");
    for (uint64_t left = random_below(model, WORDS_MAX); left > 0; left--) {
        percent_encode(&query, random_text(model, 2));
        text_append_char(&query, '+');
    }
    if (random_below(model, 3) == 0) {
        text_append_string(&query, "&state=");
        percent_encode(&query, random_text(model, 1));
    }
    if (random_below(model, 3) == 0) {
        text_append_string(&query, "&city=");
        percent_encode(&query, random_text(model, 1));
    }
    text_printf(&query, "&sort=%s%s", random_below(model, 2) ? "-" : "",
                orders[random_below(model, 5)]);
    assert_int_equal(form_parse(model->arena, text_slice(&query), &form), OK);
    assert_int_equal(search_read(model->arena, &form, &model->search), OK);
    if (random_below(model, 3) == 0)
        model->search.ended = (enum search_ended)random_below(model, 3);
    if (random_below(model, 4) == 0) {
        model->search.by_id = true;
        model->search.sorted = false;
        model->search.descending = false;
    }
    model->rows = search_rows(model->index, &model->search);
    text_free(&query);
}

static struct model *open_model(uint64_t seed)
{
    struct model *model = calloc(1, sizeof(*model));

    assert_non_null(model);
    model->seed = seed;
    model->arena = arena_open(0);
    make_rows(model);
    make_search(model);
    return model;
}

static void close_model(struct model *model)
{
    index_discard(model->index);
    arena_close(model->arena);
    free(model);
}

/* The plain way. */

static struct slice fold(struct model *model, struct slice text, bool digits)
{
    struct slice folded;
    char *out;
    size_t len = 0;

    assert_int_equal(unicode_fold(model->arena, text, &folded), OK);
    out = arena_alloc(model->arena, folded.len + 1);
    for (size_t i = 0; i < folded.len; i++)
        if (!digits || (folded.data[i] >= '0' && folded.data[i] <= '9'))
            out[len++] = folded.data[i];
    return (struct slice){ out, len };
}

static struct slice field(const struct model *model, size_t position,
                          enum supplier_field f)
{
    return model->folds[position][f];
}

static bool has(struct slice text, struct slice part)
{
    return part.len > 0 && strstr(text.data, part.data) != NULL;
}

/* A fold, and lines with other spellings of its words. */
static struct slice with_spellings(struct model *model, struct slice text)
{
    struct slice fold, copy;
    struct text lines;

    assert_int_equal(unicode_search_fold(model->arena, text, &fold), OK);
    text_init(&lines, 0);
    text_append_slice(&lines, fold);
    while (fold.len > 0) {
        struct slice word = slice_cut(&fold, ' ');
        struct text loose;

        text_init(&loose, 0);
        unicode_append_loose(&loose, word);
        if (loose.len > 0 && !slice_equal(text_slice(&loose), word))
            text_printf(&lines, "\n%s", text_string(&loose));
        text_free(&loose);
    }
    copy = arena_slice(model->arena, text_slice(&lines));
    text_free(&lines);
    return copy;
}

static struct slice phone_lines(struct model *model, struct slice text)
{
    struct slice copy;
    struct phone phone;
    struct text lines;

    if (!phone_read(text, &phone, NULL))
        return fold(model, text, true);
    text_init(&lines, 0);
    phone_append_spellings(&lines, &phone);
    copy = arena_slice(model->arena, text_slice(&lines));
    text_free(&lines);
    return copy;
}

/* Where a word is in a field: -1 if it isn't. */
static ptrdiff_t find_in(struct model *model, size_t position,
                         enum supplier_field f, const struct search_word *word)
{
    const char *text = model->searched[position][f].data;
    const char *at = strstr(text, arena_slice(model->arena, word->text).data);

    if (at == NULL && word->loose.len > 0)
        at = strstr(text, arena_slice(model->arena, word->loose).data);
    return at != NULL ? at - text : -1;
}

static bool matches(struct model *model, size_t position,
                    const struct search_word *word)
{
    struct slice phone = model->searched[position][SUPPLIER_PHONE];

    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++)
        if (supplier_columns[f].searched &&
            find_in(model, position, f, word) >= 0)
            return true;
    return has(phone, arena_slice(model->arena, word->digits)) ||
           has(phone, arena_slice(model->arena, word->home));
}

/* It is what the name begins with, or the other spelling of its first word. */
static bool begins(struct model *model, size_t position, ptrdiff_t at)
{
    struct slice rest = model->searched[position][SUPPLIER_NAME];
    struct slice name = slice_cut(&rest, '\n');
    struct slice first = slice_cut(&rest, '\n');
    struct text loose;
    bool same;

    text_init(&loose, 0);
    unicode_append_loose(&loose, slice_cut(&name, ' '));
    same = first.len > 0 && slice_equal(text_slice(&loose), first);
    text_free(&loose);
    return at == 0 ||
           (same &&
            model->searched[position][SUPPLIER_NAME].data + at == first.data);
}

/* -1: it doesn't match. */
static int rank(struct model *model, size_t position)
{
    const struct search *search = &model->search;
    size_t in_name = 0;
    bool first_begins = false;

    for (size_t i = 0; i < search->word_count; i++) {
        ptrdiff_t at =
            find_in(model, position, SUPPLIER_NAME, &search->words[i]);

        if (!matches(model, position, &search->words[i]))
            return -1;
        in_name += at >= 0;
        first_begins |= i == 0 && begins(model, position, at);
    }
    if (in_name == 0)
        return 3;
    if (in_name < search->word_count)
        return 2;
    return first_begins ? 0 : 1;
}

static void prepare(struct model *model)
{
    for (size_t position = 0; position < model->index->count; position++) {
        const struct row *row = model->rows[position];

        for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++)
            model->searched[position][f] =
                f == SUPPLIER_PHONE
                    ? phone_lines(model, row->supplier.fields[f])
                    : with_spellings(model, row->supplier.fields[f]);
        for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++)
            model->folds[position][f] =
                fold(model, row->supplier.fields[f], f == SUPPLIER_PHONE);
        model->ranks[position] = rank(model, position);
    }
}

static bool passes(struct model *model, size_t position, enum supplier_field f,
                   struct slice filter)
{
    return filter.len == 0 ||
           slice_equal(field(model, position, f), fold(model, filter, false));
}

/* Of cities, a part is enough. */
static bool is_like(struct model *model, size_t position, struct slice city)
{
    struct slice part = fold(model, city, false);
    struct slice whole = field(model, position, SUPPLIER_CITY);

    return city.len == 0 ||
           memmem(whole.data, whole.len, part.data, part.len) != NULL;
}

/* Whether a position comes before a later one of the rows. */
static bool stays_first(const struct model *model, size_t a, size_t b)
{
    const struct search *search = &model->search;
    struct slice left = field(model, a, search->sort);
    struct slice right = field(model, b, search->sort);
    int order = strcmp(left.data, right.data);

    if (search->by_id)
        return true;
    if (!search->sorted)
        return search->word_count == 0 || model->ranks[a] <= model->ranks[b];
    if (left.len == 0 || right.len == 0)
        return right.len == 0;
    return search->descending ? order >= 0 : order <= 0;
}

/* By whether it no longer supplies. */
static bool is_wanted(const struct model *model, size_t position)
{
    bool ended = model->rows[position]->supplier.fields[SUPPLIER_ENDED_ON].len >
                 0;

    switch (model->search.ended) {
    case SEARCH_ENDED_HIDE:
        return !ended;
    case SEARCH_ENDED_ONLY:
        return ended;
    default:
        return true;
    }
}

struct expected {
    size_t count;
    uint32_t positions[ROWS_MAX];
    bool with_words[ROWS_MAX], in_state[ROWS_MAX], suggested[ROWS_MAX];
};

static void expect(struct model *model, struct expected *expected)
{
    prepare(model);
    expected->count = 0;
    for (size_t position = 0; position < model->index->count; position++) {
        size_t at = expected->count;

        expected->with_words[position] = model->ranks[position] >= 0 &&
                                         is_wanted(model, position);
        expected->in_state[position] =
            expected->with_words[position] &&
            passes(model, position, SUPPLIER_STATE, model->search.state);
        expected->suggested[position] =
            expected->in_state[position] &&
            is_like(model, position, model->search.city);
        if (!expected->suggested[position])
            continue;
        for (; at > 0 &&
               !stays_first(model, expected->positions[at - 1], position);
             at--)
            expected->positions[at] = expected->positions[at - 1];
        expected->positions[at] = (uint32_t)position;
        expected->count++;
    }
}

static void check_choices(struct model *model, const struct choices *choices,
                          enum supplier_field f, const bool *counts)
{
    struct slice last = SLICE("");
    size_t total = 0;

    for (size_t i = 0; i < choices->count; i++) {
        struct slice value = field(model, choices->items[i].position, f);
        size_t count = 0;

        assert_true(strcmp(last.data, value.data) < 0);
        for (size_t position = 0; position < model->index->count; position++)
            count += counts[position] &&
                     slice_equal(field(model, position, f), value);
        assert_int_equal(choices->items[i].count, count);
        total += count;
        last = value;
    }
    for (size_t position = 0; position < model->index->count; position++)
        total -= counts[position] && field(model, position, f).len > 0;
    assert_true(choices->too_many || total == 0);
}

/* Whether more cities occur than are listed. */
static bool has_many_cities(struct model *model, const bool *counts)
{
    size_t distinct = 0;

    for (size_t a = 0; a < model->index->count; a++) {
        struct slice city = field(model, a, SUPPLIER_CITY);
        bool first = counts[a] && city.len > 0;

        for (size_t b = 0; b < a && first; b++)
            first = !counts[b] ||
                    !slice_equal(field(model, b, SUPPLIER_CITY), city);
        distinct += first;
    }
    return distinct > SEARCH_CHOICES_MAX;
}

static void check(struct model *model, const struct found *found)
{
    struct expected *expected = calloc(1, sizeof(*expected));

    assert_non_null(expected);
    expect(model, expected);
    assert_int_equal(found->count, expected->count);
    for (size_t i = 0; i < found->count; i++)
        assert_int_equal(found->positions ? found->positions[i] : i,
                         expected->positions[i]);
    for (size_t i = 1; model->search.by_id && i < found->count; i++)
        assert_true(model->rows[expected->positions[i - 1]]->supplier.id <
                    model->rows[expected->positions[i]]->supplier.id);
    check_choices(model, &found->states, SUPPLIER_STATE, expected->with_words);
    check_choices(model, &found->cities, SUPPLIER_CITY,
                  model->search.city.len > 0 &&
                          has_many_cities(model, expected->in_state)
                      ? expected->suggested
                      : expected->in_state);
    free(expected);
}

static struct found *find(struct model *model)
{
    struct scan *scan = scan_open(model->index, &model->search);
    struct found *found;
    bool done = false;

    assert_non_null(scan);
    while (!done)
        assert_int_equal(scan_step(scan, &done), OK);
    found = scan_take(scan);
    scan_close(scan);
    return found;
}

static void test_as_the_model(void **state)
{
    size_t found_any = 0, sorted = 0, searched = 0, too_many = 0, by_id = 0;

    (void)state;
    for (uint64_t round = 1; round <= ROUNDS; round++) {
        struct model *model = open_model(round * 7919);
        struct found *found = find(model);

        check(model, found);
        found_any += found->count > 0;
        sorted += model->search.sorted && found->count > 20;
        searched += model->search.word_count > 1 && found->count > 3;
        too_many += found->cities.too_many;
        by_id += model->search.by_id && found->count > 20;
        found_unref(found);
        close_model(model);
    }
    /* The random ones are worth something. */
    assert_true(found_any > ROUNDS / 3 && sorted > 10 && searched > 10);
    assert_true(too_many > 10 && by_id > 10);
}

/* A request that ends in the middle leaves nothing behind. */
static void test_left_in_the_middle(void **state)
{
    (void)state;
    for (uint64_t round = 1; round <= 40; round++) {
        struct model *model = open_model(round);
        struct scan *scan = scan_open(model->index, &model->search);
        bool done = false;

        for (uint64_t i = 0; i < round / 4 && !done; i++)
            assert_int_equal(scan_step(scan, &done), OK);
        scan_close(scan);
        close_model(model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_the_model),
        cmocka_unit_test(test_left_in_the_middle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
