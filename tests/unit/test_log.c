/* The lines of the log: their shape, their escapes, their levels. */
#include <limits.h>
#include <math.h>
#include <stdio.h>

#include "test_log.h"

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        print_error("'%s' is not in '%s'\n", part, text);
    assert_non_null(strstr(text, part));
}

/* "2026-11-23T08:43:18.250Z": digits where the pattern has them. */
static void assert_shape(const char *text, const char *pattern)
{
    for (; *pattern != '\0'; text++, pattern++) {
        if (*pattern == '0')
            assert_true(isdigit((unsigned char)*text));
        else
            assert_int_equal(*text, *pattern);
    }
}

static void test_json_line(void **state)
{
    struct fixture *fixture = *state;
    const char *line;

    log_line(fixture->log, LOG_INFO, "ready", LOG_NUMBER("port", 8080),
             LOG_STRING("host", "::1"), LOG_SLICE("path", SLICE("/")),
             LOG_DECIMAL("time_ms", 1.5), LOG_NUMBER("least", INT64_MIN),
             LOG_STRING("none", NULL), LOG_END);
    line = logged(fixture);
    assert_int_equal(check_lines(line), 1);
    assert_shape(line, "{\"ts\":\"0000-00-00T00:00:00.000Z\",");
    assert_string_equal(line + 33,
                        "\"level\":\"info\",\"service\":\"customer\","
                        "\"version\":\"1.2\",\"msg\":\"ready\",\"port\":8080,"
                        "\"host\":\"::1\",\"path\":\"/\",\"time_ms\":1.500,"
                        "\"least\":-9223372036854775808,\"none\":\"\"}\n");
}

static const struct {
    struct slice given;
    const char *json;
} escapes[] = {
    { { "plain", 5 }, "plain" },
    { { "\"\\/", 3 }, "\\\"\\\\/" },
    { { "a\r\nb\tc", 6 }, "a\\r\\nb\\tc" },
    { { "\0\x1b[2J\x7f", 6 }, "\\u0000\\u001b[2J\\u007f" },
    { { "\xc2\x9b\xc2\x80\xc2\x9f\xc2\xa0", 8 },
      "\\u009b\\u0080\\u009f\xc2\xa0" },
    { { "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", 14 },
      "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80" },
    { { "a\xff"
        "b",
        3 },
      "a\xef\xbf\xbd"
      "b" },
    { { "\xc3", 1 }, "\xef\xbf\xbd" },
    { { "\xc3\"", 2 }, "\xef\xbf\xbd\\\"" },
    { { "\xc0\x80", 2 }, "\xef\xbf\xbd\xef\xbf\xbd" },
};

static void test_escapes(void **state)
{
    struct fixture *fixture = *state;
    char expected[128];

    for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
        const char *line;

        log_line(fixture->log, LOG_INFO, "got",
                 LOG_SLICE("value", escapes[i].given), LOG_END);
        line = logged(fixture);
        assert_int_equal(check_lines(line), 1);
        snprintf(expected, sizeof(expected), ",\"value\":\"%s\"}\n",
                 escapes[i].json);
        assert_has(line, expected);
    }
    log_line(fixture->log, LOG_INFO, "\"\n\xff", LOG_END);
    assert_has(logged(fixture), "\"msg\":\"\\\"\\n\xef\xbf\xbd\"}\n");
}

/* Any two bytes, at any place of an UTF-8 sequence, leave a line intact. */
static void test_any_bytes_leave_lines_intact(void **state)
{
    struct fixture *fixture = *state;

    for (int first = 0; first < 256; first++) {
        char bytes[512];
        size_t i;

        for (i = 0; i < sizeof(bytes); i++)
            bytes[i] = (char)(i % 2 ? i / 2 : (size_t)first);
        log_line(fixture->log, LOG_INFO, "bytes",
                 LOG_SLICE("value", ((struct slice){ bytes, sizeof(bytes) })),
                 LOG_END);
        assert_int_equal(check_lines(logged(fixture)), 1);
    }
}

