/* Configuration: every fault says where it is and what to do. */
#include "test_config.h"

/* The load fails with one line; nothing comes out of it. */
static void assert_refused(struct fixture *fixture, const char *message)
{
    fixture->command = 4711;
    assert_int_equal(try_load(fixture), ERROR_CONFIG);
    assert_string_equal(text_string(&fixture->error), message);
    assert_null(strchr(text_string(&fixture->error), '\n'));
    assert_null(fixture->config);
    assert_int_equal(fixture->command, 4711);
}

static void test_flags(void **state)
{
    static const struct {
        const char *first, *second, *message;
    } rows[] = {
        { "--prot", "1", "unknown flag --prot; did you mean --port?" },
        { "--prot=1", NULL, "unknown flag --prot; did you mean --port?" },
        { "--db-wait-m=1", NULL,
          "unknown flag --db-wait-m; did you mean --db-wait-ms?" },
        { "--db-hosts=x", NULL,
          "unknown flag --db-hosts; did you mean --db-host?" },
        { "--db-wait_mss=1", NULL,
          "unknown flag --db-wait_mss; did you mean --db-wait-ms?" },
        { "--db-host=a\nb", NULL,
          "flag --db-host: control characters are not allowed here" },
        { "--unheard-of", NULL, "unknown flag --unheard-of; see --help" },
        { "--PORT=1", NULL, "unknown flag --PORT; see --help" },
        { "--db.host=x", NULL,
          "unknown flag --db.host; did you mean --db-host?" },
        { "serve", NULL, "unexpected argument 'serve'; see --help" },
        { "-p", "1", "unexpected argument '-p'; see --help" },
        { "", NULL, "unexpected argument ''; see --help" },
        { "--port", NULL, "--port needs a value" },
        { "--config", NULL, "--config needs a value" },
        { "--migrate=on", NULL, "--migrate takes no value" },
        { "--check=some", NULL, "--check: 'some' is not all" },
        { "--check=", NULL, "--check: '' is not all" },
        { "-c=all", NULL, "-c takes no value" },
        { "--check", "all", "unexpected argument 'all'; see --help" },
        { "--forget", NULL, "--forget needs a value: ID" },
        { "--forget=1", "--forget=2", "--forget is given twice" },
        { "--migrate", "on", "unexpected argument 'on'; see --help" },
        { "--port=x", NULL,
          "flag --port: 'x' is not a number from 1 to 65535" },
        { "--db-tls", "maybe", "flag --db-tls: 'maybe' is not on or off" },
        { "--log-format=xml", NULL,
          "flag --log-format: 'xml' is not one of json, text, logfmt" },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        reset(fixture);
        use_flag(fixture, rows[i].first);
        if (rows[i].second != NULL)
            use_flag(fixture, rows[i].second);
        assert_refused(fixture, rows[i].message);
    }
}

static void test_environment(void **state)
{
    static const struct {
        const char *variable, *message;
    } rows[] = {
        { "APP_PORT= ", "environment APP_PORT: ' ' is not a number from 1 to "
                        "65535" },
        { "APP_DB_WAIT_MS=101", "environment APP_DB_WAIT_MS: '101' is not a "
                                "number from -100 to 100" },
        { "APP_DB_TLS=ON", "environment APP_DB_TLS: 'ON' is not on or off" },
        { "APP_LOG_FORMAT=jso",
          "environment APP_LOG_FORMAT: 'jso' is not one of "
          "json, text, logfmt" },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        reset(fixture);
        use_variable(fixture, rows[i].variable);
        assert_refused(fixture, rows[i].message);
    }
}

static void test_unknown_variables_are_warnings(void **state)
{
    static const struct {
        const char *variable, *warning; /* NULL: none */
    } rows[] = {
        { "APP_PROT=1", "environment APP_PROT: there is no such option; did "
                        "you mean APP_PORT?" },
        { "APP_DB_HOSTS=x", "environment APP_DB_HOSTS: there is no such "
                            "option; did you mean APP_DB_HOST?" },
        { "APP_PORT_=1", "environment APP_PORT_: there is no such option; did "
                         "you mean APP_PORT?" },
        { "APP_db_host=x", "environment APP_db_host: there is no such option; "
                           "did you mean APP_DB_HOST?" },
        { "APP_UNHEARD_OF=", "environment APP_UNHEARD_OF: there is no such "
                             "option; see --help" },
        { "APP_A\nB=", "environment APP_A?B: there is no such option; see "
                       "--help" },
        { "APP_", "environment APP_: there is no such option; see --help" },
        { "APP_PORT=81", NULL },
        { "APPLE=1", NULL },
        { "app_port=1", NULL },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        reset(fixture);
        use_variable(fixture, rows[i].variable);
        load(fixture);
        if (rows[i].warning == NULL)
            assert_null(config_warning(fixture->config, 0));
        else
            assert_string_equal(config_warning(fixture->config, 0),
                                rows[i].warning);
    }
    use_variable(fixture, "APP_PROT=1");
    use_variable(fixture, "APP_POTR=1");
    load(fixture);
    assert_non_null(strstr(config_warning(fixture->config, 0), "APP_PROT:"));
    assert_non_null(strstr(config_warning(fixture->config, 1), "APP_POTR:"));
    assert_null(config_warning(fixture->config, 2));
}

