/* What the compiler and the renderer of templates share: the syntax tree. */
#ifndef CAFE_HTML_TEMPLATE_H
#define CAFE_HTML_TEMPLATE_H

#include "cafe/html/template.h"

enum { SECTIONS_MAX_DEPTH = 64, PARTIALS_MAX_DEPTH = 32 };

enum node_kind {
    NODE_LITERAL,
    NODE_VALUE, /* escaped */
    NODE_RAW,   /* not escaped */
    NODE_SECTION,
    NODE_INVERTED,
    NODE_PARTIAL
};

struct node {
    enum node_kind kind;
    bool line_start;       /* opens a line of the source: indent it */
    struct slice text;     /* the literal, or the name as written */
    struct slice indent;   /* of a partial that stands alone on its line */
    int line;              /* in the source, for messages */
    struct node *children; /* of a section */
    struct node *next;
};

struct template_file {
    const char *name;
    struct node *nodes;
    struct template_file *next;
};

struct templates {
    struct arena *arena;
    struct template_file *files;
};

/**
 * Compile a source that lives as long as the arena.
 *
 * name   For messages: "views/nav.html".
 * Errors ERROR_CONFIG with a line in `error`, ERROR_MEMORY.
 */
MUST_CHECK enum error template_compile(struct arena *arena, const char *name,
                                       struct slice source, struct node **nodes,
                                       struct text *error);

#endif
