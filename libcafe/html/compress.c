/* Compresses bodies with zlib and libbrotlienc. */
#include "cafe/html/compress.h"

#include <brotli/encode.h>
#include <stdlib.h>
#include <zlib.h>

enum { GZIP_WINDOW = 15 + 16, GZIP_MEMORY = 8, BROTLI_WINDOW = 18 };

static const int gzip_levels[] = { [COMPRESS_ONCE] = 1, [COMPRESS_CACHED] = 6 };
static const int brotli_levels[] = {
    [COMPRESS_ONCE] = 1, [COMPRESS_CACHED] = 5
};

/* Room for the longest possible result, which the text then owns: compressing
 * in one call needs no loop. */
static char *compress_reserve(struct text *out, size_t bytes)
{
    out->data = malloc(bytes + 1);
    if (out->data == NULL) {
        text_fail(out);
        return NULL;
    }
    out->capacity = bytes + 1;
    return out->data;
}

/* Give back what was not needed: cached pages count by their capacity. */
static void compress_finish(struct text *out, size_t len)
{
    out->len = len;
    out->data[len] = '\0';
    text_fit(out);
}

static void gzip(struct slice body, int level, struct text *out)
{
    z_stream stream = { .next_in = (Bytef *)(uintptr_t)body.data,
                        .avail_in = (uInt)body.len };
    size_t room;

    if (deflateInit2(&stream, level, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        text_fail(out);
        return;
    }
    room = deflateBound(&stream, (uLong)body.len);
    stream.next_out = (Bytef *)compress_reserve(out, room);
    stream.avail_out = (uInt)room;
    if (out->failed || deflate(&stream, Z_FINISH) != Z_STREAM_END)
        text_fail(out);
    else
        compress_finish(out, stream.total_out);
    deflateEnd(&stream);
}

static void brotli(struct slice body, int level, struct text *out)
{
    size_t len = BrotliEncoderMaxCompressedSize(body.len);

    if (compress_reserve(out, len) == NULL)
        return;
    if (BrotliEncoderCompress(level, BROTLI_WINDOW, BROTLI_MODE_TEXT, body.len,
                              (const uint8_t *)body.data, &len,
                              (uint8_t *)out->data))
        compress_finish(out, len);
    else
        text_fail(out);
}

void compress_text(struct slice body, enum encoding encoding,
                   enum compress_effort effort, struct text *out)
{
    switch (encoding) {
    case ENCODING_GZIP:
        gzip(body, gzip_levels[effort], out);
        break;
    case ENCODING_BROTLI:
        brotli(body, brotli_levels[effort], out);
        break;
    case ENCODING_IDENTITY:
    case ENCODINGS:
        text_fail(out);
        break;
    }
}
