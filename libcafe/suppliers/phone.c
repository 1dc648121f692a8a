/* Telephone numbers: country codes, exit codes, trunk prefixes, extensions.
 * Codes and prefixes are those of ITU-T E.164 and of the ITU's list of
 * dialling procedures. */
#include "cafe/suppliers/phone.h"

#include <ctype.h>
#include <string.h>

enum {
    SCAN_MAX = 40,         /* digits with exit code and trunk prefix */
    CODE_MAX = 4,          /* of exit and country codes */
    ABROAD_DIGITS_MIN = 10 /* after an exit code that may be an area code */
};

/* Begins the lines of numbers without a country code. */
#define HOME_MARK "\x01"

/* What is dialled before a country code; E.164 recommends the first. */
static const char *const exits[] = { "00", "0011", "011", "010", "810", "000" };

/* Country codes of one digit and of two; all others have three. */
static const char short_codes[] =
    " 1 7 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55"
    " 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98 ";

/* Where the trunk prefix is not 0. Without one, zeros are of the number. */
static const struct {
    const char *country, *prefix;
} trunks[] = {
    { "1", "1" },  { "7", "8" },  { "36", "06" }, { "39", "" },
    { "225", "" }, { "242", "" }, { "378", "" },  { "379", "" },
};

/* The digits of a text, and where they stand. */
struct scan {
    struct slice text;
    bool plus;
    size_t count;
    char digits[SCAN_MAX + 1];
    size_t at[SCAN_MAX];   /* in the text */
    size_t open[SCAN_MAX]; /* the bracket it is in, from 1; 0: none */
    size_t end;            /* of the number in the text */
};

/* Reading characters. */

/* "ext. 12", "extn 12", "x12", "#12", to the end of the text. */
static bool read_extension(struct slice rest, struct phone *phone)
{
    static const char *const words[] = { "extension", "extn", "ext", "x", "#" };
    size_t at = 0;

    phone->extension_len = 0;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && at == 0; i++) {
        size_t len = strlen(words[i]);

        if (rest.len > len &&
            slice_is_nocase((struct slice){ rest.data, len }, words[i]))
            at = len;
    }
    if (at > 0 && (rest.data[at] == '.' || rest.data[at] == ':'))
        at++;
    while (at > 0 && at < rest.len && rest.data[at] == ' ')
        at++;
    for (size_t i = at; at > 0 && i < rest.len; i++) {
        if (!isdigit((unsigned char)rest.data[i]) ||
            phone->extension_len == PHONE_EXTENSION_MAX)
            return false;
        phone->extension[phone->extension_len++] = rest.data[i];
    }
    return phone->extension_len > 0;
}

/* False where a character has no place; scan->end tells which. */
static bool scan_text(struct scan *scan, struct phone *phone)
{
    size_t open = 0;

    for (scan->end = 0; scan->end < scan->text.len; scan->end++) {
        char c = scan->text.data[scan->end];

        if (isdigit((unsigned char)c)) {
            if (scan->count == SCAN_MAX)
                return false;
            scan->at[scan->count] = scan->end;
            scan->open[scan->count] = open;
            scan->digits[scan->count++] = c;
        } else if (c == '+') {
            if (scan->count > 0 || scan->plus)
                return false;
            scan->plus = true;
        } else if (c == '/' && scan->count >= PHONE_DIGITS_MIN) {
            return false; /* another number follows, or its last digits */
        } else if (c == '(' || c == ')') {
            open = c == '(' ? scan->end + 1 : 0;
        } else if (!byte_is_in(c, " -./")) {
            return read_extension((struct slice){ scan->text.data + scan->end,
                                                  scan->text.len - scan->end },
                                  phone);
        }
    }
    return true;
}

/* Codes. */

static bool is_short_code(const char *digits, size_t len)
{
    char word[CODE_MAX + 1] = { ' ' };

    memcpy(word + 1, digits, len);
    word[len + 1] = ' ';
    return memmem(short_codes, sizeof(short_codes) - 1, word, len + 2) != NULL;
}

/* Length of the country code that some digits begin with; 0: none. */
static size_t country_len(const char *digits, size_t count)
{
    if (count == 0 || digits[0] == '0')
        return 0;
    for (size_t len = 1; len <= 2 && len <= count; len++)
        if (is_short_code(digits, len))
            return len;
    return count >= 3 ? 3 : 0;
}

