/* Access by address: CIDR lists and X-Forwarded-For. */
#include "cafe/service/access.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* An address of 16 bytes; IPv4 as the IPv4-mapped IPv6 one (RFC 4291). */
struct address {
    unsigned char bytes[16];
};

struct range {
    struct address base;
    unsigned prefix_bits; /* of 128 */
};

struct cidr_list {
    size_t count;
    struct range ranges[];
};

enum { MAPPED_BITS = 96, ADDRESS_BITS = 128, RANGES_MAX = 256 };

/* Words that stand for several ranges. */
static const struct {
    const char *word;
    const char *ranges;
} words[] = {
    { "loopback", "127.0.0.0/8,::1/128" },
    { "private", "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,169.254.0.0/16,"
                 "fc00::/7,fe80::/10" },
    { "none", "" },
};

static void from_v4(const void *v4, struct address *address)
{
    memset(address->bytes, 0, 10);
    memset(address->bytes + 10, 0xff, 2);
    memcpy(address->bytes + 12, v4, 4);
}

static bool from_sockaddr(const struct sockaddr *source,
                          struct address *address)
{
    if (source->sa_family == AF_INET) {
        struct sockaddr_in v4;

        memcpy(&v4, source, sizeof(v4));
        from_v4(&v4.sin_addr, address);
        return true;
    }
    if (source->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;

        memcpy(&v6, source, sizeof(v6));
        memcpy(address->bytes, &v6.sin6_addr, sizeof(address->bytes));
        return true;
    }
    return false;
}

/* A numeric address; *bits are those of its family. */
static bool from_text(struct slice text, struct address *address,
                      unsigned *bits)
{
    char copy[INET6_ADDRSTRLEN];
    unsigned char v4[4];

    if (text.len == 0 || text.len >= sizeof(copy))
        return false;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    if (inet_pton(AF_INET, copy, v4) == 1) {
        from_v4(v4, address);
        *bits = 32;
        return true;
    }
    *bits = ADDRESS_BITS;
    return inet_pton(AF_INET6, copy, address->bytes) == 1;
}

static bool same_bits(const struct address *a, const struct address *b,
                      unsigned bits)
{
    unsigned whole = bits / 8;
    unsigned mask = 0xff00u >> (bits % 8) & 0xff;

    if (memcmp(a->bytes, b->bytes, whole) != 0)
        return false;
    return bits % 8 == 0 || ((a->bytes[whole] ^ b->bytes[whole]) & mask) == 0;
}

static bool has_address(const struct cidr_list *list,
                        const struct address *address)
{
    for (size_t i = 0; list != NULL && i < list->count; i++) {
        if (same_bits(&list->ranges[i].base, address,
                      list->ranges[i].prefix_bits))
            return true;
    }
    return false;
}

bool cidr_list_has(const struct cidr_list *list, const struct sockaddr *address)
{
    struct address wanted;

    return from_sockaddr(address, &wanted) && has_address(list, &wanted);
}

bool cidr_list_has_text(const struct cidr_list *list, struct slice address)
{
    struct address wanted;
    unsigned bits;

    return from_text(address, &wanted, &bits) && has_address(list, &wanted);
}

bool address_is_valid(struct slice text)
{
    struct address address;
    unsigned bits;

    return from_text(text, &address, &bits);
}

/* Parse "10.0.0.0/8" or a single address. */
static bool parse_range(struct slice text, struct range *range)
{
    const char *slash = memchr(text.data, '/', text.len);
    struct slice host = text;
    uint64_t prefix;
    unsigned bits;

    if (slash != NULL)
        host.len = (size_t)(slash - text.data);
    if (!from_text(host, &range->base, &bits))
        return false;
    prefix = bits;
    if (slash != NULL &&
        slice_number((struct slice){ slash + 1, text.len - host.len - 1 }, bits,
                     &prefix) != OK)
        return false;
    range->prefix_bits = (unsigned)prefix + (bits == 32 ? MAPPED_BITS : 0);
    return true;
}

static enum error add_ranges(struct cidr_list *list, struct slice text,
                             struct text *error);