static void test_text_lines(void **state)
{
    struct fixture *fixture = *state;
    const char *line;

    log_set_format(fixture->log, LOG_TEXT);
    log_line(fixture->log, LOG_WARNING, "slow answer", LOG_STRING("path", "/a"),
             LOG_STRING("empty", ""), LOG_STRING("agent", "a b"),
             LOG_STRING("pair", "a=b"), LOG_STRING("quote", "\"\n"),
             LOG_NUMBER("port", -1), LOG_DECIMAL("time_ms", 0.1254), LOG_END);
    line = logged(fixture);
    assert_shape(line, "00:00:00.000 ");
    assert_string_equal(line + 13, "warning slow answer path=/a agent=\"a b\" "
                                   "pair=\"a=b\" quote=\"\\\"\\n\" port=-1 "
                                   "time_ms=0.125\n");
    log_line(fixture->log, LOG_INFO, "ready", LOG_END);
    assert_string_equal(logged(fixture) + 13, "info    ready\n");
}

static void test_levels(void **state)
{
    static const struct {
        enum log_level level;
        const char *name;
    } rows[] = { { LOG_DEBUG, "\"debug\"" },
                 { LOG_INFO, "\"info\"" },
                 { LOG_WARNING, "\"warning\"" },
                 { LOG_ERROR, "\"error\"" } };
    struct fixture *fixture = *state;

    log_line(fixture->log, LOG_DEBUG, "hidden", LOG_END);
    assert_string_equal(logged(fixture), "");
    for (size_t least = 0; least < 4; least++) {
        log_set_level(fixture->log, rows[least].level);
        for (size_t i = 0; i < 4; i++)
            log_line(fixture->log, rows[i].level, "x", LOG_END);
        assert_int_equal(check_lines(logged(fixture)), 4 - least);
        for (size_t i = least; i < 4; i++)
            assert_has(text_string(&fixture->out), rows[i].name);
    }
    assert_int_equal(counter_get(&fixture->counters, COUNTER_LOG_DROPPED), 0);
}

static void test_long_values_are_cut(void **state)
{
    struct fixture *fixture = *state;
    char *value = malloc(100 * 1000);

    memset(value, '\x01', 100 * 1000);
    log_line(fixture->log, LOG_INFO, "long",
             LOG_SLICE("a", ((struct slice){ value, 100 * 1000 })),
             LOG_SLICE("b", ((struct slice){ value, 100 * 1000 })),
             LOG_NUMBER("last", 1), LOG_END);
    assert_int_equal(check_lines(logged(fixture)), 1);
    assert_true(fixture->out.len <= PIPE_BUF);
    assert_has(text_string(&fixture->out), "\\u0001\",\"last\":1}\n");

    /* One value whose escapes alone are longer than a pipe takes at once. */
    log_line(fixture->log, LOG_INFO, "long",
             LOG_SLICE("a", ((struct slice){ value, 1000 })), LOG_END);
    free(value);
    assert_int_equal(check_lines(logged(fixture)), 1);
    assert_true(fixture->out.len <= PIPE_BUF);
}

static void test_values_are_cut_between_characters(void **state)
{
    struct fixture *fixture = *state;
    char value[1030];

    memset(value, 'x', sizeof(value));
    memcpy(value + 1023, "\xc3\xa9", 2);
    log_line(fixture->log, LOG_INFO, "long",
             LOG_SLICE("a", ((struct slice){ value, sizeof(value) })), LOG_END);
    assert_has(logged(fixture), "xx\"}\n");
}

static void test_what_is_no_number_is_null(void **state)
{
    struct fixture *fixture = *state;

    log_line(fixture->log, LOG_INFO, "odd", LOG_DECIMAL("a", NAN),
             LOG_DECIMAL("b", -INFINITY), LOG_END);
    assert_has(logged(fixture), "\"a\":null,\"b\":null}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(test_json_line),
        WITH(test_escapes),
        WITH(test_any_bytes_leave_lines_intact),
        WITH(test_text_lines),
        WITH(test_levels),
        WITH(test_long_values_are_cut),
        WITH(test_values_are_cut_between_characters),
        WITH(test_what_is_no_number_is_null),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
