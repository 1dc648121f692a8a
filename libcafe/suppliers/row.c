/* Rows: a supplier in memory with what it is sorted and searched by. */
#include <stdlib.h>
#include <string.h>

#include "cafe/base/unicode.h"
#include "cafe/base/utf8.h"
#include "cafe/suppliers/phone.h"
#include "cafe/suppliers/tidy.h"
#include "snapshot.h"

/* Notes of other programs may be longer than those of forms: as much of them is
 * searched. */
enum { LINES_SEARCHED_MAX_BYTES = 16 * 1024 };

/* What fields and lines are followed by: words are split at it. */
enum { BETWEEN = '\n' };

/* Two to four bits for each byte to search, so that about a third of them is
 * set; of long notes more. */
enum { GRAM_BYTES = 3, GRAMS_MIN = 64, GRAMS_MAX = 2048 };

/* A row that is being made. */
struct making {
    const struct supplier *supplier;
    struct arena *arena;
    struct text text; /* for search, then folds */
    struct spans spans;
    struct span segments[SUPPLIER_FIELDS]; /* of the text: fields as they are
                                              searched, and nothing else */
};

static struct span span_from(const struct text *text, size_t start)
{
    return (struct span){ (uint32_t)start, (uint32_t)(text->len - start) };
}

static struct slice span_of(const char *text, struct span span)
{
    return (struct slice){ text + span.start, span.len };
}

/* What is searched. */

static bool row_is_blank(char byte)
{
    return (unsigned char)byte <= ' ';
}

/* After a fold, a line for each of its words that has a looser spelling. They
 * are added, never put in place: a looser spelling may find more, but nothing
 * less. */
static void append_variants(struct making *making, struct slice fold)
{
    struct text *text = &making->text;

    for (size_t at = 0; at < fold.len;) {
        size_t end = at;
        struct slice word, loose;
        size_t start;

        while (end < fold.len && !row_is_blank(fold.data[end]))
            end++;
        word = (struct slice){ fold.data + at, end - at };
        start = text->len;
        text_append_char(text, BETWEEN);
        unicode_append_loose(text, word);
        loose = (struct slice){ text->data + start + 1, text->len - start - 1 };
        if (text->failed)
            return;
        if (loose.len == 0 || slice_equal(loose, word))
            text->len = start;
        else if (at == 0 && making->spans.name.len == 0)
            making->spans.name_variant = (uint32_t)start + 1;
        at = end + 1;
    }
}

static enum error append_field(struct making *making, enum supplier_field field)
{
    struct slice text = making->supplier->fields[field];
    size_t start = making->text.len;
    struct slice fold;
    enum error err;

    if (supplier_columns[field].lines)
        text = utf8_cut(text, LINES_SEARCHED_MAX_BYTES);
    if ((err = unicode_search_fold(making->arena, text, &fold)) != OK)
        return err;
    text_append_slice(&making->text, fold);
    making->segments[field] = span_from(&making->text, start);
    append_variants(making, fold);
    if (field == SUPPLIER_COUNTRY)
        making->spans.country = country_of(fold);
    return OK;
}

static void append_digits(struct text *out, struct slice fold)
{
    for (size_t i = 0; i < fold.len; i++)
        if (fold.data[i] >= '0' && fold.data[i] <= '9')
            text_append_char(out, fold.data[i]);
}

/* Its spellings; of a text that is no number, the digits. */
static enum error append_phone(struct making *making)
{
    struct slice text = making->supplier->fields[SUPPLIER_PHONE];
    size_t start = making->text.len;
    struct phone phone;
    struct slice tidied, fold;
    enum error err;

    if ((err = tidy_phone(making->arena, text, &tidied)) != OK ||
        (err = unicode_search_fold(making->arena, text, &fold)) != OK)
        return err;
    if (phone_read(tidied, &phone, NULL))
        phone_append_spellings(&making->text, &phone);
    else
        append_digits(&making->text, fold);
    making->spans.phone = span_from(&making->text, start);
    making->segments[SUPPLIER_PHONE] = making->spans.phone;
    return OK;
}

static enum error append_searched(struct making *making)
{
    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        enum error err = OK;

        if (!supplier_columns[f].searched)
            continue;
        if (f > 0)
            text_append_char(&making->text, BETWEEN);
        if (f == SUPPLIER_PHONE)
            err = append_phone(making);
        else
            err = append_field(making, f);
        if (f == SUPPLIER_NAME)
            making->spans.name = span_from(&making->text, 0);
        if (err != OK)
            return err;
    }
    making->spans.searched = span_from(&making->text, 0);
    return OK;
}

/* What is sorted, filtered and compared. */

/* Most texts have the same fold for searching and sorting. One that is there
 * already is not stored again: memory is what many suppliers cost. */
