/* Finding suppliers: one look at each, a few at a time. */
#include <stdlib.h>
#include <string.h>

#include "cafe/base/hash.h"
#include "search_private.h"

enum {
    STEP_ROWS = 128, /* about 20 µs: a row is memory that is far away */
    AHEAD = 16,      /* rows that are fetched before they are looked at */
    AHEAD_LINES = 5, /* of the cache, from what a search reads first */
    RANKS = 4,
    PLACES_FIRST = 64,
    SKIP_MAX = 255,
    GRAMS = 4,
    GRAM_BYTES = 3,
    SLOTS = 512 /* more than twice SEARCH_CHOICES_MAX, a power of two */
};

/* Places that were found, in order. */
struct positions {
    uint32_t *items;
    size_t count, capacity;
};

/* Choices while they are counted: a hash table of their folds. */
struct counting {
    struct choices choices;
    struct slice folds[SEARCH_CHOICES_MAX];
    uint16_t slots[SLOTS]; /* number of a choice, from 1 */
};

/* A text to look for; empty: none. */
struct needle {
    struct slice text;
    unsigned char skip[256];
    size_t gram_count;
    uint32_t grams[GRAMS]; /* some that it has */
};

#define NOWHERE SIZE_MAX

struct scan {
    const struct index *index;
    struct row *const *rows;
    const struct search *search;
    size_t order[SEARCH_WORDS_MAX]; /* of words: the longest first */
    struct needle texts[SEARCH_WORDS_MAX], looses[SEARCH_WORDS_MAX];
    struct needle digits[SEARCH_WORDS_MAX], homes[SEARCH_WORDS_MAX];
    size_t at; /* the next row */
    struct positions ranks[RANKS];
    struct counting states, cities, countries;
    struct counting like_city; /* cities that have what is typed */
    struct sorting *sorting;
    struct found *found;
};

/* Words. */

/* Where to look next after a byte that ends no match (Horspool). */
static void needle_make(struct needle *needle, struct slice text)
{
    size_t most = text.len < SKIP_MAX ? text.len : SKIP_MAX;

    needle->text = text;
    memset(needle->skip, (int)most, sizeof(needle->skip));
    for (size_t i = 0; i + 1 < text.len; i++) {
        size_t skip = text.len - 1 - i;

        needle->skip[(unsigned char)text.data[i]] =
            (unsigned char)(skip < SKIP_MAX ? skip : SKIP_MAX);
    }
    needle->gram_count = 0;
    for (size_t i = 0; i < GRAMS && text.len >= GRAM_BYTES + i; i++)
        needle->grams[needle->gram_count++] = gram_of(text.data + i);
}

/* False: it is certainly not there. The bits of most rows lie in the cache
 * lines that were fetched ahead, their texts may not. */
static bool may_be_in(const struct needle *needle, const struct row *row)
{
    for (size_t i = 0; i < needle->gram_count; i++)
        if (!row_may_have(row, needle->grams[i]))
            return false;
    return true;
}

/* Where it is first in a part of a row; NOWHERE if it isn't there, or is no
 * needle at all. Horspool's search: compare at the end of the window, then skip
 * by what stands there. */
static size_t needle_find(const struct needle *needle, const struct row *row,
                          struct slice text)
{
    const char *data = needle->text.data;
    size_t len = needle->text.len;

    if (len == 0 || !may_be_in(needle, row))
        return NOWHERE;
    for (size_t at = len - 1; at < text.len;
         at += needle->skip[(unsigned char)text.data[at]]) {
        size_t start = at - (len - 1);

        if (text.data[at] == data[len - 1] && text.data[start] == data[0] &&
            memcmp(text.data + start, data, len) == 0)
            return start;
    }
    return NOWHERE;
}

/* The longest word is the most likely to be missing. */
static void make_needles(struct scan *scan)
{
    const struct search_word *words = scan->search->words;

    for (size_t i = 0; i < scan->search->word_count; i++) {
        size_t at = i;

        needle_make(&scan->texts[i], words[i].text);
        needle_make(&scan->looses[i], words[i].loose);
        needle_make(&scan->digits[i], words[i].digits);
        needle_make(&scan->homes[i], words[i].home);
        for (;
             at > 0 && words[scan->order[at - 1]].text.len < words[i].text.len;
             at--)
            scan->order[at] = scan->order[at - 1];
        scan->order[at] = i;
    }
}

/* Whether a supplier is in the country that a word names. */
static bool is_in_country(const struct search_word *word, const struct row *row)
{
    return word->country.len > 0 &&
           memcmp(word->country.data, row->spans.country.code,
                  sizeof(row->spans.country.code)) == 0;
}