/* As where a file for containers says "APP_PORT: ${PORT:-}". */
static void test_an_empty_variable_is_none(void **state)
{
    struct fixture *fixture = *state;

    use_variable(fixture, "APP_PORT=");
    use_variable(fixture, "APP_DB_HOST=");
    use_variable(fixture, "APP_DB_TLS=");
    use_variable(fixture, "APP_LOG_FORMAT=");
    use_variable(fixture, "APP_HTTP_ORIGINS=");
    use_yaml(fixture, "db: {host: from.file}\n");
    load(fixture);
    assert_value(fixture, "port", "8080");
    assert_value(fixture, "db.host", "from.file");
    assert_value(fixture, "http.origins", "a.example");
    assert_string_equal(config_origin(fixture->config, "port"), "default");
    assert_null(config_warning(fixture->config, 0));
}

static void test_number_range(void **state)
{
    static const struct {
        const char *flag, *value; /* NULL when refused */
    } rows[] = {
        { "--port=1", "1" },
        { "--port=65535", "65535" },
        { "--port=0", NULL },
        { "--port=65536", NULL },
        { "--port=-1", NULL },
        { "--port=80x", NULL },
        { "--port=1e3", NULL },
        { "--port=8 0", NULL },
        { "--port= +80", NULL },
        { "--port=0x50", NULL },
        { "--port=1.0", NULL },
        { "--port=18446744073709551617", NULL }, /* 1 modulo 2^64 */
        { "--port=99999999999999999999", NULL },
        { "--db-wait-ms=-100", "-100" },
        { "--db-wait-ms=-101", NULL },
        { "--db-wait-ms=100", "100" },
        { "--db-wait-ms=101", NULL },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool is_port = strncmp(rows[i].flag, "--port", 6) == 0;

        reset(fixture);
        use_flag(fixture, rows[i].flag);
        assert_int_equal(try_load(fixture), rows[i].value ? OK : ERROR_CONFIG);
        if (rows[i].value != NULL)
            assert_value(fixture, is_port ? "port" : "db.wait_ms",
                         rows[i].value);
    }
}

static const struct {
    const char *yaml, *message; /* after the path */
} faults[] = {
    { "db:\n  host: \"a\\0b\"\n",
      ":2:9: db.host: control characters are not allowed here" },
    { "db:\n  host: \"a\\u2028 b\"\n",
      ":2:9: db.host: control characters are not allowed here" },
    { "db:\n  host: \"a\\P b\"\n",
      ":2:9: db.host: control characters are not allowed here" },
    { "port: \"8\\0x\"\n", ":1:7: port: '8' is not a number from 1 to 65535" },
    { "prot: 1\n", ":1:1: unknown key 'prot'; did you mean 'port'?" },
    { "\n\ndb:\n  # x\n  hots: x\n",
      ":5:3: unknown key 'db.hots'; did you mean 'db.host'?" },
    { "port: 1\nunheard_of: 1\n", ":2:1: unknown key 'unheard_of'" },
    { "tls: on\n", ":1:1: unknown key 'tls'; did you mean 'db.tls'?" },
    { "db:\n  port: 1\n",
      ":2:3: unknown key 'db.port'; did you mean 'db.host'?" },
    { "port: 0\n", ":1:7: port: '0' is not a number from 1 to 65535" },
    { "db:\n    tls:   perhaps\n",
      ":2:12: db.tls: 'perhaps' is not on or off" },
    { "log:\n  format: xml\n",
      ":2:11: log.format: 'xml' is not one of json, text, logfmt" },
    { "port: 1\nport: 2\n", ":2:7: 'port' is set twice" },
    { "db: {host: a}\ndb.host: b\n", ":2:10: 'db.host' is set twice" },
    { "port: {a: 1}\n", ":1:7: 'port' takes one value" },
    { "port: [1]\n", ":1:7: no list is expected here" },
    { "db: [a]\n", ":1:5: no list is expected here" },
    { "- port\n", ":1:1: no list is expected here" },
    { "db: x\n", ":1:5: 'db' is a group of options, not a value" },
    { "http: {origins: [a, [b]]}\n", ":1:21: no list is expected here" },
    { "http: {origins: [{a: b}]}\n", ":1:18: expected a plain list" },
    { "http: {origins: {a: b}}\n", ":1:17: 'http.origins' takes one value" },
    { "port\n", ":1:1: expected 'key: value'" },
    { "? {a: b}\n: c\n", ":1:3: expected a key" },
    { "db: &x {host: a}\nlog: *x\n", ":2:6: aliases are not supported" },
};

