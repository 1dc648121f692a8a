/* Tidies what was typed, or copied from pages, mails and PDF files. */
#include "cafe/suppliers/tidy.h"

#include <ctype.h>
#include <string.h>

#include "cafe/base/form.h"
#include "cafe/base/unicode.h"
#include "cafe/base/utf8.h"

/* What is left out of a name, though a part of it in some script. */
static bool shapes_letters(uint32_t letter)
{
    return letter == 0x061c || letter == 0x034f ||
           (letter >= 0x200c && letter <= 0x200f) ||
           (letter >= 0xfe00 && letter <= 0xfe0f) || letter >= 0xe0000 ||
           letter == 0x180e;
}

/* Copy what `keep` gives for each code point. */
typedef int keep_fn(uint32_t letter);

static enum error copy_letters(struct arena *arena, struct slice text,
                               keep_fn *keep, struct slice *result)
{
    char *out = arena_alloc(arena, text.len + 1);
    size_t len = 0;

    if (out == NULL)
        return ERROR_MEMORY;
    while (text.len > 0) {
        const char *start = text.data;
        int kept = keep(utf8_next(&text));
        size_t bytes = (size_t)(text.data - start);

        if (kept == UNICODE_INVISIBLE)
            continue;
        if (kept > 0) {
            out[len++] = (char)kept;
            continue;
        }
        memcpy(out + len, start, bytes);
        len += bytes;
    }
    *result = (struct slice){ out, len };
    return OK;
}

/* Names. */

/* Invisible characters come along when text is copied from pages. Those that
 * shape letters stay: Persian, Indic scripts and emoji need them. */
static int keep_in_line(uint32_t letter)
{
    bool left_out = letter >= 0x80 &&
                    unicode_plain(letter) == UNICODE_INVISIBLE &&
                    !shapes_letters(letter);

    return left_out ? UNICODE_INVISIBLE : UNICODE_NOT_PLAIN;
}

/* At the ends, whatever shows nothing goes. */
static bool tidy_is_blank(uint32_t letter)
{
    int plain = unicode_plain(letter);

    return (letter >= 0x80 && plain == UNICODE_INVISIBLE && letter < 0xfe00) ||
           letter == 0xfeff || plain == ' ' || letter == 0x2028 ||
           letter == 0x2029;
}

static size_t last_len(struct slice text)
{
    size_t len = 1;

    while (len < text.len && len < 4 &&
           ((unsigned char)text.data[text.len - len] & 0xc0) == 0x80)
        len++;
    return len;
}

struct slice tidy_ends(struct slice text)
{
    for (;;) {
        struct slice rest = text = slice_trim(text);
        size_t len;
        struct slice last;

        if (text.len > 0 && tidy_is_blank(utf8_next(&rest))) {
            text = rest;
            continue;
        }
        len = text.len > 0 ? last_len(text) : 0;
        last = (struct slice){ text.data + text.len - len, len };
        if (len == 0 || !tidy_is_blank(utf8_next(&last)))
            return text;
        text.len -= len;
    }
}

enum error tidy_line(struct arena *arena, struct slice text,
                     struct slice *result)
{
    struct slice copy;
    enum error err = copy_letters(arena, tidy_ends(text), keep_in_line, &copy);

    if (err == OK)
        *result = tidy_ends(copy);
    return err;
}

/* Telephone numbers and e-mail addresses. */

static int keep_plain(uint32_t letter)
{
    int plain = unicode_plain(letter);

    /* Japanese keyboards have the prolonged sound mark where the dash is. */
    if (letter == 0x30fc || letter == 0xff70)
        return '-';
    return letter == '\0' ? UNICODE_NOT_PLAIN : plain;
}

/* Step over a word in any case, and what separates it from the rest. */
static bool skip_word(struct slice *text, const char *word, const char *marks)
{
    size_t len = strlen(word);
    struct slice rest;

    if (text->len <= len ||
        !slice_is_nocase((struct slice){ text->data, len }, word) ||
        !byte_is_in(text->data[len], marks))
        return false;
    rest = (struct slice){ text->data + len, text->len - len };
    while (rest.len > 0 && byte_is_in(rest.data[0], marks))
        rest = (struct slice){ rest.data + 1, rest.len - 1 };
    *text = rest;
    return true;
}

