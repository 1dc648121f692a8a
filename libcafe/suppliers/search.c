/* What a query asks for, in its normal form, and the URL of that. */
#include "search_private.h"

#include <ctype.h>
#include <string.h>

#include "cafe/base/unicode.h"
#include "cafe/suppliers/phone.h"
#include "cafe/suppliers/tidy.h"
#include "countries.h"

/* Reading texts. */

static bool search_is_blank(char byte)
{
    return byte == ' ' || byte_is_control(byte);
}

/* Without blanks and control characters at its ends, one space for each run
 * of them within. */
static enum error collapse(struct arena *arena, struct slice *text)
{
    char *out = arena_alloc(arena, text->len + 1);
    size_t len = 0;

    if (out == NULL)
        return ERROR_MEMORY;
    for (size_t i = 0; i < text->len; i++) {
        if (!search_is_blank(text->data[i]))
            out[len++] = text->data[i];
        else if (len > 0 && out[len - 1] != ' ')
            out[len++] = ' ';
    }
    *text = slice_trim((struct slice){ out, len });
    return OK;
}

/* The first code points of valid UTF-8: continuation bytes do not count, so a
 * character is never cut. */
static struct slice search_cut(struct slice text, size_t max_chars)
{
    size_t at = 0;

    for (size_t chars = 0; at < text.len; at++)
        if (((unsigned char)text.data[at] & 0xc0) != 0x80 &&
            chars++ == max_chars)
            break;
    return slice_trim((struct slice){ text.data, at });
}

static enum error search_read_text(struct arena *arena,
                                   const struct form *query, const char *name,
                                   size_t max_chars, struct slice *text)
{
    struct slice value = form_value(query, name);
    enum error err;

    *text = SLICE("");
    if (value.len == 0)
        return OK;
    if ((err = collapse(arena, &value)) != OK ||
        (err = utf8_normalise(arena, value, &value)) != OK)
        return err;
    *text = search_cut(value, max_chars);
    return OK;
}

static enum error search_read_filter(struct arena *arena,
                                     const struct form *query, const char *name,
                                     struct slice *text, struct slice *fold)
{
    enum error err =
        search_read_text(arena, query, name, SEARCH_FILTER_MAX_CHARS, text);

    if (err != OK || text->len == 0)
        return err;
    if ((err = unicode_fold(arena, *text, fold)) != OK)
        return err;
    if (fold->len == 0) /* nothing to compare by: no filter */
        *text = SLICE("");
    return OK;
}

/* Reading words. */

/* "-" and "&" between words are no words. */
static bool has_letter(struct slice word)
{
    for (size_t i = 0; i < word.len; i++)
        if ((unsigned char)word.data[i] >= 0x80 ||
            isalnum((unsigned char)word.data[i]))
            return true;
    return false;
}

/* Its digits, in the arena; empty when there are none. */
static enum error digits_of(struct arena *arena, struct slice word,
                            struct slice *digits)
{
    char *out = arena_alloc(arena, word.len + 1);
    size_t len = 0;

    if (out == NULL)
        return ERROR_MEMORY;
    for (size_t i = 0; i < word.len; i++)
        if (isdigit((unsigned char)word.data[i]))
            out[len++] = word.data[i];
    *digits = (struct slice){ out, len };
    return OK;
}

/* "+44", "(020)", "7946-0958", "x12": digits and what stands between them. */
static bool is_phone_part(struct slice word)
{
    size_t at = slice_starts(word, "ext") ? 3 : slice_starts(word, "x") ? 1 : 0;

    for (; at < word.len; at++)
        if (memchr("0123456789+-()./", word.data[at], 16) == NULL)
            return false;
    return true;
}

static enum error search_settle(struct arena *arena, struct text *text,
                                struct slice *result)
{
    *result = arena_slice(arena, text_slice(text));
    if (text->failed || result->data == NULL)
        return ERROR_MEMORY;
    text_reset(text);
    return OK;
}

/* A whole number, however it is spelt; its own digits say the least. */
static enum error read_phone(struct arena *arena, const struct phone *phone,
                             struct search_word *word)
{
    struct text text;
    enum error err;

    text_init(&text, 0);
    phone_append_digits(&text, phone);
    if ((err = search_settle(arena, &text, &word->digits)) == OK) {
        phone_append_home(&text, phone);
        if (text.len != word->digits.len + 1) /* else the digits find it */
            err = search_settle(arena, &text, &word->home);
    }
    text_free(&text);
    return err;
}

static enum error read_loose(struct arena *arena, struct search_word *word)
{
    struct text text;
    enum error err = OK;

    text_init(&text, 0);
    unicode_append_loose(&text, word->text);
    if (text.len > 0 && !slice_equal(text_slice(&text), word->text))
        err = search_settle(arena, &text, &word->loose);
    text_free(&text);
    return err;
}

static enum error add_word(struct arena *arena, struct slice text,
                           struct search *search)
{
    struct search_word *word = &search->words[search->word_count++];
    struct slice digits;
    struct phone phone;
    enum error err;

