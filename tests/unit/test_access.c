/* Access to a daemon: address ranges, and clients of proxies. */
#include "test_server.h"

#include "cafe/service/access.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static struct cidr_list *list_of(const char *ranges)
{
    struct cidr_list *list = NULL;
    struct text error;

    text_init(&error, 0);
    if (cidr_list_open(ranges, &list, &error) != OK)
        fail_msg("'%s': %s", ranges, text_string(&error));
    text_free(&error);
    return list;
}

static bool has(const struct cidr_list *list, const char *address)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

    if (inet_pton(AF_INET, address, &v4.sin_addr) == 1)
        return cidr_list_has(list, (struct sockaddr *)&v4);
    assert_int_equal(inet_pton(AF_INET6, address, &v6.sin6_addr), 1);
    return cidr_list_has(list, (struct sockaddr *)&v6);
}

static const struct {
    const char *ranges;
    const char *in[6];
    const char *out[6];
} lists[] = {
    { "", { NULL }, { "127.0.0.1", "0.0.0.0", "::", "::1" } },
    { " , ,", { NULL }, { "127.0.0.1", "::1" } },
    { "10.0.0.0/8",
      { "10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3" },
      { "9.255.255.255", "11.0.0.0", "::10.1.2.3", "a00::", "::" } },
    { "192.0.2.7",
      { "192.0.2.7", "::ffff:192.0.2.7" },
      { "192.0.2.6", "192.0.2.8", "::192.0.2.7" } },
    { "192.0.2.7/32", { "192.0.2.7" }, { "192.0.2.6", "192.0.3.7" } },
    { "192.0.2.128/25",
      { "192.0.2.128", "192.0.2.255" },
      { "192.0.2.127", "192.0.3.128" } },
    { "192.0.2.6/31", { "192.0.2.6", "192.0.2.7" }, { "192.0.2.8" } },
    { "128.0.0.0/1", { "128.0.0.0", "255.255.255.255" }, { "127.0.0.0" } },
    { "10.9.8.7/8", { "10.0.0.0", "10.255.0.1" }, { "11.9.8.7" } },
    { "0.0.0.0/0",
      { "0.0.0.0", "255.255.255.255", "::ffff:1.2.3.4" },
      { "::", "::1", "2001:db8::1", "::fffe:1.2.3.4" } },
    { "::/0", { "::", "2001:db8::1", "1.2.3.4", "::ffff:1.2.3.4" }, { NULL } },
    { "2001:db8::/32",
      { "2001:db8::", "2001:DB8:ffff:ffff:ffff:ffff:ffff:ffff" },
      { "2001:db7:ffff::", "2001:db9::", "32.1.13.184" } },
    { "2001:db8:0:8000::/49",
      { "2001:db8:0:8000::1", "2001:db8:0:ffff::" },
      { "2001:db8:0:7fff::", "2001:db8:1:8000::" } },
    { "2001:db8::1", { "2001:db8::1" }, { "2001:db8::", "2001:db8::2" } },
    { "::1/128", { "::1" }, { "::", "::2", "127.0.0.1" } },
    { "::ffff:10.0.0.0/104",
      { "10.1.2.3", "::ffff:10.1.2.3" },
      { "11.0.0.0" } },
    { " 192.0.2.1 ,\t192.0.2.4/31, ::5",
      { "192.0.2.1", "192.0.2.4", "192.0.2.5", "::5" },
      { "192.0.2.2", "192.0.2.3", "::4" } },
    { "loopback",
      { "127.0.0.0", "127.255.255.255", "::1", "::ffff:127.0.0.1" },
      { "126.255.255.255", "128.0.0.0", "::", "10.0.0.1", "::2" } },
    { "private",
      { "10.0.0.1", "172.16.0.0", "172.31.255.255", "192.168.0.1",
        "169.254.169.254", "fc00::" },
      { "127.0.0.1", "::1", "172.15.255.255", "172.32.0.0", "192.167.0.1",
        "169.253.255.255" } },
    { "private",
      { "fdff:ffff::1", "fe80::1", "febf::", "::ffff:192.168.255.255" },
      { "fbff::", "fe00::", "fec0::", "192.169.0.0", "169.255.0.0" } },
    { "none", { NULL }, { "127.0.0.1", "::1", "192.0.2.1" } },
    { "192.0.2.1,loopback , private",
      { "192.0.2.1", "127.0.0.1", "::1", "10.0.0.1" },
      { "192.0.2.2", "2001:db8::1" } },
};

