/* Buffers and arenas between two requests, shared by all connections: on one
 * thread they need no lock, and an idle connection holds none of them. */
#include "spares.h"

#include <stdlib.h>

#include "cafe/base/poison.h"

struct arena *spares_take_arena(struct spares *spares)
{
    if (spares->arena_count == 0)
        return arena_open(REQUEST_ARENA_MAX_BYTES);
    return spares->arenas[--spares->arena_count];
}

void spares_give_arena(struct spares *spares, struct arena *arena)
{
    if (spares->arena_count == ARENAS_KEPT) {
        arena_close(arena);
        return;
    }
    arena_reset(arena);
    spares->arenas[spares->arena_count++] = arena;
}

char *spares_take_buffer(struct spares *spares)
{
    struct spare_buffer *spare = spares->buffers;

    if (spare == NULL)
        return malloc(BUFFER_BYTES);
    spares->buffers = spare->next;
    spares->buffer_count--;
    unpoison(spare, BUFFER_BYTES);
    return (char *)spare;
}

void spares_give_buffer(struct spares *spares, char *buffer)
{
    /* The link lies in the spare buffer itself: giving back can't fail. */
    struct spare_buffer *spare = (void *)buffer;

    if (spares->buffer_count >= BUFFERS_KEPT) {
        free(buffer);
        return;
    }
    spare->next = spares->buffers;
    spares->buffers = spare;
    spares->buffer_count++;
    poison(buffer + sizeof(*spare), BUFFER_BYTES - sizeof(*spare));
}

void spares_free(struct spares *spares)
{
    while (spares->buffers != NULL)
        free(spares_take_buffer(spares));
    while (spares->arena_count > 0)
        arena_close(spares_take_arena(spares));
}
