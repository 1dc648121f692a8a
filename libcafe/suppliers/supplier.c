/* The field table of a supplier, and what makes each field valid. */
#include "cafe/supplier.h"

#include <ctype.h>
#include <string.h>

#include "cafe/unicode.h"

enum {
    TEXT_MAX_CHARS = 255, /* VARCHAR(255) */
    PHONE_MAX_CHARS = 100,
    EMAIL_MAX_CHARS = 254, /* RFC 5321 4.5.3.1.3, without the brackets */
    NOTES_MAX_BYTES = 16 * 1024,
    CHAR_MAX_BYTES = 4,   /* of a code point in UTF-8 */
    PHONE_DIGITS_MIN = 7, /* a local number */
    PHONE_DIGITS_MAX = 15 /* ITU-T E.164 */
};

static supplier_check_fn check_name, check_address, check_city, check_state,
    check_country, check_email, check_phone, check_notes;

#define TEXT_LIMITS \
    .max_chars = TEXT_MAX_CHARS, .max_bytes = TEXT_MAX_CHARS * CHAR_MAX_BYTES

const struct supplier_column supplier_columns[SUPPLIER_FIELDS] = {
    [SUPPLIER_NAME] = { .name = "name",
                        .label = "Name",
                        .input_type = "text",
                        .autocomplete = "organization",
                        .hint = "",
                        TEXT_LIMITS,
                        .check = check_name },
    [SUPPLIER_ADDRESS] = { .name = "address",
                           .label = "Address",
                           .input_type = "text",
                           .autocomplete = "address-line1",
                           .hint = "Street and number, or a post box",
                           TEXT_LIMITS,
                           .check = check_address },
    [SUPPLIER_CITY] = { .name = "city",
                        .label = "City",
                        .input_type = "text",
                        .autocomplete = "address-level2",
                        .hint = "",
                        TEXT_LIMITS,
                        .check = check_city },
    [SUPPLIER_STATE] = { .name = "state",
                         .label = "State",
                         .input_type = "text",
                         .autocomplete = "address-level1",
                         .hint = "State, province or region; not needed when "
                                 "you give a country",
                         TEXT_LIMITS,
                         .check = check_state },
    [SUPPLIER_COUNTRY] = { .name = "country",
                           .label = "Country",
                           .input_type = "text",
                           .autocomplete = "country-name",
                           .hint = "Not needed when you give a state",
                           TEXT_LIMITS,
                           .check = check_country },
    [SUPPLIER_EMAIL] = { .name = "email",
                         .label = "E-mail",
                         .input_type = "email",
                         .autocomplete = "email",
                         .hint = "For instance orders@example.com; can be "
                                 "left empty",
                         .max_chars = EMAIL_MAX_CHARS,
                         .max_bytes = EMAIL_MAX_CHARS * CHAR_MAX_BYTES,
                         .check = check_email },
    [SUPPLIER_PHONE] = { .name = "phone",
                         .label = "Phone",
                         .input_type = "tel",
                         .autocomplete = "tel",
                         .hint = "For instance +44 20 7946 0958 or "
                                 "555-0100 ext. 12",
                         .max_chars = PHONE_MAX_CHARS,
                         .max_bytes = PHONE_MAX_CHARS * CHAR_MAX_BYTES,
                         .check = check_phone },
    [SUPPLIER_NOTES] = { .name = "notes",
                         .label = "Notes",
                         .input_type = "textarea",
                         .autocomplete = "off",
                         .hint = "Markdown; can be left empty",
                         .max_chars = 0,
                         .max_bytes = NOTES_MAX_BYTES,
                         .check = check_notes },
};

/*
 * White space beyond ASCII that comes along when text is copied: without it a
 * name could be nothing but a no-break space.
 */
static const char *const blanks[] = {
    "\u00a0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004",
    "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200a", "\u200b",
    "\u2028", "\u2029", "\u202f", "\u205f", "\u3000", "\ufeff",
};

/* Reading a form. */

static bool ends_with(struct slice slice, const char *end)
{
    size_t len = strlen(end);

    return slice.len >= len &&
           memcmp(slice.data + slice.len - len, end, len) == 0;
}

/* Without a blank at one of its ends; false when there is none. */
static bool trim_one(struct slice *slice)
{
    for (size_t i = 0; i < sizeof(blanks) / sizeof(blanks[0]); i++) {
        size_t len = strlen(blanks[i]);

        if (slice_starts(*slice, blanks[i])) {
            slice->data += len;
            slice->len -= len;
            return true;
        }
        if (ends_with(*slice, blanks[i])) {
            slice->len -= len;
            return true;
        }
    }
    return false;
}

static struct slice trim(struct slice slice)
{
    slice = slice_trim(slice);
    while (trim_one(&slice))
        slice = slice_trim(slice);
    return slice;
}

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

static enum error read_field(struct arena *arena, const struct form *form,
                             enum supplier_field field, struct slice *text)
{
    struct slice value = trim(form_value(form, supplier_columns[field].name));

