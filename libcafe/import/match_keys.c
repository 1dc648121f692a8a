/* E-mail address, phone number, name and city as keys, and compared. */
#include "match_keys.h"

#include "cafe/base/unicode.h"
#include "cafe/suppliers/phone.h"
#include "cafe/suppliers/tidy.h"
#include "match.h"

/* Keys of two kinds are never the same. */
#define EMAIL_KEY "e"
#define NUMBER_KEY "p"
#define DIGITS_KEY "d"
#define NAME_KEY "n"

static enum error match_add_key(struct arena *arena, struct match_keys *keys,
                                const struct text *text, bool exact)
{
    struct slice key = arena_slice(arena, text_slice(text));

    if (text->failed || key.data == NULL)
        return ERROR_MEMORY;
    if (keys->count < MATCH_KEYS_MAX) {
        keys->exact[keys->count] = exact;
        keys->texts[keys->count++] = key;
    }
    return OK;
}

static enum error add_folds(struct arena *arena, struct match_keys *keys,
                            const char *kind, struct slice first,
                            struct slice second)
{
    struct text text;
    enum error err = unicode_search_fold(arena, first, &first);

    if (err == OK)
        err = unicode_search_fold(arena, second, &second);
    if (err != OK || first.len == 0)
        return err;
    text_init(&text, 0);
    text_append_string(&text, kind);
    text_append_slice(&text, first);
    text_append_char(&text, '\n');
    text_append_slice(&text, second);
    err = match_add_key(arena, keys, &text, true);
    text_free(&text);
    return err;
}

/* Each spelling that a number has without its country code; `whole` has them
 * line by line. */
static enum error add_spellings(struct arena *arena, struct match_keys *keys,
                                struct slice whole, bool exact)
{
    enum error err = OK;
    struct text text;

    text_init(&text, 0);
    while (err == OK && whole.len > 0) {
        text_reset(&text);
        text_append_string(&text, NUMBER_KEY);
        text_append_slice(&text, slice_cut(&whole, '\n'));
        err = match_add_key(arena, keys, &text, exact);
    }
    text_free(&text);
    return err;
}

static enum error add_number(struct arena *arena, struct match_keys *keys,
                             const struct phone *phone)
{
    struct text text;
    enum error err;

    text_init(&text, 0);
    if (phone->country_len == 0) {
        phone_append_spellings(&text, phone);
        err = add_spellings(arena, keys, text_slice(&text), true);
    } else {
        phone_append_digits(&text, phone);
        err = add_spellings(arena, keys, text_slice(&text), true);
        text_reset(&text);
        phone_append_home(&text, phone);
        if (err == OK)
            err = add_spellings(arena, keys, text_slice(&text), false);
    }
    if (text.failed)
        err = ERROR_MEMORY;
    text_free(&text);
    return err;
}

/* Of a text that is no number, the digits. */
static enum error phone_digits(struct arena *arena, struct slice text,
                               struct slice *digits)
{
    enum error err = unicode_search_fold(arena, text, &text);
    char *kept = err == OK ? arena_alloc(arena, text.len + 1) : NULL;
    size_t len = 0;

    if (kept == NULL)
        return ERROR_MEMORY;
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] >= '0' && text.data[i] <= '9')
            kept[len++] = text.data[i];
    *digits = (struct slice){ kept, len };
    return OK;
}

static enum error add_phone(struct arena *arena, struct match_keys *keys,
                            struct slice text)
{
    struct slice tidied, digits;
    struct phone phone;
    enum error err = tidy_phone(arena, text, &tidied);

    if (err != OK || tidied.len == 0)
        return err;
    if (phone_read(tidied, &phone, NULL))
        return add_number(arena, keys, &phone);
    if ((err = phone_digits(arena, text, &digits)) != OK || digits.len == 0)
        return err;
    return add_folds(arena, keys, DIGITS_KEY, digits, SLICE(""));
}

enum error match_keys_make(struct arena *scratch,
                           const struct supplier *supplier,
                           struct match_keys *keys)
{
    const struct slice *fields = supplier->fields;
    enum error err;

    arena_reset(scratch);
    keys->count = 0;
    if ((err = add_folds(scratch, keys, EMAIL_KEY, fields[SUPPLIER_EMAIL],
                         SLICE(""))) != OK ||
        (err = add_folds(scratch, keys, NAME_KEY, fields[SUPPLIER_NAME],
                         fields[SUPPLIER_CITY])) != OK)
        return err;
    return add_phone(scratch, keys, fields[SUPPLIER_PHONE]);
}

/* Comparing. */

static enum error same_fold(struct arena *arena, const struct supplier *a,
                            const struct supplier *b, enum supplier_field field,
                            bool *same)
{
    struct slice one = SLICE(""), two = SLICE("");
    enum error err = unicode_search_fold(arena, a->fields[field], &one);

    if (err == OK)
        err = unicode_search_fold(arena, b->fields[field], &two);
    *same = err == OK && slice_equal(one, two);
    return err;
}

static enum error same_number(struct arena *arena, struct slice a,
                              struct slice b, bool *same)
{
    struct phone one, two;
    enum error err = tidy_phone(arena, a, &a);

    if (err == OK)
        err = tidy_phone(arena, b, &b);
    *same = false;
    if (err != OK || a.len == 0 || b.len == 0)
        return err;
    if (phone_read(a, &one, NULL) && phone_read(b, &two, NULL)) {
        *same = phone_same(&one, &two);
        return OK;
    }
    if ((err = phone_digits(arena, a, &a)) == OK)
        err = phone_digits(arena, b, &b);
    *same = err == OK && a.len > 0 && slice_equal(a, b);
    return err;
}

enum error match_reasons(struct arena *scratch, const struct supplier *a,
                         const struct supplier *b, unsigned *reasons)
{
    bool email, name, city, phone;
    enum error err;

    arena_reset(scratch);
    if ((err = same_fold(scratch, a, b, SUPPLIER_EMAIL, &email)) != OK ||
        (err = same_fold(scratch, a, b, SUPPLIER_NAME, &name)) != OK ||
        (err = same_fold(scratch, a, b, SUPPLIER_CITY, &city)) != OK ||
        (err = same_number(scratch, a->fields[SUPPLIER_PHONE],
                           b->fields[SUPPLIER_PHONE], &phone)) != OK)
        return err;
    *reasons = (email && a->fields[SUPPLIER_EMAIL].len > 0 ? MATCH_EMAIL : 0) |
               (phone ? MATCH_PHONE : 0) | (name && city ? MATCH_NAME : 0);
    return OK;
}
