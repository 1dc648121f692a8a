/* An arena: blocks of growing size, given back all at once. A request makes
 * hundreds of small objects that all end with it: none needs a free(), so none
 * can be forgotten.
 *
 * With AddressSanitizer there is a gap after each object, and what is not
 * handed out is poisoned. Otherwise a write beyond an object would end in the
 * next one, unseen, and so would one to an object from before a reset. */
#include "cafe/base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cafe/base/poison.h"

/* A first block fits in two pages, with its own head and malloc()'s. */
enum { ALIGNMENT = 16, FIRST_BLOCK_BYTES = 8 * 1024 - 64 };
enum { LARGEST_BLOCK_BYTES = 256 * 1024, SPOILED = 0xdb };

struct block {
    struct block *next;
    size_t capacity;
    size_t used;
    /* Where the bytes begin; a size of its own keeps them aligned. */
    _Alignas(ALIGNMENT) char bytes[];
};

struct arena {
    struct block *blocks; /* the newest first */
    size_t max_bytes;
    size_t used;
    size_t next_capacity;
};

struct arena *arena_open(size_t max_bytes)
{
    struct arena *arena = calloc(1, sizeof(*arena));

    if (arena == NULL)
        return NULL;
    arena->max_bytes = max_bytes;
    arena->next_capacity = FIRST_BLOCK_BYTES;
    return arena;
}

static void free_blocks(struct block *block)
{
    while (block != NULL) {
        struct block *next = block->next;

        free(block);
        block = next;
    }
}

void arena_reset(struct arena *arena)
{
    struct block *first = arena->blocks;

    while (first != NULL && first->next != NULL) {
        arena->blocks = first->next;
        free(first);
        first = arena->blocks;
    }
    arena->used = 0;
    arena->next_capacity = FIRST_BLOCK_BYTES;
    if (first == NULL)
        return;
    /* The oldest block is kept for the next request, unless it was made for one
     * large object: arenas in a pool must not keep what one request once
     * needed. */
    if (first->capacity > FIRST_BLOCK_BYTES) {
        free(first);
        arena->blocks = NULL;
        return;
    }
    poison(first->bytes, first->used);
    first->used = 0;
    arena->next_capacity *= 2;
}

void arena_close(struct arena *arena)
{
    if (arena == NULL)
        return;
    free_blocks(arena->blocks);
    free(arena);
}

/* A block with room for `bytes`, in front of the others. Growing blocks keep
 * their number small without a large first one. */
static struct block *add_block(struct arena *arena, size_t bytes)
{
    size_t capacity = bytes > arena->next_capacity ? bytes
                                                   : arena->next_capacity;
    struct block *block = malloc(sizeof(*block) + capacity);

    if (block == NULL)
        return NULL;
    poison(block->bytes, capacity);
    block->capacity = capacity;
    block->used = 0;
    block->next = arena->blocks;
    arena->blocks = block;
    if (arena->next_capacity < LARGEST_BLOCK_BYTES)
        arena->next_capacity *= 2;
    return block;
}

void *arena_alloc_table(struct arena *arena, size_t bytes, size_t zeroed)
{
    size_t rounded = (bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    size_t taken = rounded + POISON_GAP_BYTES; /* the bound does not count it */
    struct block *block = arena->blocks;
    void *memory;

    /* Rounding up may have overflowed. */
    if (rounded < bytes || rounded > SIZE_MAX / 2)
        return NULL;
    if (arena->max_bytes > 0 && (arena->used > arena->max_bytes ||
                                 rounded > arena->max_bytes - arena->used))
        return NULL;
    /* What is left in an older block is not looked at: it is less than one
     * object in most cases, and to search for it costs more than it saves. */
    if (block == NULL || block->capacity - block->used < taken)
        block = add_block(arena, taken);
    if (block == NULL)
        return NULL;
    memory = block->bytes + block->used;
    block->used += taken;
    arena->used += rounded;
    unpoison(memory, bytes);
    if (POISON_GAP_BYTES > 0) /* who reads the rest shall notice */
        memset(memory, SPOILED, bytes);
    return memset(memory, 0, zeroed);
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    return arena_alloc_table(arena, bytes, bytes);
}

char *arena_copy(struct arena *arena, const char *data, size_t len)
{
    char *copy = len < SIZE_MAX ? arena_alloc(arena, len + 1) : NULL;

    if (copy != NULL && len > 0)
        memcpy(copy, data, len);
    return copy;
}

struct slice arena_slice(struct arena *arena, struct slice source)
{
    char *copy = arena_copy(arena, source.data, source.len);

    return (struct slice){ copy, copy != NULL ? source.len : 0 };
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    char *text = NULL;
    int len;

    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len >= 0)
        text = arena_alloc(arena, (size_t)len + 1);
    if (text == NULL)
        return NULL;
    va_start(args, format);
    vsnprintf(text, (size_t)len + 1, format, args);
    va_end(args);
    return text;
}

size_t arena_used(const struct arena *arena)
{
    return arena->used;
}
