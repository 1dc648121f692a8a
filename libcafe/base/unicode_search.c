/* The letters that searching takes for each other. Which ones they are is what
 * the filters of Lucene do that unicode.h names. */
#include <string.h>

#include "cafe/base/unicode.h"
#include "cafe/base/utf8.h"

/* Marks that searching leaves out; 0 in place of a letter does so, too. */
static const struct {
    uint32_t first, last;
} left_out[] = {
    { 0x0300, 0x036f },                     /* accents */
    { 0x0483, 0x0489 },                     /* of Cyrillic */
    { 0x0591, 0x05bd },                     /* points of Hebrew */
    { 0x05bf, 0x05c7 }, { 0x0610, 0x061a }, /* vowels and signs of Arabic */
    { 0x0640, 0x0640 },                     /* tatweel */
    { 0x064b, 0x065f }, { 0x0670, 0x0670 }, { 0x06d6, 0x06dc },
    { 0x06df, 0x06e8 }, { 0x06ea, 0x06ed }, { 0x0711, 0x0711 }, /* of Syriac */
    { 0x0730, 0x074a }, { 0x08d3, 0x08ff }, { 0x1ab0, 0x1aff },
    { 0x1dc0, 0x1dff }, { 0x20d0, 0x20ff }, { 0xfe20, 0xfe2f },
};

/* Arabic letters, and what is typed for them on other keyboards. */
static const struct {
    uint32_t letter, folded;
} arabic[] = {
    { 0x0622, 0x0627 }, { 0x0623, 0x0627 }, { 0x0625, 0x0627 },
    { 0x0671, 0x0627 }, { 0x0672, 0x0627 }, { 0x0673, 0x0627 }, /* alef */
    { 0x0649, 0x064a }, { 0x06cc, 0x064a }, { 0x06cd, 0x064a },
    { 0x06d0, 0x064a }, { 0x06d2, 0x064a }, /* yeh */
    { 0x06a9, 0x0643 }, { 0x06aa, 0x0643 }, /* kaf */
    { 0x0629, 0x0647 }, { 0x06be, 0x0647 }, { 0x06c0, 0x0647 },
    { 0x06c1, 0x0647 }, { 0x06c2, 0x0647 }, { 0x06c3, 0x0647 },
    { 0x06d5, 0x0647 }, /* heh */
};

/* Each hiragana letter is at the same distance from its katakana. */
enum {
    HIRAGANA_FIRST = 0x3041,
    HIRAGANA_LAST = 0x3096,
    ITERATION_FIRST = 0x309d,
    ITERATION_LAST = 0x309e,
    TO_KATAKANA = 0x60
};

uint32_t unicode_search_letter(uint32_t letter)
{
    int plain;

    if (letter < 0x80)
        return letter;
    for (size_t i = 0; i < sizeof(left_out) / sizeof(left_out[0]); i++)
        if (letter >= left_out[i].first && letter <= left_out[i].last)
            return 0;
    for (size_t i = 0; i < sizeof(arabic) / sizeof(arabic[0]); i++)
        if (arabic[i].letter == letter)
            return arabic[i].folded;
    if ((letter >= HIRAGANA_FIRST && letter <= HIRAGANA_LAST) ||
        (letter >= ITERATION_FIRST && letter <= ITERATION_LAST))
        return letter + TO_KATAKANA;
    plain = unicode_plain(letter);
    if (plain == '\'' || plain == '-' || (plain >= '0' && plain <= '9'))
        return (uint32_t)plain;
    return letter;
}

static bool is_vowel(char letter)
{
    return byte_is_in(letter, "aeiouy");
}

/* The second letter of "ae", "oe", "aa" and "ue", except in "aue" and "que":
 * Bauer and Enrique are spelt so, without an umlaut. */
static bool is_second(struct slice word, size_t at)
{
    char letter = word.data[at];
    char before = at > 0 ? word.data[at - 1] : '\0';
    char second = at > 1 ? word.data[at - 2] : '\0';

    if (before == 'a')
        return letter == 'a' || letter == 'e';
    if (letter != 'e')
        return false;
    return before == 'o' ||
           (before == 'u' && second != 'q' && !is_vowel(second));
}

void unicode_append_loose(struct text *out, struct slice word)
{
    static const char prolonged[] = "\u30fc";
    enum { LONG_CHARS = 4 };
    size_t last = word.len - (sizeof(prolonged) - 1);

    if (word.len >= sizeof(prolonged) && utf8_count(word) >= LONG_CHARS &&
        memcmp(word.data + last, prolonged, sizeof(prolonged) - 1) == 0)
        word.len = last;
    for (size_t i = 0; i < word.len; i++)
        if (word.data[i] != '\'' && word.data[i] != '`' &&
            word.data[i] != '-' && !is_second(word, i))
            text_append_char(out, word.data[i]);
}
