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

#include "cafe/base/hash.h"
#include "cafe/html/assets.h"

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

static void unlink_file(const struct folder *folder, const char *name)
{
    char path[256];

    snprintf(path, sizeof(path), "%s/%s", folder->path, name);
    unlink(path);
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

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unlink_file(folder, names[i]);
    rmdir(folder->path);
    free(folder);
    return 0;
}

/* later  NULL: there is none. */
static struct assets *load_two(const struct folder *folder,
                               const struct folder *later)
{
    const char *const folders[] = { folder->path,
                                    later != NULL ? later->path : NULL, NULL };
    struct assets *assets = NULL;
    struct text error;

    text_init(&error, 0);
    assert_int_equal(assets_open(folders, "/static", &assets, &error), OK);
    text_free(&error);
    return assets;
}

static struct assets *load(const struct folder *folder)
{
    return load_two(folder, NULL);
}

/* The hash that all URLs of a set carry. */
static const char *hash_of(const struct assets *assets)
{
    static char hash[HASH_HEX_CHARS + 1];
    const char *url = assets_url(assets, "a.css");

    assert_non_null(url);
    assert_true(strncmp(url, "/static/", 8) == 0);
    snprintf(hash, sizeof(hash), "%s", url + 8);
    assert_int_equal(url[8 + HASH_HEX_CHARS], '/');
    return hash;
}

static void test_url_carries_the_hash(void **state)
{
    struct assets *assets = load(*state);
    char old[33];
    char url[128];

    strcpy(old, hash_of(assets));
    snprintf(url, sizeof(url), "/static/%s/a.css", old);
    assert_string_equal(assets_url(assets, "a.css"), url);
    assert_null(assets_url(assets, "a.css.br"));
    assert_null(assets_url(assets, "none.css"));
    assets_close(assets);

    write_file(*state, "b.svg", "<svg></svg>");
    assets = load(*state);
    assert_string_not_equal(hash_of(assets), old);
    assets_close(assets);
}

static const char *body_of(struct assets *assets, const char *name,
                           const char *accept)
{
    static char body[64];
    char path[128];
    struct page *page;

    snprintf(path, sizeof(path), "%s/%s", hash_of(assets), name);
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
    assert_non_null(strstr(text_string(&error), "c.exe: is not a type"));
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

/* Whatever a client accepts: an earlier folder's compressed form is none of
 * the later folder's file. */
static void test_a_later_folder_wins_in_every_form(void **state)
{
    static const char *const accepted[] = { NULL, "gzip", "br", "br, gzip" };
    struct folder *later;
    struct assets *assets;

    write_file(*state, "a.css.gz", "gzip");
    assert_int_equal(set_up((void **)&later), 0);
    write_file(later, "a.css", "later{}");
    unlink_file(later, "a.css.br");
    assets = load_two(*state, later);
    for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++)
        assert_string_equal(body_of(assets, "a.css", accepted[i]), "later{}");
    assets_close(assets);

    write_file(later, "a.css.gz", "later gzip");
    assets = load_two(*state, later);
    assert_string_equal(body_of(assets, "a.css", "gzip"), "later gzip");
    assert_string_equal(body_of(assets, "a.css", "br"), "later{}");
    assets_close(assets);
    unlink_file(*state, "a.css.gz");
    unlink_file(later, "a.css.gz");
    tear_down((void **)&later);
}

/* However many there are: each of them changes the hash. */
static void test_every_file_counts(void **state)
{
    enum { FILES = 600 };
    char name[32], hash[33] = "";
    struct assets *assets;

    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof(name), "%03d.txt", i);
        write_file(*state, name, "one");
    }
    for (int i = 0; i < FILES; i += 37) {
        snprintf(name, sizeof(name), "%03d.txt", i);
        write_file(*state, name, "another");
        assets = load(*state);
        assert_string_not_equal(hash_of(assets), hash);
        strcpy(hash, hash_of(assets));
        assets_close(assets);
    }
    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof(name), "%03d.txt", i);
        unlink_file(*state, name);
    }
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
        cmocka_unit_test_setup_teardown(test_a_later_folder_wins_in_every_form,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_every_file_counts, set_up,
                                        tear_down),
        cmocka_unit_test(test_missing_folder_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
