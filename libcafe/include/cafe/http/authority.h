/* Host and port of a URI. */
#ifndef CAFE_AUTHORITY_H
#define CAFE_AUTHORITY_H

#include "cafe/base/text.h"

/**
 * uri-host [ ":" port ] of RFC 3986 3.2, without user information, escapes or
 * an empty host or port; the port is at most 65535.
 */
bool authority_valid(struct slice authority);

/** The host of an authority, without its port. */
struct slice authority_host(struct slice authority);

/**
 * Two authorities name the same host and port: ASCII letters without case, and
 * `default_port` ("80") may be left out.
 */
bool authority_same(struct slice a, struct slice b, const char *default_port);

#endif
