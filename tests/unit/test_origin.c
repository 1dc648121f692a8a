/* The check against posts that another site makes a browser send. */
#include "test_server.h"

#include "cafe/service/access.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

#define SITE "Sec-Fetch-Site: "
#define JSON "Content-Type: application/json\r\n"
#define FORM "Content-Type: application/x-www-form-urlencoded\r\n"

/* A request without a body, and what becomes of it. */
struct post {
    const char *method, *host, *fields;
    int status;
};

/* Safe methods pass. */
static const struct post safe_methods[] = {
    { "GET", "a", "", 200 },
    { "GET", "a", SITE "cross-site\r\nOrigin: http://b\r\n" FORM, 200 },
    { "HEAD", "a", SITE "cross-site\r\n", 200 },
    { "OPTIONS", "a", "Origin: null\r\n", 200 },
};

/* All others are asked. */
static const struct post unsafe_methods[] = {
    { "PUT", "a", SITE "cross-site\r\n", 403 },
    { "PATCH", "a", SITE "cross-site\r\n", 403 },
    { "DELETE", "a", SITE "cross-site\r\n", 403 },
    { "DELETE", "a", SITE "same-origin\r\n", 200 },
};

/* Sec-Fetch-Site decides where there is one. */
static const struct post fetch_sites[] = {
    { "POST", "a", SITE "same-origin\r\n", 200 },
    { "POST", "a", SITE "none\r\n", 200 },
    { "POST", "a", SITE "cross-site\r\n", 403 },
    { "POST", "a", SITE "same-site\r\n", 403 },
    { "POST", "a", SITE "\r\n", 403 },
    { "POST", "a", SITE "\r\n" JSON, 403 },
    { "POST", "a", SITE "same-origin-2\r\n", 403 },
    { "POST", "a", "sec-fetch-SITE:\tsame-origin \r\n", 200 },
    { "POST", "a", SITE "same-origin\r\nOrigin: http://b\r\n", 200 },
    { "POST", "a", SITE "cross-site\r\nOrigin: http://a\r\n", 403 },
    { "POST", "a", SITE "cross-site\r\n" JSON, 403 },
};

/* Else Origin has to have the host and port. */
static const struct post same_origins[] = {
    { "POST", "cafe.test", "Origin: http://cafe.test\r\n", 200 },
    { "POST", "cafe.test", "Origin: https://cafe.test\r\n", 200 },
    { "POST", "Cafe.Test", "Origin: https://cafe.tesT\r\n", 200 },
    { "POST", "cafe.test:8080", "Origin: http://cafe.test:8080\r\n", 200 },
    { "POST", "cafe.test:8080", "Origin: https://cafe.test:8080\r\n", 200 },
    { "POST", "cafe.test:80", "Origin: http://cafe.test\r\n", 200 },
    { "POST", "cafe.test", "Origin: http://cafe.test:80\r\n", 200 },
    { "POST", "cafe.test:443", "Origin: https://cafe.test\r\n", 200 },
    { "POST", "cafe.test", "Origin: https://cafe.test:443\r\n", 200 },
    { "POST", "127.0.0.1", "Origin: http://127.0.0.1\r\n", 200 },
    { "POST", "127.0.0.1", "Origin: http://127.0.0.1:80\r\n", 200 },
    { "POST", "[::1]", "Origin: http://[::1]:80\r\n", 200 },
    { "POST", "[::1]:81", "Origin: http://[::1]:81\r\n", 200 },
};

/* Any other origin is refused. */
static const struct post other_origins[] = {
    { "POST", "[::1]", "Origin: http://[::2]\r\n", 403 },
    { "POST", "cafe.test:8080", "Origin: http://cafe.test\r\n", 403 },
    { "POST", "cafe.test", "Origin: http://cafe.test:8080\r\n", 403 },
    { "POST", "cafe.test:80", "Origin: https://cafe.test\r\n", 403 },
    { "POST", "cafe.test:443", "Origin: http://cafe.test\r\n", 403 },
    { "POST", "cafe.test", "Origin: http://evil.test\r\n", 403 },
    { "POST", "cafe.test", "Origin: http://www.cafe.test\r\n", 403 },
    { "POST", "cafe.test", "Origin: http://cafe.test.evil\r\n", 403 },
    { "POST", "cafe.test", "Origin: http://cafe.test@evil.test\r\n", 403 },
    { "POST", "cafe.test", "Origin: http://cafe.test/\r\n", 403 },
    { "POST", "cafe.test", "Origin: http://cafe.test http://b\r\n", 403 },
    { "POST", "cafe.test", "Origin: ftp://cafe.test\r\n", 403 },
    { "POST", "cafe.test", "Origin: ftps://cafe.test\r\n", 403 },
    { "POST", "cafe.test", "Origin: cafe.test\r\n", 403 },
    { "POST", "cafe.test", "Origin: http://\r\n", 403 },
    { "POST", "cafe.test", "Origin: null\r\n", 403 },
    { "POST", "cafe.test", "Origin: \r\n", 403 },
    { "POST", "cafe.test", "Origin: null\r\n" JSON, 403 },
    { "POST", "cafe.test", "Origin: \r\n" JSON, 403 },
    { "POST", "null", "Origin: null\r\n", 403 },
    { "POST", "cafe.test", "Origin: http://evil.test\r\n" JSON, 403 },
};

