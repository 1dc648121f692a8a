/*
 * Values that a template is rendered with: a tree in an arena.
 *
 * Functions that return a part of the tree return NULL when memory has run out,
 * and all functions accept that NULL as a part of the tree. So handlers fill in
 * a context without a check after each value.
 */
#include "cafe/html/context.h"

#include <stdio.h>
#include <string.h>

struct context {
    enum context_kind kind;
    struct arena *arena;
    struct slice name; /* as a member of an object */
    struct slice text; /* CONTEXT_TEXT, CONTEXT_HTML */
    struct context *first, *last;
    struct context *next;
};

enum { NUMBER_MAX_CHARS = 24 };

static struct context *context_make(struct arena *arena, enum context_kind kind)
{
    struct context *context = arena_alloc(arena, sizeof(*context));

    if (context != NULL) {
        context->kind = kind;
        context->arena = arena;
    }
    return context;
}

static void context_append(struct context *parent, struct context *child)
{
    if (parent->last != NULL)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
}

static struct context *context_find(const struct context *object,
                                    struct slice name)
{
    for (struct context *member = object->first; member != NULL;
         member = member->next) {
        if (slice_equal(member->name, name))
            return member;
    }
    return NULL;
}

/* The member of this name, made or emptied. Objects have few members: a list is
 * searched faster than a table is made. */
static struct context *context_set(struct context *object, const char *name,
                                   enum context_kind kind)
{
    struct slice wanted = slice_of(name);
    struct context *member;

    if (object == NULL)
        return NULL;
    if ((member = context_find(object, wanted)) != NULL) {
        /* Its old content stays in the arena until that ends. */
        member->kind = kind;
        member->first = member->last = NULL;
        return member;
    }
    if ((member = context_make(object->arena, kind)) == NULL)
        return NULL;
    member->name = wanted;
    context_append(object, member);
    return member;
}

static struct context *context_add(struct context *list, enum context_kind kind)
{
    struct context *item = list != NULL ? context_make(list->arena, kind)
                                        : NULL;

    if (item != NULL)
        context_append(list, item);
    return item;
}

struct context *context_open(struct arena *arena)
{
    return context_make(arena, CONTEXT_OBJECT);
}

void context_text(struct context *object, const char *name, struct slice text)
{
    struct context *member = context_set(object, name, CONTEXT_TEXT);

    if (member != NULL)
        member->text = text;
}

void context_string(struct context *object, const char *name,
                    const char *string)
{
    context_text(object, name, slice_of(string));
}

void context_number(struct context *object, const char *name, int64_t number)
{
    char *digits = object != NULL ? arena_alloc(object->arena, NUMBER_MAX_CHARS)
                                  : NULL;

    if (digits == NULL)
        return;
    snprintf(digits, NUMBER_MAX_CHARS, "%lld", (long long)number);
    context_string(object, name, digits);
}

void context_flag(struct context *object, const char *name, bool flag)
{
    context_set(object, name, flag ? CONTEXT_TRUE : CONTEXT_FALSE);
}

void context_html(struct context *object, const char *name, struct slice html)
{
    struct context *member = context_set(object, name, CONTEXT_HTML);

    if (member != NULL)
        member->text = html;
}

struct context *context_object(struct context *object, const char *name)
{
    return context_set(object, name, CONTEXT_OBJECT);
}

struct context *context_list(struct context *object, const char *name)
{
    return context_set(object, name, CONTEXT_LIST);
}

struct context *context_list_object(struct context *list)
{
    return context_add(list, CONTEXT_OBJECT);
}

void context_list_text(struct context *list, struct slice text)
{
    struct context *item = context_add(list, CONTEXT_TEXT);

    if (item != NULL)
        item->text = text;
}

struct context *context_list_list(struct context *list)
{
    return context_add(list, CONTEXT_LIST);
}

enum context_kind context_kind(const struct context *context)
{
    return context != NULL ? context->kind : CONTEXT_FALSE;
}

struct slice context_slice(const struct context *context)
{
    if (context == NULL ||
        (context->kind != CONTEXT_TEXT && context->kind != CONTEXT_HTML))
        return SLICE("");
    return context->text;
}

const struct context *context_member(const struct context *object,
                                     struct slice name)
{
    if (object == NULL || object->kind != CONTEXT_OBJECT)
        return NULL;
    return context_find(object, name);
}

const struct context *context_first(const struct context *list)
{
    return list != NULL && list->kind == CONTEXT_LIST ? list->first : NULL;
}

const struct context *context_next(const struct context *item)
{
    return item->next;
}

/* The depth of the recursion is that of the tree, which handlers nest by hand:
 * nothing from outside decides it. */
size_t context_bytes(const struct context *context)
{
    size_t bytes = context_slice(context).len;
    const struct context *child;

    if (context == NULL)
        return 0;
    for (child = context->first; child != NULL; child = child->next)
        bytes += context_bytes(child);
    return bytes;
}
