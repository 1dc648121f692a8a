/* What the lines of a contact mean for a supplier. */
#include "card.h"

#include <stdio.h>
#include <string.h>

/* Of a property that says nothing of that (RFC 6350 5.3). */
enum { LEAST_PREFERRED = 101 };

typedef void card_fn(struct card *card, const struct card_line *line);

static card_fn card_take_name, card_take_organisation, card_take_address,
    card_take_email, card_take_phone, card_take_website, card_take_note,
    card_take_uid, card_take_parts;

/* RFC 6350 6 */
static const struct property {
    const char *name;
    card_fn *take;
} properties[] = {
    { "FN", card_take_name },     { "ORG", card_take_organisation },
    { "ADR", card_take_address }, { "EMAIL", card_take_email },
    { "TEL", card_take_phone },   { "URL", card_take_website },
    { "NOTE", card_take_note },   { "UID", card_take_uid },
    { "N", card_take_parts },
};

void card_init(struct card *card)
{
    *card = (struct card){ 0 };
    for (size_t f = 0; f < SUPPLIER_FIELDS; f++)
        text_init(&card->fields[f], CARD_TEXT_MAX_BYTES);
}

void card_free(struct card *card)
{
    for (size_t f = 0; f < SUPPLIER_FIELDS; f++)
        text_free(&card->fields[f]);
}

void card_reset(struct card *card)
{
    for (size_t f = 0; f < SUPPLIER_FIELDS; f++) {
        text_reset(&card->fields[f]);
        card->ranks[f] = LEAST_PREFERRED;
    }
    card->organisation = card->parts = false;
    card->id = card->directory_us = 0;
}

/* A colon in a quoted parameter ends nothing. */
bool card_split(struct slice line, struct card_line *parts)
{
    bool quoted = false;
    size_t name_end = 0, colon = 0;
    const char *dot;

    while (colon < line.len && (quoted || line.data[colon] != ':')) {
        if (line.data[colon] == ';' && name_end == 0)
            name_end = colon;
        quoted ^= line.data[colon] == '"';
        colon++;
    }
    if (colon == line.len)
        return false;
    if (name_end == 0)
        name_end = colon;
    parts->name = (struct slice){ line.data, name_end };
    dot = memchr(line.data, '.', name_end);
    if (dot != NULL)
        slice_cut(&parts->name, '.');
    parts->parameters =
        (struct slice){ line.data + name_end, colon - name_end };
    parts->value =
        (struct slice){ line.data + colon + 1, line.len - colon - 1 };
    return true;
}

bool card_has(const struct card_line *line, const char *word)
{
    size_t len = strlen(word);
    struct slice text = line->parameters;

    for (size_t i = 0; i + len < text.len; i++) {
        struct slice found = { text.data + i + 1, len };
        char after = i + 1 + len < text.len ? text.data[i + 1 + len] : ';';

        if (byte_is_in(text.data[i], ";=,\"") && slice_is_nocase(found, word) &&
            byte_is_in(after, ";=,\""))
            return true;
    }
    return false;
}

/* RFC 6350 3.4: undo escapes up to the end, or up to a bare semicolon. */
static void append_unescaped(struct text *out, struct slice *rest, char stop)
{
    size_t i = 0;

    for (; i < rest->len && rest->data[i] != stop; i++) {
        char byte = rest->data[i];

        if (byte == '\\' && i + 1 < rest->len) {
            byte = rest->data[++i];
            if (byte == 'n' || byte == 'N')
                byte = '\n';
        }
        text_append_char(out, byte);
    }
    i += i < rest->len;
    *rest = (struct slice){ rest->data + i, rest->len - i };
}

/* "PREF=2", of which 1 is the most preferred; "PREF" and "TYPE=pref" of older
 * versions. */
static unsigned card_rank(const struct card_line *line)
{
    struct slice rest = line->parameters;

    if (!card_has(line, "PREF"))
        return LEAST_PREFERRED;
    while (rest.len > 0) {
        struct slice value = slice_cut(&rest, ';');
        struct slice name = slice_cut(&value, '=');
        uint64_t rank;

        if (slice_is_nocase(name, "PREF") && value.len > 0 &&
            slice_number(value, LEAST_PREFERRED - 1, &rank) == OK)
            return (unsigned)rank;
    }
    return 1;
}

/* A field of which a card can have several: that which it prefers, the first
 * one of them. */
static struct text *card_choose(struct card *card, const struct card_line *line,
                                enum supplier_field field)
{
    unsigned rank = card_rank(line);

    if (line->value.len == 0 ||
        (card->fields[field].len > 0 && rank >= card->ranks[field]))
        return NULL;
    card->ranks[field] = rank;
    text_reset(&card->fields[field]);
    return &card->fields[field];
}

static void card_take_whole(struct card *card, const struct card_line *line,
                            enum supplier_field field)
{
    struct text *out = card_choose(card, line, field);
    struct slice rest = line->value;

    if (out != NULL)
        append_unescaped(out, &rest, '\0');
}

static void card_take_email(struct card *card, const struct card_line *line)
{
    card_take_whole(card, line, SUPPLIER_EMAIL);
}

static void card_take_phone(struct card *card, const struct card_line *line)
{
    if (!card_has(line, "FAX") && !card_has(line, "PAGER"))
        card_take_whole(card, line, SUPPLIER_PHONE);
}

static void card_take_website(struct card *card, const struct card_line *line)
{
    card_take_whole(card, line, SUPPLIER_WEBSITE);
}