/* A word or a range. */
static enum error add_member(struct cidr_list *list, struct slice member,
                             struct text *error)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (slice_is(member, words[i].word))
            return add_ranges(list, slice_of(words[i].ranges), error);
    }
    if (list->count == RANGES_MAX) {
        text_printf(error, "more than %d address ranges", RANGES_MAX);
        return ERROR_CONFIG;
    }
    if (parse_range(member, &list->ranges[list->count])) {
        list->count++;
        return OK;
    }
    text_printf(error,
                "'%.*s' is not an address range; use for example 10.0.0.0/8, "
                "loopback or private",
                (int)member.len, member.data);
    return ERROR_CONFIG;
}

static enum error add_ranges(struct cidr_list *list, struct slice text,
                             struct text *error)
{
    struct slice member;
    enum error err = OK;

    while (err == OK && slice_member(&text, &member))
        err = add_member(list, member, error);
    return err;
}

enum error cidr_list_open(const char *text, struct cidr_list **result,
                          struct text *error)
{
    struct cidr_list *list =
        calloc(1, sizeof(*list) + RANGES_MAX * sizeof(list->ranges[0]));
    enum error err;

    if (list == NULL)
        return ERROR_MEMORY;
    if ((err = add_ranges(list, slice_of(text), error)) != OK) {
        free(list);
        return err;
    }
    *result = list;
    return OK;
}

void cidr_list_close(struct cidr_list *list)
{
    free(list);
}

/* Fields by which a proxy shows that it forwards a request for another client;
 * all X-Forwarded-… fields count, too. Behind such a proxy all clients have its
 * address: to let that in would let everybody in. */
static const char *const proxy_fields[] = {
    "forwarded",      "via",
    "x-real-ip",      "x-client-ip",
    "cdn-loop",       "x-cluster-client-ip",
    "client-ip",      "true-client-ip",
    "cf-ray",         "cf-connecting-ip",
    "x-arr-ssl",      "x-original-forwarded-for",
    "x-proxyuser-ip", "x-envoy-external-address",
};

static bool is_proxy_field(struct slice name)
{
    static const struct slice prefix = { "x-forwarded-", 12 };

    if (name.len > prefix.len &&
        slice_is_nocase((struct slice){ name.data, prefix.len }, prefix.data))
        return true;
    for (size_t i = 0; i < sizeof(proxy_fields) / sizeof(proxy_fields[0]);
         i++) {
        if (slice_is_nocase(name, proxy_fields[i]))
            return true;
    }
    return false;
}

static bool is_forwarded(const struct request_head *head)
{
    for (size_t i = 0; i < head->field_count; i++) {
        if (head->fields[i].value.len > 0 &&
            is_proxy_field(head->fields[i].name))
            return true;
    }
    return false;
}

/* The client of a request according to X-Forwarded-For. */
struct trail {
    size_t members;        /* of all its fields; empty ones say nothing */
    bool malformed;        /* one that matters is no address */
    bool found;            /* one that is no trusted proxy: the client */
    bool more;             /* others are to the left of it */
    struct address client; /* when found */
    struct slice text;
};

/* A port is 1 to 5 digits. */
static bool is_port(struct slice text)
{
    uint64_t number;

    return text.len > 0 && slice_number(text, 65535, &number) == OK;
}

/* An address, perhaps with a port as some load balancers write it:
 * "192.0.2.1:4711", "[2001:db8::1]:4711". *text becomes the address alone. */
static bool read_member(struct slice *text, struct address *address)
{
    const char *colon = memchr(text->data, ':', text->len);
    const char *end = memchr(text->data, ']', text->len);
    struct slice rest = { NULL, 0 };
    bool bracketed = text->data[0] == '[';
    unsigned bits;

    if (bracketed && end != NULL) {
        rest = (struct slice){ end + 1,
                               (size_t)(text->data + text->len - end) - 1 };
        *text =
            (struct slice){ text->data + 1, (size_t)(end - text->data) - 1 };
        /* One colon only: an IPv6 address without brackets has no port. */
    } else if (colon != NULL && colon == memrchr(text->data, ':', text->len)) {
        rest =
            (struct slice){ colon, (size_t)(text->data + text->len - colon) };
        text->len = (size_t)(colon - text->data);
    }
    if (rest.len > 0 &&
        (rest.data[0] != ':' ||
         !is_port((struct slice){ rest.data + 1, rest.len - 1 })))
        return false;
    return from_text(*text, address, &bits) && (!bracketed || bits > 32);
}

