/* X-Forwarded-For by access_check(): what the client writes before the
 * address that a trusted proxy added never matters, and nobody outside the
 * allowed ranges comes in. The first byte of an input chooses rules and peer;
 * lines are fields. */
#include <arpa/inet.h>

#include "cafe/service/access.h"
#include "fuzz.h"
#include "private.h"

enum { FIELDS_MAX = 8 };

static struct cidr_list *proxies, *allowed;
static const char outsider[] = "203.0.113.66, nonsense, ::1, 10.0.0.1";

static struct cidr_list *open_list(const char *ranges)
{
    struct cidr_list *list = NULL;
    struct text error;

    text_init(&error, 0);
    CHECK(cidr_list_open(ranges, &list, &error) == OK);
    text_free(&error);
    return list;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    proxies = open_list("loopback, 10.0.0.0/8, 2001:db8:1::/48");
    allowed = open_list("192.0.2.0/24, 10.9.0.0/16, 2001:db8:2::/64");
    return 0;
}

/* A verdict, and whose address was found. */
struct found {
    int status;
    bool forwarded; /* the client is not the peer */
    char client[64];
};

static void read_client(const char *text, struct sockaddr_storage *address)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;

    memset(address, 0, sizeof(*address));
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        address->ss_family = AF_INET;
        return;
    }
    CHECK(inet_pton(AF_INET6, text, &v6->sin6_addr) == 1);
    address->ss_family = AF_INET6;
}

static bool in_list(const struct cidr_list *list, const char *client)
{
    struct sockaddr_storage address;

    read_client(client, &address);
    return cidr_list_has(list, (struct sockaddr *)&address);
}

/* The peer is a proxy or somebody else, of either family. */
static void set_peer(struct connection *connection, unsigned choice)
{
    static const char *const peers[] = { "127.0.0.1", "192.0.2.9", "10.1.1.1",
                                         "203.0.113.5" };
    const char *text = peers[choice % 4];

    connection->peer.v4.sin_family = AF_INET;
    CHECK(inet_pton(AF_INET, text, &connection->peer.v4.sin_addr) == 1);
    strcpy(connection->peer_text, text);
}

static void ask(const struct access_rules *rules, unsigned peer,
                const struct slice *values, size_t count, struct found *found)
{
    struct access_rules copy = *rules;
    struct connection connection = { 0 };
    struct request req = { .connection = &connection,
                           .life.arena = arena_open(64 * 1024) };

    CHECK(req.life.arena != NULL);
    set_peer(&connection, peer);
    req.life.client = connection.peer_text;
    for (size_t i = 0; i < count; i++)
        req.head.fields[req.head.field_count++] =
            (struct field_line){ SLICE("x-Forwarded-FOR"), values[i] };
    found->status = access_check(&copy, &req);
    found->forwarded = req.life.client != connection.peer_text;
    CHECK(strlen(req.life.client) < sizeof(found->client));
    strcpy(found->client, req.life.client);
    arena_close(req.life.arena);
}

static bool same(const struct found *a, const struct found *b)
{
    return a->status == b->status && a->forwarded == b->forwarded &&
           strcmp(a->client, b->client) == 0;
}

/* What a client writes itself stands to the left of what proxies add. */
static void check_prefix(const struct access_rules *rules, unsigned peer,
                         const struct slice *values, size_t count,
                         const struct found *found)
{
    struct slice more[FIELDS_MAX + 1];
    struct found other;
    struct text joined;

    more[0] = slice_of(outsider);
    memcpy(more + 1, values, count * sizeof(*values));
    ask(rules, peer, more, count + 1, &other);
    CHECK(same(found, &other));
    text_init(&joined, 0);
    text_append_string(&joined, outsider);
    text_append_char(&joined, ',');
    text_append_slice(&joined, values[0]);
    memcpy(more, values, count * sizeof(*values));
    more[0] = text_slice(&joined);
    ask(rules, peer, more, count, &other);
    CHECK(same(found, &other));
    text_free(&joined);
}

static void check(const struct access_rules *rules, unsigned peer,
                  const struct slice *values, size_t count)
{
    struct found found;

    ask(rules, peer, values, count, &found);
    CHECK(found.status == 0 || (found.status == 404 && rules->allow));
    if (found.status == 0 && rules->allow != NULL)
        CHECK(in_list(rules->allow, found.client));
    if (!found.forwarded)
        return;
    CHECK(peer % 2 == 0); /* only proxies are believed */
    CHECK(!in_list(rules->proxies, found.client));
    CHECK(!rules->allow ||
          (found.status == 0) == in_list(rules->allow, found.client));
    check_prefix(rules, peer, values, count, &found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = fuzz_slice(data, size);
    unsigned choice = fuzz_take(&input);
    struct access_rules rules = { .allow = (choice & 4) ? allowed : NULL,
                                  .proxies = proxies };
    struct slice values[FIELDS_MAX];
    struct cidr_list *list = NULL;
    struct text text, error;
    size_t count = 0;

    text_init(&text, 0);
    text_init(&error, 0);
    text_append_slice(&text, input);
    if (cidr_list_open(text_string(&text), &list, &error) == OK)
        CHECK(error.len == 0);
    else
        CHECK(error.len > 0);
    cidr_list_close(list);
    do {
        values[count++] = slice_cut(&input, '\n');
    } while (input.len > 0 && count < FIELDS_MAX);
    check(&rules, choice % 4, values, count);
    text_free(&text);
    text_free(&error);
    return 0;
}
