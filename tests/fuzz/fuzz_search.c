/* A query for a list: read, written as its one URL, and what it finds among
 * suppliers that are made from the same bytes. */
#include "cafe/base/utf8.h"
#include "fuzz.h"
#include "search_private.h"

enum { ROWS = 5 };

static struct search read_query(struct arena *arena, struct slice query,
                                bool *ok)
{
    struct search search = { 0 };
    struct form form;

    *ok = form_parse(arena, query, &form) == OK;
    if (*ok)
        CHECK(search_read(arena, &form, &search) == OK);
    return search;
}

static void check_text(struct slice text, size_t max_chars)
{
    CHECK(utf8_valid(text));
    CHECK(utf8_count(text) <= max_chars);
    CHECK(text.len == 0 ||
          (text.data[0] != ' ' && text.data[text.len - 1] != ' '));
    for (size_t i = 0; i < text.len; i++)
        CHECK((unsigned char)text.data[i] >= ' ' && text.data[i] != 0x7f);
}

static void check_limits(const struct search *search)
{
    check_text(search->text, SEARCH_TEXT_MAX_CHARS);
    check_text(search->state, SEARCH_FILTER_MAX_CHARS);
    check_text(search->city, SEARCH_FILTER_MAX_CHARS);
    CHECK(search->word_count <= SEARCH_WORDS_MAX);
    CHECK(search->page >= 1 && search->page <= PAGING_PAGE_MAX);
    CHECK(search->per >= 1 && search->per <= PAGING_PER_MAX);
    CHECK(supplier_columns[search->sort].listed);
    CHECK(search->sorted ||
          (search->sort == SUPPLIER_NAME && !search->descending));
    for (size_t i = 0; i < search->word_count; i++) {
        const struct search_word *word = &search->words[i];

        CHECK(word->text.len > 0);
        CHECK(search->word_count == 1 ||
              !memchr(word->text.data, ' ', word->text.len));
        CHECK(word->loose.len == 0 || !slice_equal(word->loose, word->text));
        for (size_t at = 0; at < word->digits.len; at++)
            CHECK(word->digits.data[at] >= '0' && word->digits.data[at] <= '9');
    }
}

static bool same_words(const struct search *a, const struct search *b)
{
    bool same = a->word_count == b->word_count;

    for (size_t i = 0; same && i < a->word_count; i++)
        same = slice_equal(a->words[i].text, b->words[i].text) &&
               slice_equal(a->words[i].loose, b->words[i].loose) &&
               slice_equal(a->words[i].digits, b->words[i].digits) &&
               slice_equal(a->words[i].home, b->words[i].home);
    return same;
}

/* Its URL leads to the same list, and to the same URL. */
static void check_url(struct arena *arena, const struct search *search)
{
    const char *url = search_url(search, "/s", arena);
    struct search again;
    const char *same;
    bool ok;

    CHECK(url != NULL);
    for (const char *at = url; *at; at++)
        CHECK(*at > ' ' && *at < 0x7f && !strchr("\"'<>", *at));
    again = read_query(arena, slice_of(url[2] ? url + 3 : ""), &ok);
    CHECK(ok);
    same = search_url(&again, "/s", arena);
    CHECK(same != NULL && strcmp(same, url) == 0);
    CHECK(same_words(search, &again));
    CHECK(slice_equal(search->state_fold, again.state_fold));
    CHECK(slice_equal(search->city_fold, again.city_fold));
    CHECK(search->sorted == again.sorted && search->sort == again.sort);
}

static struct index *make_content(struct slice bytes)
{
    struct row **rows = calloc(ROWS, sizeof(struct row *));
    const struct revision revision = { 1, 0 };
    struct index *index = NULL;

    CHECK(rows != NULL);
    for (size_t i = 0; i < ROWS; i++) {
        struct supplier supplier = { .id = (int64_t)i };

        for (size_t f = 0; f < SUPPLIER_FIELDS; f++) {
            size_t start = bytes.len * ((i * 5 + f * 3) % 11) / 11;

            supplier.fields[f] =
                (struct slice){ bytes.data + start, (bytes.len - start) / 2 };
        }
        CHECK(row_make(&supplier, &rows[i]) == OK);
    }
    CHECK(index_make(rows, ROWS, &revision, &index) == OK);
    return index;
}

/* Each is found at most once, and fewer with a filter than without. */
static size_t count_found(const struct index *index,
                          const struct search *search)
{
    struct scan *scan = scan_open(index, search);
    bool seen[ROWS] = { false };
    struct found *found;
    bool done = false;
    size_t count;

    CHECK(scan != NULL);
    while (!done)
        CHECK(scan_step(scan, &done) == OK);
    found = scan_take(scan);
    scan_close(scan);
    count = found->count;
    CHECK(count <= ROWS);
    for (size_t i = 0; found->positions != NULL && i < count; i++) {
        CHECK(found->positions[i] < ROWS && !seen[found->positions[i]]);
        seen[found->positions[i]] = true;
    }
    found_unref(found);
    return count;
}

static void check_found(struct slice bytes, const struct search *search)
{
    struct index *index = make_content(bytes);
    struct search wider = *search;
    size_t count = count_found(index, search);

    wider.state = wider.state_fold = (struct slice){ "", 0 };
    CHECK(count <= count_found(index, &wider));
    wider.sort = SUPPLIER_EMAIL;
    wider.sorted = true;
    wider.descending = !wider.descending;
    CHECK(count <= count_found(index, &wider));
    if (wider.word_count > 0)
        wider.word_count--;
    CHECK(count <= count_found(index, &wider));
    index_discard(index);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice query = fuzz_slice(data, size);
    struct arena *arena = arena_open(0);
    struct search search;
    bool ok;

    CHECK(arena != NULL);
    search = read_query(arena, query, &ok);
    if (ok) {
        check_limits(&search);
        check_url(arena, &search);
        check_found(query, &search);
    }
    arena_close(arena);
    return 0;
}
