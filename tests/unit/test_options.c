/* The daemons' tables: every row of a daemon's own is there, however many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "frame.h"

enum { OWN = 300, AT = 1000, MORE_AT = 2000 };

/* The row that ends the table when there is none. */
static const struct option *find_option(const struct config_source *source,
                                        const char *name)
{
    const struct option *option = source->options;

    while (option->name != NULL && strcmp(option->name, name) != 0)
        option++;
    return option;
}

static size_t count_commands(const struct config_source *source)
{
    size_t count = 0;

    while (source->commands[count].flag != NULL)
        count++;
    return count;
}

static void test_no_row_is_lost(void **state)
{
    struct option options[OWN + 1] = { { 0 } };
    struct command commands[OWN + 1] = { { 0 } };
    const struct option more[] = { { .name = "more", .offset = 8 }, { 0 } };
    struct service_definition definition = { .name = "test",
                                             .allow_fallback = "private",
                                             .ops_port_fallback = "9099",
                                             .hosts_fallback = "any",
                                             .options_at = AT,
                                             .more_options_at = MORE_AT };
    struct frame frame = { .definition = &definition, .arena = arena_open(0) };
    size_t common;

    (void)state;
    assert_int_equal(options_prepare(&frame), OK);
    common = count_commands(&frame.source);
    assert_true(common > 5);
    assert_null(find_option(&frame.source, "last")->name);
    for (size_t i = 0; i < OWN; i++) {
        options[i] = (struct option){ .name = "own", .offset = i };
        commands[i] = (struct command){ .flag = "--own" };
    }
    options[OWN - 1].name = "last";
    definition.options = options;
    definition.more_options = more;
    definition.commands = commands;
    assert_int_equal(options_prepare(&frame), OK);
    assert_int_equal(find_option(&frame.source, "last")->offset, AT + OWN - 1);
    assert_int_equal(find_option(&frame.source, "more")->offset, MORE_AT + 8);
    assert_string_equal(find_option(&frame.source, "allow")->fallback,
                        "private");
    assert_string_equal(find_option(&frame.source, "ops.port")->fallback,
                        "9099");
    assert_string_equal(find_option(&frame.source, "hosts")->fallback, "any");
    assert_int_equal(count_commands(&frame.source), common + OWN);
    arena_close(frame.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_row_is_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
