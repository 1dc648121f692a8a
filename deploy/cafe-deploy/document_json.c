/* JSON as a tree. jansson reads it, by the grammar that AWS reads it by. It
 * keeps no locations, so a cursor goes through the text, token by token, beside
 * what jansson has made of it. */
#include <jansson.h>
#include <string.h>

#include "document_format.h"

/* Where in the text the walk through jansson's tree has got to. */
struct walk {
    struct document *document;
    struct slice source;
    size_t offset;
    struct location location; /* of that byte */
    size_t depth;
};

/* The cursor. */

static char current(const struct walk *walk)
{
    return walk->offset < walk->source.len ? walk->source.data[walk->offset]
                                           : '\0';
}

static void document_json_advance(struct walk *walk)
{
    char byte = current(walk);

    walk->offset++;
    if (byte == '\n') {
        walk->location.line++;
        walk->location.column = 1;
    } else if (((unsigned char)current(walk) & 0xc0) != 0x80) {
        walk->location.column++;
    }
}

static bool at_end(const struct walk *walk)
{
    return walk->offset >= walk->source.len;
}

static void skip_space(struct walk *walk)
{
    while (!at_end(walk) && byte_is_in(current(walk), " \t\r\n"))
        document_json_advance(walk);
}

/* A text with its quotes, a number or a word, or one other byte. */
static struct slice skip_token(struct walk *walk)
{
    const char *start = walk->source.data + walk->offset;

    if (current(walk) == '"') {
        do {
            if (current(walk) == '\\')
                document_json_advance(walk);
            document_json_advance(walk);
        } while (!at_end(walk) && current(walk) != '"');
        document_json_advance(walk);
    } else if (byte_is_in(current(walk), "{}[],:")) {
        document_json_advance(walk);
    } else {
        while (!at_end(walk) && !byte_is_in(current(walk), "{}[],:\" \t\r\n"))
            document_json_advance(walk);
    }
    if (walk->offset > walk->source.len) /* a text without its end */
        walk->offset = walk->source.len;
    return (struct slice){ start,
                           walk->offset - (size_t)(start - walk->source.data) };
}

/* Building, from what is known to be JSON. */

static enum error build(struct walk *walk, json_t *json, struct node *node);

static enum error build_child(struct walk *walk, json_t *json,
                              struct node *parent, struct node **last,
                              const char *key)
{
    struct node child = { .parent = parent, .index = parent->count };
    struct node *node;
    enum error err;

    skip_space(walk);
    if (key != NULL) {
        child.key = arena_copy(walk->document->arena, key, strlen(key));
        if (child.key == NULL)
            return ERROR_MEMORY;
        child.key_location = walk->location;
        skip_token(walk);
        skip_space(walk);
        document_json_advance(walk); /* the colon */
        skip_space(walk);
    }
    if ((err = document_node(walk->document, NODE_TEXT, walk->location,
                             &node)) != OK)
        return err;
    child.location = node->location;
    *node = child;
    if (*last == NULL)
        parent->first = node;
    else
        (*last)->next = node;
    *last = node;
    parent->count++;
    err = build(walk, json, node);
    skip_space(walk);
    if (current(walk) == ',')
        document_json_advance(walk);
    return err;
}

static enum error build_children(struct walk *walk, json_t *json,
                                 struct node *node)
{
    struct node *last = NULL;
    json_t *value;
    const char *key;
    size_t i;
    enum error err = OK;

    json_array_foreach(json, i, value)
    {
        if ((err = build_child(walk, value, node, &last, NULL)) != OK)
            return err;
    }
    json_object_foreach(json, key, value)
    {
        if ((err = build_child(walk, value, node, &last, key)) != OK)
            return err;
    }
    return OK;
}

static enum error build_text(struct walk *walk, const json_t *json,
                             struct node *node)
{
    struct slice raw = skip_token(walk);

    node->quoted = json_is_string(json);
    if (node->quoted)
        raw =
            (struct slice){ json_string_value(json), json_string_length(json) };
    node->text = arena_copy(walk->document->arena, raw.data, raw.len);
    return node->text != NULL ? OK : ERROR_MEMORY;
}

/* The node has its location; the cursor is there. */
static enum error build(struct walk *walk, json_t *json, struct node *node)
{
    enum error err;