static void test_lists_have_addresses(void **state)
{
    (void)state;
    for (size_t row = 0; row < ROWS(lists); row++) {
        struct cidr_list *list = list_of(lists[row].ranges);

        for (size_t i = 0; i < ROWS(lists[row].in) && lists[row].in[i] != NULL;
             i++) {
            if (!has(list, lists[row].in[i]))
                fail_msg("%s lacks %s", lists[row].ranges, lists[row].in[i]);
        }
        for (size_t i = 0;
             i < ROWS(lists[row].out) && lists[row].out[i] != NULL; i++) {
            if (has(list, lists[row].out[i]))
                fail_msg("%s has %s", lists[row].ranges, lists[row].out[i]);
        }
        cidr_list_close(list);
    }
}

static void test_other_families_are_in_no_list(void **state)
{
    struct sockaddr_storage address = { .ss_family = AF_UNIX };
    struct cidr_list *list = list_of("::/0");

    (void)state;
    assert_false(cidr_list_has(list, (struct sockaddr *)&address));
    assert_false(has(NULL, "127.0.0.1"));
    cidr_list_close(list);
}

/* A list, and the part of it that the message names. */
static const struct {
    const char *ranges, *named;
} faults[] = {
    { "10.0.0.0/33", "'10.0.0.0/33'" },
    { "::/129", "'::/129'" },
    { "10.0.0.0/", "'10.0.0.0/'" },
    { "10.0.0.0/08", "'10.0.0.0/08'" },
    { "10.0.0.0/-1", "'10.0.0.0/-1'" },
    { "10.0.0.0/+8", "'10.0.0.0/+8'" },
    { "10.0.0.0/8/8", "'10.0.0.0/8/8'" },
    { "10.0.0.0/ 8", "'10.0.0.0/ 8'" },
    { "10.0.0.0/255.0.0.0", "'10.0.0.0/255.0.0.0'" },
    { "10.0.0.0/4294967304", "'10.0.0.0/4294967304'" },
    { "/8", "'/8'" },
    { "10.0.0", "'10.0.0'" },
    { "10.0.0.256", "'10.0.0.256'" },
    { "010.0.0.1", "'010.0.0.1'" },
    { "0x0a.0.0.1", "'0x0a.0.0.1'" },
    { "10.0.0.1:80", "'10.0.0.1:80'" },
    { "[::1]", "'[::1]'" },
    { "fe80::1%lo", "'fe80::1%lo'" },
    { "1::2::3", "'1::2::3'" },
    { "localhost", "'localhost'" },
    { "Private", "'Private'" },
    { "10.0.0.0/8 ::1", "'10.0.0.0/8 ::1'" },
    { "10.0.0.0/8, nonsense ,::1", "'nonsense'" },
    { "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb", "bbbb'" },
};

static void test_faulty_ranges_are_named(void **state)
{
    struct text error;

    (void)state;
    text_init(&error, 0);
    for (size_t i = 0; i < ROWS(faults); i++) {
        struct cidr_list *list = NULL;

        text_reset(&error);
        if (cidr_list_open(faults[i].ranges, &list, &error) != ERROR_CONFIG)
            fail_msg("'%s' is taken", faults[i].ranges);
        assert_null(list);
        if (strstr(text_string(&error), faults[i].named) == NULL)
            fail_msg("%s: %s", faults[i].named, text_string(&error));
        assert_null(strchr(text_string(&error), '\n'));
    }
    text_free(&error);
}

#define XFF "X-Forwarded-For: "

/* A request from 127.0.0.1; a NULL list is none. */
struct visit {
    const char *proxies, *allow, *fields;
    int status;
    const char *client;
};

static const struct visit peers[] = {
    { NULL, NULL, "", 200, "127.0.0.1" },
    { NULL, "loopback", "", 200, "127.0.0.1" },
    { NULL, "10.0.0.0/8", "", 404, "127.0.0.1" },
    { NULL, "", "", 404, "127.0.0.1" },
};

/* A peer that is no proxy may not say who it is. It forwards for somebody,
 * and so is nobody who could be let in by his address. */
