/* Columns of imported files as fields of a supplier. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "cafe/import/mapping.h"

enum { COLUMNS_MAX = 64 };

/* Cells of a text with bars between. */
static size_t cells_of(const char *text, struct slice *cells)
{
    struct slice rest = slice_of(text);
    size_t count = 0;

    do
        cells[count++] = slice_cut(&rest, '|');
    while (rest.len > 0 && count < COLUMNS_MAX);
    return count;
}

/* What columns are mapped to, with bars between. */
static void write_targets(struct text *out, const unsigned char *targets,
                          size_t count)
{
    text_reset(out);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            text_append_char(out, '|');
        if (targets[i] == IMPORT_ID)
            text_append_string(out, "id");
        else if (targets[i] < SUPPLIER_FIELDS)
            text_append_string(out, supplier_columns[targets[i]].name);
    }
}

static const struct {
    const char *header, *expected;
} headers[] = {
    /* our own, whole and in part */
    { "id|name|address|city|state|country|email|phone|website|notes",
      "id|name|address|city|state|country|email|phone|website|notes" },
    { "name||id", "name||id" },
    /* the number of another program is none of ours */
    { "ID|Name|Address", "|name|address" },
    { "id|name|Address", "|name|address" },
    /* languages */
    { "Supplier Name|Street Address|City|State/Province|Country|E-mail|"
      "Phone Number|Web Site|Comments",
      "name|address|city|state|country|email|phone|website|notes" },
    { "Lieferant|Stra\u00dfe und Hausnummer|PLZ|Ort|Bundesland|Land|"
      "E-Mail-Adresse|Telefon|Webseite|Bemerkungen",
      "name|address|address|city|state|country|email|phone|website|notes" },
    { "Fournisseur|Adresse|Code postal|Ville|R\u00e9gion|Pays|Courriel|"
      "T\u00e9l\u00e9phone|Site web|Remarques",
      "name|address|address|city|state|country|email|phone|website|notes" },
    { "Proveedor|Direcci\u00f3n|C\u00f3digo postal|Ciudad|Provincia|Pa\u00eds|"
      "Correo electr\u00f3nico|Tel\u00e9fono|Sitio web|Observaciones",
      "name|address|address|city|state|country|email|phone|website|notes" },
    { "Dostawca|Ulica|Kod pocztowy|Miasto|Wojew\u00f3dztwo|Kraj|Adres e-mail|"
      "Numer telefonu|Strona internetowa|Uwagi",
      "name|address|address|city|state|country|email|phone|website|notes" },
    { "Fornitore|Indirizzo|CAP|Citt\u00e0|Regione|Paese|E-mail|Telefono|"
      "Sito web|Note",
      "name|address|address|city|state|country|email|phone|website|notes" },
    { "Fornecedor|Endere\u00e7o|CEP|Cidade|UF|Pa\u00eds|E-mail|Telefone|Site|"
      "Observa\u00e7\u00f5es",
      "name|address|address|city|state|country|email|phone|website|notes" },
    { "Leverancier|Adres|Plaats|Provincie|Land|E-mailadres|Telefoonnummer|"
      "Website|Opmerkingen",
      "name|address|city|state|country|email|phone|website|notes" },
    { "\u041f\u043e\u0441\u0442\u0430\u0432\u0449\u0438\u043a|"
      "\u0410\u0434\u0440\u0435\u0441|\u0413\u043e\u0440\u043e\u0434",
      "name|address|city" },
    /* Google Contacts */
    { "First Name|Middle Name|Last Name|Nickname|File As|Organization Name|"
      "Organization Title|Birthday|Notes|Photo|Labels|E-mail 1 - Label|"
      "E-mail 1 - Value|Phone 1 - Label|Phone 1 - Value|Phone 2 - Value|"
      "Address 1 - Label|Address 1 - Formatted|Address 1 - Street|"
      "Address 1 - City|Address 1 - PO Box|Address 1 - Region|"
      "Address 1 - Postal Code|Address 1 - Country|Website 1 - Value",
      "|||||name|||notes||||email||phone||||address|city|address|state|"
      "address|country|website" },
    /* Outlook */
    { "First Name|Last Name|Company|Job Title|Business Street|"
      "Business Street 2|Business City|Business State|Business Postal Code|"
      "Business Country/Region|Home Street|Home City|Business Fax|"
      "Business Phone|Home Phone|Mobile Phone|E-mail Address|"
      "E-mail 2 Address|Notes|Web Page",
      "||name||address|address|city|state|address|country||||phone|||email||"
      "notes|website" },
    { "Vorname|Nachname|Firma|Stra\u00dfe gesch\u00e4ftlich|"
      "Ort gesch\u00e4ftlich|Region gesch\u00e4ftlich|"
      "Postleitzahl gesch\u00e4ftlich|Land/Region gesch\u00e4ftlich|"
      "Telefon gesch\u00e4ftlich|E-Mail-Adresse|Notizen|Webseite",
      "||name|address|city|state|address|country|phone|email|notes|website" },
    /* people only */
    { "First Name|Last Name|Mobile", "name|name|phone" },
    { "Name|Name|Phone|Fax", "name||phone|" },
    { "Nom|Pr\u00e9nom", "name|" },
    { "", "" },
    { "Beans per year, in tons of sixty thousand bags, and what is left of it",
      "" },
};

static void test_headers(void **state)
{
    struct text out;

    (void)state;
    text_init(&out, 0);
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        struct slice cells[COLUMNS_MAX];
        unsigned char targets[COLUMNS_MAX];
        size_t count = cells_of(headers[i].header, cells);

        assert_int_equal(import_map_headers(cells, count, targets), OK);
        write_targets(&out, targets, count);
        assert_string_equal(text_string(&out), headers[i].expected);
    }
    text_free(&out);
}