/* With neither, whatever no browser can have sent. */
static const struct post neither_field[] = {
    { "POST", "a", "", 200 },
    { "POST", "a", FORM, 200 },
    { "DELETE", "a", "", 200 },
    { "POST", "a", FORM "User-Agent: curl/7.88.1\r\nAccept: */*\r\n", 200 },
    { "POST", "a", FORM "User-Agent: Mozilla/5.0 PowerShell/7.4\r\n", 200 },
    { "POST", "a",
      FORM "User-Agent: node\r\nAccept-Language: *\r\n"
           "Sec-Fetch-Mode: cors\r\n",
      200 },
    { "POST", "a", FORM "Authorization: Bearer abc\r\n", 200 },
    { "POST", "a", JSON, 200 },
};

/* What a browser adds, whatever site makes it send the request. */
static const struct post browsers[] = {
    { "POST", "a", FORM "Cookie: a=b\r\n", 403 },
    { "POST", "a", "Cookie: a=b\r\n", 403 },
    { "POST", "a", "Cookie:\r\n", 403 },
    { "DELETE", "a", "Cookie: a=b\r\n", 403 },
    { "POST", "a", FORM "Referer: http://a/admin/\r\n", 403 },
    { "POST", "a", FORM "Authorization: Basic YTpi\r\n", 403 },
    { "POST", "a", FORM "Authorization: Negotiate abc\r\n", 403 },
    { "POST", "a", FORM "Authorization: Bearerx abc\r\n", 403 },
    { "POST", "a",
      FORM "User-Agent: Mozilla/5.0 (X11) Firefox/60.0\r\n"
           "Accept-Language: en\r\n",
      403 },
    { "POST", "a", "User-Agent: Mozilla/5.0\r\nAccept-Language:\r\n", 403 },
    { "POST", "a", JSON "Cookie: a=b\r\n", 403 },
    { "POST", "a", "Cookie: a=b\r\nContent-Type: \r\n", 403 },
};

/* The peer is a trusted proxy, and says what it was asked for. */
static const struct post forwarded_hosts[] = {
    { "POST", "up", "Origin: http://a\r\nX-Forwarded-Host: a\r\n", 200 },
    { "POST", "up", "Origin: https://a\r\nX-Forwarded-Host: A:443\r\n", 200 },
    { "POST", "up", "Origin: http://a:81\r\nX-Forwarded-Host: a:81\r\n", 200 },
    { "POST", "up", "Origin: http://a\r\nX-Forwarded-Host: a, up2\r\n", 200 },
    { "POST", "up", "Origin: http://a\r\nX-Forwarded-Host: up2 ,a\r\n", 200 },
    { "POST", "up",
      "Origin: http://a\r\nX-Forwarded-Host: b\r\nX-Forwarded-Host: a\r\n",
      200 },
    { "POST", "up", "Origin: http://a\r\n", 403 },
    { "POST", "up", "Origin: http://a\r\nX-Forwarded-Host: b\r\n", 403 },
    { "POST", "up", "Origin: http://a\r\nX-Forwarded-Host: a:81\r\n", 403 },
    { "POST", "up", "Origin: http://a\r\nX-Forwarded-Host: ,\r\n", 403 },
    { "POST", "up", "Origin: http://:80\r\nX-Forwarded-Host: :80\r\n", 403 },
    { "POST", "up", "Origin: null\r\nX-Forwarded-Host: null\r\n", 403 },
    { "POST", "up",
      SITE "cross-site\r\nOrigin: http://a\r\nX-Forwarded-Host: a\r\n", 403 },
    { "POST", "a", "Origin: http://a\r\nX-Forwarded-Host: b\r\n", 200 },
};