/* How many digits from one on stand together. */
static size_t phone_group_len(const struct scan *scan, size_t first)
{
    size_t end = first;

    while (end < scan->count && scan->at[end] - scan->at[first] == end - first)
        end++;
    return end - first;
}

/* Whether digits that look like an exit code are one: a country code follows,
 * by itself or together with a whole number. "011 4715 1234" may be a number of
 * Buenos Aires, so a code that is an area code somewhere needs more digits. */
static bool leads_abroad(const struct scan *scan, size_t exit_len, bool sure)
{
    size_t left = scan->count - exit_len;
    size_t len = country_len(scan->digits + exit_len, left);
    size_t group = phone_group_len(scan, exit_len);

    if (len == 0 || left > PHONE_DIGITS_MAX + 1 ||
        left < (sure ? PHONE_DIGITS_MIN : ABROAD_DIGITS_MIN))
        return false;
    return group == len || group == left || group >= (size_t)PHONE_DIGITS_MIN;
}

static size_t exit_len(const struct scan *scan)
{
    for (size_t i = 0; i < sizeof(exits) / sizeof(exits[0]); i++) {
        size_t len = strlen(exits[i]);

        if (scan->count > len && memcmp(scan->digits, exits[i], len) == 0 &&
            leads_abroad(scan, len, i == 0))
            return len;
    }
    return 0;
}

static const char *trunk_of(const struct phone *phone)
{
    for (size_t i = 0; i < sizeof(trunks) / sizeof(trunks[0]); i++)
        if (strlen(trunks[i].country) == phone->country_len &&
            memcmp(phone->number, trunks[i].country, phone->country_len) == 0)
            return trunks[i].prefix;
    return "0";
}

/* Digits of a trunk prefix in brackets at a place: 0 of "(020)" and "(0)", 8
 * of "(8)"; a prefix that begins numbers as well has to be alone. */
static size_t bracketed_trunk(const struct scan *scan, size_t first,
                              const char *prefix)
{
    size_t len = strlen(prefix);
    size_t end = first;

    while (end < scan->count && scan->open[end] != 0 &&
           scan->open[end] == scan->open[first])
        end++;
    if (len == 0 || end - first < len ||
        memcmp(scan->digits + first, prefix, len) != 0)
        return 0;
    return prefix[0] == '0' || end - first == len ? len : 0;
}

/* Where the text is without its trunk prefix, and without empty brackets. */
static void note_trunk(const struct scan *scan, size_t first, size_t len,
                       struct phone *phone)
{
    size_t open = scan->open[first] - 1;
    size_t close = scan->at[first + len - 1] + 1;
    struct slice text = scan->text;

    phone->trunk_at = scan->at[first];
    phone->trunk_end = close;
    while (close < text.len && text.data[close] == ' ')
        close++;
    if (close < text.len && text.data[close] == ')' &&
        (first == 0 || scan->at[first - 1] < open)) {
        phone->trunk_at = open;
        phone->trunk_end = close + 1;
    }
}

bool phone_read(struct slice text, struct phone *result, size_t *fault)
{
    struct scan scan = { .text = text };
    struct phone phone = { 0 };
    bool fine = scan_text(&scan, &phone);
    size_t start = fine && !scan.plus ? exit_len(&scan) : 0;
    size_t kept = 0, trunk = 0;

    if (fault != NULL)
        *fault = fine ? text.len : scan.end;
    if (!fine)
        return false;
    /* Only after "+" or an exit code digits are a country code. */
    if (scan.plus || start > 0)
        phone.country_len =
            country_len(scan.digits + start, scan.count - start);
    memcpy(phone.number, scan.digits + start, phone.country_len);
    kept = start + phone.country_len;
    if (phone.country_len > 0)
        trunk = bracketed_trunk(&scan, kept, trunk_of(&phone));
    phone.number_len = scan.count - start - trunk;
    if (phone.number_len < PHONE_DIGITS_MIN ||
        phone.number_len > PHONE_DIGITS_MAX)
        return false;
    if (trunk > 0)
        note_trunk(&scan, kept, trunk, &phone);
    memcpy(phone.number + phone.country_len, scan.digits + kept + trunk,
           phone.number_len - phone.country_len);
    *result = phone;
    return true;
}

/* Writing. */

static struct slice extension_of(const struct phone *phone)
{
    return (struct slice){ phone->extension, phone->extension_len };
}

