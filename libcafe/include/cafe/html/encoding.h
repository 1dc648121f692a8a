/* Which encodings and media types a client accepts (RFC 9110 12.5). */
#ifndef CAFE_ENCODING_H
#define CAFE_ENCODING_H

#include "cafe/base/text.h"

enum encoding { ENCODING_IDENTITY, ENCODING_GZIP, ENCODING_BROTLI, ENCODINGS };

/**
 * The best encoding by the client's weights; brotli before gzip before
 * identity where they are equal. A malformed field gives identity.
 */
enum encoding encoding_choose(struct slice list);

/** "gzip", "br"; "identity". A static string. */
const char *encoding_name(enum encoding encoding);

/**
 * By the field Accept, whether a client would rather have one media type than
 * another: by weight, then by how exactly the field names it, then by which
 * comes first. Members that can't be read are passed over.
 *
 * type, other  "application/json"
 */
bool accept_prefers(struct slice accept, const char *type, const char *other);

#endif