/* The name of a person, where there is no organisation. */
static void card_take_name(struct card *card, const struct card_line *line)
{
    if (card->organisation || line->value.len == 0)
        return;
    if (card->parts) {
        text_reset(&card->fields[SUPPLIER_NAME]);
        card->parts = false;
    }
    card_take_whole(card, line, SUPPLIER_NAME);
}

/* RFC 6350 6.2.2: family name, given name, additional names. A contact without
 * FN is called by them. */
static void card_take_parts(struct card *card, const struct card_line *line)
{
    enum { PARTS = 3 };
    static const size_t order[PARTS] = { 1, 2, 0 };
    struct text *name = &card->fields[SUPPLIER_NAME], parts[PARTS];
    struct slice rest = line->value;

    if (name->len > 0)
        return;
    for (size_t i = 0; i < PARTS; i++) {
        text_init(&parts[i], CARD_TEXT_MAX_BYTES);
        append_unescaped(&parts[i], &rest, ';');
    }
    for (size_t i = 0; i < PARTS; i++) {
        const struct text *part = &parts[order[i]];

        if (part->len > 0 && name->len > 0)
            text_append_char(name, ' ');
        text_append_slice(name, text_slice(part));
        if (part->failed)
            text_fail(name);
    }
    card->parts = name->len > 0;
    for (size_t i = 0; i < PARTS; i++)
        text_free(&parts[i]);
}

/* Its departments follow. */
static void card_take_organisation(struct card *card,
                                   const struct card_line *line)
{
    struct text *name = &card->fields[SUPPLIER_NAME];
    struct slice rest = line->value;

    if (card->organisation || rest.len == 0 || rest.data[0] == ';')
        return;
    card->organisation = true;
    card->parts = false;
    text_reset(name);
    append_unescaped(name, &rest, ';');
}

static void card_take_note(struct card *card, const struct card_line *line)
{
    struct text *notes = &card->fields[SUPPLIER_NOTES];
    struct slice rest = line->value;

    if (notes->len > 0 && rest.len > 0)
        text_append_char(notes, '\n');
    append_unescaped(notes, &rest, '\0');
}

/* One part of an address, on one line. */
static void append_part(struct text *out, struct slice *rest)
{
    size_t start = out->len;

    if (start > 0)
        text_append_string(out, ", ");
    start = out->len;
    append_unescaped(out, rest, ';');
    if (!out->failed && out->len == start && start > 0) {
        out->len = start - 2; /* an empty part */
        out->data[out->len] = '\0';
    }
    for (size_t i = start; i < out->len; i++)
        if (out->data[i] == '\n')
            out->data[i] = ' ';
}

/* RFC 6350 6.3.1: box, extended, street, locality, region, code, country. */
static void card_take_address(struct card *card, const struct card_line *line)
{
    static const enum supplier_field parts[] = {
        SUPPLIER_ADDRESS, SUPPLIER_ADDRESS, SUPPLIER_ADDRESS, SUPPLIER_CITY,
        SUPPLIER_STATE,   SUPPLIER_ADDRESS, SUPPLIER_COUNTRY
    };
    struct slice rest = line->value;

    if (card_choose(card, line, SUPPLIER_ADDRESS) == NULL)
        return;
    text_reset(&card->fields[SUPPLIER_CITY]);
    text_reset(&card->fields[SUPPLIER_STATE]);
    text_reset(&card->fields[SUPPLIER_COUNTRY]);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        append_part(&card->fields[parts[i]], &rest);
}

/* "cafe-supplier-DIRECTORY-ID", of vcard_append(). */
static void card_take_uid(struct card *card, const struct card_line *line)
{
    static const char ours[] = "cafe-supplier-";
    struct slice rest = line->value, directory;
    uint64_t number = 0;
    int64_t id;

    if (!slice_starts(rest, ours))
        return;
    rest = (struct slice){ rest.data + sizeof(ours) - 1,
                           rest.len - (sizeof(ours) - 1) };
    directory = slice_cut(&rest, '-');
    if (directory.len == 0 || directory.len > 15 || slice_id(rest, &id) != OK)
        return;
    for (size_t i = 0; i < directory.len; i++) {
        int digit = hex_digit(directory.data[i]);

        if (digit < 0)
            return;
        number = number << 4 | (unsigned)digit;
    }
    card->id = id;
    card->directory_us = (int64_t)number;
}

static const struct property *property_of(struct slice name)
{
    for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
        if (slice_is_nocase(name, properties[i].name))
            return &properties[i];
    return NULL;
}

bool card_knows(struct slice name)
{
    return property_of(name) != NULL;
}

void card_take(struct card *card, const struct card_line *line)
{
    const struct property *property = property_of(line->name);

    if (property != NULL)
        property->take(card, line);
}

enum error card_row(const struct card *card, struct import_rows *rows,
                    uint64_t line)
{
    char id[24] = "";

    if (card->id != 0)
        snprintf(id, sizeof(id), "%lld", (long long)card->id);
    rows_cell(rows, slice_of(id));
    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++)
        if (supplier_columns[f].exported && !supplier_field_ends(f)) {
            if (card->fields[f].failed)
                rows_fault(rows, rows->count + 1,
                           "This text is longer than 64 KiB.");
            rows_cell(rows, text_slice(&card->fields[f]));
        }
    rows_need_text(rows, "This contact has no text of a supplier, not even a "
                         "name.");
    rows->directory_us = card->directory_us;
    return rows_end(rows, line);
}