/* "<…>" as RFC 3986 appendix C delimits URLs. */
static struct slice without_brackets(struct slice text)
{
    text = slice_trim(text);
    if (text.len > 1 && text.data[0] == '<' && text.data[text.len - 1] == '>')
        text = slice_trim((struct slice){ text.data + 1, text.len - 2 });
    return text;
}

/* What escapes stand for; the text itself where they are faulty. */
static enum error decode(struct arena *arena, struct slice *text)
{
    struct slice decoded;
    enum error err = percent_decode(arena, *text, false, &decoded);

    if (err == OK)
        err = copy_letters(arena, decoded, keep_plain, text);
    return err == ERROR_SYNTAX ? OK : err;
}

/* RFC 3966: of the parameters, the extension is one of the number. */
static enum error read_tel(struct arena *arena, struct slice *text)
{
    struct slice rest = *text;
    struct slice number = slice_cut(&rest, ';');
    struct slice extension = SLICE("");
    const char *whole;

    while (rest.len > 0) {
        struct slice part = slice_cut(&rest, ';');

        if (skip_word(&part, "ext", "="))
            extension = part;
    }
    whole = arena_printf(arena, "%.*s%s%.*s", (int)number.len, number.data,
                         extension.len ? " ext. " : "", (int)extension.len,
                         extension.len ? extension.data : "");
    if (whole == NULL)
        return ERROR_MEMORY;
    *text = slice_of(whole);
    return decode(arena, text);
}

enum error tidy_phone(struct arena *arena, struct slice text,
                      struct slice *result)
{
    enum error err = copy_letters(arena, text, keep_plain, &text);

    if (err != OK)
        return err;
    text = without_brackets(text);
    if (skip_word(&text, "tel", ":") || skip_word(&text, "callto", ":")) {
        err = read_tel(arena, &text);
    } else if (!skip_word(&text, "tel", ". ")) {
        (void)(skip_word(&text, "telephone", ".: ") ||
               skip_word(&text, "phone", ".: "));
    }
    if (text.len > 0 && (text.data[0] == ':' || text.data[0] == '.'))
        text = (struct slice){ text.data + 1, text.len - 1 };
    *result = slice_trim(text);
    return err;
}

/* "Name <a@b>": what the brackets at the end hold. */
static struct slice address_of(struct slice text)
{
    const char *open;

    if (text.len == 0 || text.data[text.len - 1] != '>' ||
        (open = memrchr(text.data, '<', text.len)) == NULL)
        return text;
    return slice_trim(
        (struct slice){ open + 1, (size_t)(text.data + text.len - open) - 2 });
}

enum error tidy_email(struct arena *arena, struct slice text,
                      struct slice *result)
{
    enum error err = copy_letters(arena, text, keep_plain, &text);

    if (err != OK)
        return err;
    text = slice_trim(text);
    while (text.len > 0 && memchr(",; ", text.data[text.len - 1], 3) != NULL)
        text.len--; /* of a list */
    text = address_of(text);
    if (skip_word(&text, "mailto", ": ")) {
        text = slice_cut(&text, '?');
        err = decode(arena, &text);
        text = address_of(slice_trim(text));
    }
    *result = text;
    return err;
}

/* Naming characters. */

static const struct {
    uint32_t letter;
    const char *name;
} names[] = {
    { '\n', "a line break" },
    { '\r', "a line break" },
    { 0x2028, "a line break" },
    { 0x2029, "a line break" },
    { '\t', "a tab" },
    { ' ', "a space" },
    { 0x00a0, "a no-break space" },
};

const char *tidy_name(struct arena *arena, struct slice text, size_t at)
{
    struct slice rest = { text.data + at, text.len - at };
    struct slice one = rest;
    size_t position = utf8_count((struct slice){ text.data, at }) + 1;
    uint32_t letter = utf8_next(&rest);

    one.len -= rest.len;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].letter == letter)
            return arena_printf(arena, "%s as character %zu", names[i].name,
                                position);
    if (!unicode_visible(one))
        return arena_printf(arena, "U+%04X as character %zu", letter, position);
    return arena_printf(arena, "%s\u201c%.*s\u201d as character %zu",
                        letter < 0x80 && isalpha((int)letter) ? "the letter "
                                                              : "",
                        (int)one.len, one.data, position);
}
