/* Reading imported files from memory, and what they have as one text. */
#ifndef TEST_IMPORT_H
#define TEST_IMPORT_H

#include "cafe/base/text.h"
#include "cafe/import/reader.h"

/* "2: a|b|c\n" for a row, "2: a|b|c !3 why\n" for one with a fault. */
static inline enum error import_write_row(void *context,
                                          const struct import_row *row)
{
    struct text *out = context;

    text_printf(out, "%llu:", (unsigned long long)row->number);
    for (size_t i = 0; i < row->count; i++) {
        text_append_char(out, i == 0 ? ' ' : '|');
        text_append_slice(out, row->cells[i]);
    }
    if (row->fault != NULL)
        text_printf(out, " !%zu %s", row->fault_column, row->fault);
    text_append_char(out, '\n');
    return OK;
}

/* Read it in pieces of `step` bytes. What can't be read ends with "!! why". */
static inline enum error import_read_in(const struct import_format *format,
                                        struct slice file, size_t step,
                                        struct text *out)
{
    struct import_reader *reader;
    enum error err;

    text_reset(out);
    assert_int_equal(import_reader_open(format, import_write_row, out, &reader),
                     OK);
    err = OK;
    while (file.len > 0 && err == OK) {
        size_t len = file.len < step ? file.len : step;

        err = import_reader_feed(reader, (struct slice){ file.data, len });
        file = (struct slice){ file.data + len, file.len - len };
    }
    if (err == OK)
        err = import_reader_finish(reader);
    if (err != OK)
        text_printf(out, "!! %s\n", import_reader_fault(reader));
    else
        assert_null(import_reader_fault(reader));
    import_reader_close(reader);
    return err;
}

/* Whole, and byte by byte, it is the same. */
static inline void assert_import(const struct import_format *format,
                                 struct slice file, const char *expected)
{
    struct text whole, bytes;

    text_init(&whole, 0);
    text_init(&bytes, 0);
    (void)!import_read_in(format, file, file.len, &whole);
    (void)!import_read_in(format, file, 1, &bytes);
    assert_string_equal(text_string(&whole), text_string(&bytes));
    if (expected != NULL && strcmp(text_string(&whole), expected) != 0)
        fail_msg("read:\n%s\nexpected:\n%s", text_string(&whole), expected);
    text_free(&whole);
    text_free(&bytes);
}

/* It is refused with this error, and a message that has these words. */
static inline void assert_import_refused(const struct import_format *format,
                                         struct slice file, enum error err,
                                         const char *words)
{
    struct text out;

    text_init(&out, 0);
    assert_int_equal(import_read_in(format, file, 65536, &out), err);
    if (strstr(text_string(&out), words) == NULL)
        fail_msg("no \"%s\" in:\n%s", words, text_string(&out));
    text_free(&out);
}

#endif
