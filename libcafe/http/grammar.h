/* Character classes and small grammars of HTTP and URIs, for the parser. */
#ifndef CAFE_HTTP_GRAMMAR_H
#define CAFE_HTTP_GRAMMAR_H

#include "cafe/base/text.h"

/** A token of RFC 9110 5.6.2: at least one tchar and nothing else. */
bool grammar_token(struct slice text);

/** A field value of RFC 9110 5.5: HTAB, space, VCHAR and obs-text only. */
bool grammar_field_value(struct slice text);

/**
 * An absolute path of RFC 3986, stricter: begins with "/", pchar and "/" only,
 * whole escapes, no %00, and no segment "." or "..", also when dots or
 * separators are escaped or the separator is a backslash.
 */
bool grammar_path(struct slice path);

/** The same bytes, "?" and what browsers leave unescaped; whole escapes, no
 * %00. An absent query is one, too. */
bool grammar_query(struct slice query);

/** A reg-name of RFC 3986 3.2.2: at least one byte, no escapes. */
bool grammar_name(struct slice text);

/**
 * Take the next member of a comma-separated list (RFC 9110 5.6.1).
 *
 * list     Out: what follows the member and its comma.
 * Returns  The member without white space; absent at the end. Empty members
 *          are passed over.
 */
struct slice grammar_next_member(struct slice *list);

#endif
