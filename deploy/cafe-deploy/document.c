/* A file for AWS as a tree, built event by event with libyaml. Limits, anchors
 * and aliases are looked at before anything is made of them, which libyaml's
 * own trees are too late for. */
#include "document.h"

#include <string.h>
#include <yaml.h>

enum { SHOWN_MAX_BYTES = 64 };

/* A tree that is being built. */
struct building {
    struct document *document;
    yaml_parser_t parser;
    struct node *open[DOCUMENT_MAX_DEPTH]; /* lists and maps around */
    struct node *last[DOCUMENT_MAX_DEPTH]; /* the newest child of each */
    size_t depth;
    size_t node_count;
    const char *key; /* read already; its value comes next */
    struct place key_place;
};

/* Messages. */

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
        if ((unsigned char)shown[i] < ' ' || shown[i] == '\x7f')
            shown[i] = '?';
    }
    return shown ? shown : "?";
}

/* "containerDefinitions[0].cpu: ", nothing for the top. */
static void append_path(const struct document *document,
                        const struct node *node)
{
    const struct node *nodes[DOCUMENT_MAX_DEPTH + 1];
    size_t depth = 0, i;

    for (; node->parent != NULL; node = node->parent)
        nodes[depth++] = node;
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

static void append_place(const struct document *document, struct place place)
{
    text_printf(document->error, "%s:%zu:%zu: ", document->path, place.line,
                place.column);
}

enum error document_fault(const struct document *document,
                          const struct node *node, const char *format, ...)
{
    va_list args;

    append_place(document, node->place);
    append_path(document, node);
    va_start(args, format);
    text_vprintf(document->error, format, args);
    va_end(args);
    return ERROR_CONFIG;
}

enum error document_key_fault(const struct document *document,
                              const struct node *node, const char *format, ...)
{
    va_list args;

    append_place(document, node->key_place);
    append_path(document, node);
    va_start(args, format);
    text_vprintf(document->error, format, args);
    va_end(args);
    return ERROR_CONFIG;
}

struct place document_place(struct slice source, size_t offset)
{
    struct place place = { 1, 1 };
    size_t i;

    for (i = 0; i < offset && i < source.len; i++) {
        if (source.data[i] == '\n') {
            place.line++;
            place.column = 1;
        } else if (((unsigned char)source.data[i] & 0xc0) != 0x80) {
            place.column++;
        }
    }
    return place;
}

/* Before there is a node to complain of. */
static enum error fault_at(const struct building *building, struct place place,
                           const char *what)
{
    append_place(building->document, place);
    text_append_string(building->document->error, what);
    return ERROR_CONFIG;
}

/* Building. */

static struct place place_of(yaml_mark_t mark)
{
    return (struct place){ mark.line + 1, mark.column + 1 };
}

static struct node *innermost(const struct building *building)
{
    return building->depth ? building->open[building->depth - 1] : NULL;
}

const struct node *document_get(const struct node *map, const char *key)
{
    const struct node *node = map->first;

    while (node != NULL && (node->key == NULL || strcmp(node->key, key) != 0))
        node = node->next;
    return node;
}

/* Behind the others of the innermost list or map, or on top. */
static void hang(struct building *building, struct node *node)
{
    struct node *parent = innermost(building);
    struct node **last;

    if (parent == NULL) {
        building->document->top = node;
        return;
    }
    last = &building->last[building->depth - 1];
    if (*last == NULL)
        parent->first = node;
    else
        (*last)->next = node;
    *last = node;
    node->parent = parent;
    node->index = parent->count++;
    node->key = building->key;
    node->key_place = building->key_place;
    building->key = NULL;
}

static enum error check_tag(const struct building *building,
                            const yaml_char_t *tag, const yaml_char_t *anchor,
                            struct place place)
{
    if (anchor != NULL)
        return fault_at(building, place,
                        "anchors have no meaning here; write it out");
    if (tag != NULL && building->document->dialect != DIALECT_TEMPLATE)
        return fault_at(building, place,
                        "tags have no meaning here; remove it");
    return OK;
}

static enum error add_node(struct building *building, enum node_kind kind,
                           const yaml_char_t *tag, yaml_mark_t mark,
                           struct node **result)
{
    struct arena *arena = building->document->arena;
    const char *name = (const char *)tag;
    struct node *node = arena_alloc(arena, sizeof(*node));
    struct place place = place_of(mark);

    if (building->node_count++ == DOCUMENT_MAX_NODES)
        return fault_at(building, place, "too many entries; 4096 are allowed");
    if (node == NULL)
        return ERROR_MEMORY;
    node->kind = kind;
    node->place = place;
    if (tag != NULL &&
        (node->tag = arena_copy(arena, name, strlen(name))) == NULL)
        return ERROR_MEMORY;
    hang(building, node);
    *result = node;
    return OK;
}

/* Whether the next node is the key of an entry, not its value. */
static bool expects_key(const struct building *building)
{
    const struct node *parent = innermost(building);

    return parent != NULL && parent->kind == NODE_MAP && building->key == NULL;
}

static enum error read_key(struct building *building, const char *text,
                           bool quoted, struct place place)
{
    if (building->document->dialect == DIALECT_JSON && !quoted)
        return fault_at(building, place,
                        "a key without quotes; put it in "
                        "double quotes");
    if (strcmp(text, "<<") == 0)
        return fault_at(building, place,
                        "merge keys have no meaning here; write it out");
    if (document_get(innermost(building), text) != NULL) {
        append_place(building->document, place);
        text_printf(building->document->error,
                    "'%s' is there twice; remove one",
                    document_shown(building->document, text));
        return ERROR_CONFIG;
    }
    building->key = text;
    building->key_place = place;
    return OK;
}

static enum error read_scalar(struct building *building,
                              const yaml_event_t *event)
{
    const char *value = (const char *)event->data.scalar.value;
    size_t len = event->data.scalar.length;
    bool quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    struct place place = place_of(event->start_mark);
    char *text = arena_copy(building->document->arena, value, len);
    struct node *node;
    enum error err;

    if (text == NULL)
        return ERROR_MEMORY;
    if (memchr(value, '\0', len) != NULL)
        return fault_at(building, place, "a NUL character; remove it");
    if ((err = check_tag(building, event->data.scalar.tag,
                         event->data.scalar.anchor, place)) != OK)
        return err;
    if (expects_key(building))
        return read_key(building, text, quoted, place);
    if ((err = add_node(building, NODE_TEXT, event->data.scalar.tag,
                        event->start_mark, &node)) != OK)
        return err;
    node->text = text;
    node->quoted = quoted;
    return OK;
}

static enum error begin(struct building *building, enum node_kind kind,
                        const yaml_char_t *tag, const yaml_char_t *anchor,
                        yaml_mark_t mark)
{
    struct place place = place_of(mark);
    struct node *node;
    enum error err;

    if ((err = check_tag(building, tag, anchor, place)) != OK)
        return err;
    if (expects_key(building))
        return fault_at(building, place, "expected the name of a key");
    if (building->depth == DOCUMENT_MAX_DEPTH)
        return fault_at(building, place, "nested too deep; 16 are allowed");
    if ((err = add_node(building, kind, tag, mark, &node)) != OK)
        return err;
    building->last[building->depth] = NULL;
    building->open[building->depth++] = node;
    return OK;
}

static enum error read_event(struct building *building,
                             const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return read_scalar(building, event);
    case YAML_MAPPING_START_EVENT:
        return begin(building, NODE_MAP, event->data.mapping_start.tag,
                     event->data.mapping_start.anchor, event->start_mark);
    case YAML_SEQUENCE_START_EVENT:
        return begin(building, NODE_LIST, event->data.sequence_start.tag,
                     event->data.sequence_start.anchor, event->start_mark);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        building->depth--;
        break;
    case YAML_ALIAS_EVENT:
        return fault_at(building, place_of(event->start_mark),
                        "aliases have no meaning here; write it out");
    case YAML_DOCUMENT_START_EVENT:
        if (building->document->top != NULL)
            return fault_at(building, place_of(event->start_mark),
                            "a second document; keep one");
        break;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
    return OK;
}

/* What libyaml complains of. It knows no line for bytes that are no text. */
static enum error syntax_fault(const struct building *building,
                               struct slice source)
{
    const yaml_parser_t *parser = &building->parser;

    if (parser->error == YAML_MEMORY_ERROR)
        return ERROR_MEMORY;
    return fault_at(building,
                    parser->error == YAML_READER_ERROR
                        ? document_place(source, parser->problem_offset)
                        : place_of(parser->problem_mark),
                    parser->problem ? parser->problem : "not YAML");
}

static enum error read_events(struct building *building, struct slice source)
{
    bool more = true;
    enum error err = OK;

    while (more && err == OK) {
        yaml_event_t event;

        if (!yaml_parser_parse(&building->parser, &event))
            return syntax_fault(building, source);
        more = event.type != YAML_STREAM_END_EVENT;
        err = read_event(building, &event);
        yaml_event_delete(&event);
    }
    return err;
}

enum error document_read(struct document *document, struct slice source)
{
    struct building building = { .document = document };
    enum error err;

    document->top = NULL;
    if (source.len > DOCUMENT_MAX_BYTES)
        return fault_at(&building, (struct place){ 1, 1 },
                        "too large; 64 KiB are allowed");
    if (source.len == 0)
        return fault_at(&building, (struct place){ 1, 1 }, "nothing in it");
    if (!yaml_parser_initialize(&building.parser))
        return ERROR_MEMORY;
    yaml_parser_set_input_string(
        &building.parser, (const unsigned char *)source.data, source.len);
    err = read_events(&building, source);
    yaml_parser_delete(&building.parser);
    if (err == OK && document->top == NULL)
        return fault_at(&building, (struct place){ 1, 1 }, "nothing in it");
    return err;
}
