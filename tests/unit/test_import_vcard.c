/* Contacts that are imported. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "test_import.h"

static const struct import_format cards = { .kind = IMPORT_VCARD };

#define HEADER \
    "1: id|name|address|city|state|country|email|phone|website|notes\n"

static void test_cards(void **state)
{
    static const struct {
        const char *file, *expected;
    } files[] = {
        { "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Bean\\, Tea\r\n"
          "ADR;TYPE=work:;;1 Hill\\; Road;Wat\r\n erbury;VT;;USA\r\n"
          "EMAIL:a@b.example\r\nTEL;VALUE=uri:tel:+1-802\r\n"
          "URL:https://b.example/?a=b;c\r\nNOTE:one\\ntwo\\N\\\\three\r\n"
          "END:VCARD\r\n",
          HEADER "1: |Bean, Tea|1 Hill; Road|Waterbury|VT|USA|a@b.example|"
                 "tel:+1-802|https://b.example/?a=b;c|one\ntwo\n\\three\n" },
        /* Several, also without a line end, with LF only, in any case. */
        { "begin:vcard\nversion:3.0\nfn:A\nend:vcard\n\n"
          "BEGIN:VCARD\nVERSION:3.0\nFN:B\nEND:VCARD",
          HEADER "1: |A||||||||\n6: |B||||||||\n" },
        /* A folded line begins with one blank that is not part of it. */
        { "BEGIN:VCARD\nFN:A\n  B\n\tC\nEND:VCARD\n",
          HEADER "1: |A BC||||||||\n" },
        /* The organisation, not its person or department. */
        { "BEGIN:VCARD\nORG:Bean\\; Ltd;Sales\nFN:Jane\nEND:VCARD\n",
          HEADER "1: |Bean; Ltd||||||||\n" },
        { "BEGIN:VCARD\nFN:Jane\nORG:;Sales\nEND:VCARD\n",
          HEADER "1: |Jane||||||||\n" },
        /* Apple's groups; the preferred ones; no fax numbers. */
        { "BEGIN:VCARD\nFN:A\nTEL;type=HOME;type=FAX:1\nTEL:2\n"
          "item1.TEL;type=\"pref,x:y\":3\nitem1.X-ABLabel:Work\n"
          "EMAIL:a@a\nEMAIL;PREF=1:b@b\nEMAIL;PREF=2:c@c\n"
          "PHOTO;ENCODING=b:AAAA\n BBBB\nEND:VCARD\n",
          HEADER "1: |A|||||b@b|3||\n" },
        /* The lower number is the preferred one (RFC 6350 5.3). */
        { "BEGIN:VCARD\nFN:A\nEMAIL;PREF=2:a@a\nEMAIL;PREF=1;TYPE=work:b@b\n"
          "EMAIL:c@c\nTEL:1\nTEL;PREF=100:2\nTEL;PREF=99:3\nEND:VCARD\n",
          HEADER "1: |A|||||b@b|3||\n" },
        /* Without FN and ORG, the parts of the name. */
        { "BEGIN:VCARD\nN:Roe\\;s;Jane;M.;Dr.;PhD\nEND:VCARD\n",
          HEADER "1: |Jane M. Roe;s||||||||\n" },
        { "BEGIN:VCARD\nN:Roe\nEND:VCARD\n", HEADER "1: |Roe||||||||\n" },
        { "BEGIN:VCARD\nN:Roe;Jane\nFN:\nFN:Jane R.\nN:X\nEND:VCARD\n",
          HEADER "1: |Jane R.||||||||\n" },
        { "BEGIN:VCARD\nN:Roe;Jane\nORG:Bean\nFN:Jane\nEND:VCARD\n",
          HEADER "1: |Bean||||||||\n" },
        /* A contact that has nothing is not passed over. */
        { "BEGIN:VCARD\nBDAY:2000-01-01\nN:;;;;\nEND:VCARD\n",
          HEADER "1: ||||||||| !0 This contact has no text of a supplier, not "
                 "even a name.\n" },
        /* Old Macs end lines with CR; other programs double it. */
        { "BEGIN:VCARD\rFN:A\r B\rEND:VCARD\r\rBEGIN:VCARD\rFN:C\r"
          "END:VCARD",
          HEADER "1: |AB||||||||\n6: |C||||||||\n" },
        { "BEGIN:VCARD\r\r\nFN:A\r\r\n B\r\r\nEND:VCARD\r\r\n",
          HEADER "1: |AB||||||||\n" },
        /* All parts of an address that we have no field for. */
        { "BEGIN:VCARD\nFN:A\n"
          "ADR:Box 1;Floor 2;1 Road\\nYard;Town;;05676;\nEND:VCARD\n",
          HEADER "1: |A|Box 1, Floor 2, 1 Road Yard, 05676|Town||||||\n" },
        { "BEGIN:VCARD\nFN:A\nADR:;;;Town;;05676;\nEND:VCARD\n",
          HEADER "1: |A|05676|Town||||||\n" },
        { "BEGIN:VCARD\nFN:A\nNOTE:one\nNOTE:two\nEND:VCARD\n",
          HEADER "1: |A||||||||one\ntwo\n" },
        { "BEGIN:VCARD\nFN:A\nno colon\nEND:VCARD\n",
          HEADER "1: |A|||||||| !0 A line of this contact has no colon.\n" },
        { "BEGIN:VCARD\nUID:cafe-supplier-f-7\nFN:A\nEND:VCARD\n",
          HEADER "1: 7|A||||||||\n" },
        { "BEGIN:VCARD\nUID:cafe-supplier-f-\nFN:A\nEND:VCARD\n",
          HEADER "1: |A||||||||\n" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        assert_import(&cards, slice_of(files[i].file), files[i].expected);
}