/* Anybody else may not say that. */
static const struct post forwarded_by_strangers[] = {
    { "POST", "up", "Origin: http://a\r\nX-Forwarded-Host: a\r\n", 403 },
    { "POST", "a", "Origin: http://a\r\nX-Forwarded-Host: b\r\n", 200 },
};

/* Where the site's own origins are named, nothing else is one. */
static const char origins[] =
    " https://Cafe.example , http://10.0.0.5:8080,,http://[fd00::1]";
static const struct post listed_origins[] = {
    { "POST", "up", "Origin: https://cafe.example\r\n", 200 },
    { "POST", "up", "Origin: https://cafe.example:443\r\n", 200 },
    { "POST", "up", "Origin: http://10.0.0.5:8080\r\n", 200 },
    { "POST", "up", "Origin: http://[fd00::1]:80\r\n", 200 },
    { "POST", "up", "Origin: http://cafe.example\r\n", 403 },
    { "POST", "up", "Origin: https://cafe.example:8443\r\n", 403 },
    { "POST", "up", "Origin: http://10.0.0.5\r\n", 403 },
    { "POST", "evil", "Origin: http://evil\r\n", 403 },
    { "POST", "up", "Origin: http://evil\r\nX-Forwarded-Host: evil\r\n", 403 },
    { "POST", "up", SITE "same-origin\r\nOrigin: http://x\r\n", 200 },
    { "POST", "up", SITE "cross-site\r\nOrigin: https://cafe.example\r\n",
      403 },
    { "POST", "up", FORM, 200 },
};

static struct access_rules rules;

static struct cidr_list *loopback(void)
{
    struct cidr_list *list = NULL;
    struct text error;

    text_init(&error, 0);
    assert_int_equal(cidr_list_open("loopback", &list, &error), OK);
    text_free(&error);
    return list;
}

static int start(void **state)
{
    rules = (struct access_rules){ .proxies = loopback() };
    return server_start(state, origin_check, &rules);
}

static int start_among_strangers(void **state)
{
    rules = (struct access_rules){ .proxies = NULL };
    return server_start(state, origin_check, &rules);
}

static int start_with_origins(void **state)
{
    struct text error;

    text_init(&error, 0);
    rules = (struct access_rules){ .proxies = loopback() };
    assert_int_equal(origin_list_open(origins, &rules.origins, &error), OK);
    text_free(&error);
    return server_start(state, origin_check, &rules);
}

static int end(void **state)
{
    cidr_list_close(rules.proxies);
    origin_list_close(rules.origins);
    return server_end(state);
}

static void test_faulty_origins_are_named(void **state)
{
    static const char *const faulty[] = {
        "cafe.example",
        "ftp://cafe.example",
        "https://",
        "https:///",
        "https://cafe.example/",
        "https://cafe.example/admin",
        "null",
        "*",
        "https://user@cafe.example",
        "https://a b",
        "http://:8080",
    };
    struct text error;

    (void)state;
    text_init(&error, 0);
    for (size_t i = 0; i < ROWS(faulty); i++) {
        struct origin_list *list = NULL;
        char text[128];

        text_reset(&error);
        snprintf(text, sizeof(text), "http://fine, %s", faulty[i]);
        assert_int_equal(origin_list_open(text, &list, &error), ERROR_CONFIG);
        assert_null(list);
        if (strstr(text_string(&error), faulty[i]) == NULL)
            fail_msg("%s: %s", faulty[i], text_string(&error));
    }
    text_free(&error);
}

static void check_posts(struct server_fixture *fixture,
                        const struct post *posts, size_t count)
{
    const char *client;

    for (size_t i = 0; i < count; i++) {
        char line[64], fields[512];
        int status;

        snprintf(line, sizeof(line), "%s / HTTP/1.1", posts[i].method);
        snprintf(fields, sizeof(fields), "Host: %s\r\n%s", posts[i].host,
                 posts[i].fields);
        status = server_ask(fixture, line, fields, &client);
        if (status != posts[i].status)
            fail_msg("row %zu (%s, %s): %d", i, line, fields, status);
    }
}

static void test_safe_methods(void **state)
{
    check_posts(*state, safe_methods, ROWS(safe_methods));
}

