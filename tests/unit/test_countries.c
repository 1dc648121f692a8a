/* Countries by their names. "test_countries make" reads the lines of
 * countries/names.js and prints country-names.txt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cafe/base/arena.h"
#include "cafe/base/unicode.h"
#include "countries.h"

extern const char country_names[];
extern const size_t country_names_bytes;

enum { LINES_MAX = 20000 };

static const struct {
    const char *name, *code;
} named[] = {
    { "Poland", "PL" },
    { "POLSKA", "PL" },
    { "Polen", "PL" },
    { "ኢትዮጵያ", "ET" },
    { "Éthiopie", "ET" },
    { "Côte d’Ivoire", "CI" },
    { "Cote d'Ivoire", "CI" },
    { "Ivory Coast", "CI" },
    { "Guinea-Bissau", "GW" },
    { "guinea bissau", "GW" },
    { "USA", "US" },
    { "United States", "US" },
    { "Vereinigte Staaten", "US" },
    { "México", "MX" },
    { "日本", "JP" },
    { "Kenya", "KE" },
    { "Zimbabwe", "ZW" },
    { "Pol", NULL },
    { "Polands", NULL },
    { "a", NULL },
    { "", NULL },
    { "\xef\xbf\xbd", NULL },
    { "PL", NULL },
    { "\t", NULL },
    { "\n", NULL },
};

static struct slice fold_of(struct arena *arena, const char *name)
{
    struct slice fold;

    if (unicode_search_fold(arena, slice_of(name), &fold) != OK)
        abort();
    return fold;
}

static void test_names(void **state)
{
    struct arena *arena = arena_open(0);

    (void)state;
    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
        struct country found = country_of(fold_of(arena, named[i].name));

        if (memcmp(found.code, named[i].code != NULL ? named[i].code : "\0", 2))
            fail_msg("'%s' is '%.2s'", named[i].name, found.code);
    }
    arena_close(arena);
}

/* Each line is found, is a fold, and comes after the one before. */
static void test_the_table(void **state)
{
    struct arena *arena = arena_open(0);
    const char *at = country_names, *before = NULL;
    size_t before_len = 0;
    int lines = 0;

    (void)state;
    for (; at < country_names + country_names_bytes; lines++) {
        const char *tab = strchr(at, '\t');
        size_t len = (size_t)(tab - at);
        const char *name = arena_copy(arena, at, len);

        assert_memory_equal(country_of(slice_of(name)).code, tab + 1, 2);
        assert_string_equal(fold_of(arena, name).data, name);
        assert_null(strchr(name, '-'));
        if (before != NULL) {
            int order = memcmp(before, at, before_len < len ? before_len : len);

            assert_true(order < 0 || (order == 0 && before_len < len));
        }
        before = at;
        before_len = len;
        at = tab + sizeof("\tPL\n") - 1;
    }
    assert_true(lines > 5000);
    arena_close(arena);
}

/* Making the table. */

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The name of a line as it is compared, with its code; NULL: it has none. */
static char *folded_line(struct arena *arena, char *line)
{
    char *tab = strchr(line, '\t');
    char *made;
    struct slice fold;

    tab[0] = '\0';
    tab[3] = '\0';
    fold = fold_of(arena, line);
    made = arena_printf(arena, "%s\t%s", fold.data, tab + 1);
    for (char *at = made; *at != '\t'; at++)
        if (*at == '-')
            *at = ' ';
    return fold.len > 0 ? made : NULL;
}

static size_t name_len(const char *line)
{
    return (size_t)(strchr(line, '\t') - line) + 1;
}

/* Names of one country each. */
static int make_table(void)
{
    static char *lines[LINES_MAX];
    struct arena *arena = arena_open(0);
    char line[1024];
    size_t count = 0;

    while (count < LINES_MAX && fgets(line, sizeof(line), stdin) != NULL)
        if ((lines[count] = folded_line(arena, line)) != NULL)
            count++;
    qsort(lines, count, sizeof(lines[0]), by_bytes);
    for (size_t i = 0; i < count;) {
        size_t len = name_len(lines[i]), next = i;
        bool one = true;

        for (; next < count && strncmp(lines[next], lines[i], len) == 0; next++)
            one = one && strcmp(lines[next], lines[i]) == 0;
        if (one)
            puts(lines[i]);
        i = next;
    }
    arena_close(arena);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_names),
                                        cmocka_unit_test(test_the_table) };

    if (argc > 1 && strcmp(argv[1], "make") == 0)
        return make_table();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