/* Where a word is first, in either spelling; as a number, past the name. */
static size_t find_word(const struct scan *scan, size_t word,
                        const struct row *row)
{
    struct slice searched = row_searched(row);
    size_t at = needle_find(&scan->texts[word], row, searched);

    /* In the name already: a looser spelling could rank it no better. */
    if (at >= row->spans.name.len) {
        size_t loose = needle_find(&scan->looses[word], row, searched);

        at = loose < at ? loose : at;
    }
    if (at == NOWHERE &&
        (needle_find(&scan->digits[word], row, row_phone(row)) != NOWHERE ||
         needle_find(&scan->homes[word], row, row_phone(row)) != NOWHERE ||
         is_in_country(&scan->search->words[word], row)))
        at = row->spans.name.len;
    return at;
}

/* 0 is the best, NOWHERE none; see struct search_result. The name is searched
 * first: what is in it is found there. */
static size_t rank_of(const struct scan *scan, const struct row *row)
{
    size_t in_name = 0;
    size_t count = scan->search->word_count;
    bool first_begins = false;

    for (size_t i = 0; i < count; i++) {
        size_t word = scan->order[i];
        size_t at = find_word(scan, word, row);

        if (at == NOWHERE)
            return NOWHERE;
        in_name += at < row->spans.name.len;
        first_begins |= word == 0 && at < row->spans.name.len &&
                        (at == 0 || at == row->spans.name_variant);
    }
    if (count == 0 || scan->search->sorted || scan->search->by_id)
        return 0;
    if (in_name < count)
        return in_name > 0 ? 2 : 3;
    return first_begins ? 0 : 1;
}

/* Choices. */

static size_t slot_of(struct slice fold)
{
    uint64_t hash = hash_short(fold);

    return (hash ^ hash >> 32) % SLOTS;
}

static void add_choice(struct counting *counting, size_t slot,
                       struct slice fold, uint32_t position)
{
    struct choices *choices = &counting->choices;

    if (choices->count == SEARCH_CHOICES_MAX) {
        choices->too_many = true;
        return;
    }
    counting->folds[choices->count] = fold;
    choices->items[choices->count] = (struct choice){ position, 1 };
    counting->slots[slot] = (uint16_t)++choices->count;
}

static void count_choice(struct counting *counting, struct slice fold,
                         uint32_t position)
{
    size_t slot;

    if (fold.len == 0)
        return;
    for (slot = slot_of(fold); counting->slots[slot] != 0;
         slot = (slot + 1) % SLOTS) {
        size_t number = counting->slots[slot] - 1u;

        if (slice_equal(counting->folds[number], fold)) {
            counting->choices.items[number].count++;
            return;
        }
    }
    add_choice(counting, slot, fold, position);
}

/* Sorted by their folds. An insertion sort: they are few, and it runs once for
 * each search. */
static void take_choices(const struct scan *scan,
                         const struct counting *counting,
                         enum supplier_field field, struct choices *choices)
{
    choices->too_many = counting->choices.too_many;
    choices->count = 0;
    for (size_t i = 0; i < counting->choices.count; i++) {
        struct choice item = counting->choices.items[i];
        struct slice fold = row_fold(scan->rows[item.position], field);
        size_t at = i;

        for (; at > 0 &&
               compare_slices(
                   row_fold(scan->rows[choices->items[at - 1].position], field),
                   fold) > 0;
             at--)
            choices->items[at] = choices->items[at - 1];
        choices->items[at] = item;
        choices->count++;
    }
}

/* Rows. */

static enum error add_position(struct positions *positions, uint32_t position)
{
    if (positions->count == positions->capacity) {
        size_t capacity = positions->capacity ? 2 * positions->capacity
                                              : PLACES_FIRST;
        uint32_t *items =
            realloc(positions->items, capacity * sizeof(positions->items[0]));

        if (items == NULL)
            return ERROR_MEMORY;
        positions->items = items;
        positions->capacity = capacity;
    }
    positions->items[positions->count++] = position;
    return OK;
}

/* All suppliers in the order of the rows: no list of positions is needed. */
static bool is_everybody(const struct search *search)
{
    return search_is_all(search) && !search->sorted;
}

static bool is_in(struct slice filter, struct slice fold)
{
    return filter.len == 0 || slice_equal(filter, fold);
}

static bool has_part(struct slice fold, struct slice part)
{
    return part.len == 0 ||
           memmem(fold.data, fold.len, part.data, part.len) != NULL;
}

static bool is_hidden(const struct search *search, const struct row *row)
{
    return search->ended != SEARCH_ENDED_TOO &&
           supplier_ended(&row->supplier) !=
               (search->ended == SEARCH_ENDED_ONLY);
}

static enum error scan_look_at(struct scan *scan, uint32_t position)
{
    const struct row *row = scan->rows[position];
    const struct search *search = scan->search;
    size_t rank = rank_of(scan, row);
    struct slice state, city, country;

