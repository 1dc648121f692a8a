/* Memory that is given back all at once: the request's, a snapshot's. */
#ifndef CAFE_ARENA_H
#define CAFE_ARENA_H

#include <stddef.h>

#include "cafe/base/text.h"

struct arena;

/**
 * Open an arena.
 *
 * max_bytes  Upper bound of all bytes handed out, rounding included; 0 for
 *            none.
 * Returns    The arena, owned by the caller; NULL when out of memory.
 * Thread     One thread at a time.
 */
struct arena *arena_open(size_t max_bytes);

/** Take back all that was handed out, and keep the first block for more. */
void arena_reset(struct arena *arena);

/** Give all memory back. */
void arena_close(struct arena *arena);

/**
 * Zeroed memory, aligned for any type, valid until arena_reset() or
 * arena_close().
 *
 * Returns  NULL when out of memory or over the bound.
 */
void *arena_alloc(struct arena *arena, size_t bytes);

/**
 * As arena_alloc(), but only the first `zeroed` bytes are zero. For an object
 * that ends in a large table which is filled from its start: what nobody reads
 * need not be written.
 */
void *arena_alloc_table(struct arena *arena, size_t bytes, size_t zeroed);

/**
 * A NUL-terminated copy of `len` bytes.
 *
 * Returns  NULL when out of memory or over the bound.
 */
char *arena_copy(struct arena *arena, const char *data, size_t len);

/** A copy of a slice; its data is NULL when out of memory. */
struct slice arena_slice(struct arena *arena, struct slice source);

/** A formatted NUL-terminated string; NULL when out of memory. */
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Bytes handed out so far, rounding included. */
size_t arena_used(const struct arena *arena);

#endif
