/* What the readers of JSON and YAML share. */
#ifndef CAFE_DEPLOY_DOCUMENT_FORMAT_H
#define CAFE_DEPLOY_DOCUMENT_FORMAT_H

#include "document.h"

/** Read a text that is not empty into document->top. As document_read(). */
MUST_CHECK enum error document_json(struct document *document,
                                    struct slice source);
MUST_CHECK enum error document_yaml(struct document *document,
                                    struct slice source);

/**
 * A new node, within the limit of a file.
 *
 * Errors  ERROR_CONFIG, ERROR_MEMORY.
 */
MUST_CHECK enum error document_node(struct document *document,
                                    enum node_kind kind,
                                    struct location location,
                                    struct node **result);

/** Note what is wrong where there is no node yet. Returns  ERROR_CONFIG. */
MUST_CHECK enum error document_fault_at(const struct document *document,
                                        struct location location,
                                        const char *what);

/** Note that a map has a key twice. Returns  ERROR_CONFIG. */
MUST_CHECK enum error document_twice(const struct document *document,
                                     struct location location, const char *key);

#endif
