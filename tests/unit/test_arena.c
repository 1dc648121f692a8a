/* The arena: zeroed and aligned memory, its bound, copies and formats. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cafe/base/arena.h"
#include "cafe/base/poison.h"

static int set_up(void **state)
{
    *state = arena_open(0);
    return *state == NULL;
}

static int tear_down(void **state)
{
    arena_close(*state);
    return 0;
}

static int set_up_bounded(void **state)
{
    *state = arena_open(64);
    return *state == NULL;
}

static void assert_zeroed(const char *memory, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        assert_int_equal(memory[i], 0);
}

/* Sizes below, at and above the blocks that an arena asks for. */
static const size_t sizes[] = { 1,
                                15,
                                16,
                                17,
                                100,
                                4096,
                                8 * 1024 - 64,
                                8 * 1024,
                                3 * 8191,
                                64 * 1024,
                                262144,
                                256 * 1024 + 1,
                                1 << 20,
                                1 };
enum { SIZES = sizeof(sizes) / sizeof(sizes[0]) };

static void test_memory_is_zeroed_and_aligned(void **state)
{
    for (size_t i = 0; i < SIZES; i++) {
        char *memory = arena_alloc(*state, sizes[i]);

        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
        assert_zeroed(memory, sizes[i]);
        memset(memory, 0xa5, sizes[i]);
    }
}

static void test_pieces_do_not_overlap(void **state)
{
    unsigned char *pieces[1000];

    for (size_t i = 0; i < 1000; i++) {
        pieces[i] = arena_alloc(*state, 1 + i % 97);
        assert_non_null(pieces[i]);
        memset(pieces[i], (int)(i % 251), 1 + i % 97);
    }
    for (size_t i = 0; i < 1000; i++) {
        for (size_t at = 0; at < 1 + i % 97; at++)
            assert_int_equal(pieces[i][at], i % 251);
    }
}

static void test_used_counts_rounded_bytes(void **state)
{
    size_t before;

    assert_int_equal(arena_used(*state), 0);
    assert_non_null(arena_alloc(*state, 1));
    before = arena_used(*state);
    assert_true(before >= 1);
    assert_non_null(arena_alloc(*state, 1));
    assert_int_equal(arena_used(*state), 2 * before);
    assert_non_null(arena_alloc(*state, 100 * 1000));
    assert_true(arena_used(*state) >= 2 * before + 100 * 1000);
}

static void test_impossible_sizes(void **state)
{
    assert_null(arena_alloc(*state, SIZE_MAX));
    assert_null(arena_alloc(*state, SIZE_MAX - 15));
    assert_null(arena_alloc(*state, SIZE_MAX / 2 + 1));
    assert_null(arena_copy(*state, "x", SIZE_MAX));
    assert_int_equal(arena_used(*state), 0);
    assert_non_null(arena_alloc(*state, 1));
}

static void test_bound_is_exact(void **state)
{
    assert_non_null(arena_alloc(*state, 48));
    assert_null(arena_alloc(*state, 17));
    assert_int_equal(arena_used(*state), 48);
    assert_non_null(arena_alloc(*state, 16));
    assert_null(arena_alloc(*state, 1));
    assert_int_equal(arena_used(*state), 64);
}

static void test_everything_obeys_the_bound(void **state)
{
    char long_text[100];

    memset(long_text, 'x', sizeof(long_text));
    assert_null(arena_alloc(*state, 65));
    assert_null(arena_copy(*state, long_text, 64)); /* and its NUL */
    assert_null(arena_printf(*state, "%.64s", long_text));
    assert_null(arena_slice(*state, (struct slice){ long_text, 64 }).data);
    assert_int_equal(arena_used(*state), 0);
    assert_non_null(arena_copy(*state, long_text, 63));
}

static void test_copies(void **state)
{
    char source[] = "ab\0cd";
    char *copy = arena_copy(*state, source, 5);
    struct slice slice = arena_slice(*state, (struct slice){ source, 5 });

    source[0] = 'X';
    assert_memory_equal(copy, "ab\0cd", 6);
    assert_int_equal(slice.len, 5);
    assert_memory_equal(slice.data, "ab\0cd", 6);
    assert_string_equal(arena_copy(*state, "abc", 2), "ab");
    assert_string_equal(arena_copy(*state, NULL, 0), "");
    assert_int_equal(arena_slice(*state, slice_of(NULL)).len, 0);
}

static void test_formats(void **state)
{
    char *text = arena_printf(*state, "%s:%d:%5.2f", "row", -7, 1.5);
    char *wide = arena_printf(*state, "%20000d", 1);

    assert_string_equal(text, "row:-7: 1.50");
    assert_int_equal(strlen(wide), 20000);
    assert_int_equal(wide[19999], '1');
    assert_string_equal(arena_printf(*state, "%s", ""), "");
}

/* What AddressSanitizer reports of a write to this byte, in a process of its
 * own; "" if nothing. */
static void report_of_write(char *byte, char report[], size_t size)
{
    size_t len = 0;
    ssize_t got;
    int ends[2], status;
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[1]); /* the copy is enough, and ends with the process */
        *(volatile char *)byte = 'x';
        _exit(0);
    }
    close(ends[1]);
    while ((got = read(ends[0], report + len, size - 1 - len)) > 0)
        len += (size_t)got;
    report[len] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true((len == 0) == (status == 0));
}

static void assert_reported(char *byte)
{
    char report[64 * 1024];

    report_of_write(byte, report, sizeof(report));
    assert_non_null(strstr(report, "use-after-poison"));
}

static void assert_allowed(char *byte)
{
    char report[64 * 1024];

    report_of_write(byte, report, sizeof(report));
    assert_string_equal(report, "");
}

/* Only where the build has AddressSanitizer. */
static void test_writes_beyond_an_object_are_reported(void **state)
{
    char *first, *second;

    if (POISON_GAP_BYTES == 0)
        skip();
    first = arena_alloc(*state, 13);
    second = arena_alloc(*state, 16);
    assert_allowed(first + 12);
    assert_reported(first + 13); /* its rounding */
    assert_reported(second - 1);
    assert_allowed(second + 15);
    assert_reported(second + 16);
    assert_reported(second + 1000); /* of nobody yet */
}

static void test_use_after_a_reset_is_reported(void **state)
{
    char *memory, *again;

    if (POISON_GAP_BYTES == 0)
        skip();
    memory = arena_alloc(*state, 100);
    arena_reset(*state);
    assert_reported(memory);
    again = arena_alloc(*state, 10);
    assert_ptr_equal(again, memory);
    assert_allowed(memory + 9);
    assert_reported(memory + 50);
}

static void test_closing_nothing(void **state)
{
    (void)state;
    arena_close(NULL);
    arena_close(arena_open(0));
}

#define WITH(test, up) cmocka_unit_test_setup_teardown(test, up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(test_memory_is_zeroed_and_aligned, set_up),
        WITH(test_pieces_do_not_overlap, set_up),
        WITH(test_used_counts_rounded_bytes, set_up),
        WITH(test_impossible_sizes, set_up),
        WITH(test_bound_is_exact, set_up_bounded),
        WITH(test_everything_obeys_the_bound, set_up_bounded),
        WITH(test_copies, set_up),
        WITH(test_formats, set_up),
        WITH(test_writes_beyond_an_object_are_reported, set_up),
        WITH(test_use_after_a_reset_is_reported, set_up),
        cmocka_unit_test(test_closing_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
