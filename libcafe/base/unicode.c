/* UTF-8 and Unicode, on top of utf8proc; its only user. */
#include "cafe/base/unicode.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "cafe/base/utf8.h"

/* Letters that case folding and stripping marks leave as they are, although
 * people search for them by the letters on the right. */
static const struct {
    utf8proc_int32_t letter;
    const char *spelt;
} spellings[] = {
    { 0x00df, "ss" }, { 0x0142, "l" },  { 0x00f8, "o" },  { 0x0111, "d" },
    { 0x00e6, "ae" }, { 0x0153, "oe" }, { 0x00fe, "th" }, { 0x00f0, "d" },
    { 0x0131, "i" },  { 0x0127, "h" },  { 0x0167, "t" },  { 0x014b, "n" },
    { 0x0138, "k" },  { 0x0180, "b" },  { 0x0253, "b" },  { 0x0192, "f" },
    { 0x0268, "i" },  { 0x0289, "u" },  { 0x2019, "'" },  { 0x2018, "'" },
    { 0x2010, "-" },  { 0x2011, "-" },  { 0x2013, "-" },  { 0x2014, "-" },
};

/* Letters and symbols by their category, but they show nothing: names made of
 * these look empty. */
static bool is_filler(uint32_t letter)
{
    return letter == 0x115f || letter == 0x1160 || letter == 0x2800 ||
           letter == 0x3164 || letter == 0xffa0;
}

bool unicode_visible(struct slice slice)
{
    while (slice.len > 0) {
        uint32_t letter = utf8_next(&slice);

        switch (utf8proc_category((utf8proc_int32_t)letter)) {
        case UTF8PROC_CATEGORY_CC:
        case UTF8PROC_CATEGORY_CF:
        case UTF8PROC_CATEGORY_CS:
        case UTF8PROC_CATEGORY_MN:
        case UTF8PROC_CATEGORY_MC:
        case UTF8PROC_CATEGORY_ME:
        case UTF8PROC_CATEGORY_ZS:
        case UTF8PROC_CATEGORY_ZL:
        case UTF8PROC_CATEGORY_ZP:
            break;
        default:
            if (!is_filler(letter))
                return true;
        }
    }
    return false;
}

bool unicode_printable(struct slice slice)
{
    if (!utf8_valid(slice))
        return false;
    while (slice.len > 0) {
        uint32_t letter = utf8_next(&slice);

        switch (utf8proc_category((utf8proc_int32_t)letter)) {
        case UTF8PROC_CATEGORY_CC:
        case UTF8PROC_CATEGORY_CF:
        case UTF8PROC_CATEGORY_CS:
        case UTF8PROC_CATEGORY_CO:
        case UTF8PROC_CATEGORY_CN:
        case UTF8PROC_CATEGORY_ZL:
        case UTF8PROC_CATEGORY_ZP:
            return false;
        default:
            break;
        }
    }
    return true;
}

/* Map with utf8proc into a malloc'd string of *len bytes. */
static enum error map(struct slice slice, int options,
                      utf8proc_uint8_t **mapped, size_t *len)
{
    utf8proc_ssize_t result = utf8proc_map((const utf8proc_uint8_t *)slice.data,
                                           (utf8proc_ssize_t)slice.len, mapped,
                                           (utf8proc_option_t)options);

    if (result == UTF8PROC_ERROR_NOMEM)
        return ERROR_MEMORY;
    if (result < 0)
        return ERROR_SYNTAX;
    *len = (size_t)result;
    return OK;
}

static bool is_ascii(struct slice slice)
{
    for (size_t i = 0; i < slice.len; i++) {
        if ((unsigned char)slice.data[i] >= 0x80)
            return false;
    }
    return true;
}

enum error utf8_normalise(struct arena *arena, struct slice slice,
                          struct slice *result)
{
    utf8proc_uint8_t *mapped = NULL;
    struct slice copy;
    size_t len = 0;
    enum error err = OK;

    if (is_ascii(slice)) {
        copy = arena_slice(arena, slice);
    } else {
        err = map(slice, UTF8PROC_STABLE | UTF8PROC_COMPOSE, &mapped, &len);
        if (err != OK)
            return err;
        copy = arena_slice(arena, (struct slice){ (char *)mapped, len });
        free(mapped);
    }
    if (copy.data == NULL)
        return ERROR_MEMORY;
    *result = copy;
    return OK;
}

