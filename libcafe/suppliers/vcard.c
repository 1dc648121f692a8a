/* Writes suppliers as contacts: vCard 4.0 (RFC 6350) and 3.0 (RFC 2426). */
#include "cafe/suppliers/vcard.h"

#include "cafe/base/clock.h"
#include "cafe/suppliers/contact.h"

enum { LINE_MAX_BYTES = 75 /* RFC 6350 3.2, without the line break */ };

/* What the versions have differently. */
static const struct style {
    const char *head; /* 3.0 wants a name in parts; an organisation has none */
    const char *uid, *email, *phone, *address;
    bool escapes_all; /* semicolons in every value, not only in those of parts:
                         RFC 2426 4, RFC 6350 3.4 and 4 */
} styles[] = {
    [VCARD_3] = { "VERSION:3.0\r\nN:;;;;\r\n",
                  "UID:", "EMAIL;TYPE=INTERNET,WORK:", "TEL;TYPE=WORK,VOICE:",
                  "ADR;TYPE=WORK:", true },
    [VCARD_4] = { "VERSION:4.0\r\nKIND:org\r\n",
                  "UID;VALUE=text:", "EMAIL;TYPE=work:", "TEL;TYPE=work:",
                  "ADR;TYPE=work:", false },
};

/* A line that is being written, folded as it grows. */
struct line {
    struct text *out;
    const char *escaped; /* characters that mean something in its value */
    size_t len;          /* bytes since the last break */
};

/* In a value of parts, and in one of a single text. */
static const char in_parts[] = "\\,;";

static const char *in_text(const struct style *style)
{
    return style->escapes_all ? in_parts : "\\,";
}

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
    /* By whole characters: not all readers put the bytes of one together again.
     * The space that continues a line counts for its length. */
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

static void vcard_put_string(struct line *line, const char *string)
{
    put(line, slice_of(string));
}

static struct line vcard_begin(struct text *out, const char *start,
                               const char *escaped)
{
    struct line line = { out, escaped, 0 };

    vcard_put_string(&line, start);
    return line;
}

static void end(struct line *line)
{
    text_append_string(line->out, "\r\n");
}

/* One byte that has a meaning in a value, or no place in a card. */
static void put_special(struct line *line, char byte)
{
    char pair[2] = { '\\', byte == '\r' || byte == '\n' ? 'n' : byte };

    if (byte == '\t')
        put_char(line, "\t", 1);
    else if (!byte_is_control(pair[1]))
        put_char(line, pair, sizeof(pair));
}

static void put_value(struct line *line, struct slice text)
{
    while (text.len > 0) {
        size_t len = char_len(text);

        if (slice_starts(text, "\r\n"))
            len = 2;
        if (byte_is_control(text.data[0]) ||
            byte_is_in(text.data[0], line->escaped))
            put_special(line, text.data[0]);
        else
            put_char(line, text.data, len);
        text = (struct slice){ text.data + len, text.len - len };
    }
}

static void vcard_write_text(struct text *out, const char *start,
                             const char *escaped, struct slice value)
{
    struct line line;

    if (value.len == 0)
        return;
    line = vcard_begin(out, start, escaped);
    put_value(&line, value);
    end(&line);
}

/* RFC 6350 6.3.1: box, extended, street, locality, region, code, country. */
static void write_address(struct text *out, const struct style *style,
                          const struct supplier *supplier)
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
    line = vcard_begin(out, style->address, in_parts);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (i > 0)
            vcard_put_string(&line, ";");
        if (parts[i] != SUPPLIER_FIELDS)
            put_value(&line, supplier->fields[parts[i]]);
    }
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

/* Made of the time of the database's first migration: all tasks read the same
 * one, and no other directory has it. */
static void write_uid(struct text *out, const struct style *style,
                      const struct supplier *supplier)
{
    text_append_string(out, style->uid);
    text_printf(out, "cafe-supplier-%llx-%lld\r\n",
                (unsigned long long)supplier->directory_us,
                (long long)supplier->id);
}

/* A URI is written as it is (RFC 6350 4.2): a link has no characters that
 * would end it. */
static void write_links(struct text *out, const struct supplier *supplier,
                        struct arena *scratch)
{
    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        const struct supplier_column *column = &supplier_columns[f];
        const char *link = column->link_property != NULL
                               ? column->link(scratch, supplier->fields[f])
                               : NULL;

        if (link != NULL)
            vcard_write_text(out, column->link_property, "", slice_of(link));
    }
}

void vcard_append(struct text *out, const struct supplier *supplier,
                  enum vcard_version version, struct arena *scratch)
{
    const struct style *style = &styles[version];
    const char *escaped = in_text(style);
    const struct slice *fields = supplier->fields;
    struct slice name = fields[SUPPLIER_NAME];

    arena_reset(scratch);
    if (name.len == 0)
        name = SLICE("(no name)"); /* FN has to be there */
    text_append_string(out, "BEGIN:VCARD\r\n");
    text_append_string(out, style->head);
    write_uid(out, style, supplier);
    vcard_write_text(out, "FN:", escaped, name);
    vcard_write_text(out, "ORG:", in_parts, fields[SUPPLIER_NAME]);
    write_address(out, style, supplier);
    vcard_write_text(out, style->email, escaped,
                     contact_email(scratch, fields[SUPPLIER_EMAIL]));
    vcard_write_text(out, style->phone, escaped,
                     contact_phone(scratch, fields[SUPPLIER_PHONE]));
    write_links(out, supplier, scratch);
    vcard_write_text(out, "NOTE:", escaped, fields[SUPPLIER_NOTES]);
    write_revision(out, supplier->changed_us);
    text_append_string(out, "END:VCARD\r\n");
}