void phone_append_url(struct text *out, const struct phone *phone)
{
    if (phone->country_len > 0)
        text_append_char(out, '+');
    text_append(out, phone->number, phone->number_len);
    if (phone->extension_len > 0)
        text_append_string(out, ";ext=");
    text_append_slice(out, extension_of(phone));
}

void phone_append_text(struct text *out, const struct phone *phone,
                       struct slice text)
{
    size_t end = phone->trunk_end;

    text_append(out, text.data, phone->trunk_at);
    if (end > phone->trunk_at && text.data[phone->trunk_at] == '(') {
        char before = phone->trunk_at > 0 ? text.data[phone->trunk_at - 1]
                                          : ' ';

        while (end < text.len && (text.data[end] == ' ' ||
                                  (text.data[end] == before && before == '-')))
            end++;
        if (isdigit((unsigned char)before))
            text_append_char(out, ' ');
    }
    text_append(out, text.data + end, text.len - end);
}

/* Comparing. */

/* What may stand before the digits that two spellings have in common: no
 * prefix, Hungary's 06, Russia's 8 and North America's 1 before ten digits, 0
 * elsewhere. The country of a number without a code is unknown, so each is
 * tried. */
static const struct {
    const char *prefix;
    size_t number_len; /* with it; 0: any */
} home_prefixes[] = {
    { "", 0 }, { "06", 0 }, { "8", 11 }, { "1", 11 }, { "0", 0 }
};

enum { HOMES = sizeof(home_prefixes) / sizeof(home_prefixes[0]) };

/* After the country code, without a trunk zero that is there all the same: "+44
 * 020". */
static struct slice home_abroad(const struct phone *phone)
{
    struct slice home = { phone->number + phone->country_len,
                          phone->number_len - phone->country_len };

    if (slice_starts(home, "0") && strcmp(trunk_of(phone), "0") == 0)
        home = (struct slice){ home.data + 1, home.len - 1 };
    return home;
}

/* The digits without the prefix of a row; empty when they don't have it. */
static struct slice home_of(const struct phone *phone, size_t row)
{
    size_t len = strlen(home_prefixes[row].prefix);
    struct slice number = { phone->number, phone->number_len };

    if (phone->country_len > 0)
        return row == 0 ? home_abroad(phone) : SLICE("");
    if (!slice_starts(number, home_prefixes[row].prefix) ||
        (home_prefixes[row].number_len > 0 &&
         home_prefixes[row].number_len != number.len))
        return SLICE("");
    return (struct slice){ number.data + len, number.len - len };
}

static bool same_country(const struct phone *a, const struct phone *b)
{
    return a->country_len == 0 || b->country_len == 0 ||
           (a->country_len == b->country_len &&
            memcmp(a->number, b->number, a->country_len) == 0);
}

bool phone_same(const struct phone *a, const struct phone *b)
{
    if (!slice_equal(extension_of(a), extension_of(b)) || !same_country(a, b))
        return false;
    for (size_t i = 0; i < HOMES; i++)
        for (size_t j = 0; j < HOMES; j++) {
            struct slice home = home_of(a, i);

            if (home.len > 0 && slice_equal(home, home_of(b, j)))
                return true;
        }
    return false;
}

static void append_line(struct text *out, const char *prefix,
                        struct slice digits, const struct phone *phone)
{
    text_append_string(out, prefix);
    text_append_slice(out, digits);
    text_append_slice(out, extension_of(phone));
}

void phone_append_digits(struct text *out, const struct phone *phone)
{
    text_append(out, phone->number, phone->country_len);
    append_line(out, "", home_of(phone, 0), phone);
}

void phone_append_home(struct text *out, const struct phone *phone)
{
    size_t row = HOMES - 1;

    while (home_of(phone, row).len == 0)
        row--;
    append_line(out, HOME_MARK, home_of(phone, row), phone);
}

void phone_append_spellings(struct text *out, const struct phone *phone)
{
    if (phone->country_len > 0) {
        text_append_string(out, exits[0]);
        phone_append_digits(out, phone);
        text_append_char(out, '\n');
        append_line(out, trunk_of(phone), home_of(phone, 0), phone);
        return;
    }
    phone_append_digits(out, phone);
    for (size_t row = 0; row < HOMES; row++)
        if (home_of(phone, row).len > 0)
            append_line(out, "\n" HOME_MARK, home_of(phone, row), phone);
}
