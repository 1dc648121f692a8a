/* Forms with files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "cafe/http/multipart.h"

#define TYPE "multipart/form-data; boundary=x"

/* "name=data" or "name(filename)=data" for each part, with bars between. */
static void write_parts(struct text *out, const struct multipart *multipart)
{
    for (size_t i = 0; i < multipart->count; i++) {
        const struct multipart_part *part = &multipart->parts[i];

        if (i > 0)
            text_append_char(out, '|');
        text_append_slice(out, part->name);
        if (part->filename.data != NULL) {
            text_append_char(out, '(');
            text_append_slice(out, part->filename);
            text_append_char(out, ')');
        }
        text_append_char(out, '=');
        text_append_slice(out, part->data);
    }
}

static void test_forms(void **state)
{
    static const struct {
        const char *type, *body, *expected;
    } forms[] = {
        { TYPE, "--x--\r\n", "" },
        { TYPE, "--x--", "" },
        { TYPE,
          "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n"
          "--x\r\nContent-Disposition: form-data; name=\"f\"; "
          "filename=\"li;st.csv\"\r\nContent-Type: text/csv\r\n\r\n"
          "id\r\n--y\r\n\r\n--x--\r\n",
          "a=1|f(li;st.csv)=id\r\n--y\r\n" },
        { "Multipart/Form-Data ; charset=utf-8; BOUNDARY=\"a b\"",
          "--a b\r\ncontent-disposition:form-data;name=a;filename=\"\"\r\n"
          "content-transfer-encoding: 8bit\r\n\r\n\r\n--a b--",
          "a()=" },
        { TYPE,
          "--x\r\nContent-Disposition: form-data; name=\"f\"; "
          "filename=\"C:\\dir\\a%22b.csv\"\r\n\r\n\r\n--x--\r\n",
          "f(C:\\dir\\a%22b.csv)=" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct multipart multipart;
        struct text out;
        const char *fault;

        text_init(&out, 0);
        assert_int_equal(multipart_read(slice_of(forms[i].type),
                                        slice_of(forms[i].body), &multipart,
                                        &fault),
                         OK);
        assert_null(fault);
        write_parts(&out, &multipart);
        assert_string_equal(text_string(&out), forms[i].expected);
        text_free(&out);
    }
}

#define PART "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n"

static void test_what_is_no_form(void **state)
{
    static const struct {
        const char *type, *body;
        enum error err;
        const char *words;
    } forms[] = {
        { "text/csv", "a", ERROR_NOT_FOUND, "not a form" },
        { "", "a", ERROR_NOT_FOUND, "not a form" },
        { "multipart/form-data", "--x--", ERROR_SYNTAX, "no valid boundary" },
        { "multipart/form-data; boundary=", "----", ERROR_SYNTAX,
          "no valid boundary" },
        { "multipart/form-data; boundary=\"x", "--x--", ERROR_SYNTAX,
          "no valid boundary" },
        { "multipart/form-data; boundary=x; y", "--x--", ERROR_SYNTAX,
          "no valid boundary" },
        { "multipart/form-data; boundary="
          "0123456789012345678901234567890123456789012345678901234567890123456"
          "7890",
          "", ERROR_SYNTAX, "no valid boundary" },
        { TYPE, "", ERROR_SYNTAX, "does not begin" },
        { TYPE, "\r\n--x--", ERROR_SYNTAX, "does not begin" },
        { TYPE, "--x", ERROR_SYNTAX, "after a boundary" },
        { TYPE, "--xy--", ERROR_SYNTAX, "after a boundary" },
        { TYPE, "--x--\r\nmore", ERROR_SYNTAX, "after the last part" },
        { TYPE, "--x\r\n", ERROR_SYNTAX, "stopped too early" },
        { TYPE, PART, ERROR_SYNTAX, "stopped too early" },
        { TYPE, PART "\r\n", ERROR_SYNTAX, "stopped too early" },
        { TYPE, PART "\r\ndata\r\n--", ERROR_SYNTAX, "stopped too early" },
        { TYPE, "--x\r\n\r\ndata\r\n--x--", ERROR_SYNTAX, "no name" },
        { TYPE, "--x\r\nContent-Disposition: form-data\r\n\r\n\r\n--x--",
          ERROR_SYNTAX, "no name" },
        { TYPE,
          "--x\r\nContent-Disposition: form-data; name=\"a\r\n\r\n\r\n--x--",
          ERROR_SYNTAX, "Content-Disposition" },
        { TYPE,
          "--x\r\nContent-Disposition: attachment; name=a\r\n\r\n\r\n--x--",
          ERROR_SYNTAX, "Content-Disposition" },
        { TYPE, PART " folded\r\n\r\n\r\n--x--", ERROR_SYNTAX, "head" },
        { TYPE, PART "no colon\r\n\r\n\r\n--x--", ERROR_SYNTAX, "head" },
        { TYPE,
          PART "Content-Type: multipart/mixed; boundary=y\r\n\r\n--y--\r\n"
               "--x--",
          ERROR_SYNTAX, "parts of its own" },
        { TYPE, PART "Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--x--",
          ERROR_SYNTAX, "encoded" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct multipart multipart;
        const char *fault;

        assert_int_equal(multipart_read(slice_of(forms[i].type),
                                        slice_of(forms[i].body), &multipart,
                                        &fault),
                         forms[i].err);
        if (strstr(fault, forms[i].words) == NULL)
            fail_msg("form %zu: %s", i, fault);
    }
}

static void expect_limit(const char *before, const char *piece, size_t count,
                         const char *after, enum error err)
{
    struct multipart multipart;
    struct text body;
    const char *fault;

    text_init(&body, 0);
    text_append_string(&body, before);
    for (size_t i = 0; i < count; i++)
        text_append_string(&body, piece);
    text_append_string(&body, after);
    assert_int_equal(
        multipart_read(slice_of(TYPE), text_slice(&body), &multipart, &fault),
        err);
    text_free(&body);
}

static void test_limits(void **state)
{
    (void)state;
    expect_limit("", PART "\r\n\r\n", MULTIPART_PARTS_MAX, "--x--", OK);
    expect_limit("", PART "\r\n\r\n", 1000, "--x--", ERROR_LIMIT);
    expect_limit(PART, "A: b\r\n", 15, "\r\n\r\n--x--", OK);
    expect_limit(PART, "A: b\r\n", 16, "\r\n\r\n--x--", ERROR_LIMIT);
    expect_limit(PART "A: ", "b", MULTIPART_HEAD_MAX_BYTES, "\r\n\r\n--x--",
                 ERROR_LIMIT);
}

static void test_find(void **state)
{
    struct multipart multipart;
    const char *fault;

    (void)state;
    assert_int_equal(
        multipart_read(slice_of(TYPE),
                       slice_of(PART "\r\n1\r\n" PART "\r\n2\r\n--x--"),
                       &multipart, &fault),
        OK);
    assert_true(slice_is(multipart_find(&multipart, "a")->data, "1"));
    assert_null(multipart_find(&multipart, "b"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_what_is_no_form),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_find),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
