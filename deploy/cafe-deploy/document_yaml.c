/* YAML as a tree, built event by event with libyaml. Limits, anchors and
 * aliases are looked at before anything is made of them, which libyaml's own
 * trees are too late for. */
#include <string.h>
#include <yaml.h>

#include "document_format.h"

/* A tree that is being built. */
struct building {
    struct document *document;
    yaml_parser_t parser;
    struct node *open[DOCUMENT_MAX_DEPTH]; /* lists and maps around */
    struct node *last[DOCUMENT_MAX_DEPTH]; /* the newest child of each */
    size_t depth;
    const char *key; /* read already; its value comes next */
    struct location key_location;
};

static struct location yaml_location_of(yaml_mark_t mark)
{
    return (struct location){ mark.line + 1, mark.column + 1 };
}

static struct node *innermost(const struct building *building)
{
    return building->depth ? building->open[building->depth - 1] : NULL;
}

/* Append it to the innermost list or map, or make it the top. */
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
    node->key_location = building->key_location;
    building->key = NULL;
}

static enum error check_tag(const struct building *building,
                            const yaml_char_t *tag, const yaml_char_t *anchor,
                            struct location location)
{
    if (anchor != NULL)
        return document_fault_at(building->document, location,
                                 "anchors are not supported; write the value "
                                 "out");
    if (tag != NULL && building->document->dialect != DIALECT_TEMPLATE)
        return document_fault_at(building->document, location,
                                 "tags are not supported; remove it");
    return OK;
}

static enum error yaml_add_node(struct building *building, enum node_kind kind,
                                const yaml_char_t *tag, yaml_mark_t mark,
                                struct node **result)
{
    struct arena *arena = building->document->arena;
    const char *name = (const char *)tag;
    struct node *node;
    enum error err =
        document_node(building->document, kind, yaml_location_of(mark), &node);

    if (err != OK)
        return err;
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

static enum error yaml_read_key(struct building *building, const char *text,
                                struct location location)
{
    /* CloudFormation has no merge keys: here they would be a key named "<<". */
    if (strcmp(text, "<<") == 0)
        return document_fault_at(
            building->document, location,
            "merge keys are not supported; write the keys out");
    if (document_get(innermost(building), text) != NULL)
        return document_twice(building->document, location, text);
    building->key = text;
    building->key_location = location;
    return OK;
}

static enum error yaml_read_scalar(struct building *building,
                                   const yaml_event_t *event)
{
    const char *value = (const char *)event->data.scalar.value;
    size_t len = event->data.scalar.length;
    bool quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    struct location location = yaml_location_of(event->start_mark);
    char *text = arena_copy(building->document->arena, value, len);
    struct node *node;
    enum error err;

    if (text == NULL)
        return ERROR_MEMORY;
    /* "\0" is valid YAML, but texts are C strings from here on. */
    if (memchr(value, '\0', len) != NULL)
        return document_fault_at(building->document, location,
                                 "a NUL character; remove it");
    if ((err = check_tag(building, event->data.scalar.tag,
                         event->data.scalar.anchor, location)) != OK)
        return err;
    if (expects_key(building))
        return yaml_read_key(building, text, location);
    if ((err = yaml_add_node(building, NODE_TEXT, event->data.scalar.tag,
                             event->start_mark, &node)) != OK)
        return err;
    node->text = text;
    node->quoted = quoted;
    return OK;
}

static enum error yaml_begin(struct building *building, enum node_kind kind,
                             const yaml_char_t *tag, const yaml_char_t *anchor,
                             yaml_mark_t mark)
{
    struct location location = yaml_location_of(mark);
    struct node *node;
    enum error err;

    if ((err = check_tag(building, tag, anchor, location)) != OK)
        return err;
    if (expects_key(building))
        return document_fault_at(building->document, location,
                                 "expected the name of a key");
    if (building->depth == DOCUMENT_MAX_DEPTH)
        return document_fault_at(building->document, location,
                                 "nested too deeply; 16 levels are allowed");
    if ((err = yaml_add_node(building, kind, tag, mark, &node)) != OK)
        return err;
    building->last[building->depth] = NULL;
    building->open[building->depth++] = node;
    return OK;
}

static enum error yaml_read_event(struct building *building,
                                  const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return yaml_read_scalar(building, event);
    case YAML_MAPPING_START_EVENT:
        return yaml_begin(building, NODE_MAP, event->data.mapping_start.tag,
                          event->data.mapping_start.anchor, event->start_mark);
    case YAML_SEQUENCE_START_EVENT:
        return yaml_begin(building, NODE_LIST, event->data.sequence_start.tag,
                          event->data.sequence_start.anchor, event->start_mark);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        building->depth--;
        break;
    case YAML_ALIAS_EVENT:
        return document_fault_at(building->document,
                                 yaml_location_of(event->start_mark),
                                 "aliases are not supported; write the value "
                                 "out");
    case YAML_DOCUMENT_START_EVENT:
        if (building->document->top != NULL)
            return document_fault_at(building->document,
                                     yaml_location_of(event->start_mark),
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
    return document_fault_at(
        building->document,
        parser->error == YAML_READER_ERROR
            ? document_location(source, parser->problem_offset)
            : yaml_location_of(parser->problem_mark),
        parser->problem != NULL ? parser->problem : "not YAML");
}

static enum error yaml_read_events(struct building *building,
                                   struct slice source)
{
    bool more = true;
    enum error err = OK;

    while (more && err == OK) {
        yaml_event_t event;

        if (!yaml_parser_parse(&building->parser, &event))
            return syntax_fault(building, source);
        more = event.type != YAML_STREAM_END_EVENT;
        err = yaml_read_event(building, &event);
        yaml_event_delete(&event);
    }
    return err;
}

enum error document_yaml(struct document *document, struct slice source)
{
    struct building building = { .document = document };
    enum error err;

    if (!yaml_parser_initialize(&building.parser))
        return ERROR_MEMORY;
    yaml_parser_set_input_string(
        &building.parser, (const unsigned char *)source.data, source.len);
    err = yaml_read_events(&building, source);
    yaml_parser_delete(&building.parser);
    return err;
}
