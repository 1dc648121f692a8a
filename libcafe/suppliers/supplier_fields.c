/* What makes each field of a supplier: how a form shows it, how it is tidied,
 * what it may hold, what it links to. */
#include <ctype.h>
#include <string.h>

#include "cafe/base/clock.h"
#include "cafe/base/unicode.h"
#include "cafe/base/utf8.h"
#include "cafe/suppliers/contact.h"
#include "cafe/suppliers/email.h"
#include "cafe/suppliers/phone.h"
#include "cafe/suppliers/supplier.h"
#include "cafe/suppliers/tidy.h"

enum { CHAR_MAX_BYTES = 4 /* of a code point in UTF-8 */ };

static supplier_check_fn supplier_check_name, check_address, check_city,
    check_state, check_country, check_email, check_phone, check_website,
    check_notes, check_ended_on, check_ended_reason;
static supplier_tidy_fn tidy_website, tidy_notes;
static supplier_link_fn link_website;

/*
 * The rest of each row of SUPPLIER_TABLE, by the name of its field: a row
 * without its FORM_… does not compile.
 */
/* clang-format off */

#define FORM_NAME                   \
    .label = "Name",                \
    .input_type = "text",           \
    .autocomplete = "organization", \
    .hint = "",                     \
    .tidy = tidy_line,              \
    .check = supplier_check_name

#define FORM_ADDRESS                            \
    .label = "Address",                         \
    .input_type = "text",                       \
    .autocomplete = "address-line1",            \
    .hint = "Street and number, or a PO box", \
    .tidy = tidy_line,                          \
    .check = check_address

#define FORM_CITY                     \
    .label = "City",                  \
    .input_type = "text",             \
    .autocomplete = "address-level2", \
    .hint = "",                       \
    .tidy = tidy_line,                \
    .check = check_city

#define FORM_STATE                                                   \
    .label = "State",                                                \
    .input_type = "text",                                            \
    .autocomplete = "address-level1",                                \
    .hint = "State, province or region; optional if you enter a "    \
            "country",                                               \
    .tidy = tidy_line,                                               \
    .check = check_state

#define FORM_COUNTRY                            \
    .label = "Country",                         \
    .input_type = "text",                       \
    .autocomplete = "country-name",             \
    .hint = "Optional if you enter a state", \
    .tidy = tidy_line,                          \
    .check = check_country

#define FORM_EMAIL                                                \
    .label = "E-mail",                                            \
    .input_type = "text",                                         \
    .input_mode = "email",                                        \
    .autocomplete = "email",                                      \
    .hint = "For example, orders@example.com; optional", \
    .tidy = tidy_email,                                           \
    .check = check_email,                                         \
    .link = contact_mailto,                                       \
    .link_member = "mailto"

#define FORM_PHONE                                               \
    .label = "Phone",                                            \
    .input_type = "tel",                                         \
    .autocomplete = "tel",                                       \
    .hint = "For example, +44 20 7946 0958 or 555-0100 ext. 12", \
    .tidy = tidy_phone,                                          \
    .check = check_phone,                                        \
    .link = contact_tel,                                         \
    .link_member = "tel"

#define FORM_WEBSITE                                                      \
    .label = "Website",                                                   \
    .input_type = "text",                                                 \
    .input_mode = "url",                                                  \
    .autocomplete = "url",                                                \
    .hint = "For example, https://www.example.com; optional",    \
    .tidy = tidy_website,                                                 \
    .check = check_website,                                               \
    .link = link_website,                                                 \
    .link_member = "website_link",                                        \
    .link_property = "URL:"

#define FORM_NOTES                         \
    .label = "Notes",                      \
    .input_type = "textarea",              \
    .autocomplete = "off",                 \
    .hint = "Markdown; optional", \
    .tidy = tidy_notes,                    \
    .check = check_notes

#define FORM_ENDED_ON                                     \
    .label = "No longer supplies since",                  \
    .input_type = "text",                                 \
    .autocomplete = "off",                                \
    .hint = "The date, for example 2026-11-28; leave it " \
            "empty to show the supplier to customers again", \
    .tidy = tidy_line,                                    \
    .check = check_ended_on

#define FORM_ENDED_REASON                                 \
    .label = "Why it no longer supplies",                 \
    .input_type = "text",                                 \
    .autocomplete = "off",                                \
    .hint = "For example: closed down",                  \
    .tidy = tidy_line,                                    \
    .check = check_ended_reason

#define ROW(FIELD, column, in, holds, is_searched, is_listed, is_exported, \
            has_lines)                                                     \
    [SUPPLIER_##FIELD] = {                                                 \
        .name = column,                                                    \
        .since = in,                                                       \
        .searched = is_searched,                                           \
        .listed = is_listed,                                               \
        .exported = is_exported,                                           \
        .lines = has_lines,                                                \
        .max_chars = has_lines ? 0 : holds,                                \
        .max_bytes = has_lines ? holds : holds * CHAR_MAX_BYTES,           \
        FORM_##FIELD                                                       \
    },
