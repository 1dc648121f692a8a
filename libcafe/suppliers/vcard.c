/* Writes suppliers as contacts: vCard 4.0 (RFC 6350). */
#include "cafe/vcard.h"

#include <string.h>

#include "cafe/clock.h"
#include "cafe/contact.h"

enum { LINE_MAX_BYTES = 75 /* RFC 6350 3.2, without the line break */ };

/* A line that is being written, folded as it grows. */
struct line {
    struct text *out;
    size_t len; /* bytes since the last break */
};

/* Bytes of the character that begins here; of faulty ones, not too many. */
static size_t char_len(struct slice text)
{
    size_t len = 1;

    while (len < text.len && len < 4 &&
           ((unsigned char)text.data[len] & 0xc0) == 0x80)
        len++;
    return len;
}

static void put_char(struct line *line, const char *data, size_t len)
{
    if (line->len + len > LINE_MAX_BYTES) {
        text_append_string(line->out, "\r\n ");
        line->len = 1;
    }
    text_append(line->out, data, len);
    line->len += len;
}

static void put(struct line *line, struct slice text)
{
    while (text.len > 0) {
        size_t len = char_len(text);

        put_char(line, text.data, len);
        text = (struct slice){ text.data + len, text.len - len };
    }
}

static void put_string(struct line *line, const char *string)
{
    put(line, slice_of(string));
}

static struct line begin(struct text *out, const char *start)
{
    struct line line = { out, 0 };

    put_string(&line, start);
    return line;
}

static void end(struct line *line)
{
    text_append_string(line->out, "\r\n");
}

static bool is_control(char byte)
{
    return (unsigned char)byte < ' ' || byte == 0x7f;
}

/* One byte that has a meaning in a value, or no place in a card. */
static void put_special(struct line *line, char byte)
{
    char pair[2] = { '\\', byte == '\r' || byte == '\n' ? 'n' : byte };

    if (byte == '\t')
        put_char(line, "\t", 1);
    else if (!is_control(pair[1]))
        put_char(line, pair, sizeof(pair));
}

/* RFC 6350 3.4; ';' is escaped in every value, as RFC 6350 4 allows. */
static void put_value(struct line *line, struct slice text)
{
    while (text.len > 0) {
        size_t len = char_len(text);

        if (slice_starts(text, "\r\n"))
            len = 2;
        if (is_control(text.data[0]) || strchr("\\,;", text.data[0]))
            put_special(line, text.data[0]);
        else
            put_char(line, text.data, len);
        text = (struct slice){ text.data + len, text.len - len };
    }
}

static void write_text(struct text *out, const char *start, struct slice value)
{
    struct line line;

    if (value.len == 0)
        return;
    line = begin(out, start);
    put_value(&line, value);
    end(&line);
}

/* RFC 6350 6.3.1: box, extended, street, locality, region, code, country. */
static void write_address(struct text *out, const struct supplier *supplier)
{
    static const enum supplier_field parts[] = {
        SUPPLIER_FIELDS, SUPPLIER_FIELDS, SUPPLIER_ADDRESS, SUPPLIER_CITY,
        SUPPLIER_STATE,  SUPPLIER_FIELDS, SUPPLIER_COUNTRY
    };
    struct line line;
    size_t known = 0;

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (parts[i] != SUPPLIER_FIELDS)
            known += supplier->fields[parts[i]].len;
    if (known == 0)
        return;
    line = begin(out, "ADR:");
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (i > 0)
            put_string(&line, ";");
        if (parts[i] != SUPPLIER_FIELDS)
            put_value(&line, supplier->fields[parts[i]]);
    }
    end(&line);
}

/* RFC 3966 5.1.5: without a country code only who knows the place can dial. */
static void write_phone(struct text *out, struct slice phone,
                        struct arena *scratch)
{
    const char *url = contact_tel(scratch, phone);
    struct line line;

    if (url == NULL || !slice_starts(slice_of(url), "tel:+")) {
        write_text(out, "TEL;TYPE=work:", phone);
        return;
    }
    line = begin(out, "TEL;TYPE=work;VALUE=uri:");
    put_string(&line, url);
    end(&line);
}

/* RFC 6350 4.3.5: "20261123T084318Z". */
static void write_revision(struct text *out, int64_t changed_us)
{
    char iso[CLOCK_ISO_BYTES];

    if (changed_us == 0)
        return;
    clock_iso(changed_us, iso);
    text_append_string(out, "REV:");
    for (const char *at = iso; *at != '\0' && *at != '.'; at++)
        if (*at != '-' && *at != ':')
            text_append_char(out, *at);
    text_append_string(out, "Z\r\n");
}

void vcard_append(struct text *out, const struct supplier *supplier,
                  struct arena *scratch)
{
    const struct slice *fields = supplier->fields;
    struct slice name = fields[SUPPLIER_NAME];

    arena_reset(scratch);
    if (name.len == 0)
        name = SLICE("(no name)"); /* FN has to be there */
    text_append_string(out, "BEGIN:VCARD\r\nVERSION:4.0\r\nKIND:org\r\n");
    text_append_string(out, "UID;VALUE=text:cafe-supplier-");
    text_append_integer(out, supplier->id);
    text_append_string(out, "\r\n");
    write_text(out, "FN:", name);
    write_text(out, "ORG:", fields[SUPPLIER_NAME]);
    write_address(out, supplier);
    write_text(out, "EMAIL;TYPE=work:", fields[SUPPLIER_EMAIL]);
    write_phone(out, fields[SUPPLIER_PHONE], scratch);
    write_text(out, "NOTE:", fields[SUPPLIER_NOTES]);
    write_revision(out, supplier->changed_us);
    text_append_string(out, "END:VCARD\r\n");
}
