/* What a query asks for, its one URL, and what the page of it shows. */
#include "search_private.h"
#include "test_index.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static int set_up(void **state)
{
    *state = arena_open(0);
    return *state != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    arena_close(*state);
    return 0;
}

static struct search read_query(struct arena *arena, const char *query)
{
    struct search search;
    struct form form;

    memset(&search, 0xff, sizeof(search));
    assert_int_equal(form_parse(arena, slice_of(query), &form), OK);
    assert_int_equal(search_read(arena, &form, &search), OK);
    search_read_ended(&form, &search);
    return search;
}

/* A query, and the normal form of it. */
static const struct {
    const char *query, *url;
} urls[] = {
    { "", "/s" },
    { "q=&sort=&state=&city=&page=&per=", "/s" },
    { "q=+%09+&state=+", "/s" },
    /* Nothing to compare by is no filter: a mark alone, no width. */
    { "q=%CC%81&state=%E2%80%8B&city=+%CC%81", "/s" },
    { "q=%26&state=-", "/s?q=%26&state=-" },
    { "q=lodz", "/s?q=lodz" },
    { "q=+Caf%C3%A9++%C5%81%C3%B3d%C5%BA%0D%0A",
      "/s?q=Caf%C3%A9%20%C5%81%C3%B3d%C5%BA" },
    /* In NFC, whatever came. */
    { "q=Cafe%CC%81", "/s?q=Caf%C3%A9" },
    { "q=%3Cb%3E%22%27%26", "/s?q=%3Cb%3E%22%27%26" },
    { "per=10&page=2&city=b&state=a&sort=-city&q=x",
      "/s?q=x&state=a&city=b&sort=-city&page=2&per=10" },
    { "q=a&q=b&x=y", "/s?q=a" },
    /* The usual order is none; while searching it is another one. */
    { "sort=name", "/s" },
    { "sort=-name", "/s?sort=-name" },
    { "q=x&sort=name", "/s?q=x&sort=name" },
    { "q=x&sort=", "/s?q=x" },
    { "state=a&sort=name", "/s?state=a" },
    { "sort=email", "/s?sort=email" },
    { "sort=notes", "/s" },
    { "sort=id", "/s" },
    { "sort=City", "/s" },
    { "sort=city&ended=only", "/s?ended=only&sort=city" },
    { "ended=hide&page=2", "/s?ended=hide&page=2" },
    { "ended=", "/s" },
    { "ended=Only", "/s" },
    { "sort=--city", "/s" },
    { "sort=-", "/s" },
    { "page=1&per=50", "/s" },
    { "page=0&per=0", "/s?per=1" },
    { "page=2&per=999", "/s?page=2&per=200" },
    { "page=99999999999999999999", "/s?page=1000000000" },
    { "page=two&per=-5", "/s" },
    /* Cut, never in the middle of a character. */
    { "q=" HUNDRED, "/s?q=" HUNDRED },
    { "q=" HUNDRED "x", "/s?q=" HUNDRED },
    { "q=+" HUNDRED "+x", "/s?q=" HUNDRED },
    { "q=" TEN TEN TEN TEN TEN TEN TEN TEN TEN "12345678%C3%A9%C3%A9%C3%A9",
      "/s?q=" TEN TEN TEN TEN TEN TEN TEN TEN TEN "12345678%C3%A9%C3%A9" },
    { "q=" TEN TEN TEN TEN TEN TEN TEN TEN TEN "123456789++x",
      "/s?q=" TEN TEN TEN TEN TEN TEN TEN TEN TEN "123456789" },
};

static void test_one_url(void **state)
{
    for (size_t i = 0; i < ROWS(urls); i++) {
        struct search search = read_query(*state, urls[i].query);
        const char *url = search_url(&search, "/s", *state);

        if (url == NULL || strcmp(url, urls[i].url) != 0)
            fail_msg("'%s': %s, not %s", urls[i].query, url, urls[i].url);
        /* It is the URL of itself. */
        search = read_query(*state, url[2] ? url + 3 : "");
        assert_string_equal(search_url(&search, "/s", *state), url);
    }
}