size_t utf8_encode(uint32_t letter, char *out)
{
    return (size_t)utf8proc_encode_char((utf8proc_int32_t)letter,
                                        (utf8proc_uint8_t *)out);
}

static void append_code(struct text *text, utf8proc_int32_t letter)
{
    char bytes[UTF8_MAX_BYTES];
    size_t len = utf8_encode((uint32_t)letter, bytes);

    text_append(text, bytes, len);
}

static void append_letter(struct text *text, utf8proc_int32_t letter)
{
    if (letter < 0x80) {
        text_append_char(text, (char)letter);
        return;
    }
    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
        if (spellings[i].letter == letter) {
            text_append_string(text, spellings[i].spelt);
            return;
        }
    }
    append_code(text, letter);
}

/* Replace what is not UTF-8, so that any bytes can be folded. */
static void append_repaired(struct text *text, struct slice slice)
{
    size_t at = 0;

    while (at < slice.len) {
        size_t len = utf8_sequence_len(
            (struct slice){ slice.data + at, slice.len - at });

        if (len == 0)
            text_append_string(text, "\xef\xbf\xbd");
        else
            text_append(text, slice.data + at, len);
        at += len ? len : 1;
    }
}

enum {
    FOLD_OPTIONS = UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE |
                   UTF8PROC_CASEFOLD | UTF8PROC_IGNORE
};

uint32_t unicode_base(uint32_t letter)
{
    enum { FOLD_MAX = 32 }; /* code points; none decomposes to more than 18 */
    utf8proc_int32_t folded[FOLD_MAX] = { 0 };
    int boundary = 0;
    utf8proc_ssize_t count =
        utf8proc_decompose_char((utf8proc_int32_t)letter, folded, FOLD_MAX,
                                (utf8proc_option_t)FOLD_OPTIONS, &boundary);

    if (count < 1 || count > FOLD_MAX)
        return letter;
    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++)
        if (spellings[i].letter == folded[0])
            return (unsigned char)spellings[i].spelt[0];
    return (uint32_t)folded[0];
}

/* What a fold does with the letters that utf8proc leaves. */
typedef void letter_fn(struct text *text, utf8proc_int32_t letter);

static void for_each_letter(const utf8proc_uint8_t *mapped, size_t len,
                            letter_fn *take, struct text *text)
{
    size_t at = 0;

    while (at < len) {
        utf8proc_int32_t letter;
        utf8proc_ssize_t step = utf8proc_iterate(
            mapped + at, (utf8proc_ssize_t)(len - at), &letter);

        assert(step > 0 && "utf8proc returned invalid UTF-8");
        take(text, letter);
        at += (size_t)step;
    }
}

/* Fold valid UTF-8 onto a text. */
typedef enum error append_fold_fn(struct text *text, struct slice slice);

static enum error append_folded(struct text *text, struct slice slice)
{
    utf8proc_uint8_t *mapped = NULL;
    size_t len = 0;
    enum error err =
        map(slice, FOLD_OPTIONS | UTF8PROC_STRIPMARK, &mapped, &len);

    if (err != OK)
        return err;
    for_each_letter(mapped, len, append_letter, text);
    free(mapped);
    return text->failed ? ERROR_MEMORY : OK;
}

/* The fold for searching. */

/* Accents that stand alone are typed for apostrophes, but would decompose to a
 * space and a mark. */
static utf8proc_int32_t keep_apostrophe(utf8proc_int32_t letter, void *data)
{
    (void)data;
    return unicode_plain((uint32_t)letter) == '\'' ? '\'' : letter;
}

/* Marks that add to a sound, in halves of letters of the kana scripts. */
enum { VOICED = 0x3099, HALF_VOICED = 0x309a };