static const struct visit untrusted_peers[] = {
    { "10.0.0.0/8", NULL, XFF "192.0.2.1\r\n", 200, "127.0.0.1" },
    { "10.0.0.0/8", "192.0.2.1", XFF "192.0.2.1\r\n", 404, "127.0.0.1" },
    { "10.0.0.0/8", "loopback", XFF "192.0.2.1\r\n", 404, "127.0.0.1" },
    { "10.0.0.0/8", "loopback", XFF "127.0.0.1\r\n", 404, "127.0.0.1" },
    { "10.0.0.0/8", "loopback", XFF "junk\r\n", 404, "127.0.0.1" },
    { "10.0.0.0/8", "loopback", XFF "\r\n", 200, "127.0.0.1" },
    { NULL, "10.0.0.0/8", XFF "10.0.0.1\r\n", 404, "127.0.0.1" },
    { NULL, "loopback", "Via: 1.1 caddy\r\n", 404, "127.0.0.1" },
    { NULL, "loopback", "Forwarded: for=192.0.2.1\r\n", 404, "127.0.0.1" },
    { NULL, "loopback", "X-Real-IP: 192.0.2.1\r\n", 404, "127.0.0.1" },
    { NULL, "loopback", "x-FORWARDED-proto: https\r\n", 404, "127.0.0.1" },
    { NULL, "loopback", "CF-Connecting-IP: 192.0.2.1\r\n", 404, "127.0.0.1" },
    { NULL, NULL, "Via: 1.1 caddy\r\n", 200, "127.0.0.1" },
    { NULL, "loopback", "X-Forwarded: 1\r\nForward: 1\r\n", 200, "127.0.0.1" },
};

/* A trusted proxy that shows itself, but names no client. */
static const struct visit silent_proxies[] = {
    { "loopback", "loopback", "Via: 1.1 caddy\r\n", 404, "127.0.0.1" },
    { "loopback", "loopback", "Forwarded: for=127.0.0.1\r\n", 404,
      "127.0.0.1" },
    { "loopback", "loopback", "X-Real-IP: 127.0.0.1\r\n", 404, "127.0.0.1" },
    { "loopback", "loopback", XFF ",\r\nX-Real-IP: 192.0.2.1\r\n", 404,
      "127.0.0.1" },
    { "loopback", "loopback", "Via: 1.1 caddy\r\n" XFF "127.0.0.1\r\n", 200,
      "127.0.0.1" },
    { "loopback", NULL, "Via: 1.1 caddy\r\n", 200, "127.0.0.1" },
};

/* In a network of one's own nobody but a proxy forwards for others. */
static const struct visit unnamed_in_between[] = {
    { "loopback", "private", XFF "10.0.0.9\r\n", 200, "10.0.0.9" },
    { "loopback", "private", XFF "203.0.113.9, 10.0.0.9\r\n", 404, "10.0.0.9" },
    { "loopback", "private", XFF "10.0.0.8, 10.0.0.9\r\n", 404, "10.0.0.9" },
    { "loopback", "private", XFF "203.0.113.9\r\n" XFF "10.0.0.9\r\n", 404,
      "10.0.0.9" },
    { "loopback", "private", XFF "junk, 10.0.0.9, 127.0.0.1\r\n", 404,
      "10.0.0.9" },
    { "loopback", "private", XFF " , ,10.0.0.9\r\n", 200, "10.0.0.9" },
    { "loopback", "private", XFF "203.0.113.9, fd00::1\r\n", 404, "fd00::1" },
    { "127.0.0.1", "loopback", XFF "203.0.113.9, 127.0.0.2\r\n", 404,
      "127.0.0.2" },
    { "loopback, 10.0.0.9", "private", XFF "10.0.0.8, 10.0.0.9\r\n", 200,
      "10.0.0.8" },
    { "loopback", NULL, XFF "203.0.113.9, 10.0.0.9\r\n", 200, "10.0.0.9" },
};

