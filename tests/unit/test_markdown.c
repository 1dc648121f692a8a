/* Markdown: what comes through, and what must not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cafe/markdown.h"

static const struct {
    const char *source;
    const char *html;
} cases[] = {
    { "", "" },
    { "*a* & **b**", "<p><em>a</em> &amp; <strong>b</strong></p>\n" },
    { "# a\n###### b", "<h2>a</h2>\n<h6>b</h6>\n" },
    { "[a](https://x.example/)",
      "<p><a href=\"https://x.example/\">a</a></p>\n" },
    { "[a](HTTP://x.example/)",
      "<p><a href=\"HTTP://x.example/\">a</a></p>\n" },
    { "[a](mailto:x@y.example)",
      "<p><a href=\"mailto:x@y.example\">a</a></p>\n" },
    { "[a](tel:+1)", "<p><a href=\"tel:+1\">a</a></p>\n" },
    { "[a](/suppliers?q=b:c)", "<p><a href=\"/suppliers?q=b:c\">a</a></p>\n" },
    { "[a](#b)", "<p><a href=\"#b\">a</a></p>\n" },
    { "<https://x.example>",
      "<p><a href=\"https://x.example\">https://x.example</a></p>\n" },
    { "![alt](/static/a.png)",
      "<p><img src=\"/static/a.png\" alt=\"alt\" /></p>\n" },
    /* What must not come through. */
    { "[a](javascript:alert(1))", "<p>a</p>\n" },
    { "[a](JaVaScRiPt:alert(1))", "<p>a</p>\n" },
    { "[a](java&#x09;script:alert(1))", "<p>a</p>\n" },
    { "[a](&#1;javascript:alert(1))", "<p>a</p>\n" },
    { "[a](javascript&colon;alert(1))", "<p>a</p>\n" },
    { "[a](data:text/html,x)", "<p>a</p>\n" },
    { "[a](vbscript:x)", "<p>a</p>\n" },
    { "[a](file:///etc/passwd)", "<p>a</p>\n" },
    { "[a](//evil.example)", "<p>a</p>\n" },
    { "[a](/\\evil.example)", "<p>a</p>\n" },
    { "[a](< https://x>)", "<p><a href=\"https://x\">a</a></p>\n" },
    { "[*a*](x:y)", "<p><em>a</em></p>\n" },
    { "![alt](https://evil.example/x.png)", "<p>alt</p>\n" },
    { "![alt](data:image/png;base64,x)", "<p>alt</p>\n" },
    { "[![alt](//e/x.png)](javascript:x)", "<p>alt</p>\n" },
    { "a <script>alert(1)</script> b", "<p>a alert(1) b</p>\n" },
    { "<script>\nalert(1)\n</script>\n\nb", "<p>b</p>\n" },
    { "<b onclick=x>a</b>", "<p>a</p>\n" },
    { "\xff", "<p>\xef\xbf\xbd</p>\n" },
};

static void test_cases(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct text out;

        text_init(&out, 0);
        markdown_render(slice_of(cases[i].source), &out);
        assert_false(out.failed);
        assert_string_equal(text_string(&out), cases[i].html);
        text_free(&out);
    }
}

static bool renders(const char *part, size_t times)
{
    struct text source, out;
    bool fine;
    size_t i;

    text_init(&source, 0);
    text_init(&out, 0);
    for (i = 0; i < times; i++)
        text_append_string(&source, part);
    markdown_render(text_slice(&source), &out);
    fine = !out.failed;
    text_free(&source);
    text_free(&out);
    return fine;
}

static void test_limits(void **state)
{
    (void)state;
    assert_true(renders("a", MARKDOWN_SOURCE_MAX_BYTES));
    assert_false(renders("a", MARKDOWN_SOURCE_MAX_BYTES + 1));
    assert_true(renders("> ", 20));
    assert_false(renders("> ", 1000));
    assert_false(renders("> ", 30000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