    if (rank == NOWHERE || is_hidden(search, row))
        return OK;
    state = row_fold(row, SUPPLIER_STATE);
    city = row_fold(row, SUPPLIER_CITY);
    country = row_country(row);
    /* Countries count whatever country is chosen, states within it, cities
     * within both: so each filter shows what choosing another value would
     * find. */
    count_choice(&scan->countries, country, position);
    if (!is_in(search->country_key, country))
        return OK;
    count_choice(&scan->states, state, position);
    if (!is_in(search->state_fold, state))
        return OK;
    count_choice(&scan->cities, city, position);
    if (!has_part(city, search->city_fold) || is_everybody(search))
        return OK;
    if (search->city_fold.len > 0)
        count_choice(&scan->like_city, city, position);
    return add_position(&scan->ranks[rank], position);
}

/* Rows lie all over the memory, so each first look would stall for a read from
 * it: have the next ones brought into the cache meanwhile. */
static void fetch(const struct scan *scan, size_t position)
{
    if (position < scan->index->count) {
        const char *row = (const char *)scan->rows[position];

        for (size_t line = 0; line < AHEAD_LINES; line++)
            __builtin_prefetch(row + offsetof(struct row, spans) + line * 64);
    }
}

static enum error look_at_some(struct scan *scan)
{
    size_t count = scan->index->count;
    size_t stop = count - scan->at < STEP_ROWS ? count : scan->at + STEP_ROWS;
    enum error err = OK;

    while (err == OK && scan->at < stop) {
        fetch(scan, scan->at + AHEAD);
        err = scan_look_at(scan, (uint32_t)scan->at++);
    }
    return err;
}

/* The best ones first. */
static enum error scan_unite(struct scan *scan)
{
    struct found *found = scan->found;
    size_t at = 0;

    for (size_t rank = 0; rank < RANKS; rank++)
        found->count += scan->ranks[rank].count;
    found->positions = malloc((found->count + 1) * sizeof(found->positions[0]));
    if (found->positions == NULL)
        return ERROR_MEMORY;
    for (size_t rank = 0; rank < RANKS; rank++) {
        const struct positions *positions = &scan->ranks[rank];

        if (positions->count > 0)
            memcpy(found->positions + at, positions->items,
                   positions->count * sizeof(found->positions[0]));
        at += positions->count;
    }
    return OK;
}

static enum error begin_sorting(struct scan *scan)
{
    struct found *found = scan->found;
    const struct search *search = scan->search;

    scan->sorting = sorting_open(scan->index, search->sort, search->descending,
                                 found->positions, found->count);
    if (scan->sorting == NULL)
        return ERROR_MEMORY;
    /* The sorting owns them now, and gives them back when it is done. */
    found->positions = NULL;
    return OK;
}

/* All rows have been looked at. */
static enum error scan_finish(struct scan *scan)
{
    struct found *found = scan->found = calloc(1, sizeof(*found));
    enum error err;

    if (found == NULL)
        return ERROR_MEMORY;
    found->references = 1;
    take_choices(scan, &scan->states, SUPPLIER_STATE, &found->states);
    /* Of too many, those that are worth suggesting. */
    take_choices(scan,
                 scan->cities.choices.too_many &&
                         scan->search->city_fold.len > 0
                     ? &scan->like_city
                     : &scan->cities,
                 SUPPLIER_CITY, &found->cities);
    take_choices(scan, &scan->countries, SUPPLIER_COUNTRY, &found->countries);
    if (is_everybody(scan->search)) {
        found->count = scan->index->count;
        return OK;
    }
    err = scan_unite(scan);
    return err == OK && scan->search->sorted ? begin_sorting(scan) : err;
}

enum error scan_step(struct scan *scan, bool *done)
{
    enum error err;

    *done = false;
    /* Places are 32 bits. */
    if (scan->index->count > UINT32_MAX)
        return ERROR_LIMIT;
    if (scan->at < scan->index->count)
        return look_at_some(scan);
    if (scan->found == NULL && (err = scan_finish(scan)) != OK)
        return err;
    *done = scan->sorting == NULL || sorting_step(scan->sorting);
    if (*done && scan->sorting != NULL)
        scan->found->positions = sorting_take(scan->sorting);
    return OK;
}

struct scan *scan_open(const struct index *index, const struct search *search)
{
    struct scan *scan = calloc(1, sizeof(*scan));

    if (scan == NULL)
        return NULL;
    scan->index = index;
    scan->rows = search_rows(index, search);
    scan->search = search;
    make_needles(scan);
    return scan;
}

struct found *scan_take(struct scan *scan)
{
    struct found *found = scan->found;

    scan->found = NULL;
    return found;
}

void scan_close(struct scan *scan)
{
    if (scan == NULL)
        return;
    for (size_t rank = 0; rank < RANKS; rank++)
        free(scan->ranks[rank].items);
    sorting_close(scan->sorting);
    found_unref(scan->found);
    free(scan);
}

/* What was found. */

struct found *found_ref(struct found *found)
{
    found->references++;
    return found;
}

void found_unref(struct found *found)
{
    if (found == NULL || --found->references > 0)
        return;
    free(found->positions);
    free(found);
}

size_t found_bytes(const struct found *found)
{
    return sizeof(*found) + (found->positions != NULL
                                 ? found->count * sizeof(found->positions[0])
                                 : 0);
}