/* Which of them is meant is not guessed: they are no parts. */
static void test_columns_of_the_same_name(void **state)
{
    static const enum supplier_field fields[] = { SUPPLIER_NAME,
                                                  SUPPLIER_ADDRESS,
                                                  SUPPLIER_NOTES };
    struct arena *arena = arena_open(0);

    (void)state;
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        const struct slice name = slice_of(supplier_columns[fields[i]].name);
        const struct slice cells[] = { SLICE("name"), name, name };
        unsigned char targets[3];
        const char *fault;

        assert_int_equal(import_map_headers(cells, 3, targets), OK);
        fault = import_map_fault(arena, cells, 3, targets);
        assert_non_null(fault);
        assert_non_null(strstr(fault, "Leave one of them out."));
    }
    arena_close(arena);
}

static void test_faults(void **state)
{
    static const struct {
        size_t count;
        unsigned char targets[3];
        const char *fault;
    } mappings[] = {
        { 1, { SUPPLIER_NAME }, NULL },
        { 1, { IMPORT_ID }, NULL },
        { 2,
          { SUPPLIER_CITY, IMPORT_NOTHING },
          "Choose the column that contains the name." },
        { 3, { SUPPLIER_NAME, SUPPLIER_NAME, SUPPLIER_NAME }, NULL },
        { 3,
          { SUPPLIER_NAME, SUPPLIER_CITY, SUPPLIER_CITY },
          "The columns “b” and “c” both go into the field “City”. Leave one of "
          "them out." },
        { 3,
          { IMPORT_NOTHING, IMPORT_ID, IMPORT_ID },
          "The columns “b” and “c” both go into the field “id”. Leave one of "
          "them out." },
    };
    const struct slice cells[] = { SLICE("a"), SLICE("b"), SLICE("c") };
    struct arena *arena = arena_open(0);

    (void)state;
    for (size_t i = 0; i < sizeof(mappings) / sizeof(mappings[0]); i++) {
        const char *fault = import_map_fault(arena, cells, mappings[i].count,
                                             mappings[i].targets);

        if (mappings[i].fault == NULL)
            assert_null(fault);
        else
            assert_string_equal(fault, mappings[i].fault);
    }
    arena_close(arena);
}

static void test_parts_of_a_field_are_joined(void **state)
{
    static const unsigned char targets[] = { SUPPLIER_NAME,    SUPPLIER_NAME,
                                             SUPPLIER_ADDRESS, SUPPLIER_ADDRESS,
                                             SUPPLIER_NOTES,   SUPPLIER_ADDRESS,
                                             SUPPLIER_NOTES,   IMPORT_ID,
                                             IMPORT_NOTHING,   SUPPLIER_CITY };
    struct slice cells[COLUMNS_MAX];
    struct import_row row = { .cells = cells };
    struct import_record record;
    struct arena *arena = arena_open(0);

    (void)state;
    row.count = cells_of("Jane|Doe| Yard ||n1|05676|n2|7|x||", cells);
    assert_int_equal(row.count, sizeof(targets));
    assert_int_equal(import_map_row(arena, targets, &row, &record), OK);
    assert_true(slice_is(record.fields[SUPPLIER_NAME], "Jane Doe"));
    assert_true(slice_is(record.fields[SUPPLIER_ADDRESS], "Yard, 05676"));
    assert_true(slice_is(record.fields[SUPPLIER_NOTES], "n1\nn2"));
    assert_true(slice_is(record.id, "7"));
    assert_non_null(record.fields[SUPPLIER_CITY].data);
    assert_int_equal(record.fields[SUPPLIER_CITY].len, 0);
    assert_null(record.fields[SUPPLIER_PHONE].data);
    assert_int_equal(record.columns[SUPPLIER_ADDRESS], 2);
    arena_close(arena);
}

static void test_the_same_in_a_card(void **state)
{
    static const struct {
        enum import_kind kind;
        enum supplier_field field;
        const char *stored, *read;
        bool same;
    } texts[] = {
        { IMPORT_CSV, SUPPLIER_PHONE, "+44 20", "+44 20", true },
        { IMPORT_CSV, SUPPLIER_PHONE, "+44 (0)20 7946 0958", "+44 20 7946 0958",
          false },
        { IMPORT_VCARD, SUPPLIER_PHONE, "+44 (0)20 7946 0958",
          "+44 20 7946 0958", true },
        { IMPORT_VCARD, SUPPLIER_PHONE, "+44 (0)20 7946 0958",
          "+44 20 7946 0959", false },
        { IMPORT_VCARD, SUPPLIER_WEBSITE, "example.com", "https://example.com",
          true },
        { IMPORT_VCARD, SUPPLIER_NAME, "", "(no name)", true },
        { IMPORT_VCARD, SUPPLIER_NAME, "A", "(no name)", false },
        { IMPORT_VCARD, SUPPLIER_EMAIL, "A <a@b.example>", "a@b.example",
          true },
        { IMPORT_JSON, SUPPLIER_EMAIL, "A <a@b.example>", "a@b.example",
          false },
    };
    struct arena *arena = arena_open(0);

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(import_same(arena, texts[i].kind, texts[i].field,
                                     slice_of(texts[i].stored),
                                     slice_of(texts[i].read)),
                         texts[i].same);
    arena_close(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_columns_of_the_same_name),
        cmocka_unit_test(test_parts_of_a_field_are_joined),
        cmocka_unit_test(test_the_same_in_a_card),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
