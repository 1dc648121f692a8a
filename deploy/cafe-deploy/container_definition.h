/* The container of a task definition. */
#ifndef CAFE_DEPLOY_CONTAINER_DEFINITION_H
#define CAFE_DEPLOY_CONTAINER_DEFINITION_H

#include "document.h"
#include "files.h"

/** As struct task_definition has it; 0 where the file says nothing. */
struct container_definition {
    const char *name;
    const char *image;
    struct variables environment;
    const size_t *environment_lines;
    struct variables secrets;
    unsigned port, host_port;
    const char *user;
    bool essential, read_only, init;
    const char *const *drop;
    unsigned stop_timeout_s;
    unsigned cpu_units, memory_mib, reserved_mib;
};

/**
 * Read an entry of `containerDefinitions`.
 *
 * Errors  ERROR_CONFIG with one line in the document's `error`, ERROR_MEMORY.
 */
MUST_CHECK enum error container_definition_read(
    const struct document *document, const struct node *map,
    struct container_definition *it);

#endif
