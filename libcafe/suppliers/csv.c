/* Writes suppliers as a table of comma-separated values (RFC 4180). */
#include "cafe/suppliers/csv.h"

#include <ctype.h>
#include <string.h>

#include "cafe/base/unicode.h"
#include "cafe/base/utf8.h"

/* Months and weekdays by the letters that their folds begin with: what stands
 * beside a number is a date where it begins one of these. Shorter words are
 * taken for abbreviations, units and currencies. */
static const char names[] =
    " january february march april june july august september october november"
    " december monday tuesday wednesday thursday friday saturday sunday"
    " januar janner februar marz juni juli oktober dezember montag dienstag"
    " mittwoch donnerstag freitag samstag sonnabend sonntag"
    " janvier fevrier mars avril juin juillet aout septembre octobre novembre"
    " decembre lundi mardi mercredi jeudi vendredi samedi dimanche"
    " enero febrero marzo abril mayo junio julio agosto septiembre setiembre"
    " octubre noviembre diciembre lunes martes miercoles jueves viernes sabado"
    " domingo"
    " gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre"
    " lunedi martedi mercoledi giovedi venerdi sabato domenica"
    " janeiro fevereiro marco maio junho julho setembro outubro novembro"
    " dezembro segunda terca quarta quinta sexta"
    " januari februari maart augustus maandag dinsdag woensdag donderdag"
    " vrijdag zaterdag zondag"
    " marts augusti desember mandag tisdag tirsdag onsdag torsdag fredag lordag"
    " sondag"
    " styczen stycznia luty lutego marzec marca kwiecien kwietnia maja czerwiec"
    " czerwca lipiec lipca sierpien sierpnia wrzesien wrzesnia pazdziernik"
    " pazdziernika listopad listopada grudzien grudnia"
    " leden ledna unor unora brezen brezna duben dubna kveten kvetna cerven"
    " cervna cervenec cervence srpen srpna zari rijen rijna prosinec prosince"
    " ianuarie februarie martie aprilie iunie iulie septembrie octombrie"
    " noiembrie decembrie"
    " ocak subat mart nisan mayis haziran temmuz agustos eylul ekim kasim"
    " aralik"
    " \u044f\u043d\u0432\u0430\u0440\u044f"
    " \u0444\u0435\u0432\u0440\u0430\u043b\u044f"
    " \u043c\u0430\u0440\u0442\u0430 \u0430\u043f\u0440\u0435\u043b\u044f"
    " \u0430\u0432\u0433\u0443\u0441\u0442\u0430"
    " \u0441\u0435\u043d\u0442\u044f\u0431\u0440\u044f"
    " \u043e\u043a\u0442\u044f\u0431\u0440\u044f"
    " \u043d\u043e\u044f\u0431\u0440\u044f"
    " \u0434\u0435\u043a\u0430\u0431\u0440\u044f";

/* Truth values of spreadsheets in as many languages, in the same spelling. */
static const char truths[] =
    " true false wahr falsch vrai faux verdadero falso vero verdadeiro waar"
    " onwaar sant sann falskt sand falsk usann prawda falsz pravda nepravda"
    " adevarat fals dogru yanlis igaz hamis tosi epatosi"
    " \u0438\u0441\u0442\u0438\u043d\u0430 \u043b\u043e\u0436\u044c ";

/* A word while it is read, by the bases of its letters. */
struct word {
    char text[40]; /* after a space */
    size_t len, chars;
    bool ascii;
};

/* With the space in front of each name in the tables: only the beginning of a
 * name matches. */
static void word_begin(struct word *word)
{
    *word = (struct word){ .text = " ", .len = 1, .ascii = true };
}

/* Longer words are cut: none of the tables begins with them. */
static void word_add(struct word *word, uint32_t letter)
{
    word->chars++;
    word->ascii &= letter < 0x80;
    if (word->len + UTF8_MAX_BYTES < sizeof(word->text))
        word->len += utf8_encode(letter, word->text + word->len);
}

static bool begins_name(const struct word *word)
{
    enum { SHORT_CHARS = 3, SHORT_CHARS_BEYOND_ASCII = 4 };
    size_t few = word->ascii ? SHORT_CHARS : SHORT_CHARS_BEYOND_ASCII;

    return word->chars <= few ||
           memmem(names, sizeof(names) - 1, word->text, word->len) != NULL;
}

static bool is_letter(uint32_t letter)
{
    return letter < 0x80 ? isalpha((int)letter) != 0
                         : unicode_plain(letter) == UNICODE_NOT_PLAIN;
}

/* Numbers, dates, times and the like have a digit, and no words but those that
 * belong to them. */
static bool is_data(struct slice text)
{
    bool digits = false;
    struct word word;

    word_begin(&word);
    while (text.len > 0) {
        uint32_t letter = utf8_next(&text);
        int plain = unicode_plain(letter);

        digits |= plain >= '0' && plain <= '9';
        if (unicode_search_letter(letter) == 0)
            continue; /* a mark of the letter before */
        if (is_letter(letter)) {
            word_add(&word, unicode_base(letter));
            continue;
        }
        if (!begins_name(&word))
            return false;
        word_begin(&word);
    }
    return digits && begins_name(&word);
}

static bool is_truth(struct slice text)
{
    struct word word;

    text = slice_trim(text);
    word_begin(&word);
    while (text.len > 0)
        word_add(&word, unicode_base(utf8_next(&text)));
    word.text[word.len++] = ' ';
    return word.len > 2 &&
           memmem(truths, sizeof(truths) - 1, word.text, word.len) != NULL;
}

/* "#N/A", "#REF!" */
static bool is_fault(struct slice text)
{
    return text.len > 1 && text.data[0] == '#' &&
           memchr(text.data, ' ', text.len) == NULL;
}

static bool is_formula(struct slice text)
{
    int plain = text.len > 0 ? unicode_plain(utf8_next(&text)) : 0;

    return plain > 0 && byte_is_in((char)plain, "=+-@\t\r");
}

/* Apostrophes that it has already are passed over, so that taking exactly one
 * away always gives the text back. */
bool csv_is_guarded(struct slice text)
{
    while (text.len > 0 && text.data[0] == '\'')
        text = (struct slice){ text.data + 1, text.len - 1 };
    return is_formula(text) || is_data(text) || is_truth(text) ||
           is_fault(text);
}

struct slice csv_unguard(struct slice text)
{
    if (text.len > 0 && text.data[0] == '\'' && csv_is_guarded(text))
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

void csv_value(struct text *out, enum csv_reader reader, struct slice text)
{
    bool quotes = needs_quotes(text);

    text_append_char(out, ',');
    if (quotes)
        text_append_char(out, '"');
    if (reader == CSV_SPREADSHEET && csv_is_guarded(text))
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
        if (supplier_columns[f].exported)
            csv_value(out, CSV_PROGRAM, slice_of(supplier_columns[f].name));
    text_append_string(out, "\r\n");
}

void csv_record(struct text *out, enum csv_reader reader,
                const struct supplier *supplier)
{
    text_append_integer(out, supplier->id);
    for (size_t f = 0; f < SUPPLIER_FIELDS; f++)
        if (supplier_columns[f].exported)
            csv_value(out, reader, supplier->fields[f]);
    text_append_string(out, "\r\n");
}
