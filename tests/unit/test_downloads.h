/* Suppliers with the texts that formats stumble over, and their golden files.
 */
#ifndef TEST_DOWNLOADS_H
#define TEST_DOWNLOADS_H

#include "cafe/base/file.h"
#include "cafe/suppliers/supplier.h"

static const struct {
    int64_t id;
    int64_t changed_us;
    const char *fields[SUPPLIER_FIELDS];
} samples[] = {
    { .id = 1,
      .changed_us = 1795423398250000, /* 2026-11-23 08:43:18.25 UTC */
      .fields = { [SUPPLIER_NAME] = "Café Łódź",
                  [SUPPLIER_ADDRESS] = "1 Hill Road",
                  [SUPPLIER_CITY] = "Łódź",
                  [SUPPLIER_STATE] = "Łódzkie",
                  [SUPPLIER_COUNTRY] = "Polska",
                  [SUPPLIER_EMAIL] = "orders@example.com",
                  [SUPPLIER_PHONE] = "+48 42 555 01 02 ext. 7",
                  [SUPPLIER_WEBSITE] =
                      "https://www.example.com/kawiarnia/\u0142\u00f3d\u017a"
                      "?menu=1,2;3",
                  [SUPPLIER_NOTES] = "Ask for **María**.\n\n"
                                     "- beans\n- more beans" } },
    { .id = 2,
      .fields = { [SUPPLIER_NAME] = "Beans, \"fine\"; \\ & sons",
                  [SUPPLIER_ADDRESS] = "Yard; 2, left",
                  [SUPPLIER_CITY] = "=1+1",
                  [SUPPLIER_STATE] = "'=already",
                  [SUPPLIER_COUNTRY] = "'s-Gravenhage",
                  [SUPPLIER_EMAIL] = "@b",
                  [SUPPLIER_PHONE] = "0221 555 0100",
                  [SUPPLIER_WEBSITE] = "javascript:alert(1)",
                  [SUPPLIER_NOTES] = "\rEND:VCARD\r\nx\ty\x01\x7f" } },
    { .id = 2147483647,
      .fields = { [SUPPLIER_NAME] = "",
                  [SUPPLIER_ADDRESS] = "",
                  [SUPPLIER_CITY] = "",
                  [SUPPLIER_STATE] = "",
                  [SUPPLIER_COUNTRY] = "",
                  [SUPPLIER_EMAIL] = "",
                  [SUPPLIER_PHONE] = "-5",
                  [SUPPLIER_WEBSITE] = "example.com",
                  [SUPPLIER_NOTES] =
                      "ééééééééééééééé"
                      "ééééééééééééééé"
                      "ééééééééééééééé"
                      "漢字漢字漢字漢字漢字漢字"
                      "漢字漢字漢字漢字漢字漢字"
                      "☕🫘☕🫘☕🫘☕🫘"
                      "☕🫘☕🫘☕🫘☕🫘"
                      "☕🫘☕🫘☕🫘☕🫘"
                      ",;,;,;,;,;,;,;,;,;,;,;,;,;,;,;,;,;,;,;,;,;,;" } },
};

enum { SAMPLES = sizeof(samples) / sizeof(samples[0]) };

static inline struct supplier sample(size_t i)
{
    struct supplier supplier = { .id = samples[i].id,
                                 .changed_us = samples[i].changed_us };

    for (size_t f = 0; f < SUPPLIER_FIELDS; f++)
        supplier.fields[f] = slice_of(samples[i].fields[f]);
    return supplier;
}

/* What was written has to be, byte by byte, what the file has. */
static inline void assert_golden(const struct text *written, const char *name)
{
    struct text path, error, golden;

    text_init(&path, 0);
    text_init(&error, 0);
    text_init(&golden, 0);
    text_printf(&path, "%s/%s", GOLDEN_FOLDER, name);
    if (file_read(text_string(&path), &golden, &error) != OK)
        fail_msg("%s", text_string(&error));
    if (!slice_equal(text_slice(written), text_slice(&golden)))
        fail_msg("%s differs; written was:\n%s", name, text_string(written));
    text_free(&path);
    text_free(&error);
    text_free(&golden);
}

#endif
