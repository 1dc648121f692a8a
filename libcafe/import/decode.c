/* Decodes what spreadsheets write: UTF-8, UTF-16 and Windows-1252. By hand,
 * because iconv() loads its tables from files while it runs. */
#include "decode.h"

#include <string.h>

#include "cafe/base/unicode.h"

enum { BOM = 0xfeff, UTF_8_BOM_BYTES = 3 };

static const char utf_8_bom[] = "\xef\xbb\xbf";

/* 0x80 to 0x9f of Windows-1252; 0: no character. */
static const uint16_t windows_1252[32] = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
    0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017d, 0,
    0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
    0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178
};

static void put_faulty(struct text *out)
{
    text_append_char(out, (char)DECODE_FAULTY);
}

static void put_letter(struct text *out, uint32_t letter)
{
    char bytes[UTF8_MAX_BYTES];
    size_t len = utf8_encode(letter, bytes);

    text_append(out, bytes, len);
}

/* Pass over a BOM, which may come in pieces. */
static void decode_utf_8(struct decoder *decoder, struct slice bytes,
                         struct text *out)
{
    while (!decoder->begun && bytes.len > 0) {
        if (bytes.data[0] == utf_8_bom[decoder->bom_len]) {
            bytes = (struct slice){ bytes.data + 1, bytes.len - 1 };
            decoder->begun = ++decoder->bom_len == UTF_8_BOM_BYTES;
        } else {
            text_append(out, utf_8_bom, decoder->bom_len);
            decoder->begun = true;
        }
    }
    text_append_slice(out, bytes);
}

static void decode_windows_1252(struct slice bytes, struct text *out)
{
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char byte = (unsigned char)bytes.data[i];
        uint32_t letter =
            byte >= 0x80 && byte < 0xa0 ? windows_1252[byte - 0x80] : byte;

        if (letter == 0 && byte != 0)
            put_faulty(out);
        else
            put_letter(out, letter);
    }
}

/* RFC 2781 2.2 */
static void decode_unit(struct decoder *decoder, uint32_t unit,
                        struct text *out)
{
    bool first = unit >= 0xd800 && unit < 0xdc00;
    bool second = unit >= 0xdc00 && unit < 0xe000;

    if (decoder->lead != 0 && second)
        put_letter(out, 0x10000 + ((decoder->lead - 0xd800) << 10) +
                            (unit - 0xdc00));
    else if (decoder->lead != 0 || second)
        put_faulty(out);
    decoder->lead = first ? unit : 0;
    if (!first && !second && (decoder->begun || unit != BOM))
        put_letter(out, unit);
    decoder->begun = true;
}

static void decode_utf_16(struct decoder *decoder, struct slice bytes,
                          struct text *out)
{
    bool little = decoder->charset == IMPORT_UTF_16LE;

    for (size_t i = 0; i < bytes.len; i++) {
        unsigned byte = (unsigned char)bytes.data[i];

        if (decoder->half)
            decode_unit(decoder,
                        little ? byte << 8 | decoder->low
                               : (unsigned)decoder->low << 8 | byte,
                        out);
        decoder->low = (unsigned char)byte;
        decoder->half = !decoder->half;
    }
}

void decoder_feed(struct decoder *decoder, struct slice bytes, struct text *out)
{
    switch (decoder->charset) {
    case IMPORT_UTF_8:
        decode_utf_8(decoder, bytes, out);
        break;
    case IMPORT_WINDOWS_1252:
        decode_windows_1252(bytes, out);
        break;
    case IMPORT_UTF_16LE:
    case IMPORT_UTF_16BE:
        decode_utf_16(decoder, bytes, out);
        break;
    }
}

void decoder_finish(struct decoder *decoder, struct text *out)
{
    if (decoder->charset == IMPORT_UTF_8 && !decoder->begun)
        text_append(out, utf_8_bom, decoder->bom_len);
    else if (decoder->half || decoder->lead != 0)
        put_faulty(out);
}
