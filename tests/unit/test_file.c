/* Reading a small file whole: its bytes, its bound, its messages. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cafe/base/file.h"

struct fixture {
    char folder[32];
    char path[64];
    struct text content, error;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    strcpy(fixture->folder, "/tmp/cafe-file-XXXXXX");
    if (mkdtemp(fixture->folder) == NULL)
        return -1;
    snprintf(fixture->path, sizeof(fixture->path), "%s/data", fixture->folder);
    text_init(&fixture->content, 0);
    text_init(&fixture->error, 0);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    unlink(fixture->path);
    rmdir(fixture->folder);
    text_free(&fixture->content);
    text_free(&fixture->error);
    free(fixture);
    return 0;
}

static void write_bytes(const struct fixture *fixture, struct slice bytes)
{
    FILE *file = fopen(fixture->path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes.data, 1, bytes.len, file), bytes.len);
    assert_int_equal(fclose(file), 0);
}

static enum error read_it(struct fixture *fixture)
{
    return file_read(fixture->path, &fixture->content, &fixture->error);
}

static void assert_refused(struct fixture *fixture, const char *path,
                           const char *why)
{
    char message[160];

    snprintf(message, sizeof(message), "%s: %s", path, why);
    text_reset(&fixture->error);
    assert_int_equal(file_read(path, &fixture->content, &fixture->error),
                     ERROR_CONFIG);
    assert_string_equal(text_string(&fixture->error), message);
}

static void test_bytes_as_they_are(void **state)
{
    struct fixture *fixture = *state;

    write_bytes(fixture, SLICE("a\0b\r\n\xff\n"));
    assert_int_equal(read_it(fixture), OK);
    assert_true(
        slice_equal(text_slice(&fixture->content), SLICE("a\0b\r\n\xff\n")));
    assert_int_equal(fixture->error.len, 0);
}

static void test_content_is_appended(void **state)
{
    struct fixture *fixture = *state;

    write_bytes(fixture, SLICE("two"));
    text_append_string(&fixture->content, "one ");
    assert_int_equal(read_it(fixture), OK);
    assert_int_equal(read_it(fixture), OK);
    assert_string_equal(text_string(&fixture->content), "one twotwo");
}

static void test_empty_file(void **state)
{
    struct fixture *fixture = *state;

    write_bytes(fixture, SLICE(""));
    assert_int_equal(read_it(fixture), OK);
    assert_int_equal(fixture->content.len, 0);
    assert_false(fixture->content.failed);
}

/* More than one read() takes, with every byte where it belongs. */
static void test_many_chunks(void **state)
{
    enum { BYTES = 100 * 1000 + 7 };
    struct fixture *fixture = *state;
    char *bytes = malloc(BYTES);

    for (size_t i = 0; i < BYTES; i++)
        bytes[i] = (char)(i * 31 % 251);
    write_bytes(fixture, (struct slice){ bytes, BYTES });
    assert_int_equal(read_it(fixture), OK);
    assert_true(slice_equal(text_slice(&fixture->content),
                            (struct slice){ bytes, BYTES }));
    free(bytes);
}

/* Opening a pipe would wait for somebody to write. */
static void test_pipe_is_refused_at_once(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(mkfifo(fixture->path, 0600), 0);
    assert_refused(fixture, fixture->path, "is not a regular file");
}

static void test_bound(void **state)
{
    struct fixture *fixture = *state;

    write_bytes(fixture, SLICE("12345"));
    text_init(&fixture->content, 5);
    assert_int_equal(read_it(fixture), OK);
    assert_string_equal(text_string(&fixture->content), "12345");
    text_free(&fixture->content);
    text_init(&fixture->content, 4);
    assert_refused(fixture, fixture->path, "larger than 4 bytes");
}

static void test_missing_file(void **state)
{
    struct fixture *fixture = *state;
    char path[96];

    assert_refused(fixture, fixture->path, "No such file or directory");
    assert_refused(fixture, "", "No such file or directory");
    write_bytes(fixture, SLICE("x"));
    snprintf(path, sizeof(path), "%s/below", fixture->path);
    assert_refused(fixture, path, "Not a directory");
    assert_int_equal(fixture->content.len, 0);
}

static void test_no_regular_file(void **state)
{
    struct fixture *fixture = *state;

    assert_refused(fixture, fixture->folder, "is not a regular file");
    assert_refused(fixture, "/dev/null", "is not a regular file");
    assert_int_equal(fixture->content.len, 0);
}

static void test_unreadable_file(void **state)
{
    struct fixture *fixture = *state;

    if (geteuid() == 0)
        skip(); /* root reads everything */
    write_bytes(fixture, SLICE("x"));
    assert_int_equal(chmod(fixture->path, 0), 0);
    assert_refused(fixture, fixture->path, "Permission denied");
}

static void test_link_is_followed(void **state)
{
    struct fixture *fixture = *state;
    char link[96];

    write_bytes(fixture, SLICE("behind"));
    snprintf(link, sizeof(link), "%s/link", fixture->folder);
    assert_int_equal(symlink("data", link), 0);
    assert_int_equal(file_read(link, &fixture->content, &fixture->error), OK);
    unlink(link);
    assert_string_equal(text_string(&fixture->content), "behind");
}

/* A descriptor that stays open would be the next number to miss. */
static void test_descriptors_are_closed(void **state)
{
    struct fixture *fixture = *state;
    int before = dup(0), after;

    close(before);
    write_bytes(fixture, SLICE("x"));
    for (int i = 0; i < 10; i++)
        assert_int_equal(read_it(fixture), OK);
    assert_refused(fixture, fixture->folder, "is not a regular file");
    after = dup(0);
    close(after);
    assert_int_equal(after, before);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(test_bytes_as_they_are),
        WITH(test_content_is_appended),
        WITH(test_empty_file),
        WITH(test_many_chunks),
        WITH(test_pipe_is_refused_at_once),
        WITH(test_bound),
        WITH(test_missing_file),
        WITH(test_no_regular_file),
        WITH(test_unreadable_file),
        WITH(test_link_is_followed),
        WITH(test_descriptors_are_closed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
