/* Notes as HTML, made on another thread where that takes long. */
#ifndef CAFE_NOTES_H
#define CAFE_NOTES_H

#include "cafe/http/request.h"

struct event_base;
struct notes;

/** Notes that were rendered. */
struct rendered_notes {
    struct slice html; /* lives as long as the request */
    bool formatted;    /* false: they are shown as plain text */
};

/**
 * On the loop thread, exactly once.
 *
 * rendered  NULL: there is too much to do, or no memory.
 */
typedef void notes_show_fn(struct request *req,
                           const struct rendered_notes *rendered);

/** Start its thread. Errors: ERROR_MEMORY, ERROR_SYSTEM. */
MUST_CHECK enum error notes_open(struct event_base *base, struct notes **notes);

/** Show NULL to all requests that wait, and free it. */
void notes_close(struct notes *notes);

/**
 * Render notes as markdown_render() does. Short ones are shown before this
 * returns. What takes longer is done once for all who ask for the same text,
 * clients take turns, and the last results are cached.
 *
 * source  Markdown; lives as long as the request.
 * Thread  Loop thread.
 */
void notes_when_rendered(struct notes *notes, struct request *req,
                         struct slice source, notes_show_fn *show);

#endif