/* A proxy may. */
static const struct visit clients_of_proxies[] = {
    { "loopback", NULL, XFF "192.0.2.1\r\n", 200, "192.0.2.1" },
    { "loopback", "192.0.2.1", XFF "192.0.2.1\r\n", 200, "192.0.2.1" },
    { "loopback", "192.0.2.1", XFF "192.0.2.2\r\n", 404, "192.0.2.2" },
    { "loopback", "loopback", XFF "192.0.2.2\r\n", 404, "192.0.2.2" },
    { "loopback", "2001:db8::/32", XFF "2001:db8::7\r\n", 200, "2001:db8::7" },
    { "loopback", "192.0.2.1", XFF "::ffff:192.0.2.1\r\n", 200,
      "::ffff:192.0.2.1" },
    { "loopback", "192.0.2.1", "x-forwarded-FOR:\t192.0.2.1 \r\n", 200,
      "192.0.2.1" },
};

/* What stands left of the client is its own word. */
static const struct visit spoofed_addresses[] = {
    { "loopback", "192.0.2.1", XFF "192.0.2.1, 198.51.100.9\r\n", 404,
      "198.51.100.9" },
    { "loopback", "192.0.2.1", XFF "198.51.100.9,192.0.2.1\r\n", 200,
      "192.0.2.1" },
    { "loopback", "192.0.2.1", XFF "192.0.2.1:80\r\n", 200, "192.0.2.1" },
    { "loopback", "2001:db8::1", XFF "[2001:db8::1]\r\n", 200, "2001:db8::1" },
    { "loopback", "2001:db8::1", XFF "[2001:db8::1]:4711\r\n", 200,
      "2001:db8::1" },
    { "loopback", "192.0.2.1", XFF ", 192.0.2.1 ,,\r\n", 200, "192.0.2.1" },
    { "loopback", "192.0.2.1", XFF "junk, 192.0.2.1\r\n", 200, "192.0.2.1" },
    { "loopback, 10.0.0.0/8", "192.0.2.1",
      XFF "192.0.2.1, 198.51.100.9, 10.0.0.2\r\n", 404, "198.51.100.9" },
    { "loopback, 10.0.0.0/8", "192.0.2.1",
      XFF "198.51.100.9, 192.0.2.1 ,10.0.0.3,\t10.0.0.2\r\n", 200,
      "192.0.2.1" },
};

/* Several fields are one list, in their order. */
static const struct visit several_fields[] = {
    { "loopback", "192.0.2.1", XFF "192.0.2.1\r\n" XFF "198.51.100.9\r\n", 404,
      "198.51.100.9" },
    { "loopback", "192.0.2.1",
      XFF "198.51.100.9\r\nAccept: */*\r\n" XFF "192.0.2.1\r\n", 200,
      "192.0.2.1" },
    { "loopback, 10.0.0.0/8", "192.0.2.1",
      XFF "198.51.100.9, 192.0.2.1\r\n" XFF "10.0.0.2, 10.0.0.3\r\n", 200,
      "192.0.2.1" },
};

/* Only proxies: the peer. */
static const struct visit proxies_alone[] = {
    { "loopback", "loopback", "", 200, "127.0.0.1" },
    { "loopback", "192.0.2.1", "", 404, "127.0.0.1" },
    { "loopback", "loopback", XFF "\r\n", 200, "127.0.0.1" },
    { "loopback, 10.0.0.0/8", "127.0.0.1", XFF "10.0.0.1, 10.0.0.2\r\n", 200,
      "127.0.0.1" },
    { "loopback, 10.0.0.0/8", "10.0.0.0/8",
      XFF "10.0.0.1\r\n" XFF "10.0.0.2\r\n", 404, "127.0.0.1" },
};