/* Words as text/digits, with ~ another spelling and | a number at home. */
static const struct {
    const char *query, *words;
} words[] = {
    { "", "" },
    { "q=Caf%C3%A9+%C5%81%C3%B3d%C5%BA", "cafe/ lodz/ " },
    { "q=Stra%C3%9Fe", "strasse/ " },
    { "q=a%C2%A0b%E3%80%80c", "a/ b/ c/ " },
    { "q=1+2+3+4+5+6+a+8+9+10", "1/ 2/ 3/ 4/ 5/ 6/ a/ 8/ " },
    /* Marks between words; alone they are what is looked for. */
    { "q=Ben+%26+Jerry%27s", "ben/ jerry's/~jerrys " },
    { "q=%26", "&/ " },
    { "q=-+%26", "-/ &/ " },
    /* Parts of a phone number; of digits alone the text is enough. */
    { "q=020", "020/ " },
    { "q=%2B44", "+44/44 " },
    { "q=(020)", "(020)/020 " },
    { "q=7946-0958", "7946-0958/79460958 " },
    { "q=x12", "x12/12 " },
    { "q=ext.12", "ext.12/12 " },
    { "q=ext.", "ext./ " },
    { "q=12a", "12a/ " },
    { "q=020+79", "020/ 79/ " },
    /* A whole one. */
    { "q=020+7946+0958", "020 7946 0958/02079460958|2079460958 " },
    { "q=%2B44+(0)20+7946+0958",
      "+44 (0)20 7946 0958/442079460958|2079460958 " },
    { "q=0044+20+7946+0958", "0044 20 7946 0958/442079460958|2079460958 " },
    { "q=%2B44%C2%A020+7946%E2%80%930958",
      "+44 20 7946-0958/442079460958|2079460958 " },
    { "q=%2B442079460958", "+442079460958/442079460958|2079460958 " },
    { "q=%2B1+(555)+010-0100+ext.+12",
      "+1 (555) 010-0100 ext. 12/1555010010012|555010010012 " },
    { "q=555-0100+x12", "555-0100 x12/555010012 " },
    { "q=555-0100", "555-0100/5550100 " },
    /* Other spellings. */
    { "q=O%27Malley", "o'malley/~omalley " },
    { "q=O%CA%BCMalley", "o'malley/~omalley " },
    { "q=O%C2%B4Malley", "o'malley/~omalley " },
    { "q=O%60Malley", "o`malley/~omalley " },
    { "q=Mueller", "mueller/~muller " },
    { "q=M%C3%BCller", "muller/ " },
    { "q=Aarhus+Queue+Bauer", "aarhus/~arhus queue/ bauer/ " },
    { "q=Rolls-Royce", "rolls/ royce/ " },
    { "q=Rolls%E2%80%91Royce-", "rolls/ royce/ " },
    { "q=e-mail", "e-mail/~email " },
    /* Nothing is left of it. */
    { "q=%CC%81", "" },
};

static void append_with(struct text *text, const char *mark, struct slice slice,
                        size_t skipped)
{
    if (slice.len > skipped) {
        text_append_string(text, mark);
        text_append(text, slice.data + skipped, slice.len - skipped);
    }
}

static void test_words(void **state)
{
    for (size_t i = 0; i < ROWS(words); i++) {
        struct search search = read_query(*state, words[i].query);
        struct text text;

        text_init(&text, 0);
        for (size_t word = 0; word < search.word_count; word++) {
            text_append_slice(&text, search.words[word].text);
            text_append_char(&text, '/');
            text_append_slice(&text, search.words[word].digits);
            append_with(&text, "~", search.words[word].loose, 0);
            append_with(&text, "|", search.words[word].home, 1);
            text_append_char(&text, ' ');
        }
        if (strcmp(text_string(&text), words[i].words) != 0)
            fail_msg("'%s': %s", words[i].query, text_string(&text));
        text_free(&text);
    }
}

static void test_without_memory(void **state)
{
    struct arena *full = arena_open(1);
    struct search search = read_query(*state, "q=x&sort=-city");
    struct form form;

    assert_int_equal(form_parse(*state, SLICE("q=x"), &form), OK);
    assert_int_equal(search_read(full, &form, &search), ERROR_MEMORY);
    assert_null(search_url(&search, "/s", full));
    arena_close(full);
}

/* Views of a small table. */

static const char *const table[][4] = {
    { "Zum Zebra", "Wien", "", "+43 1 555 0100" },
    { "Café Łódź", "Łódź", "Łódzkie", "+48 42 555 01 02" },
    { "Beans", "Springfield", "IL", "555-0100" },
    { "Beans & Co", "Springfield", "il", "555-0101" },
};

static struct index *make_table(void)
{
    struct row **rows = calloc(ROWS(table), sizeof(struct row *));
    struct index *index = NULL;

    assert_non_null(rows);
    for (size_t i = 0; i < ROWS(table); i++) {
        const struct supplier supplier = {
            .id = (int64_t)i + 1,
            .fields = { [SUPPLIER_NAME] = slice_of(table[i][0]),
                        [SUPPLIER_CITY] = slice_of(table[i][1]),
                        [SUPPLIER_STATE] = slice_of(table[i][2]),
                        [SUPPLIER_PHONE] = slice_of(table[i][3]) },
        };

        assert_int_equal(row_make(&supplier, &rows[i]), OK);
    }
    assert_int_equal(index_make(rows, ROWS(table), &revision, &index), OK);
    return index;
}