/* clang-format on */

const struct supplier_column supplier_columns[SUPPLIER_FIELDS] = {
    SUPPLIER_TABLE(ROW, )
};

/* Tidying. */

/* Line ends as \n: browsers send \r\n. */
static enum error unix_lines(struct arena *arena, struct slice *text)
{
    char *lines = arena_alloc(arena, text->len + 1);
    size_t len = 0;

    if (lines == NULL)
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

/* Checks. Each looks at one field; too long is looked at for all alike. */

/* Of one line: no control characters (C0, DEL, C1), no line or paragraph
 * separators, and nothing that turns the direction of what follows. */
static bool is_control(uint32_t letter)
{
    return letter_is_control(letter) ||
           (letter >= 0x2028 && letter <= 0x202e) ||
           (letter >= 0x2066 && letter <= 0x2069);
}

/* Of notes: no control characters but line breaks and tabs. */
static bool is_control_of_notes(uint32_t letter)
{
    return letter != '\n' && letter != '\t' &&
           (letter_is_control(letter) || letter == 0x2028 || letter == 0x2029);
}

/* "Supplier city has a tab as character 3: use one line". */
static const char *say_letter(struct arena *arena, enum supplier_field field,
                              struct slice text, size_t at, const char *advice)
{
    const struct supplier_column *column = &supplier_columns[field];
    const char *name = tidy_name(arena, text, at);
    const char *message =
        name != NULL ? arena_printf(arena, "The supplier %c%s has %s%s",
                                    tolower((unsigned char)column->label[0]),
                                    column->label + 1, name, advice)
                     : NULL;

    return message != NULL ? message
                           : "Remove characters that are not allowed here";
}

/* A field of one line, and whether it has to be there. */
static const char *check_line(struct arena *arena,
                              const struct supplier *supplier,
                              enum supplier_field field, const char *missing)
{
    struct slice text = supplier->fields[field];
    size_t at = utf8_find(text, is_control);

    if (text.len == 0)
        return missing;
    if (at < text.len)
        return say_letter(arena, field, text, at, ": use one line of text");
    if (!unicode_visible(text))
        return say_letter(arena, field, text, 0, " and nothing visible");
    return NULL;
}

static const char *check_ended_on(struct arena *arena,
                                  const struct supplier *supplier,
                                  enum supplier_field field)
{
    struct slice text = supplier->fields[field];

    (void)arena;
    return text.len == 0 || clock_is_date(text)
               ? NULL
               : "Enter the date like this: 2026-11-28";
}

static const char *check_ended_reason(struct arena *arena,
                                      const struct supplier *supplier,
                                      enum supplier_field field)
{
    return check_line(arena, supplier, field,
                      supplier_ended(supplier) ? "Say why it no longer supplies"
                                               : NULL);
}

static const char *supplier_check_name(struct arena *arena,
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
        elsewhere
            ? NULL
            : "The supplier state is required, unless you enter a country");
}

static const char *check_country(struct arena *arena,
                                 const struct supplier *supplier,
                                 enum supplier_field field)
{
    return check_line(arena, supplier, field, NULL);
}

static const char *check_email(struct arena *arena,
                               const struct supplier *supplier,
                               enum supplier_field field)
{
    struct slice text = supplier->fields[field];
    const char *fault = check_line(arena, supplier, field, NULL);
    size_t at;

    if (fault != NULL || text.len == 0 || email_read(text, NULL, NULL, &at))
        return fault;
    if (at < text.len)
        return say_letter(arena, field, text, at,
                          ": use one address, like orders@example.com");
    if (memchr(text.data, '@', text.len) != memrchr(text.data, '@', text.len))
        return "E-mail should be one address; put the others in the notes";
    return "E-mail should have one @, for example orders@example.com";
}

enum { LAST_DIGITS_MIN = 4 }; /* fewer may be a mistyped extension */

/* "020 7946 0958 / 0959", "… or 0959": a whole number ends before the place,
 * and after it are at least the last digits of another one. */
static bool are_two_phones(struct slice text, size_t at)
{
    char c = text.data[at];
    size_t before = 0, after = 0;

    if (!isalpha((unsigned char)c) && !byte_is_in(c, "/,;|&+"))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (isdigit((unsigned char)text.data[i]))
            (*(i < at ? &before : &after))++;
    }
    return before >= PHONE_DIGITS_MIN &&
           after >= (c == '/' ? 1 : LAST_DIGITS_MIN);
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
    if (fault < text.len && are_two_phones(text, fault))
        return "Phone number should be one number; put the others in the notes";
    if (fault < text.len)
        return say_letter(arena, field, text, fault,
                          ": use digits, spaces and + - . / ( ), and for an "
                          "extension \"ext. 12\" at the end");
    return "Phone number should be 7 to 15 digits, for example +44 20 7946 "
           "0958 or 555-0100 ext. 12";
}