/* The next member, from the right to the left: each proxy adds the address it
 * sees at the right, so what is left of the first untrusted one may be
 * anybody's invention. */
static void look_at_member(const struct cidr_list *proxies, struct slice member,
                           struct trail *trail)
{
    struct address address;

    trail->members++;
    if (trail->found || trail->malformed) {
        trail->more = true;
        return;
    }
    if (!read_member(&member, &address)) {
        trail->malformed = true;
    } else if (!has_address(proxies, &address)) {
        trail->found = true;
        trail->client = address;
        trail->text = member;
    }
}

static void search_field(const struct cidr_list *proxies, struct slice field,
                         struct trail *trail)
{
    while (field.len > 0) {
        const char *comma = memrchr(field.data, ',', field.len);
        size_t start = comma != NULL ? (size_t)(comma - field.data) + 1 : 0;
        struct slice member =
            slice_trim((struct slice){ field.data + start, field.len - start });

        if (member.len > 0) /* RFC 9110 5.6.1: an empty one says nothing */
            look_at_member(proxies, member, trail);
        field.len = comma != NULL ? start - 1 : 0;
    }
}

/* The client of a trusted proxy: the right-most address of all X-Forwarded-For
 * fields, in their order, that is no trusted proxy. */
static void find_trail(const struct cidr_list *proxies,
                       const struct request_head *head, struct trail *trail)
{
    size_t i = head->field_count;

    while (i-- > 0) {
        if (slice_is_nocase(head->fields[i].name, "x-forwarded-for"))
            search_field(proxies, head->fields[i].value, trail);
    }
}

static void set_client(struct request *req, struct slice text)
{
    const char *copy = arena_copy(request_arena(req), text.data, text.len);

    if (copy != NULL)
        request_set_client(req, copy);
}

/* In one of the ranges that "loopback" and "private" stand for. */
static bool is_internal(const struct address *address)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        struct slice list = slice_of(words[i].ranges);
        struct range range;

        while (list.len > 0) {
            if (parse_range(slice_cut(&list, ','), &range) &&
                same_bits(&range.base, address, range.prefix_bits))
                return true;
        }
    }
    return false;
}

/* 404, not 403: a client that may not use the daemon should not learn that
 * there is one. */
static int verdict(const struct access_rules *rules,
                   const struct address *client)
{
    return rules->allow == NULL || has_address(rules->allow, client) ? 0 : 404;
}

/* What a trusted proxy says. An internal address that has itself forwarded for
 * others is a proxy that is not listed, and not a client. */
static int check_forwarded(const struct access_rules *rules,
                           struct request *req, const struct address *peer)
{
    struct trail trail = { 0 };

    find_trail(rules->proxies, request_head(req), &trail);
    if (trail.found)
        set_client(req, trail.text);
    if (rules->allow == NULL)
        return 0;
    if (trail.malformed || (trail.more && is_internal(&trail.client)) ||
        (trail.members == 0 && is_forwarded(request_head(req))))
        return 404;
    return verdict(rules, trail.found ? &trail.client : peer);
}

bool access_believe(void *context, const struct sockaddr *peer)
{
    const struct access_rules *rules = context;

    return cidr_list_has(rules->proxies, peer);
}

int access_check(void *context, struct request *req)
{
    const struct access_rules *rules = context;
    struct address peer;

    /* No address at all, as of a unix socket. */
    if (!from_sockaddr(request_peer(req), &peer))
        return rules->allow == NULL ? 0 : 404;
    if (has_address(rules->proxies, &peer))
        return check_forwarded(rules, req, &peer);
    /* A peer that forwards for others without being trusted is not the
     * client. */
    if (rules->allow != NULL && is_forwarded(request_head(req)))
        return 404;
    return verdict(rules, &peer);
}
