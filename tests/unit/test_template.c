/* Templates beyond the specification: limits, messages, files, markup. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cafe/html/render.h"
#include "cafe/html/template.h"

struct fixture {
    struct templates *templates;
    struct arena *arena;
    struct context *context;
    struct text out, error;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    assert_int_equal(templates_open_empty(&fixture->templates), OK);
    fixture->arena = arena_open(0);
    fixture->context = context_open(fixture->arena);
    text_init(&fixture->out, 0);
    text_init(&fixture->error, 0);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    templates_close(fixture->templates);
    arena_close(fixture->arena);
    text_free(&fixture->out);
    text_free(&fixture->error);
    free(fixture);
    return 0;
}

static void add(struct fixture *fixture, const char *name, const char *source)
{
    assert_int_equal(templates_add(fixture->templates, name, slice_of(source),
                                   &fixture->error),
                     OK);
}

static const char *render(struct fixture *fixture, const char *source)
{
    add(fixture, "page", source);
    template_render(fixture->templates, "page", fixture->context,
                    &fixture->out);
    assert_false(fixture->out.failed);
    return text_string(&fixture->out);
}

static void refuse(struct fixture *fixture, const char *source,
                   const char *message)
{
    text_reset(&fixture->error);
    assert_int_equal(templates_add(fixture->templates, "nav.html",
                                   slice_of(source), &fixture->error),
                     ERROR_CONFIG);
    assert_string_equal(text_string(&fixture->error), message);
}

static void test_escapes_all_five(void **state)
{
    struct fixture *fixture = *state;

    context_string(fixture->context, "x", "<a href=\"b\">'&'</a>");
    assert_string_equal(
        render(fixture, "{{x}}"),
        "&lt;a href=&quot;b&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;");
}

static void test_safe_markup_is_not_escaped(void **state)
{
    struct fixture *fixture = *state;

    context_html(fixture->context, "x", SLICE("<b>"));
    assert_string_equal(render(fixture, "{{x}}"), "<b>");
}

static void test_empty_text_is_false(void **state)
{
    struct fixture *fixture = *state;

    context_string(fixture->context, "x", "");
    assert_string_equal(render(fixture, "{{#x}}yes{{/x}}{{^x}}no{{/x}}"), "no");
}

static void test_setting_again_replaces(void **state)
{
    struct fixture *fixture = *state;
    struct context *list = context_list(fixture->context, "x");

    context_list_text(list, SLICE("old"));
    context_number(fixture->context, "x", -12);
    assert_string_equal(render(fixture, "{{x}}"), "-12");
}

static void test_lists_in_lists(void **state)
{
    struct fixture *fixture = *state;
    struct context *inner =
        context_list_list(context_list(fixture->context, "x"));

    context_list_text(inner, SLICE("a"));
    context_list_text(inner, SLICE("b"));
    assert_string_equal(render(fixture, "{{#x}}({{#.}}{{.}}{{/.}}){{/x}}"),
                        "(ab)");
}

/* A NUL is no part of a name or delimiter, which are strings. */
static void test_nul_in_tags(void **state)
{
    static const char *const sources[] = { "{{a%b}}", "{{%}}", "{{=% >=}}x",
                                           "{{=< %=}}x", "{{=<%< >=}}x" };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        char source[16];
        size_t len = strlen(sources[i]);

        memcpy(source, sources[i], len);
        *(char *)memchr(source, '%', len) = '\0';
        text_reset(&fixture->error);
        assert_int_equal(templates_add(fixture->templates, "nav.html",
                                       (struct slice){ source, len },
                                       &fixture->error),
                         ERROR_CONFIG);
    }
}

static void test_faults_name_file_and_line(void **state)
{
    struct fixture *fixture = *state;

    refuse(fixture, "a\nb\n{{#x}}\n", "nav.html:3: section 'x' is not closed");
    refuse(fixture, "{{/x}}", "nav.html:1: section 'x' is not open");
    refuse(fixture, "\n{{#x}}{{/y}}",
           "nav.html:2: section 'y' is closed, but another is open");
    refuse(fixture, "\n\n{{x", "nav.html:3: a tag is not closed by '}}'");
    refuse(fixture, "{{}}", "nav.html:1: a tag has no name: ''");
    refuse(fixture, "{{a b}}", "nav.html:1: 'a b' is not a name");
    refuse(fixture, "{{=x=}}", "nav.html:1: 'x' are not two delimiters");
    refuse(fixture, "\xff", "nav.html: is not valid UTF-8");
}