static const char *check_notes(struct arena *arena,
                               const struct supplier *supplier,
                               enum supplier_field field)
{
    struct slice text = supplier->fields[field];
    size_t at = utf8_find(text, is_control_of_notes);

    if (at < text.len)
        return say_letter(arena, field, text, at,
                          ": line breaks and tabs are the only control "
                          "characters allowed");
    return NULL;
}

/* Websites. What is stored is followed by a browser, so it has to be of http or
 * https, and say plainly where it leads. */

enum { PORT_MAX = 65535 };

/* Nothing invisible, and none of the characters that RFC 3986 leaves out:
 * browsers take a backslash for a slash, and so see another host. */
static bool is_no_web_letter(uint32_t letter)
{
    int plain = unicode_plain(letter);

    return letter <= ' ' || letter == 0x7f || plain == ' ' ||
           (letter >= 0x80 && plain == UNICODE_INVISIBLE) ||
           is_control(letter) ||
           (letter < 0x80 && byte_is_in((char)letter, "\"<>\\^`{|}"));
}

/* Labels between single dots; names beyond ASCII are as people write them. */
static bool is_host(struct slice text)
{
    bool in_label = false;

    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.data[i];

        if (byte == '.' && !in_label)
            return false;
        if (byte != '.' && byte != '-' && byte < 0x80 && !isalnum(byte))
            return false;
        in_label = byte != '.';
    }
    return text.len > 0;
}

/* "www.example.com" of "www.example.com:8443/beans?fresh"; empty where there is
 * no host, or a name or password before it: these only ever mislead. */
static struct slice host_of(struct slice text)
{
    struct slice host = text, port;
    uint64_t number = 0;

    for (size_t i = host.len; i > 0; i--)
        if (byte_is_in(text.data[i - 1], "/?#"))
            host.len = i - 1;
    port = host;
    if (memchr(host.data, ':', host.len) != NULL) {
        host = slice_cut(&port, ':');
        if (slice_number(port, PORT_MAX, &number) != OK || number == 0)
            return SLICE("");
    }
    return is_host(host) ? host : SLICE("");
}

static bool skip_scheme(struct slice *text, const char *scheme)
{
    size_t len = strlen(scheme);

    if (text->len < len ||
        !slice_is_nocase((struct slice){ text->data, len }, scheme))
        return false;
    *text = (struct slice){ text->data + len, text->len - len };
    return true;
}

static bool is_website(struct slice text)
{
    struct slice rest = text;

    return utf8_find(text, is_no_web_letter) == text.len &&
           (skip_scheme(&rest, "https://") || skip_scheme(&rest, "http://")) &&
           host_of(rest).len > 0;
}

/* "example.com", but not "none", "n.a." or "192.0.2.1": its last label is two
 * letters or more. */
static bool is_public(struct slice host)
{
    const char *dot = memrchr(host.data, '.', host.len);
    struct slice last = host;

    if (dot == NULL)
        return false;
    last.len = (size_t)(host.data + host.len - dot) - 1;
    last.data = dot + 1;
    return utf8_count(last) >= 2 && !isdigit((unsigned char)last.data[0]);
}

/* People leave out the scheme: most browsers hide it. Theirs would try https
 * first, too. */
static enum error tidy_website(struct arena *arena, struct slice text,
                               struct slice *result)
{
    enum error err = tidy_line(arena, text, &text);
    const char *whole;

    *result = text;
    if (err != OK || utf8_find(text, is_no_web_letter) < text.len)
        return err;
    skip_scheme(&text, "//");
    if (!is_public(host_of(text)))
        return OK;
    whole = arena_printf(arena, "https://%.*s", (int)text.len, text.data);
    if (whole == NULL)
        return ERROR_MEMORY;
    *result = slice_of(whole);
    return OK;
}

static const char *check_website(struct arena *arena,
                                 const struct supplier *supplier,
                                 enum supplier_field field)
{
    struct slice text = supplier->fields[field];
    const char *fault = check_line(arena, supplier, field, NULL);
    size_t at;

    if (fault != NULL || text.len == 0 || is_website(text))
        return fault;
    at = utf8_find(text, is_no_web_letter);
    if (at < text.len)
        return say_letter(arena, field, text, at,
                          ": leave it out, or copy the address from your "
                          "browser");
    return "Website should be a web address that begins with https:// or "
           "http://, for example https://www.example.com";
}

static const char *link_website(struct arena *arena, struct slice text)
{
    if (tidy_website(arena, text, &text) != OK || !is_website(text))
        return NULL;
    return arena_copy(arena, text.data, text.len);
}
