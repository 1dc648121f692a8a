/* What a template is rendered with: a tree of named values. */
#ifndef CAFE_VIEW_H
#define CAFE_VIEW_H

#include "cafe/base/arena.h"
#include "cafe/base/text.h"

enum view_kind {
    VIEW_FALSE,
    VIEW_TRUE,
    VIEW_TEXT,
    VIEW_HTML,
    VIEW_OBJECT,
    VIEW_LIST
};

/**
 * A value in an arena. An object holds members in the order they were set; a
 * list holds items. Setting on a NULL view does nothing and making one without
 * memory gives NULL, so fill freely; a template renders NULL as nothing.
 */
struct view;

/** An empty object, the root of a tree. NULL when out of memory. */
struct view *view_open(struct arena *arena);

/*
 * Set a member of an object. Names and texts are borrowed: they have to live
 * as long as the view (arena, literals, snapshots). Setting a name twice
 * leaves the last.
 */
void view_text(struct view *object, const char *name, struct slice text);
void view_string(struct view *object, const char *name, const char *string);
void view_number(struct view *object, const char *name, int64_t number);
void view_flag(struct view *object, const char *name, bool flag);

/** Markup that is safe already: "{{name}}" writes it without escaping. */
void view_html(struct view *object, const char *name, struct slice html);

/** A new object or list as a member; NULL when out of memory. */
struct view *view_object(struct view *object, const char *name);
struct view *view_list(struct view *object, const char *name);

/** A new object or a text as the next item of a list. */
struct view *view_list_object(struct view *list);
void view_list_text(struct view *list, struct slice text);

/** Append another list or object as an item (for lists in lists). */
struct view *view_list_list(struct view *list);

/* For the template engine. */

enum view_kind view_kind(const struct view *view);
struct slice view_slice(const struct view *view);

/** A member of an object by name; NULL if there is none or no object. */
const struct view *view_member(const struct view *object, struct slice name);

/** First item of a list, and the next after an item; NULL at the end. */
const struct view *view_first(const struct view *list);
const struct view *view_next(const struct view *item);

#endif
