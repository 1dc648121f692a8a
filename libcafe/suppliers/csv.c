/* Writes suppliers as a table of comma-separated values (RFC 4180). */
#include "cafe/csv.h"

#include <string.h>

/* Where a spreadsheet would see a formula behind apostrophes. */
static bool is_formula(struct slice text)
{
    static const char marks[] = { '=', '+', '-', '@', '\t', '\r' };
    size_t at = 0;

    while (at < text.len && text.data[at] == '\'')
        at++;
    return at < text.len && memchr(marks, text.data[at], sizeof(marks)) != NULL;
}

struct slice csv_unguard(struct slice text)
{
    if (text.len > 0 && text.data[0] == '\'' && is_formula(text))
        return (struct slice){ text.data + 1, text.len - 1 };
    return text;
}

static bool needs_quotes(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] == ',' || text.data[i] == '"' ||
            text.data[i] == '\r' || text.data[i] == '\n')
            return true;
    return false;
}

/* Quotes within are doubled. */
static void append_doubled(struct text *out, struct slice text)
{
    const char *quote;

    while (text.len > 0 && (quote = memchr(text.data, '"', text.len)) != NULL) {
        size_t len = (size_t)(quote - text.data) + 1;

        text_append(out, text.data, len);
        text_append_char(out, '"');
        text = (struct slice){ text.data + len, text.len - len };
    }
    text_append_slice(out, text);
}

static void append_value(struct text *out, enum csv_reader reader,
                         struct slice text)
{
    bool quotes = needs_quotes(text);

    text_append_char(out, ',');
    if (quotes)
        text_append_char(out, '"');
    if (reader == CSV_SPREADSHEET && is_formula(text))
        text_append_char(out, '\'');
    append_doubled(out, text);
    if (quotes)
        text_append_char(out, '"');
}

void csv_head(struct text *out, enum csv_reader reader)
{
    if (reader == CSV_SPREADSHEET)
        text_append_string(out, "\xef\xbb\xbf");
    text_append_string(out, "id");
    for (size_t f = 0; f < SUPPLIER_FIELDS; f++)
        append_value(out, CSV_PROGRAM, slice_of(supplier_columns[f].name));
    text_append_string(out, "\r\n");
}

void csv_record(struct text *out, enum csv_reader reader,
                const struct supplier *supplier)
{
    text_append_integer(out, supplier->id);
    for (size_t f = 0; f < SUPPLIER_FIELDS; f++)
        append_value(out, reader, supplier->fields[f]);
    text_append_string(out, "\r\n");
}
