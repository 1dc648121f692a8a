/* The check against names that are not this site's. To a browser a web page
 * whose name was made to lead here (DNS rebinding) has the same origin as this
 * site, so its scripts could read and post whatever the reader may. Its
 * requests name it in Host, which no script can change. */
#include <stdlib.h>
#include <string.h>

#include "cafe/http/authority.h"
#include "cafe/service/access.h"

enum { MISDIRECTED = 421, HOSTS_MAX = 64 };

/* Always served: a page that was opened by an address has come from that
 * address, so no rebinding is at work. */
static const char internal_addresses[] = "loopback,private";

struct host_list {
    char *text; /* that the names point into */
    bool any;
    struct cidr_list *addresses;
    size_t count;
    struct slice names[HOSTS_MAX];
};

/* Both mean the same to a resolver: "cafe.example", "cafe.example.". */
static struct slice without_dot(struct slice name)
{
    if (name.len > 1 && name.data[name.len - 1] == '.')
        name.len--;
    return name;
}

/* The inside of "[…]"; absent without brackets. */
static struct slice inside(struct slice host)
{
    if (host.len < 2 || host.data[0] != '[' || host.data[host.len - 1] != ']')
        return (struct slice){ NULL, 0 };
    return (struct slice){ host.data + 1, host.len - 2 };
}

/* The list of an option. */

static bool hosts_is_name(struct slice text)
{
    bool only_dots = true;

    for (size_t i = 0; i < text.len; i++) {
        char byte = text.data[i];

        if (!((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
              (byte >= '0' && byte <= '9') || memchr("-_.", byte, 3) != NULL))
            return false;
        only_dots = only_dots && byte == '.';
    }
    return !only_dots;
}

/* An IPv6 address may stand in brackets, as in a URL. */
static bool hosts_read_address(struct slice host, struct slice *address)
{
    struct slice inner = inside(host);

    *address = inner.data != NULL ? inner : host;
    return address_is_valid(*address) &&
           (inner.data == NULL || memchr(inner.data, ':', inner.len) != NULL);
}

/* addresses  Becomes longer by a member that is one. */
static enum error add_host(struct host_list *list, struct slice host,
                           struct text *addresses, struct text *error)
{
    struct slice address;

    if (slice_is(host, "any")) {
        list->any = true;
    } else if (hosts_read_address(host, &address)) {
        text_append_char(addresses, ',');
        text_append(addresses, address.data, address.len);
    } else if (hosts_is_name(host)) {
        list->names[list->count++] = without_dot(host);
    } else {
        text_printf(error,
                    "'%.*s' is not a host name; use for example cafe.example "
                    "or 10.0.0.5, without scheme and port",
                    (int)host.len, host.data);
        return ERROR_CONFIG;
    }
    return OK;
}

static enum error add_hosts(struct host_list *list, struct text *addresses,
                            struct text *error)
{
    struct slice rest = slice_of(list->text);
    struct slice host;
    enum error err = OK;
    size_t members = 0;

    while (err == OK && slice_member(&rest, &host)) {
        if (members++ == HOSTS_MAX) {
            text_printf(error, "more than %d", HOSTS_MAX);
            return ERROR_CONFIG;
        }
        err = add_host(list, host, addresses, error);
    }
    return err;
}

enum error host_list_open(const char *text, struct host_list **result,
                          struct text *error)
{
    struct host_list *list = calloc(1, sizeof(*list));
    struct text addresses;
    enum error err;

    if (list == NULL)
        return ERROR_MEMORY;
    text_init(&addresses, 0);
    text_append_string(&addresses, internal_addresses);
    list->text = strdup(text);
    err = list->text != NULL ? add_hosts(list, &addresses, error)
                             : ERROR_MEMORY;
    if (err == OK && addresses.failed)
        err = ERROR_MEMORY;
    if (err == OK)
        err = cidr_list_open(text_string(&addresses), &list->addresses, error);
    text_free(&addresses);
    if (err != OK) {
        host_list_close(list);
        return err;
    }
    *result = list;
    return OK;
}

void host_list_close(struct host_list *list)
{
    if (list == NULL)
        return;
    cidr_list_close(list->addresses);
    free(list->text);
    free(list);
}

/* Does a request ask for one of them? */

static bool hosts_is_listed(const struct host_list *list, struct slice host)
{
    struct slice inner = inside(host);
    struct slice name = without_dot(host);

    if (cidr_list_has_text(list->addresses,
                           inner.data != NULL ? inner : host) ||
        slice_is_nocase(name, "localhost"))
        return true;
    for (size_t i = 0; i < list->count; i++) {
        if (slice_equal_nocase(name, list->names[i]))
            return true;
    }
    return false;
}

int host_check(void *context, struct request *req)
{
    const struct access_rules *rules = context;
    struct slice host = authority_host(request_head(req)->host);

    if (rules->hosts == NULL || rules->hosts->any || host.len == 0 ||
        hosts_is_listed(rules->hosts, host) ||
        origin_list_names(rules->origins, without_dot(host)))
        return 0;
    return MISDIRECTED;
}