static struct found *find(const struct index *index,
                          const struct search *search)
{
    struct scan *scan = scan_open(index, search);
    struct found *found;
    bool done = false;

    assert_non_null(scan);
    while (!done)
        assert_int_equal(scan_step(scan, &done), OK);
    found = scan_take(scan);
    scan_close(scan);
    assert_non_null(found);
    return found;
}

static struct slice member(const struct context *context, const char *name)
{
    return context_slice(context_member(context, slice_of(name)));
}

static bool is_set(const struct context *context, const char *name)
{
    return context_kind(context_member(context, slice_of(name))) ==
           CONTEXT_TRUE;
}

/* "value(count)*" of a list to choose from. */
static void append_choices(struct text *text, const struct context *form,
                           const char *name)
{
    const struct context *item =
        context_first(context_member(form, slice_of(name)));

    for (; item != NULL; item = context_next(item)) {
        text_append_char(text, ' ');
        text_append_slice(text, member(item, "value"));
        text_append_char(text, '(');
        text_append_slice(text, member(item, "count"));
        text_append_string(text, is_set(item, "selected") ? ")*" : ")");
    }
    text_append_char(text, ';');
}

static void append_set(struct text *text, const struct context *context,
                       const char *name)
{
    if (is_set(context, name))
        text_printf(text, " %s", name);
}

/* All that a page has to show, in one line. */
static void describe(const struct context *context, struct text *text)
{
    const struct context *form = context_member(context, SLICE("search"));
    const struct context *item =
        context_first(context_member(context, SLICE("suppliers")));

    for (; item != NULL; item = context_next(item)) {
        text_append_slice(text, member(item, "id"));
        text_append_char(text, ' ');
    }
    text_append_slice(text, member(context, "range"));
    append_set(text, context, "any");
    append_set(text, form, "none_yet");
    append_set(text, form, "none_found");
    append_set(text, form, "filtered");
    text_append_char(text, ';');
    append_choices(text, form, "states");
    append_choices(text, form, "cities");
    text_append_slice(text, member(form, "clear"));
}

static const struct {
    const char *query, *shown;
} pages[] = {
    { "", "3 4 2 1 1–4 of 4 any; IL(2) Łódzkie(1); "
          "Łódź(1) Springfield(2) Wien(1);" },
    { "per=2&page=2", "2 1 3–4 of 4 any; IL(2) Łódzkie(1); "
                      "Łódź(1) Springfield(2) Wien(1);" },
    { "page=9&per=3", "1 4–4 of 4 any; IL(2) Łódzkie(1); "
                      "Łódź(1) Springfield(2) Wien(1);" },
    { "q=cafe+lodz", "2 1–1 of 1 any; Łódzkie(1); Łódź(1);/s" },
    { "q=spring", "3 4 1–2 of 2 any; IL(2); Springfield(2);/s" },
    { "q=5550100", "3 1 1–2 of 2 any; IL(1); Springfield(1) Wien(1);/s" },
    { "q=555+0100", "3 1 1–2 of 2 any; IL(1); Springfield(1) Wien(1);/s" },
    { "state=iL", "3 4 1–2 of 2 any filtered; IL(2)* Łódzkie(1); "
                  "Springfield(2);/s" },
    { "state=IL&city=springfield&per=9",
      "3 4 1–2 of 2 any filtered; IL(2)* Łódzkie(1); "
      "Springfield(2)*;/s?per=9" },
    { "city=WIEN", "1 1–1 of 1 any filtered; IL(2) Łódzkie(1); "
                   "Łódź(1) Springfield(2) Wien(1)*;/s" },
    { "q=nothing", "0–0 of 0 none_found;;;/s" },
    { "q=wien&state=IL", "0–0 of 0 none_found filtered; IL(0)*;;/s" },
    { "sort=-name", "1 2 4 3 1–4 of 4 any; IL(2) Łódzkie(1); "
                    "Łódź(1) Springfield(2) Wien(1);" },
    { "sort=state", "3 4 2 1 1–4 of 4 any; IL(2) Łódzkie(1); "
                    "Łódź(1) Springfield(2) Wien(1);" },
    { "sort=-state", "2 3 4 1 1–4 of 4 any; IL(2) Łódzkie(1); "
                     "Łódź(1) Springfield(2) Wien(1);" },
};

