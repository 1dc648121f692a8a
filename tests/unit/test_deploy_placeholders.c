/* Placeholders are replaced as they should be, and what is too large is
 * refused before anything comes of it. */
#include "test_deploy.h"

static const struct variable few[] = {
    { "<A>", "1" },
    { "<IMAGE-1_N>", "reg:5000/x@sha256:0" },
    { "REVISION-NUMBER", "3" },
    { "NUMBER", "9" },
    { "<SELF>", "<A>" },
    { "<SPACE>", "a b" },
    { "<QUOTE>", "a\"b" },
    { "<LINE>", "a\nb" },
    { "<BACK>", "a\\b" },
    { "<UMLAUT>", "\xc3\xa4" },
    { "<EMPTY>", "" },
};
static const struct variables few_values = { few, COUNT(few) };

static void test_filled(void **state)
{
    static const char *const rows[][2] = {
        { "", "" },
        { "<A>", "1" },
        { "<A><A>x<A", "11x<A" },
        { "\"<IMAGE-1_N>\"", "\"reg:5000/x@sha256:0\"" },
        { "f:REVISION-NUMBER", "f:3" },
        { "REVISION-NUMBERS XREVISION-NUMBER NUMBER_", NULL },
        { "NUMBER.REVISION-NUMBER", "9.3" },
        { "<SELF>", "<A>" }, /* a value is not looked at again */
        { "<EMPTY>x", "x" },
        { "<a> < A> <> <A", NULL },
        { "\xc3\xa4<A>\n", "\xc3\xa4"
                           "1\n" },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct slice filled;

        assert_int_equal(placeholders_fill(fixture->arena, "f",
                                           slice_of(rows[i][0]), &few_values,
                                           NULL, &filled, &fixture->error),
                         OK);
        assert_string_equal(filled.data, rows[i][rows[i][1] != NULL]);
        assert_int_equal(filled.len, strlen(filled.data));
    }
}

static void test_refused(void **state)
{
    static const struct {
        const char *source, *required, *message;
    } rows[] = {
        { "a\n\xc3\xa4 <B>", NULL, "f:2:3: '<B>' has no value; give one" },
        { "x <A-B> <A>", NULL, "f:1:3: '<A-B>' has no value; give one" },
        { "x", "<A>",
          "f:1:1: '<A>' is not in it; put it where the value goes" },
        { "", "<A>", "f:1:1: '<A>' is not in it; put it where the value goes" },
        { "<A>\n<A>", "<A>", "f:2:1: '<A>' appears twice; keep one" },
        { "<B>", "<B>", "f:1:1: '<B>' has no value; give one" },
    };
    static const char *const unsafe[] = { "<SPACE>", "<QUOTE>", "<LINE>",
                                          "<BACK>", "<UMLAUT>" };
    struct fixture *fixture = *state;
    struct slice filled = { NULL, 4711 };

    for (size_t i = 0; i < COUNT(rows) + COUNT(unsafe); i++) {
        bool is_row = i < COUNT(rows);
        const char *name = is_row ? NULL : unsafe[i - COUNT(rows)];

        text_reset(&fixture->error);
        assert_int_equal(
            placeholders_fill(fixture->arena, "f",
                              slice_of(is_row ? rows[i].source : name),
                              &few_values, is_row ? rows[i].required : NULL,
                              &filled, &fixture->error),
            ERROR_CONFIG);
        assert_string_equal(
            text_string(&fixture->error),
            is_row ? rows[i].message
                   : arena_printf(fixture->arena,
                                  "f:1:1: '%s' has a value with spaces, "
                                  "quotes, backslashes or non-ASCII "
                                  "characters; choose another",
                                  name));
        assert_int_equal(filled.len, 4711);
    }
}

/* A map of one key that AWS knows, with so many entries and spaces. */
static struct slice list_of(struct fixture *fixture, size_t entries,
                            size_t spaces)
{
    struct text text;
    struct slice copy;

    text_init(&text, 0);
    text_append_string(&text, "{\"tags\": [");
    for (size_t i = 0; i < entries; i++)
        text_append_string(&text, i ? ",1" : "1");
    for (size_t i = 0; i < spaces; i++)
        text_append_char(&text, ' ');
    text_append_string(&text, "]}");
    copy = arena_slice(fixture->arena, text_slice(&text));
    text_free(&text);
    return copy;
}

