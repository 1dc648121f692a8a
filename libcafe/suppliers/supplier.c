/* The field table of a supplier, and what makes each field valid. */
#include "cafe/suppliers/supplier.h"

#include <ctype.h>
#include <string.h>

#include "cafe/base/unicode.h"
#include "cafe/base/utf8.h"
#include "cafe/suppliers/phone.h"
#include "cafe/suppliers/tidy.h"

enum {
    TEXT_MAX_CHARS = 255, /* VARCHAR(255) */
    PHONE_MAX_CHARS = 100,
    EMAIL_MAX_CHARS = 254, /* RFC 5321 4.5.3.1.3, without the brackets */
    NOTES_MAX_BYTES = 16 * 1024,
    CHAR_MAX_BYTES = 4 /* of a code point in UTF-8 */
};

static supplier_check_fn check_name, check_address, check_city, check_state,
    check_country, check_email, check_phone, check_notes;
static supplier_tidy_fn tidy_notes;

#define TEXT_LIMITS \
    .max_chars = TEXT_MAX_CHARS, .max_bytes = TEXT_MAX_CHARS * CHAR_MAX_BYTES

const struct supplier_column supplier_columns[SUPPLIER_FIELDS] = {
    [SUPPLIER_NAME] = { .name = "name",
                        .label = "Name",
                        .input_type = "text",
                        .autocomplete = "organization",
                        .hint = "",
                        TEXT_LIMITS,
                        .tidy = tidy_line,
                        .check = check_name },
    [SUPPLIER_ADDRESS] = { .name = "address",
                           .label = "Address",
                           .input_type = "text",
                           .autocomplete = "address-line1",
                           .hint = "Street and number, or a post box",
                           TEXT_LIMITS,
                           .tidy = tidy_line,
                           .check = check_address },
    [SUPPLIER_CITY] = { .name = "city",
                        .label = "City",
                        .input_type = "text",
                        .autocomplete = "address-level2",
                        .hint = "",
                        TEXT_LIMITS,
                        .tidy = tidy_line,
                        .check = check_city },
    [SUPPLIER_STATE] = { .name = "state",
                         .label = "State",
                         .input_type = "text",
                         .autocomplete = "address-level1",
                         .hint = "State, province or region; not needed when "
                                 "you give a country",
                         TEXT_LIMITS,
                         .tidy = tidy_line,
                         .check = check_state },
    [SUPPLIER_COUNTRY] = { .name = "country",
                           .label = "Country",
                           .input_type = "text",
                           .autocomplete = "country-name",
                           .hint = "Not needed when you give a state",
                           TEXT_LIMITS,
                           .tidy = tidy_line,
                           .check = check_country },
    [SUPPLIER_EMAIL] = { .name = "email",
                         .label = "E-mail",
                         .input_type = "text",
                         .input_mode = "email",
                         .autocomplete = "email",
                         .hint = "For instance orders@example.com; can be "
                                 "left empty",
                         .max_chars = EMAIL_MAX_CHARS,
                         .max_bytes = EMAIL_MAX_CHARS * CHAR_MAX_BYTES,
                         .tidy = tidy_email,
                         .check = check_email },
    [SUPPLIER_PHONE] = { .name = "phone",
                         .label = "Phone",
                         .input_type = "tel",
                         .autocomplete = "tel",
                         .hint = "For instance +44 20 7946 0958 or "
                                 "555-0100 ext. 12",
                         .max_chars = PHONE_MAX_CHARS,
                         .max_bytes = PHONE_MAX_CHARS * CHAR_MAX_BYTES,
                         .tidy = tidy_phone,
                         .check = check_phone },
    [SUPPLIER_NOTES] = { .name = "notes",
                         .label = "Notes",
                         .input_type = "textarea",
                         .autocomplete = "off",
                         .hint = "Markdown; can be left empty",
                         .max_chars = 0,
                         .max_bytes = NOTES_MAX_BYTES,
                         .tidy = tidy_notes,
                         .check = check_notes },
};

/* Reading a form. */

/* Line ends as \n: browsers send \r\n. */
static enum error unix_lines(struct arena *arena, struct slice *text)
{
    char *lines = arena_alloc(arena, text->len + 1);
    size_t len = 0;

