/* The check against posts that another site makes a browser send. */
#include "test_server.h"

#include "cafe/access.h"

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

/* With neither, only what a form can't send. */
static const struct post neither_field[] = {
    { "POST", "a", "", 403 },
    { "POST", "a", FORM, 403 },
    { "POST", "a", JSON, 200 },
    { "POST", "a", "Content-Type: Application/JSON ; charset=utf-8\r\n", 200 },
    { "POST", "a", "Content-Type: application/jsonp\r\n", 403 },
    { "POST", "a", "Content-Type: text/plain; application/json\r\n", 403 },
    { "POST", "a", "Content-Type: \r\n", 403 },
};

static int start(void **state)
{
    return server_start(state, origin_check, NULL);
}

static void check_posts(struct server_fixture *fixture,
                        const struct post *posts, size_t count)
{
    const char *client;
    size_t i;

    for (i = 0; i < count; i++) {
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_safe_methods, start, server_end),
        cmocka_unit_test_setup_teardown(test_unsafe_methods, start, server_end),
        cmocka_unit_test_setup_teardown(test_fetch_sites, start, server_end),
        cmocka_unit_test_setup_teardown(test_same_origins, start, server_end),
        cmocka_unit_test_setup_teardown(test_other_origins, start, server_end),
        cmocka_unit_test_setup_teardown(test_neither_field, start, server_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
