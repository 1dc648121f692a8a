/* Texts that are pasted and downloaded: tidied, read as numbers, guarded for
 * spreadsheets, written as contacts. */
#include <strings.h>

#include "cafe/base/unicode.h"
#include "cafe/base/utf8.h"
#include "cafe/suppliers/contact.h"
#include "cafe/suppliers/csv.h"
#include "cafe/suppliers/phone.h"
#include "cafe/suppliers/tidy.h"
#include "cafe/suppliers/vcard.h"
#include "fuzz.h"

static void check_tidy(struct arena *arena, supplier_tidy_fn *tidy,
                       struct slice text)
{
    struct slice once, twice;

    CHECK(tidy(arena, text, &once) == OK);
    CHECK(once.len <= text.len + 2); /* ";ext=" as " ext. " */
    CHECK(utf8_valid(once));
    CHECK(tidy(arena, once, &twice) == OK);
    CHECK(utf8_valid(twice));
}

static void check_phone(struct arena *arena, struct slice text)
{
    struct phone phone;
    struct text out;
    size_t fault;

    CHECK(tidy_phone(arena, text, &text) == OK);
    if (!phone_read(text, &phone, &fault)) {
        CHECK(fault <= text.len);
        CHECK(fault == text.len || tidy_name(arena, text, fault) != NULL);
        return;
    }
    CHECK(phone_same(&phone, &phone));
    text_init(&out, 0);
    phone_append_text(&out, &phone, text);
    CHECK(out.len <= text.len);
    phone_append_spellings(&out, &phone);
    phone_append_home(&out, &phone);
    text_reset(&out);
    phone_append_url(&out, &phone);
    for (size_t i = 0; i < out.len; i++)
        CHECK(memchr("+0123456789;ext=", out.data[i], 16) != NULL);
    text_free(&out);
}

/* What is linked to is of http or https, ends no attribute, and names its host
 * plainly; and what is saved is linked to as it is. */
static void check_website(struct arena *arena, struct slice text)
{
    const struct supplier_column *column = &supplier_columns[SUPPLIER_WEBSITE];
    const char *link = column->link(arena, text);
    struct supplier supplier = { 0 };
    struct slice tidied;
    const char *host;

    CHECK(column->tidy(arena, text, &tidied) == OK);
    CHECK(tidied.len <= text.len + sizeof("https://"));
    supplier.fields[SUPPLIER_WEBSITE] = tidied;
    CHECK(tidied.len == 0 ||
          (link != NULL) ==
              (column->check(arena, &supplier, SUPPLIER_WEBSITE) == NULL));
    if (link == NULL)
        return;
    CHECK(slice_is(tidied, link));
    CHECK(strncasecmp(link, "http://", 7) == 0 ||
          strncasecmp(link, "https://", 8) == 0);
    CHECK(strpbrk(link, " \t\r\n\"<>\\`") == NULL);
    host = strchr(link, ':') + 3;
    CHECK(memchr(host, '@', strcspn(host, "/?#")) == NULL);
    CHECK(strcspn(host, "/?#:") > 0);
}

/* What is read as a phone stays one without its trunk zero. */
static void check_supplier(struct arena *arena, struct slice text)
{
    struct supplier supplier = { .id = 1 };
    struct arena *scratch = arena_open(0);
    struct supplier_faults faults;
    struct text out;

    for (size_t f = 0; f < SUPPLIER_FIELDS; f++)
        supplier.fields[f] = text;
    supplier_check(arena, &supplier, &faults);
    text_init(&out, 0);
    vcard_append(&out, &supplier, VCARD_4, scratch);
    vcard_append(&out, &supplier, VCARD_3, scratch);
    for (struct slice rest = text_slice(&out); rest.len > 0;)
        CHECK(slice_cut(&rest, '\n').len <= 76);
    text_free(&out);
    arena_close(scratch);
}

static void check_guard(struct slice text)
{
    struct supplier supplier = { .id = 1 };
    struct slice value;
    struct text out;

    if (text.len > 0 && memchr(text.data, '"', text.len) != NULL)
        return;
    supplier.fields[SUPPLIER_NAME] = text;
    text_init(&out, 0);
    csv_record(&out, CSV_SPREADSHEET, &supplier);
    value = text_slice(&out);
    value =
        (struct slice){ value.data + 2, value.len - 2 - SUPPLIER_FIELDS - 1 };
    if (value.len > 0 && value.data[0] == '"')
        value = (struct slice){ value.data + 1, value.len - 2 };
    CHECK(value.len == 0 || !memchr("=+-@\t\r", value.data[0], 6));
    CHECK(slice_equal(csv_unguard(value), text));
    text_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = fuzz_slice(data, size);
    struct arena *arena = arena_open(0);

    CHECK(arena != NULL);
    CHECK(!unicode_printable(text) || utf8_valid(text));
    if (utf8_valid(text)) {
        check_tidy(arena, tidy_line, text);
        check_tidy(arena, tidy_phone, text);
        check_tidy(arena, tidy_email, text);
        check_phone(arena, text);
        check_website(arena, text);
        check_guard(text);
    }
    check_supplier(arena, text);
    arena_close(arena);
    return 0;
}