/* Malformed: the client is unknown. */
static const struct visit malformed_addresses[] = {
    { "loopback", "::/0", XFF "junk\r\n", 404, "127.0.0.1" },
    { "loopback", "::/0", XFF "192.0.2.1, unknown\r\n", 404, "127.0.0.1" },
    { "loopback", "::/0", XFF "192.0.2.0/24\r\n", 404, "127.0.0.1" },
    { "loopback, 10.0.0.0/8", "::/0", XFF "junk\r\n" XFF "10.0.0.1\r\n", 404,
      "127.0.0.1" },
    { "loopback", "::/0", XFF "[]\r\n", 404, "127.0.0.1" },
    { "loopback", "::/0", XFF ":80\r\n", 404, "127.0.0.1" },
    { "loopback", "::/0", XFF "[]:80\r\n", 404, "127.0.0.1" },
    { "loopback", "::/0", XFF "192.0.2.1, [], 127.0.0.1\r\n", 404,
      "127.0.0.1" },
    { "loopback", "::/0", XFF "192.0.2.1:\r\n", 404, "127.0.0.1" },
    { "loopback", "::/0", XFF "192.0.2.1:http\r\n", 404, "127.0.0.1" },
    { "loopback", "::/0", XFF "192.0.2.1:65536\r\n", 404, "127.0.0.1" },
    { "loopback", "::/0", XFF "[192.0.2.1]:80\r\n", 404, "127.0.0.1" },
    { "loopback", "::/0", XFF "[2001:db8::1]80\r\n", 404, "127.0.0.1" },
    { "loopback", "::/0", XFF "[2001:db8::1]:\r\n", 404, "127.0.0.1" },
    { "loopback", "::/0", XFF "[2001:db8::1\r\n", 404, "127.0.0.1" },
    { "loopback", "::/0", XFF "2001:db8::1]\r\n", 404, "127.0.0.1" },
    { "loopback", "::/0", XFF "\"192.0.2.1\"\r\n", 404, "127.0.0.1" },
    { "loopback", NULL, XFF "junk\r\n", 200, "127.0.0.1" },
};

static struct access_rules rules;

static int start(void **state)
{
    return server_start(state, access_check, &rules);
}

static void check_visits(struct server_fixture *fixture,
                         const struct visit *visits, size_t count)
{
    const char *client;

    for (size_t i = 0; i < count; i++) {
        char fields[512];
        int status;

        snprintf(fields, sizeof(fields), "Host: a\r\n%s", visits[i].fields);
        rules = (struct access_rules){
            .allow = visits[i].allow != NULL ? list_of(visits[i].allow) : NULL,
            .proxies = visits[i].proxies != NULL ? list_of(visits[i].proxies)
                                                 : NULL,
        };
        status = server_ask(fixture, "GET / HTTP/1.1", fields, &client);
        cidr_list_close(rules.allow);
        cidr_list_close(rules.proxies);
        if (status != visits[i].status || strcmp(client, visits[i].client))
            fail_msg("row %zu (%s): %d for %s", i, visits[i].fields, status,
                     client);
    }
}

static void test_peers(void **state)
{
    check_visits(*state, peers, ROWS(peers));
}

static void test_untrusted_peers(void **state)
{
    check_visits(*state, untrusted_peers, ROWS(untrusted_peers));
}

static void test_silent_proxies(void **state)
{
    check_visits(*state, silent_proxies, ROWS(silent_proxies));
}

static void test_unnamed_in_between(void **state)
{
    check_visits(*state, unnamed_in_between, ROWS(unnamed_in_between));
}

static void test_clients_of_proxies(void **state)
{
    check_visits(*state, clients_of_proxies, ROWS(clients_of_proxies));
}

static void test_spoofed_addresses(void **state)
{
    check_visits(*state, spoofed_addresses, ROWS(spoofed_addresses));
}

static void test_several_fields(void **state)
{
    check_visits(*state, several_fields, ROWS(several_fields));
}

static void test_proxies_alone(void **state)
{
    check_visits(*state, proxies_alone, ROWS(proxies_alone));
}

static void test_malformed_addresses(void **state)
{
    check_visits(*state, malformed_addresses, ROWS(malformed_addresses));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists_have_addresses),
        cmocka_unit_test(test_other_families_are_in_no_list),
        cmocka_unit_test(test_faulty_ranges_are_named),
        cmocka_unit_test_setup_teardown(test_peers, start, server_end),
        cmocka_unit_test_setup_teardown(test_untrusted_peers, start,
                                        server_end),
        cmocka_unit_test_setup_teardown(test_silent_proxies, start, server_end),
        cmocka_unit_test_setup_teardown(test_unnamed_in_between, start,
                                        server_end),
        cmocka_unit_test_setup_teardown(test_clients_of_proxies, start,
                                        server_end),
        cmocka_unit_test_setup_teardown(test_spoofed_addresses, start,
                                        server_end),
        cmocka_unit_test_setup_teardown(test_several_fields, start, server_end),
        cmocka_unit_test_setup_teardown(test_proxies_alone, start, server_end),
        cmocka_unit_test_setup_teardown(test_malformed_addresses, start,
                                        server_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