    if (value.len == 0) {
        *text = SLICE("");
        return OK;
    }
    enum error err = utf8_normalise(arena, value, text);
    if (err == OK && field == SUPPLIER_NOTES)
        err = unix_lines(arena, text);
    return err;
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

/*
 * C0, DEL, C1 (two bytes: C2 80 to C2 9F), and the line and paragraph
 * separators (E2 80 A8, E2 80 A9).
 */
static bool is_control(const unsigned char *at, size_t left)
{
    if (at[0] < 0x20 || at[0] == 0x7f)
        return true;
    if (at[0] == 0xc2 && left > 1)
        return at[1] < 0xa0;
    return at[0] == 0xe2 && left > 2 && at[1] == 0x80 &&
           (at[2] == 0xa8 || at[2] == 0xa9);
}

/* A control character other than those that are allowed here. */
static bool has_control(struct slice text, const char *allowed)
{
    const unsigned char *bytes = (const unsigned char *)text.data;

    for (size_t i = 0; i < text.len; i++)
        if (is_control(bytes + i, text.len - i) &&
            !(bytes[i] && strchr(allowed, bytes[i])))
            return true;
    return false;
}

/* A field of one line, and whether it has to be there. */
static const char *check_line(const struct supplier *supplier,
                              enum supplier_field field, const char *missing)
{
    struct slice text = supplier->fields[field];

    if (missing && text.len == 0)
        return missing;
    if (has_control(text, ""))
        return "Use one line, without tabs or other control characters";
    return NULL;
}

static const char *check_name(const struct supplier *supplier,
                              enum supplier_field field)
{
    return check_line(supplier, field, "The supplier name is required");
}

static const char *check_address(const struct supplier *supplier,
                                 enum supplier_field field)
{
    return check_line(supplier, field, "The supplier address is required");
}

static const char *check_city(const struct supplier *supplier,
                              enum supplier_field field)
{
    return check_line(supplier, field, "The supplier city is required");
}

static const char *check_state(const struct supplier *supplier,
                               enum supplier_field field)
{
    bool elsewhere = supplier->fields[SUPPLIER_COUNTRY].len > 0;

    return check_line(
        supplier, field,
        elsewhere ? NULL : "The supplier state is required, or give a country");
}

static const char *check_country(const struct supplier *supplier,
                                 enum supplier_field field)
{
    return check_line(supplier, field, NULL);
}

/*
 * Only what would fail in any mail program: the server at the other end is
 * the one that knows its addresses.
 */
static const char *check_email(const struct supplier *supplier,
                               enum supplier_field field)
{
    struct slice text = supplier->fields[field];
    const char *fault = check_line(supplier, field, NULL);

    if (fault || text.len == 0)
        return fault;
    const char *at = memchr(text.data, '@', text.len);
    size_t local = at ? (size_t)(at - text.data) : 0;
    if (local == 0 || local + 1 == text.len ||
        memchr(at + 1, '@', text.len - local - 1))
        return "E-mail should have one @, for instance orders@example.com";
    if (memchr(text.data, ' ', text.len))
        return "E-mail should have no spaces";
    return NULL;
}

/*
 * Step over "ext. 12", "EXT12" or "x12" with the spaces around it.
 *
 * Returns  Whether it goes on to the end with at least one digit.
 */
static bool is_extension(struct slice rest)
{
    size_t digits = 0;
    size_t i = 1;

    if (rest.len >= 3 && strncasecmp(rest.data, "ext", 3) == 0)
        i = 3;
    else if (rest.len == 0 || tolower((unsigned char)rest.data[0]) != 'x')
        return false;
    if (i < rest.len && rest.data[i] == '.')
        i++;
    while (i < rest.len && rest.data[i] == ' ')
        i++;
    for (; i < rest.len && isdigit((unsigned char)rest.data[i]); i++)
        digits++;
    return digits > 0 && i == rest.len;
}

bool supplier_is_phone(struct slice text)
{
    size_t digits = 0;
    size_t pluses = 0;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];

        if (isdigit((unsigned char)c)) {
            digits++;
        } else if (c == '+') {
            if (digits > 0 || ++pluses > 1)
                return false;
        } else if (c == '\0' || !strchr(" -()./", c)) {
            struct slice rest = { text.data + i, text.len - i };

            if (!is_extension(rest))
                return false;
            break;
        }
    }
    return digits >= PHONE_DIGITS_MIN && digits <= PHONE_DIGITS_MAX;
}

static const char *check_phone(const struct supplier *supplier,
                               enum supplier_field field)
{
    if (!supplier_is_phone(supplier->fields[field]))
        return "Phone number should be 7 to 15 digits, for instance "
               "+44 20 7946 0958 or 555-0100 ext. 12";
    return NULL;
}

static const char *check_notes(const struct supplier *supplier,
                               enum supplier_field field)
{
    if (has_control(supplier->fields[field], "\n\t"))
        return "Notes should have no control characters but line breaks "
               "and tabs";
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
            message = column->check(supplier, f);
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