static void test_yaml(void **state)
{
    struct fixture *fixture = *state;
    char message[160];

    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        reset(fixture);
        use_yaml(fixture, faults[i].yaml);
        snprintf(message, sizeof(message), "%s%s", fixture->path,
                 faults[i].message);
        assert_refused(fixture, message);
    }
}

/* The words are the parser's own; the place is what counts. */
static void test_malformed_yaml(void **state)
{
    static const struct {
        const char *yaml, *place;
    } rows[] = {
        { "port: 'x\n", ":2:1: " },
        { "port: 1\ndb: {host: a\n", ":3:1: " },
        { "port: 1\n\tdb: 1\n", ":2:1: " },
        { "db:\n  host: a\n port: 1\n", ":3:2: " },
        { "port: }\n", ":1:7: " },
        { "port: @x\n", ":1:7: " },
    };
    struct fixture *fixture = *state;
    char begin[64];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        reset(fixture);
        use_yaml(fixture, rows[i].yaml);
        assert_int_equal(try_load(fixture), ERROR_CONFIG);
        snprintf(begin, sizeof(begin), "%s%s", fixture->path, rows[i].place);
        if (!slice_starts(text_slice(&fixture->error), begin))
            print_error("%s\n", text_string(&fixture->error));
        assert_true(slice_starts(text_slice(&fixture->error), begin));
        assert_true(fixture->error.len > strlen(begin));
        assert_null(fixture->config);
    }
}

static void test_invalid_utf8(void **state)
{
    struct fixture *fixture = *state;

    use_yaml(fixture, "port: 1\nlog: {file: \"\xff\"}\n");
    assert_int_equal(try_load(fixture), ERROR_CONFIG);
    assert_true(slice_starts(text_slice(&fixture->error), fixture->path));
}

static void test_unreadable_files(void **state)
{
    struct fixture *fixture = *state;

    use_flag(fixture, "--config=/nowhere/cafe.yaml");
    assert_refused(fixture, "/nowhere/cafe.yaml: No such file or directory");
    reset(fixture);
    use_flag(fixture, "--config=/");
    assert_refused(fixture, "/: is not a regular file");
    reset(fixture);
    use_flag(fixture, "--config=");
    assert_refused(fixture, "flag --config: names no file");
}

static void test_file_has_a_bound(void **state)
{
    enum { BOUND = 64 * 1024 };
    struct fixture *fixture = *state;
    char *yaml = malloc(BOUND + 2);
    char message[64];

    memset(yaml, '#', BOUND + 1);
    yaml[BOUND] = '\0';
    use_yaml(fixture, yaml);
    load(fixture);
    yaml[BOUND] = '#';
    yaml[BOUND + 1] = '\0';
    write_yaml(fixture, yaml);
    free(yaml);
    snprintf(message, sizeof(message), "%s: larger than %d bytes",
             fixture->path, BOUND);
    assert_int_equal(try_load(fixture), ERROR_CONFIG);
    assert_string_equal(text_string(&fixture->error), message);
}

/* A weaker source is checked even when a stronger one wins. */
static void test_every_source_is_checked(void **state)
{
    struct fixture *fixture = *state;

    use_variable(fixture, "APP_PORT=x");
    use_flag(fixture, "--port=81");
    assert_refused(fixture, "environment APP_PORT: 'x' is not a number from 1 "
                            "to 65535");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(test_flags),
        WITH(test_environment),
        WITH(test_unknown_variables_are_warnings),
        WITH(test_an_empty_variable_is_none),
        WITH(test_number_range),
        WITH(test_yaml),
        WITH(test_malformed_yaml),
        WITH(test_invalid_utf8),
        WITH(test_unreadable_files),
        WITH(test_file_has_a_bound),
        WITH(test_every_source_is_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
