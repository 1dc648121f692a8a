/* Static files: names by content, compressed forms, faults at start. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cafe/assets.h"

struct folder {
    char path[32];
};

static void write_file(const struct folder *folder, const char *name,
                       const char *content)
{
    char path[256];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", folder->path, name);
    file = fopen(path, "wb");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
}

static int set_up(void **state)
{
    struct folder *folder = calloc(1, sizeof(*folder));

    strcpy(folder->path, "/tmp/cafe-static-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    write_file(folder, "a.css", "body{}");
    write_file(folder, "a.css.br", "brotli");
    write_file(folder, "b.svg", "<svg/>");
    *state = folder;
    return 0;
}

static int tear_down(void **state)
{
    static const char *const names[] = { "a.css", "a.css.br", "b.svg",
                                         "c.exe" };
    struct folder *folder = *state;
    char path[256];
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder->path, names[i]);
        unlink(path);
    }
    rmdir(folder->path);
    free(folder);
    return 0;
}

static struct assets *load(const struct folder *folder)
{
    const char *const folders[] = { folder->path, NULL };
    struct assets *assets = NULL;
    struct text error;

    text_init(&error, 0);
    assert_int_equal(assets_open(folders, "/static", &assets, &error), OK);
    text_free(&error);
    return assets;
}

static void test_url_carries_the_hash(void **state)
{
    struct assets *assets = load(*state);
    char old[33];
    char url[128];

    strcpy(old, assets_hash(assets));
    snprintf(url, sizeof(url), "/static/%s/a.css", old);
    assert_string_equal(assets_url(assets, "a.css"), url);
    assert_null(assets_url(assets, "a.css.br"));
    assert_null(assets_url(assets, "none.css"));
    assets_close(assets);

    write_file(*state, "b.svg", "<svg></svg>");
    assets = load(*state);
    assert_string_not_equal(assets_hash(assets), old);
    assets_close(assets);
}

static const char *body_of(struct assets *assets, const char *name,
                           const char *accept)
{
    static char body[64];
    char path[128];
    struct page *page;

    snprintf(path, sizeof(path), "%s/%s", assets_hash(assets), name);
    page = assets_page(assets, slice_of(path), slice_of(accept));
    if (page == NULL)
        return NULL;
    snprintf(body, sizeof(body), "%s", text_string(&page->body));
    assert_non_null(strstr(text_string(&page->fields), "immutable"));
    assert_true(page->etag[0] == '"');
    page_unref(page);
    return body;
}

static void test_best_form_is_served(void **state)
{
    struct assets *assets = load(*state);

    assert_string_equal(body_of(assets, "a.css", NULL), "body{}");
    assert_string_equal(body_of(assets, "a.css", "gzip, br"), "brotli");
    assert_string_equal(body_of(assets, "a.css", "gzip"), "body{}");
    assert_string_equal(body_of(assets, "b.svg", "br"), "<svg/>");
    assert_null(body_of(assets, "c.css", NULL));
    assert_null(body_of(assets, "../a.css", NULL));
    assert_null(assets_page(assets, SLICE("x/a.css"), SLICE("")));
    assert_null(assets_page(assets, SLICE(""), SLICE("")));
    assets_close(assets);
}

static void test_unknown_type_is_refused(void **state)
{
    const struct folder *folder = *state;
    const char *const folders[] = { folder->path, NULL };
    struct assets *assets = NULL;
    struct text error;

    write_file(folder, "c.exe", "MZ");
    text_init(&error, 0);
    assert_int_equal(assets_open(folders, "/static", &assets, &error),
                     ERROR_CONFIG);
    assert_non_null(strstr(text_string(&error), "c.exe: is of no type"));
    text_free(&error);
}

static void test_missing_folder_is_refused(void **state)
{
    const char *const folders[] = { "/nonexistent", NULL };
    struct assets *assets = NULL;
    struct text error;

    (void)state;
    text_init(&error, 0);
    assert_int_equal(assets_open(folders, "/static", &assets, &error),
                     ERROR_CONFIG);
    assert_string_equal(text_string(&error),
                        "/nonexistent: No such file or directory");
    text_free(&error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_url_carries_the_hash, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_best_form_is_served, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_unknown_type_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test(test_missing_folder_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