    if (!lines)
        return ERROR_MEMORY;
    for (size_t i = 0; i < text->len; i++) {
        char c = text->data[i];

        if (c == '\r' && i + 1 < text->len && text->data[i + 1] == '\n')
            continue;
        lines[len++] = c == '\r' ? '\n' : c;
    }
    *text = (struct slice){ lines, len };
    return OK;
}

static enum error tidy_notes(struct arena *arena, struct slice text,
                             struct slice *result)
{
    enum error err = unix_lines(arena, &text);

    if (err == OK)
        *result = tidy_ends(text);
    return err;
}

static enum error read_field(struct arena *arena, const struct form *form,
                             enum supplier_field field, struct slice *text)
{
    const struct supplier_column *column = &supplier_columns[field];
    struct slice value = form_value(form, column->name);
    enum error err = column->tidy(arena, value, &value);

    if (err != OK)
        return err;
    if (value.len > 0)
        return utf8_normalise(arena, value, text);
    *text = SLICE("");
    return OK;
}

enum error supplier_from_form(struct arena *arena, const struct form *form,
                              struct supplier *supplier)
{
    struct supplier made = { 0 };

    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        enum error err = read_field(arena, form, f, &made.fields[f]);

        if (err != OK)
            return err;
    }
    *supplier = made;
    return OK;
}

/* Checks. Each looks at one field; too long is looked at for all alike. */

/* Of one line: no control characters (C0, DEL, C1), no line or paragraph
 * separators, and nothing that turns the direction of what follows. */
static bool is_control(uint32_t letter)
{
    return letter < 0x20 || (letter >= 0x7f && letter < 0xa0) ||
           (letter >= 0x2028 && letter <= 0x202e) ||
           (letter >= 0x2066 && letter <= 0x2069);
}

/* Of notes: no control characters but line breaks and tabs. */
static bool is_control_of_notes(uint32_t letter)
{
    return letter != '\n' && letter != '\t' &&
           (letter < 0x20 || (letter >= 0x7f && letter < 0xa0) ||
            letter == 0x2028 || letter == 0x2029);
}

static bool is_space(uint32_t letter)
{
    return letter == ' ';
}

/* Where the first such character is; the length when there is none. */
static size_t find_letter(struct slice text, bool (*is_one)(uint32_t letter))
{
    struct slice rest = text;

    while (rest.len > 0) {
        size_t at = text.len - rest.len;

        if (is_one(utf8_next(&rest)))
            return at;
    }
    return text.len;
}

/* "Supplier city has a tab as character 3: use one line". */
static const char *say_letter(struct arena *arena, enum supplier_field field,
                              struct slice text, size_t at, const char *advice)
{
    const struct supplier_column *column = &supplier_columns[field];
    const char *name = tidy_name(arena, text, at);
    const char *message =
        name ? arena_printf(arena, "The supplier %c%s has %s%s",
                            tolower((unsigned char)column->label[0]),
                            column->label + 1, name, advice)
             : NULL;

    return message ? message : "Leave out characters that have no place here";
}

/* A field of one line, and whether it has to be there. */
static const char *check_line(struct arena *arena,
                              const struct supplier *supplier,
                              enum supplier_field field, const char *missing)
{
    struct slice text = supplier->fields[field];
    size_t at = find_letter(text, is_control);

    if (text.len == 0)
        return missing;
    if (at < text.len)
        return say_letter(arena, field, text, at, ": use one line of text");
    if (!unicode_visible(text))
        return say_letter(arena, field, text, 0,
                          " and nothing that is visible");
    return NULL;
}

static const char *check_name(struct arena *arena,
                              const struct supplier *supplier,
                              enum supplier_field field)
{
    return check_line(arena, supplier, field, "The supplier name is required");
}

static const char *check_address(struct arena *arena,
                                 const struct supplier *supplier,
                                 enum supplier_field field)
{
    return check_line(arena, supplier, field,
                      "The supplier address is required");
}

static const char *check_city(struct arena *arena,
                              const struct supplier *supplier,
                              enum supplier_field field)
{
    return check_line(arena, supplier, field, "The supplier city is required");
}

static const char *check_state(struct arena *arena,
                               const struct supplier *supplier,
                               enum supplier_field field)
{
    bool elsewhere = supplier->fields[SUPPLIER_COUNTRY].len > 0;

    return check_line(
        arena, supplier, field,
        elsewhere ? NULL : "The supplier state is required, or give a country");
}

static const char *check_country(struct arena *arena,
                                 const struct supplier *supplier,
                                 enum supplier_field field)
{
    return check_line(arena, supplier, field, NULL);
}

