/* Private to http/: memory that no request needs now, kept for the next one. */
#ifndef CAFE_HTTP_SPARES_H
#define CAFE_HTTP_SPARES_H

#include "cafe/base/arena.h"
#include "cafe/http/parser.h"

enum {
    /* A whole head always fits, and the beginning of a body after it. */
    BUFFER_BYTES = PARSER_HEAD_MAX_BYTES + 4096,
    BUFFERS_KEPT = 64,
    ARENAS_KEPT = 64,
    REQUEST_ARENA_MAX_BYTES = 4 * 1024 * 1024
};

/** A kept buffer; the link lies in its first bytes. */
struct spare_buffer {
    struct spare_buffer *next;
};

/** Zeroed at first. */
struct spares {
    struct spare_buffer *buffers;
    size_t buffer_count;
    struct arena *arenas[ARENAS_KEPT];
    size_t arena_count;
};

/** An empty arena of REQUEST_ARENA_MAX_BYTES; NULL when out of memory. */
struct arena *spares_take_arena(struct spares *spares);
void spares_give_arena(struct spares *spares, struct arena *arena);

/** BUFFER_BYTES; NULL when out of memory. */
char *spares_take_buffer(struct spares *spares);
void spares_give_buffer(struct spares *spares, char *buffer);

/** Free all that is kept. */
void spares_free(struct spares *spares);

#endif
