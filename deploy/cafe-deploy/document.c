/* A file for AWS as a tree of nodes: messages that name locations in it, and
 * what both formats have in common. */
#include "document_format.h"

#include <string.h>

enum { SHOWN_MAX_BYTES = 64 };

const char *document_shown(const struct document *document, const char *text)
{
    size_t len = strlen(text), i;
    bool cut = len > SHOWN_MAX_BYTES;
    char *shown;

    if (cut) {
        len = SHOWN_MAX_BYTES;
        while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
            len--;
    }
    shown =
        arena_printf(document->arena, "%.*s%s", (int)len, text, cut ? "…" : "");
    for (i = 0; shown != NULL && i < len; i++) {
        if (byte_is_control(shown[i]))
            shown[i] = '?';
    }
    return shown != NULL ? shown : "?";
}

/* "containerDefinitions[0].cpu: ", nothing for the top. */
static void document_append_path(const struct document *document,
                                 const struct node *node)
{
    const struct node *nodes[DOCUMENT_MAX_DEPTH + 1] = { NULL };
    size_t depth = 0, i;

    for (; node->parent != NULL; node = node->parent)
        nodes[depth++] = node;
    /* Collected from the node upwards, written from the top down. */
    for (i = depth; i-- > 0;) {
        if (nodes[i]->key == NULL)
            text_printf(document->error, "[%zu]", nodes[i]->index);
        else
            text_printf(document->error, "%s%s", i + 1 < depth ? "." : "",
                        document_shown(document, nodes[i]->key));
    }
    if (depth > 0)
        text_append_string(document->error, ": ");
}

static void append_location(const struct document *document,
                            struct location location)
{
    text_printf(document->error, "%s:%zu:%zu: ", document->path, location.line,
                location.column);
}

enum error document_fault(const struct document *document,
                          const struct node *node, const char *format, ...)
{
    va_list args;

    append_location(document, node->location);
    document_append_path(document, node);
    va_start(args, format);
    text_vprintf(document->error, format, args);
    va_end(args);
    return ERROR_CONFIG;
}

enum error document_key_fault(const struct document *document,
                              const struct node *node, const char *format, ...)
{
    va_list args;

    append_location(document, node->key_location);
    document_append_path(document, node);
    va_start(args, format);
    text_vprintf(document->error, format, args);
    va_end(args);
    return ERROR_CONFIG;
}

struct location document_location(struct slice source, size_t offset)
{
    struct location location = { 1, 1 };

    for (size_t i = 0; i < offset && i < source.len; i++) {
        if (source.data[i] == '\n') {
            location.line++;
            location.column = 1;
        } else if (((unsigned char)source.data[i] & 0xc0) != 0x80) {
            location.column++;
        }
    }
    return location;
}

enum error document_fault_at(const struct document *document,
                             struct location location, const char *what)
{
    append_location(document, location);
    text_append_string(document->error, what);
    return ERROR_CONFIG;
}

enum error document_twice(const struct document *document,
                          struct location location, const char *key)
{
    append_location(document, location);
    text_printf(document->error, "'%s' appears twice; remove one",
                document_shown(document, key));
    return ERROR_CONFIG;
}

const struct node *document_get(const struct node *map, const char *key)
{
    const struct node *node = map->first;

    while (node != NULL && (node->key == NULL || strcmp(node->key, key) != 0))
        node = node->next;
    return node;
}

enum error document_node(struct document *document, enum node_kind kind,
                         struct location location, struct node **result)
{
    if (document->node_count++ == DOCUMENT_MAX_NODES)
        return document_fault_at(document, location,
                                 "too many entries; 4096 are allowed");
    if ((*result = arena_alloc(document->arena, sizeof(**result))) == NULL)
        return ERROR_MEMORY;
    (*result)->kind = kind;
    (*result)->location = location;
    return OK;
}