static void test_unsafe_methods(void **state)
{
    check_posts(*state, unsafe_methods, ROWS(unsafe_methods));
}

static void test_fetch_sites(void **state)
{
    check_posts(*state, fetch_sites, ROWS(fetch_sites));
}

static void test_same_origins(void **state)
{
    check_posts(*state, same_origins, ROWS(same_origins));
}

static void test_other_origins(void **state)
{
    check_posts(*state, other_origins, ROWS(other_origins));
}

static void test_neither_field(void **state)
{
    check_posts(*state, neither_field, ROWS(neither_field));
}

static void test_browsers(void **state)
{
    check_posts(*state, browsers, ROWS(browsers));
}

/* Each choice of fields that SECURITY.md speaks of, with what it says of each:
 * Sec-Fetch-Site decides, else Origin, else whether a browser has sent it. */
struct choice {
    const char *fields;
    bool absent; /* nothing is said */
    bool passes;
};

static const struct choice sites[] = {
    { "", true, false },
    { SITE "same-origin\r\n", false, true },
    { SITE "none\r\n", false, true },
    { SITE "same-site\r\n", false, false },
    { SITE "cross-site\r\n", false, false },
    { SITE "\r\n", false, false },
};

static const struct choice named[] = {
    { "", true, false },
    { "Origin: http://a\r\n", false, true },
    { "Origin: http://evil\r\n", false, false },
    { "Origin: null\r\n", false, false },
    { "Origin:\r\n", false, false },
};

static const struct choice senders[] = {
    { "", false, true },
    { "Authorization: Bearer abc\r\n", false, true },
    { "User-Agent: Mozilla/5.0\r\n", false, true },
    { "User-Agent: curl/8\r\nAccept-Language: en\r\n", false, true },
    { "Accept-Language: en\r\n", false, true },
    { "Cookie: a=b\r\n", false, false },
    { "Referer: http://a/\r\n", false, false },
    { "Authorization: Basic YTpi\r\n", false, false },
    { "User-Agent: Mozilla/5.0\r\nAccept-Language: en\r\n", false, false },
};

static const char *const kinds[] = {
    "",
    FORM,
    JSON,
    "Content-Type: text/plain\r\n",
};

static void check_choice(struct server_fixture *fixture,
                         const struct choice *site, const struct choice *origin,
                         const struct choice *sender)
{
    const struct choice *decides = site->absent ? origin : site;

    if (decides->absent)
        decides = sender;
    for (size_t i = 0; i < ROWS(kinds); i++) {
        char fields[512];
        struct post post = { "POST", "a", fields, decides->passes ? 200 : 403 };

        snprintf(fields, sizeof(fields), "%s%s%s%s", kinds[i], site->fields,
                 origin->fields, sender->fields);
        check_posts(fixture, &post, 1);
    }
}

static void test_each_mix_of_fields(void **state)
{
    for (size_t i = 0; i < ROWS(sites); i++)
        for (size_t j = 0; j < ROWS(named); j++)
            for (size_t k = 0; k < ROWS(senders); k++)
                check_choice(*state, &sites[i], &named[j], &senders[k]);
}

static void test_forwarded_hosts(void **state)
{
    check_posts(*state, forwarded_hosts, ROWS(forwarded_hosts));
}

static void test_forwarded_by_strangers(void **state)
{
    check_posts(*state, forwarded_by_strangers, ROWS(forwarded_by_strangers));
}

static void test_listed_origins(void **state)
{
    check_posts(*state, listed_origins, ROWS(listed_origins));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_safe_methods, start, end),
        cmocka_unit_test_setup_teardown(test_unsafe_methods, start, end),
        cmocka_unit_test_setup_teardown(test_fetch_sites, start, end),
        cmocka_unit_test_setup_teardown(test_same_origins, start, end),
        cmocka_unit_test_setup_teardown(test_other_origins, start, end),
        cmocka_unit_test_setup_teardown(test_neither_field, start, end),
        cmocka_unit_test_setup_teardown(test_browsers, start, end),
        cmocka_unit_test_setup_teardown(test_each_mix_of_fields, start, end),
        cmocka_unit_test_setup_teardown(test_forwarded_hosts, start, end),
        cmocka_unit_test_setup_teardown(test_forwarded_by_strangers,
                                        start_among_strangers, end),
        cmocka_unit_test_setup_teardown(test_listed_origins, start_with_origins,
                                        end),
        cmocka_unit_test(test_faulty_origins_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
