/* Markdown: what comes through, and what must not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cafe/html/markdown.h"

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
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct text out;

        text_init(&out, 0);
        assert_true(markdown_render(slice_of(cases[i].source), &out));
        assert_false(out.failed);
        assert_string_equal(text_string(&out), cases[i].html);
        text_free(&out);
    }
}

/* What is beyond a limit is plain text, whole or with a word on the rest. */
static const struct {
    const char *part;
    size_t times;
    const char *end;
    bool formatted;
} large[] = {
    { "a", MARKDOWN_SOURCE_MAX_BYTES - 8, "the end", true },
    { "a", MARKDOWN_SOURCE_MAX_BYTES, "the end", false },
    { "> ", 20, "the end", true },
    { "> ", 1000, "the end", false },
    { "> ", 30000, "the end", false },
    { "- ", 100, "the end", false },
    { "1. ", 5000, "the end", false },
    { "[", 200, "the end", true },
    { "*a **a ", 2000, "the end", true },
    { "\"", MARKDOWN_SOURCE_MAX_BYTES, "the end", false },
};

static bool render(size_t row, struct text *out)
{
    struct text source;
    bool formatted;

    text_init(&source, 0);
    text_init(out, 0);
    for (size_t i = 0; i < large[row].times; i++)
        text_append_string(&source, large[row].part);
    text_append_string(&source, large[row].end);
    formatted = markdown_render(text_slice(&source), out);
    text_free(&source);
    return formatted;
}

static void test_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(large) / sizeof(large[0]); i++) {
        struct text out;

        assert_int_equal(render(i, &out), large[i].formatted);
        assert_false(out.failed);
        assert_true(out.len <= MARKDOWN_HTML_MAX_BYTES);
        assert_non_null(strstr(text_string(&out), large[i].end));
        text_free(&out);
    }
}

static void test_a_text_without_end_is_cut(void **state)
{
    struct text source, out;

    (void)state;
    text_init(&source, 0);
    text_init(&out, 0);
    while (source.len < 2 * MARKDOWN_HTML_MAX_BYTES)
        text_append_string(&source, "\xc3\xa9\"");
    assert_false(markdown_render(text_slice(&source), &out));
    assert_true(out.len <= MARKDOWN_HTML_MAX_BYTES);
    assert_true(out.len > MARKDOWN_HTML_MAX_BYTES - 200);
    assert_non_null(strstr(text_string(&out), "The rest is too long"));
    text_free(&source);
    text_free(&out);
}

/* Of which Markdown would leave nothing: it stands there as it was typed. */
static void test_plain_text(void **state)
{
    static const struct {
        const char *source;
        const char *html;
    } rows[] = {
        { " \n\t", "" },
        { "<!-- a & b -->", "<p>&lt;!-- a &amp; b --&gt;</p>\n" },
        { "<div>\r\na\rb\nc\n</div>",
          "<p>&lt;div&gt;<br />\na<br />\nb<br />\nc<br />\n&lt;/div&gt;"
          "</p>\n" },
        { "[a]: javascript:x", "<p>[a]: javascript:x</p>\n" },
        { "![](//e/x.png)", "<p>![](//e/x.png)</p>\n" },
        { "<!-- \xff\xc3\xa9 -->",
          "<p>&lt;!-- \xef\xbf\xbd\xc3\xa9 --&gt;</p>\n" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct text out;

        text_init(&out, 0);
        assert_int_equal(markdown_render(slice_of(rows[i].source), &out),
                         rows[i].html[0] == '\0');
        assert_string_equal(text_string(&out), rows[i].html);
        text_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_a_text_without_end_is_cut),
        cmocka_unit_test(test_plain_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
