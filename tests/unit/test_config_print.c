/* Configuration as text: --print-config, --help, the sample file. */
#include "test_config.h"

enum writer { PRINT, HELP, SAMPLE };

/* What a writer writes, until the next call. */
static const char *written(struct fixture *fixture, enum writer writer)
{
    struct config_source source = source_of(fixture);
    size_t len;
    FILE *out;

    free(fixture->printed);
    out = open_memstream(&fixture->printed, &len);
    assert_non_null(out);
    if (writer == PRINT)
        config_print(fixture->config, out);
    else if (writer == HELP)
        config_help(&source, out);
    else
        config_sample(&source, out);
    fclose(out);
    return fixture->printed;
}

/* Take one "#" from each line but the heading. */
static void uncomment(char *text)
{
    while ((text = strstr(text, "\n#")) != NULL) {
        text++;
        memmove(text, text + 1, strlen(text));
    }
}

/* A load with a value of every option that is not its default. */
static void load_others(struct fixture *fixture)
{
    reset(fixture);
    use_yaml(fixture, "port: 1\n"
                      "db: {host: \"it's #1: \\\"x\\\"\", wait_ms: -100}\n"
                      "log: {format: logfmt, file: ''}\n"
                      "http: {origins: [a, b]}\n");
    use_variable(fixture, "APP_DB_PASSWORD=hunter2");
    use_flag(fixture, "--db-tls=on");
    load(fixture);
}

static void test_print_hides_secrets(void **state)
{
    struct fixture *fixture = *state;
    const char *text;

    load(fixture);
    assert_null(strstr(written(fixture, PRINT), "changeme"));
    use_yaml(fixture, "db:\n  password: swordfish\n");
    load(fixture);
    assert_null(strstr(written(fixture, PRINT), "swordfish"));
    use_variable(fixture, "APP_DB_PASSWORD=hunter2");
    load(fixture);
    assert_null(strstr(written(fixture, PRINT), "hunter2"));
    use_flag(fixture, "--db-password=opensesame");
    load(fixture);
    text = written(fixture, PRINT);
    assert_null(strstr(text, "opensesame"));
    assert_non_null(
        strstr(text, "  password: '(hidden)'  # flag --db-password\n"));
    assert_value(fixture, "db.password", "opensesame");
}

static void test_print_groups_with_origins(void **state)
{
    struct fixture *fixture = *state;

    use_variable(fixture, "APP_PORT=81");
    use_flag(fixture, "--log-file=it's");
    load(fixture);
    assert_string_equal(written(fixture, PRINT),
                        "port: 81  # environment APP_PORT\n"
                        "db:\n"
                        "  host: 'localhost'  # default\n"
                        "  password: '(hidden)'  # default\n"
                        "  wait_ms: 25  # default\n"
                        "  tls: off  # default\n"
                        "log:\n"
                        "  format: json  # default\n"
                        "  file: 'it''s'  # flag --log-file\n"
                        "http:\n"
                        "  origins: 'a.example'  # default\n");
}

/* What is printed is a YAML file that means the same. */
static void test_print_can_be_loaded(void **state)
{
    struct fixture *fixture = *state;
    struct settings *settings = &fixture->settings;
    char *text;

    load_others(fixture);
    text = strdup(written(fixture, PRINT));
    reset(fixture);
    memset(settings, 0, sizeof(*settings));
    use_yaml(fixture, text);
    free(text);
    load(fixture);
    assert_value(fixture, "port", "1");
    assert_value(fixture, "db.host", "it's #1: \"x\"");
    assert_value(fixture, "db.password", "(hidden)");
    assert_value(fixture, "db.wait_ms", "-100");
    assert_value(fixture, "db.tls", "on");
    assert_value(fixture, "log.format", "logfmt");
    assert_value(fixture, "log.file", "");
    assert_value(fixture, "http.origins", "a,b");
}

static void test_help_mentions_everything(void **state)
{
    static const char *const parts[] = {
        "Usage: cafe ",
        "--config FILE",
        "--migrate\n      Bring the schema up to date\n",
        "  -c, --check\n      Check the configuration\n",
        "  --check=all\n      Check all of it\n",
        "--forget ID\n      Forget somebody\n",
        "--port N\n",
        "(APP_PORT, default 8080)",
        "--db-host TEXT\n",
        "(APP_DB_HOST, default localhost)",
        "--db-password TEXT\n",
        "(APP_DB_PASSWORD)",
        "--db-wait-ms N\n",
        "(APP_DB_WAIT_MS, default 25)",
        "--db-tls on|off\n",
        "(APP_DB_TLS, default off)",
        "--log-format json|text|logfmt\n",
        "(APP_LOG_FORMAT, default json)",
        "--log-file PATH\n",
        "(APP_LOG_FILE, default /var/log/cafe)",
        "--http-origins A,B\n",
        "(APP_HTTP_ORIGINS, default a.example)",
    };
    struct fixture *fixture = *state;
    const char *text = written(fixture, HELP);

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (strstr(text, parts[i]) == NULL)
            fail_msg("'%s' is not in %s", parts[i], text);
    }
    for (size_t i = 0; options[i].name != NULL; i++)
        assert_non_null(strstr(text, options[i].help));
    assert_null(strstr(text, "changeme"));
}

/* Assert that every option has its default; a secret one may be empty. */
static void assert_defaults(const struct fixture *fixture, bool from_file)
{
    for (const struct option *option = options; option->name != NULL;
         option++) {
        const char *origin = config_origin(fixture->config, option->name);
        bool emptied = from_file && option->kind == OPTION_SECRET;

        assert_int_equal(strcmp(origin, "default") != 0, from_file);
        assert_value(fixture, option->name, emptied ? "" : option->fallback);
    }
}

/* The sample changes nothing, and neither does taking its comments away. */
static void test_sample_says_the_defaults(void **state)
{
    struct fixture *fixture = *state;
    char *text = strdup(written(fixture, SAMPLE));

    assert_null(strstr(text, "changeme"));
    use_yaml(fixture, text);
    load(fixture);
    assert_defaults(fixture, false);
    reset(fixture);
    uncomment(text);
    use_yaml(fixture, text);
    load(fixture);
    assert_defaults(fixture, true);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(test_print_hides_secrets),
        WITH(test_print_groups_with_origins),
        WITH(test_print_can_be_loaded),
        WITH(test_help_mentions_everything),
        WITH(test_sample_says_the_defaults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
