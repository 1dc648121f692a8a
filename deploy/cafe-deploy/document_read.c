/* Reads a file for AWS in the format of its dialect. */
#include "document_format.h"

enum error document_read(struct document *document, struct slice source)
{
    static const struct location beginning = { 1, 1 };
    enum error err;

    document->top = NULL;
    document->node_count = 0;
    if (source.len > DOCUMENT_MAX_BYTES)
        return document_fault_at(document, beginning,
                                 "too large; 64 KiB are allowed");
    if (source.len == 0)
        return document_fault_at(document, beginning, "nothing in it");
    err = document->dialect == DIALECT_JSON ? document_json(document, source)
                                            : document_yaml(document, source);
    if (err == OK && document->top == NULL)
        return document_fault_at(document, beginning, "nothing in it");
    return err;
}
