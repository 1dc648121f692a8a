/* What typographic and invisible characters stand for in plain ASCII. */
#include <stddef.h>

#include "cafe/base/unicode.h"

/* In order, so that they can be searched in halves. */
static const struct {
    uint32_t first, last;
    int plain;
} ranges[] = {
    { 0x00a0, 0x00a0, ' ' },
    { 0x00ad, 0x00ad, UNICODE_INVISIBLE },
    { 0x00b4, 0x00b4, '\'' },
    { 0x00b7, 0x00b7, '.' },
    { 0x02b9, 0x02b9, '\'' },
    { 0x02bb, 0x02bf, '\'' },
    { 0x02c8, 0x02c8, '\'' },
    { 0x02ca, 0x02cb, '\'' },
    { 0x02d7, 0x02d7, '-' },
    { 0x0384, 0x0384, '\'' },
    { 0x034f, 0x034f, UNICODE_INVISIBLE },
    { 0x055a, 0x055a, '\'' },
    { 0x05be, 0x05be, '-' },
    { 0x05f3, 0x05f3, '\'' },
    { 0x061c, 0x061c, UNICODE_INVISIBLE },
    { 0x066b, 0x066b, '.' },
    { 0x1680, 0x1680, ' ' },
    { 0x180e, 0x180e, UNICODE_INVISIBLE },
    { 0x1fbd, 0x1fbd, '\'' },
    { 0x1fbf, 0x1fbf, '\'' },
    { 0x1fef, 0x1fef, '\'' },
    { 0x1ffd, 0x1ffe, '\'' },
    { 0x2000, 0x200a, ' ' },
    { 0x200b, 0x200f, UNICODE_INVISIBLE },
    { 0x2010, 0x2015, '-' },
    { 0x2018, 0x201b, '\'' },
    { 0x2024, 0x2024, '.' },
    { 0x202a, 0x202e, UNICODE_INVISIBLE },
    { 0x202f, 0x202f, ' ' },
    { 0x2032, 0x2032, '\'' },
    { 0x2035, 0x2035, '\'' },
    { 0x2043, 0x2043, '-' },
    { 0x2044, 0x2044, '/' },
    { 0x205f, 0x205f, ' ' },
    { 0x2060, 0x206f, UNICODE_INVISIBLE },
    { 0x207a, 0x207a, '+' },
    { 0x2212, 0x2212, '-' },
    { 0x2215, 0x2215, '/' },
    { 0x2795, 0x2795, '+' },
    { 0x2796, 0x2796, '-' },
    { 0x3000, 0x3000, ' ' },
    { 0x3002, 0x3002, '.' },
    { 0x301c, 0x301c, '-' },
    { 0xa78b, 0xa78c, '\'' },
    { 0xfe00, 0xfe0f, UNICODE_INVISIBLE },
    { 0xfe58, 0xfe58, '-' },
    { 0xfe59, 0xfe59, '(' },
    { 0xfe5a, 0xfe5a, ')' },
    { 0xfe62, 0xfe62, '+' },
    { 0xfe63, 0xfe63, '-' },
    { 0xfe6b, 0xfe6b, '@' },
    { 0xfeff, 0xfeff, UNICODE_INVISIBLE },
    { 0xff61, 0xff61, '.' },
    { 0xfff9, 0xfffb, UNICODE_INVISIBLE },
    { 0xe0000, 0xe0fff, UNICODE_INVISIBLE },
};

/* The zeros of digits in use today, each followed by one to nine (UnicodeData
 * 15, general category Nd). Full width ones are among the ASCII forms. */
static const uint32_t zeros[] = {
    0x0660, 0x06f0, 0x07c0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0b66,
    0x0be6, 0x0c66, 0x0ce6, 0x0d66, 0x0de6, 0x0e50, 0x0ed0, 0x0f20,
    0x1040, 0x17e0, 0x1810, 0xa8d0, 0xa9d0, 0xabf0,
};

/* Full width forms of ASCII (Unicode's block of that name). */
enum { WIDE_FIRST = 0xff01, WIDE_LAST = 0xff5e, WIDE_TO_ASCII = 0xfee0 };

static int plain_digit(uint32_t letter)
{
    for (size_t i = 0; i < sizeof(zeros) / sizeof(zeros[0]); i++)
        if (letter >= zeros[i] && letter <= zeros[i] + 9)
            return (int)('0' + (letter - zeros[i]));
    return UNICODE_NOT_PLAIN;
}

int unicode_plain(uint32_t letter)
{
    size_t low = 0, high = sizeof(ranges) / sizeof(ranges[0]);

    if (letter < 0x80)
        return (int)letter;
    if (letter >= WIDE_FIRST && letter <= WIDE_LAST)
        return (int)(letter - WIDE_TO_ASCII);
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (ranges[middle].last < letter)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < sizeof(ranges) / sizeof(ranges[0]) && letter >= ranges[low].first)
        return ranges[low].plain;
    return plain_digit(letter);
}