static struct context *context_of(struct arena *arena, struct index *index,
                                  const char *query)
{
    struct snapshot *snapshot = arena_alloc(arena, sizeof(*snapshot));
    struct search *search = arena_alloc(arena, sizeof(*search));
    struct search_result result = { .search = search, .snapshot = snapshot };
    struct context *context = context_open(arena);

    snapshot->index = index;
    *search = read_query(arena, query);
    result.found = find(index, search);
    assert_int_equal(search_count(&result), result.found->count);
    assert_ptr_equal(search_asked(&result), search);
    assert_ptr_equal(search_snapshot(&result), snapshot);
    paging_set(&result.paging, result.found->count, search->page, search->per);
    search_context(&result, "/s", arena, context);
    found_unref(result.found);
    return context;
}

static void test_pages(void **state)
{
    struct index *index = make_table();

    for (size_t i = 0; i < ROWS(pages); i++) {
        struct text text;

        text_init(&text, 0);
        describe(context_of(*state, index, pages[i].query), &text);
        if (strcmp(text_string(&text), pages[i].shown) != 0)
            fail_msg("'%s':\n%s\nnot\n%s", pages[i].query, text_string(&text),
                     pages[i].shown);
        text_free(&text);
    }
    index_discard(index);
}

static void test_nobody(void **state)
{
    struct index *index = NULL;
    struct text text;

    assert_int_equal(index_make(NULL, 0, &revision, &index), OK);
    text_init(&text, 0);
    describe(context_of(*state, index, "q=x"), &text);
    assert_string_equal(text_string(&text), "0–0 of 0 none_yet;;;/s");
    text_free(&text);
    index_discard(index);
}

/* A header's link, and how the list is sorted. */
static const struct {
    const char *query, *column, *url, *order;
} columns[] = {
    { "", "name", "/s?sort=-name", "ascending" },
    { "", "city", "/s?sort=city", "" },
    { "sort=-name", "name", "/s", "descending" },
    { "sort=city&page=3&per=1", "city", "/s?sort=-city&per=1", "ascending" },
    { "sort=-city", "city", "/s?sort=city", "descending" },
    { "sort=-city", "name", "/s", "" },
    { "q=a", "name", "/s?q=a&sort=name", "" },
    { "q=a&sort=name", "name", "/s?q=a&sort=-name", "ascending" },
    { "q=a&state=b", "phone", "/s?q=a&state=b&sort=phone", "" },
};

static void test_columns(void **state)
{
    struct index *index = make_table();

    for (size_t i = 0; i < ROWS(columns); i++) {
        struct context *context = context_of(*state, index, columns[i].query);
        const struct context *item =
            context_first(context_member(context, SLICE("columns")));

        while (item != NULL &&
               !slice_is(member(item, "name"), columns[i].column))
            item = context_next(item);
        assert_non_null(item);
        if (!slice_is(member(item, "url"), columns[i].url) ||
            !slice_is(member(item, "order"), columns[i].order))
            fail_msg("'%s' %s: %s", columns[i].query, columns[i].column,
                     member(item, "url").data);
    }
    index_discard(index);
}

/* The orders to choose from, the chosen one in brackets. */
static const struct {
    const char *query, *sorts;
} sorts[] = {
    { "", "[Name] Address City State Country E-mail Phone" },
    { "q=a", "[Best match] Name Address City State Country E-mail Phone" },
    { "q=a&sort=name",
      "Best match [Name] Address City State Country E-mail Phone" },
    { "sort=-city", "Name Address City State Country E-mail Phone "
                    "[City, descending]" },
};

static void test_sorts(void **state)
{
    struct index *index = make_table();

    for (size_t i = 0; i < ROWS(sorts); i++) {
        struct context *context = context_of(*state, index, sorts[i].query);
        const struct context *item = context_first(context_member(
            context_member(context, SLICE("search")), SLICE("sorts")));
        struct text text;

        text_init(&text, 0);
        for (; item != NULL; item = context_next(item)) {
            bool selected = is_set(item, "selected");

            text_append_string(&text, selected ? " [" : " ");
            text_append_slice(&text, member(item, "label"));
            text_append_string(&text, selected ? "]" : "");
        }
        assert_string_equal(text_string(&text) + 1, sorts[i].sorts);
        text_free(&text);
    }
    index_discard(index);
}

static void test_neighbours(void **state)
{
    struct index *index = make_table();
    struct context *context =
        context_of(*state, index, "sort=-city&per=1&page=2");

    assert_true(slice_is(member(context, "previous"), "/s?sort=-city&per=1"));
    assert_true(
        slice_is(member(context, "next"), "/s?sort=-city&page=3&per=1"));
    context = context_of(*state, index, "q=beans");
    assert_null(context_member(context, SLICE("previous")));
    assert_null(context_member(context, SLICE("next")));
    index_discard(index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_url, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_words, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_without_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_columns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sorts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_neighbours, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
