/* Decodes a chunked body (RFC 9112 7.1), strictly, as the bytes come. */
#ifndef CAFE_HTTP_CHUNKED_H
#define CAFE_HTTP_CHUNKED_H

#include "cafe/base/text.h"

enum {
    CHUNK_LINE_MAX_BYTES = 1024,       /* a chunk's or trailer's line */
    CHUNK_EXTENSIONS_MAX_BYTES = 4096, /* of a whole body */
    CHUNK_TRAILERS_MAX = 16
};

/** Where the decoding of a body stands. All else is zero at first. */
struct chunk_reader {
    uint64_t max_bytes; /* the longest body that is read */
    enum chunk_part {
        CHUNK_SIZE,     /* the line with a chunk's size */
        CHUNK_DATA,     /* its bytes */
        CHUNK_DATA_END, /* the end of line after them */
        CHUNK_TRAILER,  /* a field line after the last chunk, or none */
        CHUNK_END       /* the body is complete */
    } part;
    uint64_t total;         /* bytes of all chunks so far */
    uint64_t left;          /* bytes of this chunk that are still to come */
    size_t extension_bytes; /* in all chunks so far */
    size_t trailer_count;
    size_t line_len;
    char line[CHUNK_LINE_MAX_BYTES];
};

/**
 * Go on decoding. What it finds does not depend on how the bytes were split.
 * Chunk extensions and trailer fields are checked, then ignored.
 *
 * bytes      What has arrived and was not taken yet.
 * body       Gets the data.
 * taken      Out: how much of `bytes` belongs to the body: all of it unless
 *            the body ended (part is CHUNK_END) or is refused.
 * Returns    0 to go on (or complete), otherwise the status to refuse with
 *            and close: 400, 413 (longer than max_bytes) or 431 (trailers).
 */
MUST_CHECK int chunks_feed(struct chunk_reader *reader, struct slice bytes,
                           struct text *body, size_t *taken);

#endif
