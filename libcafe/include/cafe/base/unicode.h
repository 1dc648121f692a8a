/* Unicode: normal form, plain forms, and the folds for sort and search. */
#ifndef CAFE_UNICODE_H
#define CAFE_UNICODE_H

#include "cafe/base/arena.h"
#include "cafe/base/text.h"

enum { UTF8_MAX_BYTES = 4 };

/** Write a code point; returns its bytes, at most UTF8_MAX_BYTES. */
size_t utf8_encode(uint32_t letter, char *out);

enum {
    UNICODE_INVISIBLE = 0, /* joins, direction marks, soft hyphens, … */
    UNICODE_NOT_PLAIN = -1
};

/**
 * The ASCII character that a code point stands for: spaces, dashes,
 * apostrophes, digits of any script, full width forms. An ASCII character
 * stands for itself. UNICODE_INVISIBLE for what has no width, else
 * UNICODE_NOT_PLAIN.
 */
int unicode_plain(uint32_t letter);

/** The letter that the fold of a code point begins with: 'a' for U+00C4. */
uint32_t unicode_base(uint32_t letter);

/** Whether valid UTF-8 shows anything: not only blanks, marks, fillers and
 * characters without width. */
bool unicode_visible(struct slice slice);

/** Whether bytes are valid UTF-8 that a line of text can show as it is: no
 * control or format characters (which hide or reorder), no line separators, no
 * private or unassigned code points. */
bool unicode_printable(struct slice slice);

/**
 * Unicode normal form C (UAX #15).
 *
 * slice   Valid UTF-8.
 * result  In the arena, NUL-terminated.
 * Errors  ERROR_SYNTAX, ERROR_MEMORY.
 */
MUST_CHECK enum error utf8_normalise(struct arena *arena, struct slice slice,
                                     struct slice *result);

/**
 * The key by which text is sorted and compared: case folded, marks stripped
 * (utf8proc), and the letters that don't decompose spelt out (ß ss, ł l,
 * ø o, đ d, æ ae, œ oe, þ th, ð d, ı i …). Invalid bytes fold to U+FFFD.
 *
 * result  In the arena, NUL-terminated UTF-8.
 * Errors  ERROR_MEMORY.
 */
MUST_CHECK enum error unicode_fold(struct arena *arena, struct slice slice,
                                   struct slice *result);

/**
 * The key by which text is searched. As unicode_fold(), and letters that are
 * typed for each other become the same: apostrophes, dashes and digits of any
 * kind, hiragana and katakana, and Arabic and Persian letters (alef with and
 * without hamza, yeh, kaf, heh; no tatweel). Marks that make another sound of
 * a letter, as those of kana and of the scripts of India, stay.
 *
 * result  In the arena, NUL-terminated UTF-8.
 * Errors  ERROR_MEMORY.
 * Source  What Lucene's ASCIIFolding-, ArabicNormalization-,
 *         PersianNormalization- and DecimalDigitFilter and ICU's transform
 *         Hiragana-Katakana do.
 */
MUST_CHECK enum error unicode_search_fold(struct arena *arena,
                                          struct slice slice,
                                          struct slice *result);

/** One code point as unicode_search_fold() writes it; 0: left out. */
uint32_t unicode_search_letter(uint32_t letter);

/**
 * Append the spelling that all variants of a word have in common:
 * "omalley" for "o'malley" and "rollsroyce" for "rolls-royce"; "muller" for
 * "mueller", as for "Müller", and so with ae, oe and aa; no prolonged sound
 * mark at the end of long words in katakana.
 *
 * word    By unicode_search_fold(), without blanks.
 * Source  What Lucene's GermanNormalization-, ScandinavianFolding- and
 *         JapaneseKatakanaStemFilter do.
 */
void unicode_append_loose(struct text *out, struct slice word);

#endif
