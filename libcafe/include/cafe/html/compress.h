/* Compressing page bodies: brotli and gzip. */
#ifndef CAFE_COMPRESS_H
#define CAFE_COMPRESS_H

#include "cafe/base/text.h"
#include "cafe/html/encoding.h"

/** How much work a body is worth. */
enum compress_effort {
    COMPRESS_ONCE,  /* sent once: gzip 1, brotli 1 */
    COMPRESS_CACHED /* sent often: gzip 6, brotli 5 */
};

/**
 * Compress a text.
 *
 * encoding  ENCODING_GZIP or ENCODING_BROTLI.
 * out       Initialised and empty; marked failed without memory. The caller
 *           frees it.
 * Thread    Any.
 * Source    RFC 1952, RFC 7932.
 */
void compress_text(struct slice body, enum encoding encoding,
                   enum compress_effort effort, struct text *out);

#endif
