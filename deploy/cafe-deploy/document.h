/* A file for AWS as a tree of nodes, each with its location. */
#ifndef CAFE_DEPLOY_DOCUMENT_H
#define CAFE_DEPLOY_DOCUMENT_H

#include "cafe/base/arena.h"
#include "cafe/base/text.h"

enum {
    DOCUMENT_MAX_BYTES = 64 * 1024,
    DOCUMENT_MAX_NODES = 4096,
    DOCUMENT_MAX_DEPTH = 16
};

/** What a file may look like. */
enum dialect {
    DIALECT_JSON,    /* as AWS reads it: RFC 8259, no key twice */
    DIALECT_YAML,    /* without tags */
    DIALECT_TEMPLATE /* CloudFormation's YAML: !Ref and its like are tags */
};

enum node_kind { NODE_TEXT, NODE_LIST, NODE_MAP };

/** Where something begins, counted from 1, in characters. */
struct location {
    size_t line, column;
};

struct node {
    enum node_kind kind;
    struct location location;
    const struct node *parent; /* NULL: the top */
    const char *key;           /* in a map; NULL in a list */
    struct location key_location;
    size_t index;     /* among its parent's, from 0 */
    const char *tag;  /* "!Ref"; NULL: none */
    const char *text; /* NODE_TEXT: NUL-terminated UTF-8 without NUL */
    bool quoted;      /* of JSON: a string, not a number, true, false, null */
    const struct node *first, *next; /* children, in the file's order */
    size_t count;                    /* of children */
};

struct document {
    struct arena *arena; /* every node and text is in it */
    const char *path;    /* names the file in messages */
    enum dialect dialect;
    struct text *error;
    const struct node *top;
    size_t node_count;
};

/**
 * Read a file into `document->top`; the other members are set before.
 *
 * source  Not needed after this.
 * Errors  ERROR_CONFIG with one line in `error`: not JSON or YAML, larger or
 *         deeper than the limits, more than one document, an anchor, an alias,
 *         a merge key, a key that is there twice, a tag where the dialect has
 *         none. ERROR_MEMORY.
 */
MUST_CHECK enum error document_read(struct document *document,
                                    struct slice source);

/** The entry of a map with this key; NULL if there is none. */
const struct node *document_get(const struct node *map, const char *key);

/**
 * Note what is wrong with a node, or with its key: "file:line:column: path of
 * the key: what". The format's own texts come from document_shown().
 *
 * Returns  ERROR_CONFIG.
 */
MUST_CHECK enum error document_fault(const struct document *document,
                                     const struct node *node,
                                     const char *format, ...)
    __attribute__((format(printf, 3, 4)));
MUST_CHECK enum error document_key_fault(const struct document *document,
                                         const struct node *node,
                                         const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** A text from a file as messages quote it: one line, not too long. */
const char *document_shown(const struct document *document, const char *text);

/** The location of a byte of a text. */
struct location document_location(struct slice source, size_t offset);

#endif
