/* Maps the columns of a file to fields by their names, and rows by that. */
#include "cafe/import/mapping.h"

#include <ctype.h>
#include <string.h>

#include "cafe/base/unicode.h"
#include "cafe/suppliers/contact.h"
#include "mapping_words.h"

enum { WORD_MAX_BYTES = 64 };

/* What the name of a column means; NULL: nothing. */
static enum error find_words(struct arena *arena, struct slice cell,
                             const struct mapping_words **found)
{
    char word[WORD_MAX_BYTES] = " ";
    struct slice fold;
    size_t len = 1;
    enum error err = unicode_fold(arena, cell, &fold);

    *found = NULL;
    if (err != OK)
        return err;
    for (size_t i = 0; i < fold.len; i++) {
        unsigned char byte = (unsigned char)fold.data[i];

        if (len + 2 > sizeof(word))
            return OK; /* no word is so long */
        if (isalnum(byte) || byte >= 0x80)
            word[len++] = (char)byte;
    }
    word[len++] = ' ';
    for (size_t i = 0; i < mapping_words_count && len > 2; i++)
        if (memmem(mapping_words[i].words, strlen(mapping_words[i].words), word,
                   len) != NULL) {
            *found = &mapping_words[i];
            break;
        }
    return OK;
}

/* The best rank for a field, of whole names where there are any. */
static int best_rank(const struct mapping_words *const *found, size_t count,
                     enum supplier_field field)
{
    int best = -1, part = 0;

    for (size_t i = 0; i < count; i++) {
        const struct mapping_words *words = found[i];

        if (words == NULL || words->field != field)
            continue;
        if (best < 0 || words->part < part ||
            (words->part == part && words->rank < best)) {
            best = words->rank;
            part = words->part;
        }
    }
    return best;
}

/* Each part comes from the first column that is it. */
static void map_field(const struct mapping_words *const *found, size_t count,
                      enum supplier_field field, unsigned char *targets)
{
    int rank = best_rank(found, count, field);
    unsigned parts = 0;

    for (size_t i = 0; i < count; i++) {
        const struct mapping_words *words = found[i];

        if (words == NULL || words->field != field || words->rank != rank ||
            (parts & 1U << words->part) != 0)
            continue;
        parts |= 1U << words->part;
        targets[i] = (unsigned char)field;
    }
}

static size_t own_column(struct slice cell)
{
    if (slice_is(cell, "id"))
        return IMPORT_ID;
    for (size_t f = 0; f < SUPPLIER_FIELDS; f++)
        if (slice_is(cell, supplier_columns[f].name))
            return f;
    return IMPORT_NOTHING;
}

/* All columns are ours: only then an "id" is. */
static bool is_own_header(const struct slice *cells, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (cells[i].len > 0 && own_column(cells[i]) == IMPORT_NOTHING)
            return false;
    return true;
}

enum error import_map_headers(const struct slice *cells, size_t count,
                              unsigned char *targets)
{
    const struct mapping_words *found[IMPORT_COLUMNS_MAX] = { 0 };
    struct arena *arena;
    enum error err = OK;

    memset(targets, IMPORT_NOTHING, count);
    if (is_own_header(cells, count)) {
        for (size_t i = 0; i < count; i++)
            targets[i] = (unsigned char)own_column(cells[i]);
        return OK;
    }
    arena = arena_open(0);
    if (arena == NULL)
        return ERROR_MEMORY;
    for (size_t i = 0; i < count && err == OK; i++)
        err = find_words(arena, cells[i], &found[i]);
    arena_close(arena);
    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS && err == OK; f++)
        map_field(found, count, f, targets);
    return err;
}

/* What stands between the parts of a field; NULL: it has no parts. */
static const char *joint(unsigned target)
{
    if (target == SUPPLIER_NAME)
        return " ";
    if (target == SUPPLIER_ADDRESS)
        return ", ";
    return target == SUPPLIER_NOTES ? "\n" : NULL;
}

/* The column before this one that excludes it: both go into a field without
 * parts, or have the same name, which tells no parts apart. NULL: none. */
static const struct slice *find_rival(const struct slice *cells, size_t column,
                                      const unsigned char *targets)
{
    if (targets[column] >= IMPORT_NOTHING)
        return NULL;
    for (size_t i = 0; i < column; i++)
        if (targets[i] == targets[column] &&
            (joint(targets[i]) == NULL ||
             (cells[i].len > 0 && slice_equal(cells[i], cells[column]))))
            return &cells[i];
    return NULL;
}

const char *import_map_fault(struct arena *arena, const struct slice *cells,
                             size_t count, const unsigned char *targets)
{
    bool known = false;
    const char *said;

    for (size_t i = 0; i < count; i++) {
        const struct slice *rival = find_rival(cells, i, targets);
        unsigned char target = targets[i];

        known |= target == IMPORT_ID || target == SUPPLIER_NAME;
        if (rival == NULL)
            continue;
        said = arena_printf(
            arena,
            "The columns “%.*s” and “%.*s” both go into the field “%s”. "
            "Leave one of them out.",
            (int)rival->len, rival->data, (int)cells[i].len, cells[i].data,
            target == IMPORT_ID ? "id" : supplier_columns[target].label);
        return said != NULL ? said
                            : "Two columns go into one field. Leave one of "
                              "them out.";
    }
    return known ? NULL : "Choose the column that contains the name.";
}

/* Add a part to a field that has one already. */
static enum error join(struct arena *arena, struct slice *field,
                       unsigned target, struct slice cell)
{
    const char *between = joint(target);
    char *joined;

    if (cell.len == 0 || (field->len > 0 && between == NULL))
        return OK;
    if (field->len == 0) {
        *field = cell;
        return OK;
    }
    joined = arena_printf(arena, "%.*s%s%.*s", (int)field->len, field->data,
                          between, (int)cell.len, cell.data);
    if (joined == NULL)
        return ERROR_MEMORY;
    *field = slice_of(joined);
    return OK;
}

enum error import_map_row(struct arena *arena, const unsigned char *targets,
                          const struct import_row *row,
                          struct import_record *record)
{
    enum error err = OK;

    *record = (struct import_record){ 0 };
    for (size_t i = 0; i < row->count && err == OK; i++) {
        unsigned char target = targets[i];

        if (target == IMPORT_ID && record->id.len == 0)
            record->id = row->cells[i];
        if (target >= IMPORT_ID)
            continue;
        if (record->fields[target].data == NULL) {
            record->columns[target] = i;
            record->fields[target] = SLICE("");
        }
        err = join(arena, &record->fields[target], target,
                   slice_trim(row->cells[i]));
    }
    return err;
}

/* What vcard_append() makes of a text. */
static struct slice as_in_card(struct arena *arena, enum supplier_field field,
                               struct slice stored)
{
    const struct supplier_column *column = &supplier_columns[field];

    if (field == SUPPLIER_NAME && stored.len == 0)
        return SLICE("(no name)");
    if (field == SUPPLIER_PHONE)
        return contact_phone(arena, stored);
    if (field == SUPPLIER_EMAIL)
        return contact_email(arena, stored);
    if (column->link_property != NULL)
        return slice_of(column->link(arena, stored));
    return stored;
}

bool import_same(struct arena *arena, enum import_kind kind,
                 enum supplier_field field, struct slice stored,
                 struct slice read)
{
    return slice_equal(stored, read) ||
           (kind == IMPORT_VCARD &&
            slice_equal(as_in_card(arena, field, stored), read));
}
