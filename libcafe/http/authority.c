/* "host:port", as Host, Origin and absolute targets have it. */
#include "cafe/http/authority.h"

#include <arpa/inet.h>
#include <string.h>

#include "grammar.h"

/* Split "host:port"; the port is absent when there is no colon. From the end,
 * since an IPv6 address has colons, too, but within brackets. */
static void split_authority(struct slice authority, struct slice *host,
                            struct slice *port)
{
    size_t len = authority.len;

    while (len > 0 && authority.data[len - 1] >= '0' &&
           authority.data[len - 1] <= '9')
        len--;
    *port = (struct slice){ NULL, 0 };
    *host = authority;
    if (len > 0 && authority.data[len - 1] == ':') {
        *port = (struct slice){ authority.data + len, authority.len - len };
        host->len = len - 1;
    }
}

/* An IPv6 address in brackets, without a zone: inet_pton() knows none. */
static bool is_ip_literal(struct slice host)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;

    if (host.len < 4 || host.len - 2 >= sizeof(text) ||
        host.data[host.len - 1] != ']')
        return false;
    memcpy(text, host.data + 1, host.len - 2);
    text[host.len - 2] = '\0';
    return inet_pton(AF_INET6, text, &address) == 1;
}

bool authority_valid(struct slice authority)
{
    struct slice host, port;
    uint64_t number;

    split_authority(authority, &host, &port);
    if (port.data != NULL && slice_number(port, 65535, &number) != OK)
        return false;
    if (host.len > 0 && host.data[0] == '[')
        return is_ip_literal(host);
    return grammar_name(host);
}

struct slice authority_host(struct slice authority)
{
    struct slice host, port;

    split_authority(authority, &host, &port);
    return host;
}

bool authority_same(struct slice a, struct slice b, const char *default_port)
{
    struct slice host_a, port_a, host_b, port_b;

    split_authority(a, &host_a, &port_a);
    split_authority(b, &host_b, &port_b);
    /* The same text, not the same number: "080" is refused, and no client
     * writes it. */
    if (port_a.data == NULL)
        port_a = slice_of(default_port);
    if (port_b.data == NULL)
        port_b = slice_of(default_port);
    return slice_equal(port_a, port_b) && slice_equal_nocase(host_a, host_b);
}
