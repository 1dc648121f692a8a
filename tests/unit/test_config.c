/* Configuration: which source wins and what it stores. */
#include "test_config.h"

/* One option at a time, spelt differently in each source. */
static const struct {
    const char *name, *variable, *flag, *yaml;
    const char *values[4]; /* default, YAML, environment, flag */
} precedence[] = {
    { "port",
      "APP_PORT=81",
      "--port=82",
      "port: 80\n",
      { "8080", "80", "81", "82" } },
    { "db.host",
      "APP_DB_HOST=env",
      "--db-host=",
      "db:\n  host: \"a: b\"\n",
      { "localhost", "a: b", "env", "" } },
    { "db.password",
      "APP_DB_PASSWORD=e=v",
      "--db-password=f=g=",
      "db: {password: 'it''s'}\n",
      { "changeme", "it's", "e=v", "f=g=" } },
    { "db.wait_ms",
      "APP_DB_WAIT_MS=-7",
      "--db-wait-ms=100",
      "db:\n  wait_ms: -100\n",
      { "25", "-100", "-7", "100" } },
    { "db.tls",
      "APP_DB_TLS=off",
      "--db-tls=true",
      "db:\n  tls: yes\n",
      { "off", "on", "off", "on" } },
    { "log.format",
      "APP_LOG_FORMAT=json",
      "--log-format=logfmt",
      "log:\n  format: text\n",
      { "json", "text", "json", "logfmt" } },
    { "log.file",
      "APP_LOG_FILE=/env",
      "--log-file=/flag",
      "log.file: /yaml\n",
      { "/var/log/cafe", "/yaml", "/env", "/flag" } },
    { "http.origins",
      "APP_HTTP_ORIGINS=e,v",
      "--http-origins=f",
      "http:\n  origins: [y, 'a m', l]\n",
      { "a.example", "y,a m,l", "e,v", "f" } },
};

/* Load with the sources up to one of them; what is stronger stays silent. */
static void load_up_to(struct fixture *fixture, size_t row, int strongest)
{
    reset(fixture);
    if (strongest >= 1)
        use_yaml(fixture, precedence[row].yaml);
    if (strongest >= 2)
        use_variable(fixture, precedence[row].variable);
    if (strongest >= 3)
        use_flag(fixture, precedence[row].flag);
    load(fixture);
}

static void test_stronger_source_wins(void **state)
{
    static const char *const origins[] = { "default", NULL, "environment APP_",
                                           "flag --" };
    struct fixture *fixture = *state;

    for (size_t row = 0; row < sizeof(precedence) / sizeof(precedence[0]);
         row++) {
        for (int source = 0; source < 4; source++) {
            const char *begin = source == 1 ? fixture->path : origins[source];

            load_up_to(fixture, row, source);
            assert_value(fixture, precedence[row].name,
                         precedence[row].values[source]);
            assert_true(slice_starts(
                slice_of(config_origin(fixture->config, precedence[row].name)),
                begin));
        }
    }
}

static void test_other_options_keep_their_defaults(void **state)
{
    struct fixture *fixture = *state;

    for (size_t row = 0; row < sizeof(precedence) / sizeof(precedence[0]);
         row++) {
        load_up_to(fixture, row, 3);
        for (size_t other = 0;
             other < sizeof(precedence) / sizeof(precedence[0]); other++) {
            if (other != row)
                assert_value(fixture, precedence[other].name,
                             precedence[other].values[0]);
        }
    }
}

static void test_origins(void **state)
{
    struct fixture *fixture = *state;
    char line[128];

    use_yaml(fixture, "# first\ndb:\n  host: x\n");
    use_variable(fixture, "APP_DB_WAIT_MS=1");
    use_flag(fixture, "--db-tls");
    use_flag(fixture, "on");
    load(fixture);
    snprintf(line, sizeof(line), "%s:3", fixture->path);
    assert_true(slice_starts(
        slice_of(config_origin(fixture->config, "db.host")), line));
    assert_string_equal(config_origin(fixture->config, "db.wait_ms"),
                        "environment APP_DB_WAIT_MS");
    assert_string_equal(config_origin(fixture->config, "db.tls"),
                        "flag --db-tls");
    assert_string_equal(config_origin(fixture->config, "port"), "default");
    assert_string_equal(config_origin(fixture->config, "none"), "");
}

static void test_flag_and_value_apart(void **state)
{
    struct fixture *fixture = *state;

    use_flag(fixture, "--port");
    use_flag(fixture, "81");
    use_flag(fixture, "--db-host");
    use_flag(fixture, "--odd=host");
    load(fixture);
    assert_value(fixture, "port", "81");
    assert_value(fixture, "db.host", "--odd=host");
}

static void test_config_flag_both_ways(void **state)
{
    struct fixture *fixture = *state;
    char joined[128];

    use_yaml(fixture, "port: 81\n");
    load(fixture);
    assert_value(fixture, "port", "81");
    reset(fixture);
    write_yaml(fixture, "port: 82\n");
    snprintf(joined, sizeof(joined), "--config=%s", fixture->path);
    use_flag(fixture, joined);
    load(fixture);
    assert_value(fixture, "port", "82");
}

static void test_commands_are_ored(void **state)
{
    struct fixture *fixture = *state;

    load(fixture);
    assert_int_equal(fixture->command, 0);
    use_flag(fixture, "--migrate");
    load(fixture);
    assert_int_equal(fixture->command, 1);
    use_flag(fixture, "--port=81");
    use_flag(fixture, "--check");
    use_flag(fixture, "--migrate");
    load(fixture);
    assert_int_equal(fixture->command, 5);
    assert_value(fixture, "port", "81");
}