    if (!json_is_array(json) && !json_is_object(json))
        return build_text(walk, json, node);
    node->kind = json_is_array(json) ? NODE_LIST : NODE_MAP;
    if (walk->depth++ == DOCUMENT_MAX_DEPTH)
        return document_fault_at(walk->document, node->location,
                                 "nested too deeply; 16 levels are allowed");
    document_json_advance(walk);
    err = build_children(walk, json, node);
    skip_space(walk);
    document_json_advance(walk);
    walk->depth--;
    return err;
}

/* Refusing what is no JSON. */

/* What jansson says (its beginning), and what we do. */
static const struct {
    const char *said, *message;
} messages[] = {
    { "'}' expected", "expected ',' or '}'" },
    { "']' expected", "expected ',' or ']'" },
    { "string or '}' expected", "expected a key in double quotes" },
    { "':' expected", "expected ':' and a value" },
    { "invalid token", "not JSON; put texts in double quotes" },
    { "unexpected token", "expected a value" },
    { "end of file expected", "expected the end of the file" },
    { "'[' or '{' expected", "expected '{'" },
    { "\\u0000 is not allowed", "a NUL character; remove it" },
    { "NUL byte", "a NUL character; remove it" },
    { "unable to decode", "a byte that is not UTF-8; remove it" },
    { "invalid Unicode", "not a Unicode character; replace it" },
    { "control character", "a control character; write it as \\n, \\t or "
                           "\\u00…" },
    { "unexpected newline", "a text without its closing quote" },
    { "invalid escape", "an escape that JSON doesn't have" },
    { "maximum parsing depth", "nested too deeply; 16 levels are allowed" },
    { "too big", "a number with too many digits" },
    { "real number overflow", "a number with too many digits" },
};

static const char *message_for(const json_error_t *error)
{
    for (size_t i = 0; i < sizeof(messages) / sizeof(*messages); i++) {
        if (strncmp(error->text, messages[i].said, strlen(messages[i].said)) ==
            0)
            return messages[i].message;
    }
    return "not JSON";
}

/* jansson names the end of the token that it can't take. Goes to its beginning;
 * `before` is the token ahead of it. */
static struct slice find_token(struct walk *walk, size_t end,
                               struct slice *before)
{
    struct slice token = { "", 0 };
    struct walk next = *walk;

    do {
        skip_space(&next);
        *walk = next;
        *before = token;
        token = skip_token(&next);
    } while (next.offset < end && !at_end(&next));
    return token;
}

static enum error refuse_key(struct walk *walk, struct slice token)
{
    const char *key = token.len < 2 ? ""
                                    : arena_copy(walk->document->arena,
                                                 token.data + 1, token.len - 2);

    return key != NULL ? document_twice(walk->document, walk->location, key)
                       : ERROR_MEMORY;
}

static enum error document_json_refuse(struct walk *walk,
                                       const json_error_t *error)
{
    struct slice token, before;
    size_t end = error->position > 0 ? (size_t)error->position : 0;

    switch (json_error_code(error)) {
    case json_error_out_of_memory:
        return ERROR_MEMORY;
    case json_error_premature_end_of_input:
        return document_fault_at(
            walk->document,
            document_location(walk->source, walk->source.len - 1),
            "ends too early; something is not closed");
    case json_error_invalid_utf8:
        return document_fault_at(walk->document,
                                 document_location(walk->source, end),
                                 message_for(error));
    default:
        break;
    }
    token = find_token(walk, end, &before);
    if (json_error_code(error) == json_error_duplicate_key)
        return refuse_key(walk, token);
    if (slice_is(before, ",") && (slice_is(token, "}") || slice_is(token, "]")))
        return document_fault_at(walk->document, walk->location,
                                 "a comma before the end; remove it");
    return document_fault_at(walk->document, walk->location,
                             message_for(error));
}

enum error document_json(struct document *document, struct slice source)
{
    struct walk walk = { .document = document,
                         .source = source,
                         .location = { 1, 1 } };
    struct node *top;
    json_error_t error;
    json_t *json =
        json_loadb(source.data, source.len, JSON_REJECT_DUPLICATES, &error);
    enum error err;

    if (json == NULL)
        return document_json_refuse(&walk, &error);
    skip_space(&walk);
    err = document_node(document, NODE_TEXT, walk.location, &top);
    if (err == OK)
        err = build(&walk, json, top);
    if (err == OK)
        document->top = top;
    json_decref(json);
    return err;
}