/*
 * Only what would fail in any mail program: the server at the other end is
 * the one that knows its addresses.
 */
static const char *check_email(struct arena *arena,
                               const struct supplier *supplier,
                               enum supplier_field field)
{
    struct slice text = supplier->fields[field];
    const char *fault = check_line(arena, supplier, field, NULL);

    if (fault || text.len == 0)
        return fault;
    const char *at = memchr(text.data, '@', text.len);
    size_t local = at ? (size_t)(at - text.data) : 0;
    size_t space = find_letter(text, is_space);
    if (local == 0 || local + 1 == text.len ||
        memchr(at + 1, '@', text.len - local - 1))
        return "E-mail should have one @, for instance orders@example.com";
    if (space < text.len)
        return say_letter(arena, field, text, space,
                          ": e-mail addresses have none");
    return NULL;
}

static const char *check_phone(struct arena *arena,
                               const struct supplier *supplier,
                               enum supplier_field field)
{
    struct slice text = supplier->fields[field];
    struct phone phone;
    size_t fault;

    if (phone_read(text, &phone, &fault))
        return NULL;
    if (fault < text.len)
        return say_letter(arena, field, text, fault,
                          ": use digits, spaces and + - . / ( ), and for an "
                          "extension \"ext. 12\" at the end");
    return "Phone number should be 7 to 15 digits, for instance "
           "+44 20 7946 0958 or 555-0100 ext. 12";
}

static const char *check_notes(struct arena *arena,
                               const struct supplier *supplier,
                               enum supplier_field field)
{
    struct slice text = supplier->fields[field];
    size_t at = find_letter(text, is_control_of_notes);

    if (at < text.len)
        return say_letter(arena, field, text, at,
                          ": notes have no control characters but line "
                          "breaks and tabs");
    return NULL;
}

/* "Shorten the supplier name by 12 characters: it can have 255". */
static const char *shorten(struct arena *arena,
                           const struct supplier_column *column, size_t len,
                           size_t max, const char *unit)
{
    size_t over = len - max;
    const char *message = arena_printf(
        arena, "Shorten the supplier %c%s by %zu %s%s: at most %zu fit",
        tolower((unsigned char)column->label[0]), column->label + 1, over, unit,
        over == 1 ? "" : "s", max);

    return message ? message : "Shorten this";
}

static const char *check_length(struct arena *arena,
                                const struct supplier_column *column,
                                struct slice text)
{
    size_t chars = column->max_chars ? utf8_count(text) : 0;

    if (chars > column->max_chars)
        return shorten(arena, column, chars, column->max_chars, "character");
    if (text.len > column->max_bytes)
        return shorten(arena, column, text.len, column->max_bytes, "byte");
    return NULL;
}

void supplier_check(struct arena *arena, const struct supplier *supplier,
                    struct supplier_faults *faults)
{
    *faults = (struct supplier_faults){ 0 };
    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        const struct supplier_column *column = &supplier_columns[f];
        const char *message = check_length(arena, column, supplier->fields[f]);

        if (!message)
            message = column->check(arena, supplier, f);
        faults->messages[f] = message;
        faults->count += message != NULL;
    }
}

/* A TINYTEXT, TEXT and so on counts bytes. */
static const char *check_room(struct arena *arena,
                              const struct supplier_column *column,
                              const struct supplier_room *room,
                              struct slice text)
{
    size_t chars = utf8_count(text);

    if (room->max_chars == 0)
        return NULL;
    if (chars > room->max_chars)
        return shorten(arena, column, chars, room->max_chars, "character");
    if (text.len > room->max_bytes)
        return shorten(arena, column, text.len, room->max_bytes, "byte");
    return NULL;
}

void supplier_check_room(struct arena *arena, const struct supplier *supplier,
                         const struct supplier_room *room,
                         struct supplier_faults *faults)
{
    *faults = (struct supplier_faults){ 0 };
    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        faults->messages[f] = check_room(arena, &supplier_columns[f], &room[f],
                                         supplier->fields[f]);
        faults->count += faults->messages[f] != NULL;
    }
}

void supplier_view(const struct supplier *supplier, struct view *object)
{
    view_number(object, "id", supplier->id);
    for (size_t f = 0; f < SUPPLIER_FIELDS; f++)
        view_text(object, supplier_columns[f].name, supplier->fields[f]);
}