static enum error take_directory(void *context, const struct import_row *row)
{
    int64_t *directory_us = context;

    if (!row->header)
        *directory_us = row->directory_us;
    return OK;
}

static void test_the_directory_of_an_id(void **state)
{
    struct import_reader *reader;
    int64_t directory_us = 0;

    (void)state;
    assert_int_equal(
        import_reader_open(&cards, take_directory, &directory_us, &reader), OK);
    assert_int_equal(
        import_reader_feed(reader, SLICE("BEGIN:VCARD\nFN:A\n"
                                         "UID:cafe-supplier-60f1a2b3c4d5e-7\n"
                                         "END:VCARD\n")),
        OK);
    assert_int_equal(import_reader_finish(reader), OK);
    assert_true(directory_us == 0x60f1a2b3c4d5e);
    import_reader_close(reader);
}

static void test_what_is_no_contact(void **state)
{
    static const struct {
        const char *file, *words;
    } files[] = {
        { "BEGIN:VCARD\nVERSION:2.1\nEND:VCARD\n",
          "Line 2: this is vCard 2.1" },
        { "BEGIN:VCARD\nNOTE;ENCODING=QUOTED-PRINTABLE:=41\nEND:VCARD\n",
          "Line 2: this is vCard 2.1" },
        { "BEGIN:VCARD\nBEGIN:VCARD\n", "Line 2: a contact begins before" },
        { "BEGIN:VCARD\nFN:A\n", "ends inside the contact that begins on line "
                                 "1" },
        { "BEGIN:VCARD\nFN:A\nEND:VCA", "ends inside the contact" },
        { "END:VCARD\n", "Line 1: a contact must begin here" },
        { "BEGIN:VCARD\nEND:VCARD\n\nBEGIN:VEVENT\n",
          "Line 4: a contact must begin here" },
        { "BEGIN:VCARD\nEND:VCARD\nhello\n",
          "Line 3: this is not part of a contact" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        assert_import_refused(&cards, slice_of(files[i].file), ERROR_SYNTAX,
                              files[i].words);
}

/* A picture may be of any size, a text may not. */
static void test_long_lines(void **state)
{
    static const char *const names[] = { "PHOTO", "NOTE" };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct text file;

        text_init(&file, 0);
        text_printf(&file, "BEGIN:VCARD\nFN:A\n%s:", names[i]);
        for (size_t line = 0; line < 16384; line++)
            text_append_string(&file, "0123456789abcdef01234567\n ");
        text_append_string(&file, "\nEND:VCARD\n");
        assert_import(&cards, text_slice(&file),
                      i == 0 ? HEADER "1: |A||||||||\n"
                             : HEADER "1: |A|||||||| !0 A text of this contact "
                                      "is longer than 64 KiB.\n");
        text_free(&file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cards),
        cmocka_unit_test(test_the_directory_of_an_id),
        cmocka_unit_test(test_what_is_no_contact),
        cmocka_unit_test(test_long_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