static void assert_read_as(struct fixture *fixture, struct slice file,
                           enum error outcome, const char *message)
{
    struct document document = { fixture->arena,  "f",  DIALECT_JSON,
                                 &fixture->error, NULL, 0 };

    text_reset(&fixture->error);
    assert_int_equal(document_read(&document, file), outcome);
    assert_string_equal(text_string(&fixture->error), message);
}

static void test_limits(void **state)
{
    struct fixture *fixture = *state;
    size_t frame = list_of(fixture, 0, 0).len;

    /* The map and the list are two of 4096 nodes. */
    assert_read_as(fixture, list_of(fixture, 4094, 0), OK, "");
    assert_read_as(fixture, list_of(fixture, 4095, 0), ERROR_CONFIG,
                   "f:1:8199: too many entries; 4096 are allowed");
    assert_read_as(fixture, list_of(fixture, 0, 65536 - frame), OK, "");
    assert_read_as(fixture, list_of(fixture, 0, 65537 - frame), ERROR_CONFIG,
                   "f:1:1: too large; 64 KiB are allowed");
    assert_read_as(fixture, SLICE("[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]"), OK, "");
    assert_read_as(fixture, SLICE("[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]"),
                   ERROR_CONFIG,
                   "f:1:17: nested too deeply; 16 levels are allowed");
}

static void test_filled_limit(void **state)
{
    struct fixture *fixture = *state;
    struct slice filled = { NULL, 0 };
    char *spaces = arena_alloc(fixture->arena, DOCUMENT_MAX_BYTES + 4);
    struct slice source = { spaces, DOCUMENT_MAX_BYTES };

    memset(spaces, ' ', DOCUMENT_MAX_BYTES + 3);
    assert_int_equal(placeholders_fill(fixture->arena, "f", source, &few_values,
                                       NULL, &filled, &fixture->error),
                     OK);
    assert_int_equal(filled.len, DOCUMENT_MAX_BYTES);
    source.len++;
    assert_int_equal(placeholders_fill(fixture->arena, "f", source, &few_values,
                                       NULL, &filled, &fixture->error),
                     ERROR_CONFIG);
    assert_string_equal(text_string(&fixture->error),
                        "f:1:65537: 'f' is too large; 64 KiB are allowed");
    text_reset(&fixture->error);
    memcpy(spaces + DOCUMENT_MAX_BYTES, "<A>", 3);
    source.len += 2;
    assert_int_equal(placeholders_fill(fixture->arena, "f", source, &few_values,
                                       NULL, &filled, &fixture->error),
                     ERROR_CONFIG);
    assert_string_equal(
        text_string(&fixture->error),
        "f:1:65537: '<A>' makes it too large; 64 KiB are allowed");
}

/* The pipeline's placeholder stands exactly once in each real file. */
static void test_real_files(void **state)
{
    static const char *const rows[][2] = {
        { TASK, "<IMAGE1_NAME>" },
        { "taskdef-employee.json", "<IMAGE1_NAME>" },
        { APPSPEC, "<TASK_DEFINITION>" },
        { "appspec-employee.yaml", "<TASK_DEFINITION>" },
        { SERVICE, "MICROSERVICE-TG-TWO-ARN" },
        { "create-employee-microservice-tg-two.json", "REVISION-NUMBER" },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct slice filled;

        if (placeholders_fill(fixture->arena, rows[i][0],
                              file_of(fixture, DEPLOYMENT_FOLDER, rows[i][0]),
                              &values, rows[i][1], &filled,
                              &fixture->error) != OK)
            fail_msg("%s", text_string(&fixture->error));
        assert_null(strstr(filled.data, rows[i][1]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(test_filled), WITH(test_refused),      WITH(test_real_files),
        WITH(test_limits), WITH(test_filled_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
