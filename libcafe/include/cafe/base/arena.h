/* Memory that is given back all at once: the request's, a snapshot's. */
#ifndef CAFE_ARENA_H
#define CAFE_ARENA_H

#include <stddef.h>

#include "cafe/base/text.h"

struct arena;

/**
 * Open an arena.
 *
 * max_bytes  Upper bound of all bytes handed out; 0 for no bound.
 * Returns    The arena, owned by the caller; NULL when out of memory.
 * Thread     One thread at a time.
 */
struct arena *arena_open(size_t max_bytes);

/** Take everything back but keep the first piece of memory for more. */
void arena_reset(struct arena *arena);

/** Give everything back. NULL is allowed. */
void arena_close(struct arena *arena);

/**
 * Zeroed memory, aligned for any type, until arena_close().
 *
 * Returns  NULL when out of memory or over the bound.
 */
void *arena_alloc(struct arena *arena, size_t bytes);

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