static enum error append_fold(struct making *making, enum supplier_field field)
{
    struct span segment = making->segments[field];
    struct text *text = &making->text;
    size_t start = text->len;
    struct slice fold;
    enum error err =
        unicode_fold(making->arena, making->supplier->fields[field], &fold);

    if (err != OK)
        return err;
    if (field == SUPPLIER_PHONE)
        append_digits(text, fold);
    else
        text_append_slice(text, fold);
    if (text->failed)
        return ERROR_MEMORY;
    making->spans.folds[field] = span_from(text, start);
    /* What is searched by its fold has it already. */
    if (segment.len == text->len - start &&
        memcmp(text->data + start, text->data + segment.start, segment.len) ==
            0) {
        making->spans.folds[field] = segment;
        text->len = start;
    }
    return OK;
}

static enum error append_all(struct making *making)
{
    enum error err = append_searched(making);

    for (enum supplier_field f = 0; err == OK && f < SUPPLIER_FIELDS; f++)
        if (supplier_columns[f].listed)
            err = append_fold(making, f);
    if (err == OK && making->text.len > UINT32_MAX)
        err = ERROR_LIMIT;
    return making->text.failed ? ERROR_MEMORY : err;
}

/* Assembling. */

/* Where the row has a text already; absent where it has not. */
static struct slice same_text(const struct making *making, const char *data,
                              enum supplier_field field)
{
    struct slice text = making->supplier->fields[field];
    struct slice searched = span_of(data, making->segments[field]);

    if (slice_equal(text, searched))
        return searched;
    if (slice_equal(text, span_of(data, making->spans.folds[field])))
        return span_of(data, making->spans.folds[field]);
    return (struct slice){ NULL, 0 };
}

/* The bytes that the grams of so much text take. */
static uint32_t grams_for(size_t len)
{
    /* A power of two, so that a mask takes the place of a division. */
    uint32_t bytes = GRAMS_MIN;

    while (bytes < GRAMS_MAX && bytes * 4 < len)
        bytes *= 2;
    return bytes;
}

static void set_grams(struct row *row)
{
    struct slice searched = row_searched(row);

    memset(row->data, 0, row->spans.grams);
    for (size_t i = 0; i + GRAM_BYTES <= searched.len; i++) {
        uint32_t bit = gram_of(searched.data + i) & (row->spans.grams * 8 - 1);

        row->data[bit / 8] =
            (char)((unsigned char)row->data[bit / 8] | 1u << bit % 8);
    }
}

static size_t row_bytes_of(const struct making *making)
{
    size_t bytes = sizeof(struct row) + making->spans.grams + making->text.len;

    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++)
        if (same_text(making, making->text.data, f).data == NULL)
            bytes += making->supplier->fields[f].len;
    return bytes;
}

static enum error row_assemble(struct making *making, struct row **result)
{
    const struct text *text = &making->text;
    struct row *row;
    char *start, *at;
    size_t bytes;

    /* Struct, grams and texts in one allocation: one cache miss on the way to a
     * row, and one free(). */
    making->spans.grams = grams_for(making->spans.searched.len);
    bytes = row_bytes_of(making);
    if ((row = malloc(bytes)) == NULL)
        return ERROR_MEMORY;
    row->supplier = *making->supplier;
    row->spans = making->spans;
    row->bytes = bytes;
    start = row->data + row->spans.grams;
    memcpy(start, text->data, text->len);
    set_grams(row);
    at = start + text->len;
    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        struct slice field = making->supplier->fields[f];
        struct slice same = same_text(making, start, f);

        if (same.data == NULL) {
            memcpy(at, field.data, field.len);
            same = (struct slice){ at, field.len };
            at += field.len;
        }
        row->supplier.fields[f] = same;
    }
    *result = row;
    return OK;
}

enum error row_make(const struct supplier *supplier, struct row **row)
{
    struct making making = { .supplier = supplier, .arena = arena_open(0) };
    enum error err = ERROR_MEMORY;

    text_init(&making.text, 0);
    if (making.arena != NULL)
        err = append_all(&making);
    if (err == OK)
        err = row_assemble(&making, row);
    text_free(&making.text);
    arena_close(making.arena);
    return err;
}

/* Reading. */

static struct slice part_of(const struct row *row, struct span span)
{
    return span_of(row->data + row->spans.grams, span);
}

struct slice row_fold(const struct row *row, enum supplier_field field)
{
    return part_of(row, row->spans.folds[field]);
}

struct slice row_searched(const struct row *row)
{
    return part_of(row, row->spans.searched);
}

struct slice row_phone(const struct row *row)
{
    return part_of(row, row->spans.phone);
}
