/* The check against names that are not this site's (DNS rebinding). */
#include "test_server.h"

#include "cafe/service/access.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

/* What Host says, and what becomes of a request that says it. */
struct host {
    const char *host;
    int status;
};

/* Served wherever names are checked at all. */
static const struct host internal[] = {
    { "localhost", 200 },           { "LocalHost:8080", 200 },
    { "localhost.", 200 },          { "localhost.:8080", 200 },
    { "127.0.0.1", 200 },           { "127.0.0.1:8080", 200 },
    { "127.255.255.254", 200 },     { "[::1]", 200 },
    { "[::1]:8080", 200 },          { "[0:0:0:0:0:0:0:1]", 200 },
    { "[::ffff:127.0.0.1]", 200 },  { "10.0.0.0", 200 },
    { "10.255.255.255:8080", 200 }, { "172.16.0.1", 200 },
    { "172.31.255.255", 200 },      { "192.168.1.1", 200 },
    { "169.254.1.1", 200 },         { "[fc00::1]", 200 },
    { "[FDff::1]:80", 200 },        { "[fe80::1]", 200 },
    { "[::ffff:10.0.0.1]", 200 },
};

/* Not this site's: names that anybody can make lead here, addresses that are
 * neither loopback nor private, and ways of writing that are no address. */
static const struct host foreign[] = {
    { "evil.example", 421 },
    { "evil.example:8080", 421 },
    { "localhost.evil.example", 421 },
    { "evil.localhost", 421 },
    { "localhost..", 421 },
    { ".localhost", 421 },
    { ".", 421 },
    { "127.0.0.1.evil.example", 421 },
    { "127.0.0.1.nip.io", 421 },
    { "127.0.0.1.", 421 },
    { "127.1", 421 },
    { "2130706433", 421 },
    { "0x7f.0.0.1", 421 },
    { "0.0.0.0", 421 },
    { "[::]", 421 },
    { "8.8.8.8", 421 },
    { "11.0.0.1", 421 },
    { "172.15.255.255", 421 },
    { "172.32.0.1", 421 },
    { "192.169.0.1", 421 },
    { "[2001:db8::1]", 421 },
    { "[::ffff:8.8.8.8]", 421 },
    { "cafe.example", 421 },
};

/* With these names, and one origin. */
static const char names[] = " Cafe.Example,, www.cafe.example., 203.0.113.5 ,"
                            "[2001:db8::5],2001:db8::6";
static const char origin[] = "https://front.example:8443";
static const struct host named[] = {
    { "cafe.example", 200 },         { "CAFE.EXAMPLE:8080", 200 },
    { "cafe.example.", 200 },        { "www.cafe.example", 200 },
    { "www.cafe.example.:81", 200 }, { "203.0.113.5", 200 },
    { "203.0.113.5:8080", 200 },     { "[2001:db8::5]:8080", 200 },
    { "[2001:DB8:0::5]", 200 },      { "[2001:db8::6]", 200 },
    { "front.example", 200 },        { "front.example:80", 200 },
    { "localhost:8080", 200 },       { "10.0.0.1", 200 },
    { "cafe.example.evil", 421 },    { "evil.cafe.example", 421 },
    { "acafe.example", 421 },        { "afe.example", 421 },
    { "cafe.exampl", 421 },          { "203.0.113.6", 421 },
    { "[2001:db8::7]", 421 },        { "8443", 421 },
};

static struct access_rules rules;

static int start_with(void **state, const char *hosts, const char *origins)
{
    struct text error;

    text_init(&error, 0);
    rules = (struct access_rules){ .allow = NULL };
    assert_int_equal(host_list_open(hosts, &rules.hosts, &error), OK);
    if (origins != NULL)
        assert_int_equal(origin_list_open(origins, &rules.origins, &error), OK);
    text_free(&error);
    return server_start(state, host_check, &rules);
}

static int start_with_none(void **state)
{
    return start_with(state, "", NULL);
}

static int start_with_names(void **state)
{
    return start_with(state, names, origin);
}

static int start_with_any(void **state)
{
    return start_with(state, "cafe.example, any", NULL);
}

static int end(void **state)
{
    host_list_close(rules.hosts);
    origin_list_close(rules.origins);
    return server_end(state);
}

static int ask(void **state, const char *line, const char *fields)
{
    const char *client;

    return server_ask(*state, line, fields, &client);
}

/* With any method, on any path, in both forms of a target: a name that is not
 * served learns nothing about what there is. */
