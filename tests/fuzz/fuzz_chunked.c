/* A chunked body: whatever the split, chunks_feed() finds the same; what it
 * takes is bounded, and says the same when it is written anew. The first byte
 * of an input chooses the limit, the second the steps. */
#include <sanitizer/asan_interface.h>

#include "chunked.h"
#include "fuzz.h"

enum { EVERY_SPLIT_MAX_BYTES = 96 };

struct outcome {
    int status;
    size_t taken;
    struct chunk_reader reader;
    struct text body;
};

static void begin(struct outcome *found, uint64_t max_bytes)
{
    memset(found, 0, sizeof(*found));
    found->reader.max_bytes = max_bytes;
    text_init(&found->body, 0);
}

/* Feed some bytes, with those after them out of reach. */
static void feed(struct outcome *found, struct slice bytes, size_t len)
{
    struct slice piece = { bytes.data + found->taken, len - found->taken };
    size_t taken;

    if (found->status != 0 || found->reader.part == CHUNK_END)
        return;
    ASAN_POISON_MEMORY_REGION(bytes.data + len, bytes.len - len);
    found->status = chunks_feed(&found->reader, piece, &found->body, &taken);
    ASAN_UNPOISON_MEMORY_REGION(bytes.data + len, bytes.len - len);
    CHECK(taken <= piece.len);
    CHECK(found->status != 0 || found->reader.part == CHUNK_END ||
          taken == piece.len);
    found->taken += taken;
}

/* How much was taken of a refused one says nothing. */
static void check_same(const struct outcome *a, const struct outcome *b)
{
    CHECK(a->status == b->status);
    CHECK(a->status != 0 || a->taken == b->taken);
    CHECK(a->reader.part == b->reader.part);
    CHECK(a->reader.total == b->reader.total);
    CHECK(slice_equal(text_slice(&a->body), text_slice(&b->body)));
}

static void check_steps(const struct outcome *whole, struct slice bytes,
                        size_t first, size_t step)
{
    static struct outcome found;

    begin(&found, whole->reader.max_bytes);
    feed(&found, bytes, first);
    for (size_t at = first; at < bytes.len;) {
        at = bytes.len - at < step ? bytes.len : at + step;
        feed(&found, bytes, at);
    }
    check_same(whole, &found);
    text_free(&found.body);
}

static void check_bounds(const struct outcome *found)
{
    const struct chunk_reader *reader = &found->reader;

    CHECK(found->status == 0 || found->status == 400 || found->status == 413 ||
          found->status == 431);
    CHECK(found->body.len <= reader->max_bytes);
    CHECK(found->status != 0 || reader->total <= reader->max_bytes);
    CHECK(found->status != 0 ||
          reader->extension_bytes <= CHUNK_EXTENSIONS_MAX_BYTES);
    CHECK(reader->line_len <= CHUNK_LINE_MAX_BYTES);
    CHECK(reader->part != CHUNK_END || reader->total == found->body.len);
}

/* One chunk with all of the data, and nothing else. */
static void check_again(const struct outcome *found)
{
    static struct outcome again;
    struct text text;

    text_init(&text, 0);
    if (found->body.len > 0) {
        text_printf(&text, "%zx\r\n", found->body.len);
        text_append_slice(&text, text_slice(&found->body));
        text_append_string(&text, "\r\n");
    }
    text_append_string(&text, "0\r\n\r\n");
    begin(&again, found->reader.max_bytes);
    feed(&again, text_slice(&text), text.len);
    check_same(found, &(struct outcome){ .status = again.status,
                                         .taken = found->taken,
                                         .reader = again.reader,
                                         .body = again.body });
    CHECK(again.taken == text.len);
    text_free(&again.body);
    text_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct outcome whole;
    struct slice bytes = fuzz_slice(data, size);
    uint64_t max_bytes = (uint64_t)fuzz_take(&bytes) * 8;
    size_t choice = fuzz_take(&bytes);

    begin(&whole, max_bytes);
    feed(&whole, bytes, bytes.len);
    check_bounds(&whole);
    if (whole.reader.part == CHUNK_END)
        check_again(&whole);
    for (size_t at = 0; at <= bytes.len && bytes.len <= EVERY_SPLIT_MAX_BYTES;
         at++)
        check_steps(&whole, bytes, at, bytes.len + 1);
    check_steps(&whole, bytes, 0, 1 + choice);
    check_steps(&whole, bytes, choice % (bytes.len + 1), bytes.len + 1);
    text_free(&whole.body);
    return 0;
}