static void test_a_command_is_given_something(void **state)
{
    struct fixture *fixture = *state;

    load(fixture);
    assert_null(config_argument(fixture->config, "--forget"));
    assert_null(config_argument(fixture->config, "--migrate"));
    assert_null(config_argument(fixture->config, "--unheard-of"));
    use_flag(fixture, "--forget");
    use_flag(fixture, "12");
    load(fixture);
    assert_int_equal(fixture->command, 8);
    assert_string_equal(config_argument(fixture->config, "--forget"), "12");
    reset(fixture);
    use_flag(fixture, "--forget=");
    use_flag(fixture, "--migrate");
    load(fixture);
    assert_int_equal(fixture->command, 9);
    assert_string_equal(config_argument(fixture->config, "--forget"), "");
    assert_null(config_argument(fixture->config, "--migrate"));
}

/* What looks like a flag is its value; where the file is does not matter. */
static void test_what_a_command_is_given_is_no_flag(void **state)
{
    struct fixture *fixture = *state;

    use_flag(fixture, "--forget");
    use_flag(fixture, "--config=/nowhere");
    use_yaml(fixture, "port: 82\n");
    load(fixture);
    assert_string_equal(config_argument(fixture->config, "--forget"),
                        "--config=/nowhere");
    assert_value(fixture, "port", "82");
}

/* Only variables that spell an option are looked at. */
static void test_other_variables_are_ignored(void **state)
{
    struct fixture *fixture = *state;

    use_variable(fixture, "APP_PORTS=1");
    use_variable(fixture, "APP_POR=1");
    use_variable(fixture, "PORT=1");
    use_variable(fixture, "XAPP_PORT=1");
    use_variable(fixture, "app_port=1");
    use_variable(fixture, "APP_PORT");
    load(fixture);
    assert_value(fixture, "port", "8080");
}

static void test_switch_words(void **state)
{
    static const char *const words[][2] = {
        { "on", "on" },   { "true", "on" },   { "yes", "on" }, { "1", "on" },
        { "off", "off" }, { "false", "off" }, { "no", "off" }, { "0", "off" },
    };
    struct fixture *fixture = *state;
    char flag[32];

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        reset(fixture);
        use_variable(fixture, i < 4 ? "APP_DB_TLS=off" : "APP_DB_TLS=on");
        snprintf(flag, sizeof(flag), "--db-tls=%s", words[i][0]);
        use_flag(fixture, flag);
        load(fixture);
        assert_value(fixture, "db.tls", words[i][1]);
    }
}

static void test_empty_files(void **state)
{
    static const char *const files[] = { "", "\n\n", "# only a comment\n",
                                         "{}\n", "db: {}\n" };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        reset(fixture);
        use_yaml(fixture, files[i]);
        load(fixture);
        assert_value(fixture, "port", "8080");
        assert_string_equal(config_origin(fixture->config, "port"), "default");
    }
}

static void test_lists(void **state)
{
    static const char *const rows[][2] = {
        { "http: {origins: []}\n", "" },
        { "http: {origins: [a]}\n", "a" },
        { "http:\n  origins:\n    - a\n    - b c\n", "a,b c" },
        { "http:\n  origins: a,b\n", "a,b" },
        { "http:\n  origins:\n  - a\n  - b\nport: 8080\n", "a,b" },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        reset(fixture);
        use_yaml(fixture, rows[i][0]);
        load(fixture);
        assert_value(fixture, "http.origins", rows[i][1]);
    }
}

/* What was there is overwritten; what is read is what was there. */
static void test_secrets_are_taken(void **state)
{
    char joined[] = "--db-password=a=b", flag[] = "--db-password",
         value[] = "apart", host[] = "--db-host=h", program[] = "p",
         variable[] = "APP_DB_PASSWORD=of the environment",
         other[] = "APP_DB_PASSWORDX=stays", user[] = "USER=x";
    char *argv[] = { program, joined, host, flag, value, flag, NULL };
    char *environment[] = { user, variable, other, variable, NULL };
    struct config_source source = {
        .options = options, .argc = 6, .argv = argv, .environment = environment
    };
    struct arena *arena = arena_open(0);

    (void)state;
    assert_non_null(arena);
    assert_int_equal(config_take_secrets(&source, arena), OK);
    assert_string_equal(joined, "--db-password=");
    assert_string_equal(value, "");
    assert_string_equal(variable, "APP_DB_PASSWORD=");
    for (size_t i = 0; i < sizeof("of the environment"); i++)
        assert_int_equal(variable[sizeof("APP_DB_PASSWORD=") - 1 + i], '\0');
    assert_string_equal(source.argv[1], "--db-password=a=b");
    assert_string_equal(source.argv[4], "apart");
    assert_string_equal(source.environment[1],
                        "APP_DB_PASSWORD=of the environment");
    assert_ptr_equal(argv[1], joined);
    assert_ptr_equal(source.argv[2], host);
    assert_ptr_equal(source.argv[5], flag);
    assert_null(source.argv[6]);
    assert_ptr_equal(source.environment[0], user);
    assert_ptr_equal(source.environment[2], other);
    assert_string_equal(flag, "--db-password");
    assert_null(source.environment[4]);
    arena_close(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(test_stronger_source_wins),
        WITH(test_other_options_keep_their_defaults),
        WITH(test_origins),
        WITH(test_flag_and_value_apart),
        WITH(test_config_flag_both_ways),
        WITH(test_commands_are_ored),
        WITH(test_a_command_is_given_something),
        WITH(test_what_a_command_is_given_is_no_flag),
        WITH(test_other_variables_are_ignored),
        WITH(test_switch_words),
        WITH(test_empty_files),
        WITH(test_lists),
        cmocka_unit_test(test_secrets_are_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
