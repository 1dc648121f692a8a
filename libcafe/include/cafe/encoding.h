/* Accept-Encoding: which of our encodings a client takes (RFC 9110 12.5.3). */
#ifndef CAFE_ENCODING_H
#define CAFE_ENCODING_H

#include "cafe/text.h"

enum encoding { ENCODING_IDENTITY, ENCODING_GZIP, ENCODING_BROTLI, ENCODINGS };

/**
 * The best encoding by the client's weights; brotli before gzip before
 * identity where they are equal. A malformed field gives identity.
 */
enum encoding encoding_choose(struct slice accept_encoding);

/** "gzip", "br"; "identity". A static string. */
const char *encoding_name(enum encoding encoding);

#endif
