/* What a template is rendered with: a tree of named values. */
#ifndef CAFE_CONTEXT_H
#define CAFE_CONTEXT_H

#include "cafe/base/arena.h"
#include "cafe/base/text.h"

enum context_kind {
    CONTEXT_FALSE,
    CONTEXT_TRUE,
    CONTEXT_TEXT,
    CONTEXT_HTML,
    CONTEXT_OBJECT,
    CONTEXT_LIST
};

/**
 * A value in an arena. An object holds members in the order they were set; a
 * list holds items. Setting on a NULL context does nothing and making one
 * without memory gives NULL, so fill freely; a template renders NULL as
 * nothing.
 */
struct context;

/** An empty object, the root of a tree. NULL when out of memory. */
struct context *context_open(struct arena *arena);

/*
 * Set a member of an object. Names and texts are borrowed: they have to live
 * as long as the context (arena, literals, snapshots). Setting a name twice
 * leaves the last.
 */
void context_text(struct context *object, const char *name, struct slice text);
void context_string(struct context *object, const char *name,
                    const char *string);
void context_number(struct context *object, const char *name, int64_t number);
void context_flag(struct context *object, const char *name, bool flag);

/** Markup that is safe already: "{{name}}" writes it without escaping. */
void context_html(struct context *object, const char *name, struct slice html);

/** A new object or list as a member; NULL when out of memory. */
struct context *context_object(struct context *object, const char *name);
struct context *context_list(struct context *object, const char *name);

/** A new object or a text as the next item of a list. */
struct context *context_list_object(struct context *list);
void context_list_text(struct context *list, struct slice text);

/** Append another list or object as an item (for lists in lists). */
struct context *context_list_list(struct context *list);

/* For the template engine. */

enum context_kind context_kind(const struct context *context);
struct slice context_slice(const struct context *context);

/** A member of an object by name; NULL if there is none or no object. */
const struct context *context_member(const struct context *object,
                                     struct slice name);

/** First item of a list, and the next after an item; NULL at the end. */
const struct context *context_first(const struct context *list);
const struct context *context_next(const struct context *item);

/** The length of all texts in it together: how long rendering takes. */
size_t context_bytes(const struct context *context);

#endif