static void check_host(void **state, const struct host *row, int status)
{
    static const char *const lines[] = {
        "GET /", "HEAD /", "POST /", "DELETE /", "OPTIONS *", "GET /nowhere"
    };
    char fields[128], line[160];

    snprintf(fields, sizeof(fields), "Host: %s\r\n", row->host);
    for (size_t i = 0; i < ROWS(lines); i++) {
        int known = i == 4 ? 204 : i == 5 ? 404 : 200;
        int wanted = status == 200 ? known : status;
        int got;

        snprintf(line, sizeof(line), "%s HTTP/1.1", lines[i]);
        got = ask(state, line, fields);
        if (got != wanted)
            fail_msg("%s, %s: %d", line, row->host, got);
    }
    snprintf(line, sizeof(line), "GET http://%s/ HTTP/1.1", row->host);
    if (ask(state, line, fields) != status)
        fail_msg("%s: not %d", line, status);
}

static void check_hosts(void **state, const struct host *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_host(state, &rows[i], rows[i].status);
}

static void test_internal_names_are_served(void **state)
{
    check_hosts(state, internal, ROWS(internal));
}

static void test_foreign_names_are_refused(void **state)
{
    check_hosts(state, foreign, ROWS(foreign));
}

static void test_configured_names_are_served(void **state)
{
    check_hosts(state, named, ROWS(named));
    check_hosts(state, internal, ROWS(internal));
}

static void test_any_serves_all(void **state)
{
    for (size_t i = 0; i < ROWS(foreign); i++)
        check_host(state, &foreign[i], 200);
}

/* Whoever says it: the page of another site can set this field itself, once
 * its name leads here. */
static void test_a_forwarded_host_counts_for_nothing(void **state)
{
    assert_int_equal(ask(state, "GET / HTTP/1.1",
                         "Host: evil.example\r\n"
                         "X-Forwarded-Host: localhost\r\n"
                         "Forwarded: host=localhost\r\n"),
                     421);
    assert_int_equal(ask(state, "GET / HTTP/1.1",
                         "Host: localhost\r\n"
                         "X-Forwarded-Host: evil.example\r\n"),
                     200);
}

/* No browser leaves Host out. */
static void test_no_host_is_no_foreign_one(void **state)
{
    assert_int_equal(ask(state, "GET / HTTP/1.0", ""), 200);
    assert_int_equal(ask(state, "GET / HTTP/1.0", "Host: evil.example\r\n"),
                     421);
}

static void test_faulty_names_are_named(void **state)
{
    static const char *const faulty[] = {
        "http://cafe.example",
        "cafe.example:8080",
        "cafe.example/admin",
        "*.cafe.example",
        "a b",
        "[::1",
        "[cafe.example]",
        "[10.0.0.1]",
        "10.0.0.0/8",
        "user@cafe.example",
        "caf\xc3\xa9.example",
        ".",
        "[::1]:80",
    };
    struct text error;

    (void)state;
    text_init(&error, 0);
    for (size_t i = 0; i < ROWS(faulty); i++) {
        struct host_list *list = NULL;
        char text[128];

        text_reset(&error);
        snprintf(text, sizeof(text), "fine.example, %s", faulty[i]);
        assert_int_equal(host_list_open(text, &list, &error), ERROR_CONFIG);
        assert_null(list);
        if (strstr(text_string(&error), faulty[i]) == NULL)
            fail_msg("%s: %s", faulty[i], text_string(&error));
    }
    text_free(&error);
}

static void test_names_are_bounded(void **state)
{
    struct host_list *list = NULL;
    struct text names_text, error;

    (void)state;
    text_init(&names_text, 0);
    text_init(&error, 0);
    for (int i = 0; i < 64; i++)
        text_printf(&names_text, "%d.example,", i);
    assert_int_equal(host_list_open(text_string(&names_text), &list, &error),
                     OK);
    host_list_close(list);
    list = NULL;
    text_append_string(&names_text, "10.0.0.1");
    assert_int_equal(host_list_open(text_string(&names_text), &list, &error),
                     ERROR_CONFIG);
    assert_non_null(strstr(text_string(&error), "more than 64"));
    text_free(&names_text);
    text_free(&error);
}

#define WITH(start, test) cmocka_unit_test_setup_teardown(test, start, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(start_with_none, test_internal_names_are_served),
        WITH(start_with_none, test_foreign_names_are_refused),
        WITH(start_with_names, test_configured_names_are_served),
        WITH(start_with_any, test_any_serves_all),
        WITH(start_with_none, test_a_forwarded_host_counts_for_nothing),
        WITH(start_with_none, test_no_host_is_no_foreign_one),
        cmocka_unit_test(test_faulty_names_are_named),
        cmocka_unit_test(test_names_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