/* Kana with its mark as one letter, so that か is no part of が. */
static void append_voiced(struct text *text, utf8proc_int32_t mark)
{
    enum { KANA_BYTES = 3 };
    utf8proc_int32_t pair[2] = { 0, mark };

    if (text->failed || text->len < KANA_BYTES ||
        utf8proc_iterate((const utf8proc_uint8_t *)text->data + text->len -
                             KANA_BYTES,
                         KANA_BYTES, &pair[0]) != KANA_BYTES ||
        utf8proc_normalize_utf32(pair, 2, UTF8PROC_STABLE | UTF8PROC_COMPOSE) !=
            1)
        return;
    /* Its base letter has been written already, without the mark. */
    text->len -= KANA_BYTES;
    append_code(text, pair[0]);
}

static void append_search_letter(struct text *text, utf8proc_int32_t letter)
{
    uint32_t folded = unicode_search_letter((uint32_t)letter);

    if (letter == VOICED || letter == HALF_VOICED)
        append_voiced(text, letter);
    else if (folded != 0)
        append_letter(text, (utf8proc_int32_t)folded);
}

static enum error append_search_fold(struct text *text, struct slice slice)
{
    utf8proc_uint8_t *mapped = NULL;
    utf8proc_ssize_t len = utf8proc_map_custom(
        (const utf8proc_uint8_t *)slice.data, (utf8proc_ssize_t)slice.len,
        &mapped, (utf8proc_option_t)FOLD_OPTIONS, keep_apostrophe, NULL);

    if (len < 0)
        return ERROR_MEMORY; /* valid text: only utf8proc's own limits */
    for_each_letter(mapped, (size_t)len, append_search_letter, text);
    free(mapped);
    return text->failed ? ERROR_MEMORY : OK;
}

static char ascii_lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte + ('a' - 'A')) : byte;
}

static enum error fold_ascii(struct arena *arena, struct slice slice,
                             struct slice *result)
{
    char *copy = arena_copy(arena, slice.data, slice.len);

    if (copy == NULL)
        return ERROR_MEMORY;
    for (size_t i = 0; i < slice.len; i++)
        copy[i] = ascii_lower(copy[i]);
    *result = (struct slice){ copy, slice.len };
    return OK;
}

/* The first letters of a text, as long as they are ASCII or are not. */
static struct slice cut_run(struct slice *rest, bool ascii)
{
    struct slice run = { rest->data, 0 };

    while (run.len < rest->len &&
           ((unsigned char)run.data[run.len] < 0x80) == ascii)
        run.len++;
    rest->data += run.len;
    rest->len -= run.len;
    return run;
}

/* Most letters of most texts are ASCII, and utf8proc takes 30 ns for each. It
 * does not need them: a fold changes each letter by itself, except for marks
 * and halves of letters, which are not ASCII. */
static enum error append_runs(append_fold_fn *append_fold, struct text *folded,
                              struct slice slice)
{
    enum error err = OK;

    while (slice.len > 0 && err == OK) {
        struct slice run = cut_run(&slice, true);

        for (size_t i = 0; i < run.len; i++)
            text_append_char(folded, ascii_lower(run.data[i]));
        run = cut_run(&slice, false);
        if (run.len > 0)
            err = append_fold(folded, run);
    }
    return folded->failed ? ERROR_MEMORY : err;
}

static enum error fold(struct arena *arena, struct slice slice,
                       append_fold_fn *append_fold, struct slice *result)
{
    struct text repaired, folded;
    enum error err;

    if (is_ascii(slice))
        return fold_ascii(arena, slice, result);
    text_init(&repaired, 0);
    text_init(&folded, 0);
    if (!utf8_valid(slice)) {
        append_repaired(&repaired, slice);
        slice = text_slice(&repaired);
    }
    err = repaired.failed ? ERROR_MEMORY
                          : append_runs(append_fold, &folded, slice);
    if (err == ERROR_SYNTAX)
        err = ERROR_MEMORY; /* valid text: only utf8proc's own limits */
    if (err == OK) {
        struct slice copy = arena_slice(arena, text_slice(&folded));

        err = copy.data != NULL ? OK : ERROR_MEMORY;
        if (err == OK)
            *result = copy;
    }
    text_free(&repaired);
    text_free(&folded);
    return err;
}

enum error unicode_fold(struct arena *arena, struct slice slice,
                        struct slice *result)
{
    return fold(arena, slice, append_folded, result);
}

enum error unicode_search_fold(struct arena *arena, struct slice slice,
                               struct slice *result)
{
    return fold(arena, slice, append_search_fold, result);
}