    *word = (struct search_word){ .text = text };
    if (phone_read(text, &phone, NULL))
        return read_phone(arena, &phone, word);
    if (!is_phone_part(text))
        return read_loose(arena, word);
    if ((err = digits_of(arena, text, &digits)) != OK)
        return err;
    if (digits.len > 0 && digits.len < text.len)
        word->digits = digits;
    return OK;
}

/* "rolls-royce" is found as "Rolls Royce", too; "e-mail" stays one word. */
static bool has_parts(struct slice word)
{
    while (word.len > 0)
        if (slice_cut(&word, '-').len < 2)
            return false;
    return true;
}

/* Marks count only where there is nothing else. */
static enum error split(struct arena *arena, struct slice fold, bool marks,
                        struct search *search)
{
    while (fold.len > 0 && search->word_count < SEARCH_WORDS_MAX) {
        struct slice word = slice_cut(&fold, ' ');
        bool parts = !is_phone_part(word) && has_parts(word);
        enum error err;

        while (word.len > 0 && search->word_count < SEARCH_WORDS_MAX) {
            struct slice part = parts ? slice_cut(&word, '-') : word;

            if (!parts)
                word.len = 0;
            if (has_letter(part) == marks)
                continue;
            if ((err = add_word(arena, part, search)) != OK)
                return err;
        }
    }
    return OK;
}

/* A whole number of several words, or one that was copied, is one word. */
static enum error search_read_number(struct arena *arena, struct search *search,
                                     struct slice fold)
{
    struct slice tidied;
    struct phone phone;
    enum error err = tidy_phone(arena, search->text, &tidied);

    if (err != OK || !phone_read(tidied, &phone, NULL) ||
        (memchr(fold.data, ' ', fold.len) == NULL &&
         slice_equal(tidied, search->text)))
        return err;
    search->words[0] = (struct search_word){ .text = fold };
    search->word_count = 1;
    return read_phone(arena, &phone, &search->words[0]);
}

static enum error read_words(struct arena *arena, struct search *search)
{
    struct slice fold;
    enum error err;

    if (search->text.len == 0)
        return OK;
    err = unicode_search_fold(arena, search->text, &fold);
    if (err == OK)
        err = collapse(arena, &fold); /* what folds to a space, too */
    if (err == OK)
        err = search_read_number(arena, search, fold);
    if (err == OK && search->word_count == 0)
        err = split(arena, fold, false, search);
    /* A search for "&" or "-" alone is one, too. */
    if (err == OK && search->word_count == 0)
        err = split(arena, fold, true, search);
    if (err == OK && search->word_count == 0)
        search->text = SLICE("");
    return err;
}

/* Reading countries. */

/* Its code in the arena; unchanged where the name is not known. */
static enum error set_code(struct arena *arena, struct slice fold,
                           struct slice *code)
{
    struct country country = country_of(fold);

    if (!country_is_known(country))
        return OK;
    *code = arena_slice(arena,
                        (struct slice){ country.code, sizeof(country.code) });
    return code->data != NULL ? OK : ERROR_MEMORY;
}

/* The longest name that begins at a word: "united states". Its words find the
 * suppliers there, too, whatever the language of their address. Gives how many
 * words it has, or 1. */
static enum error read_country(struct arena *arena, struct search *search,
                               size_t from, size_t *words)
{
    struct slice code = SLICE("");
    struct text name;
    enum error err = OK;

    text_init(&name, 0);
    *words = 1;
    for (size_t i = from; err == OK && i < search->word_count; i++) {
        struct slice longer = SLICE("");

        if (i > from)
            text_append_char(&name, ' ');
        text_append_slice(&name, search->words[i].text);
        err = name.failed ? ERROR_MEMORY
                          : set_code(arena, text_slice(&name), &longer);
        if (longer.len > 0) {
            code = longer;
            *words = i - from + 1;
        }
    }
    text_free(&name);
    for (size_t i = from; i < from + *words; i++)
        search->words[i].country = code;
    return err;
}

static enum error read_countries(struct arena *arena, struct search *search)
{
    struct slice fold;
    size_t words;
    enum error err = OK;

    for (size_t i = 0; err == OK && i < search->word_count; i += words)
        err = read_country(arena, search, i, &words);
    if (err == OK)
        err = unicode_search_fold(arena, search->country, &fold);
    return err == OK ? set_code(arena, fold, &search->country_key) : err;
}

/* Reading the order. */

void search_sort(struct search *search, enum supplier_field field,
                 bool descending)
{
    /* By name is the order of the rows, unless words would rank them. */
    search->sorted = descending || field != SUPPLIER_NAME ||
                     search->word_count > 0;
    search->sort = field;
    search->descending = descending;
}