static void test_sections_have_a_depth(void **state)
{
    struct fixture *fixture = *state;
    struct text source;

    text_init(&source, 0);
    for (int i = 0; i < 65; i++)
        text_append_string(&source, "{{#x}}");
    refuse(fixture, text_string(&source),
           "nav.html:1: section 'x' is too deep");
    text_free(&source);
}

static void test_endless_partials_end(void **state)
{
    struct fixture *fixture = *state;

    add(fixture, "again", "x{{>again}}");
    template_render(fixture->templates, "again", fixture->context,
                    &fixture->out);
    assert_true(fixture->out.failed);
}

static void test_unknown_template_fails(void **state)
{
    struct fixture *fixture = *state;

    template_render(fixture->templates, "none", fixture->context,
                    &fixture->out);
    assert_true(fixture->out.failed);
}

static void write_file(const char *folder, const char *name,
                       const char *content)
{
    char path[256];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "wb");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
}

static void remove_file(const char *folder, const char *name)
{
    char path[256];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    unlink(path);
}

static void test_folder(void **state)
{
    struct fixture *fixture = *state;
    char folder[] = "/tmp/cafe-views-XXXXXX";
    struct templates *templates = NULL;
    char message[256];

    assert_non_null(mkdtemp(folder));
    write_file(folder, "home.html", "{{>nav}}home");
    snprintf(message, sizeof(message),
             "%s/home.html:1: there is no partial nav.html", folder);
    assert_int_equal(templates_open(folder, &templates, &fixture->error),
                     ERROR_CONFIG);
    assert_string_equal(text_string(&fixture->error), message);

    write_file(folder, "nav.html", "<nav>");
    write_file(folder, "readme.txt", "{{#not a template");
    assert_int_equal(templates_open(folder, &templates, &fixture->error), OK);
    template_render(templates, "home", fixture->context, &fixture->out);
    assert_string_equal(text_string(&fixture->out), "<nav>home");
    templates_close(templates);
    remove_file(folder, "home.html");
    remove_file(folder, "nav.html");
    remove_file(folder, "readme.txt");
    rmdir(folder);
    text_reset(&fixture->error);
    assert_int_equal(templates_open(folder, &templates, &fixture->error),
                     ERROR_CONFIG);
    assert_non_null(strstr(text_string(&fixture->error), "No such file"));
}

static void test_page_has_security_fields(void **state)
{
    struct fixture *fixture = *state;
    struct page *page;

    add(fixture, "page", "hello");
    page = render_begin(404, "no-store", NO_SCRIPTS);
    render_body(page, fixture->templates, "page", fixture->context);
    assert_false(page->failed);
    assert_int_equal(page->status, 404);
    assert_non_null(strstr(text_string(&page->fields), "default-src 'none'"));
    assert_non_null(strstr(text_string(&page->fields), "nosniff"));
    assert_null(strstr(text_string(&page->fields), "script-src"));
    assert_string_equal(text_string(&page->body), "hello");
    page_unref(page);
}

static void test_page_that_may_run_scripts(void **state)
{
    struct fixture *fixture = *state;
    struct page *page;

    add(fixture, "page", "hello");
    page = render_begin(200, "no-cache", SCRIPTS_THAT_ASK);
    assert_non_null(strstr(text_string(&page->fields),
                           "default-src 'none'; style-src 'self'; "));
    assert_non_null(strstr(text_string(&page->fields),
                           "; script-src 'self'; connect-src 'self'\r\n"));
    assert_null(strstr(text_string(&page->fields), "unsafe"));
    page_unref(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_escapes_all_five, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_safe_markup_is_not_escaped, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_empty_text_is_false, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_setting_again_replaces, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_lists_in_lists, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nul_in_tags, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_faults_name_file_and_line, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_sections_have_a_depth, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_endless_partials_end, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_unknown_template_fails, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_page_has_security_fields, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_page_that_may_run_scripts, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
