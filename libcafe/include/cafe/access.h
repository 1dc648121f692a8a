/* Who may use a daemon: address ranges, trusted proxies, and origins. */
#ifndef CAFE_ACCESS_H
#define CAFE_ACCESS_H

#include <sys/socket.h>

#include "cafe/request.h"
#include "cafe/text.h"

/** A list of CIDR ranges, IPv4 and IPv6. */
struct cidr_list;

/**
 * Parse a comma-separated list; "" is empty; at most 256 ranges. The words
 * "loopback" and "private" stand for 127.0.0.0/8 and ::1, and for RFC 1918, RFC
 * 4193 (fc00::/7) and link-local (169.254.0.0/16, fe80::/10).
 *
 * error   One line that names the faulty range.
 * Errors  ERROR_CONFIG, ERROR_MEMORY.
 */
MUST_CHECK enum error cidr_list_open(const char *text, struct cidr_list **list,
                                     struct text *error);
void cidr_list_close(struct cidr_list *list);

/** An address is in a range; IPv4-mapped IPv6 counts as IPv4. */
bool cidr_list_has(const struct cidr_list *list,
                   const struct sockaddr *address);

struct access_rules {
    struct cidr_list *allow;   /* NULL: everybody */
    struct cidr_list *proxies; /* may say who the client is */
};

/**
 * A check_fn (context: struct access_rules): the client is the right-most
 * address of X-Forwarded-For that is no trusted proxy, if the peer is one;
 * none left or no field: the peer. A port behind an address is left out. What
 * is no address refuses the request unless everybody may come in. Sets
 * request_set_client(). Refused: 404.
 */
int access_check(void *context, struct request *req);

/**
 * A check_fn (no context) against cross-site posts. Safe methods pass.
 * Sec-Fetch-Site same-origin or none passes, any other value is 403; without
 * it, Origin must have the request's host and port; with neither only
 * Content-Type: application/json passes. A form that is refused because it has
 * neither, or "Origin: null", is kept (request_keep_form()).
 */
int origin_check(void *context, struct request *req);

#endif