static void read_sort(const struct form *query, struct search *search)
{
    struct slice name = form_value(query, "sort");
    bool descending = slice_starts(name, "-");

    search->sort = SUPPLIER_NAME;
    if (name.len == 0)
        return;
    if (descending)
        name = (struct slice){ name.data + 1, name.len - 1 };
    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++)
        if (supplier_columns[f].listed &&
            slice_is(name, supplier_columns[f].name))
            search_sort(search, f, descending);
}

/* The whole list from its beginning: what is asked for most. */
static const struct search search_plain = {
    .text = { "", 0 },
    .state = { "", 0 },
    .city = { "", 0 },
    .country = { "", 0 },
    .sort = SUPPLIER_NAME,
    .page = 1,
    .per = PAGING_PER_DEFAULT,
};

enum error search_read(struct arena *arena, const struct form *query,
                       struct search *search)
{
    struct search made = { 0 };
    enum error err;

    if (query->count == 0) {
        *search = search_plain;
        return OK;
    }
    if ((err = search_read_text(arena, query, "q", SEARCH_TEXT_MAX_CHARS,
                                &made.text)) != OK ||
        (err = read_words(arena, &made)) != OK ||
        (err = search_read_filter(arena, query, "state", &made.state,
                                  &made.state_fold)) != OK ||
        (err = search_read_filter(arena, query, "city", &made.city,
                                  &made.city_fold)) != OK ||
        (err = search_read_filter(arena, query, "country", &made.country,
                                  &made.country_key)) != OK ||
        (err = read_countries(arena, &made)) != OK)
        return err;
    read_sort(query, &made);
    paging_wanted(query, &made.page, &made.per);
    *search = made;
    return OK;
}

static const char *const ended_values[] = { [SEARCH_ENDED_TOO] = "",
                                            [SEARCH_ENDED_HIDE] = "hide",
                                            [SEARCH_ENDED_ONLY] = "only" };

void search_read_ended(const struct form *query, struct search *search)
{
    struct slice value = form_value(query, "ended");

    search->ended = slice_is(value, "hide")   ? SEARCH_ENDED_HIDE
                    : slice_is(value, "only") ? SEARCH_ENDED_ONLY
                                              : SEARCH_ENDED_TOO;
}

void search_ended_context(const struct search *search, struct context *context)
{
    static const char *const labels[] = { [SEARCH_ENDED_TOO] = "Show",
                                          [SEARCH_ENDED_HIDE] = "Hide",
                                          [SEARCH_ENDED_ONLY] =
                                              "Show only these" };
    struct context *list =
        context_list(context_object(context, "ended"), "options");

    for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
        struct context *option = context_list_object(list);

        context_string(option, "value", ended_values[i]);
        context_string(option, "label", labels[i]);
        context_flag(option, "selected", i == search->ended);
    }
}

bool search_is_filtered(const struct search *search)
{
    return search->state.len > 0 || search->city.len > 0 ||
           search->country.len > 0 || search->ended != SEARCH_ENDED_TOO;
}

bool search_is_all(const struct search *search)
{
    return search->word_count == 0 && !search_is_filtered(search);
}

/* The URL. */

static void search_append_name(struct text *url, bool *any, const char *name)
{
    text_append_char(url, *any ? '&' : '?');
    text_append_string(url, name);
    text_append_char(url, '=');
    *any = true;
}

static void search_append_value(struct text *url, bool *any, const char *name,
                                struct slice value)
{
    if (value.len == 0)
        return;
    search_append_name(url, any, name);
    percent_encode(url, value);
}

static void search_append_number(struct text *url, bool *any, const char *name,
                                 size_t number, size_t usual)
{
    if (number == usual)
        return;
    search_append_name(url, any, name);
    text_append_number(url, number);
}

const char *search_sort_value(const struct search *search, struct arena *arena)
{
    const char *name = supplier_columns[search->sort].name;

    if (!search->sorted)
        return "";
    return search->descending ? arena_printf(arena, "-%s", name) : name;
}

static bool search_is_plain(const struct search *search)
{
    return search->text.len == 0 && !search_is_filtered(search) &&
           !search->sorted && search->page == 1 &&
           search->per == PAGING_PER_DEFAULT;
}

const char *search_url(const struct search *search, const char *path,
                       struct arena *arena)
{
    const char *sort = search_sort_value(search, arena);
    const char *copy = NULL;
    bool any = false;
    struct text url;

    if (search_is_plain(search))
        return arena_copy(arena, path, strlen(path));
    text_init(&url, 0);
    text_append_string(&url, path);
    search_append_value(&url, &any, "q", search->text);
    search_append_value(&url, &any, "state", search->state);
    search_append_value(&url, &any, "city", search->city);
    search_append_value(&url, &any, "country", search->country);
    search_append_value(&url, &any, "ended",
                        slice_of(ended_values[search->ended]));
    search_append_value(&url, &any, "sort", slice_of(sort));
    search_append_number(&url, &any, "page", search->page, 1);
    search_append_number(&url, &any, "per", search->per, PAGING_PER_DEFAULT);
    if (!url.failed && sort != NULL)
        copy = arena_copy(arena, url.data, url.len);
    text_free(&url);
    return copy;
}
