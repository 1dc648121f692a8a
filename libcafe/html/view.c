/* Values that a template is rendered with: a tree in an arena. */
#include "cafe/html/view.h"

#include <stdio.h>
#include <string.h>

struct view {
    enum view_kind kind;
    struct arena *arena;
    struct slice name; /* as a member of an object */
    struct slice text; /* VIEW_TEXT, VIEW_HTML */
    struct view *first, *last;
    struct view *next;
};

enum { NUMBER_MAX_CHARS = 24 };

static struct view *make(struct arena *arena, enum view_kind kind)
{
    struct view *view = arena_alloc(arena, sizeof(*view));

    if (view != NULL) {
        view->kind = kind;
        view->arena = arena;
    }
    return view;
}

static void append(struct view *parent, struct view *child)
{
    if (parent->last != NULL)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
}

static struct view *find(const struct view *object, struct slice name)
{
    for (struct view *member = object->first; member != NULL;
         member = member->next) {
        if (slice_equal(member->name, name))
            return member;
    }
    return NULL;
}

/* The member of this name, made or emptied. Objects have few members: a list is
 * searched faster than a table is made. */
static struct view *set(struct view *object, const char *name,
                        enum view_kind kind)
{
    struct slice wanted = slice_of(name);
    struct view *member;

    if (object == NULL)
        return NULL;
    if ((member = find(object, wanted)) != NULL) {
        /* Its old content stays in the arena until that ends. */
        member->kind = kind;
        member->first = member->last = NULL;
        return member;
    }
    if ((member = make(object->arena, kind)) == NULL)
        return NULL;
    member->name = wanted;
    append(object, member);
    return member;
}

static struct view *add(struct view *list, enum view_kind kind)
{
    struct view *item = list != NULL ? make(list->arena, kind) : NULL;

    if (item != NULL)
        append(list, item);
    return item;
}

struct view *view_open(struct arena *arena)
{
    return make(arena, VIEW_OBJECT);
}

void view_text(struct view *object, const char *name, struct slice text)
{
    struct view *member = set(object, name, VIEW_TEXT);

    if (member != NULL)
        member->text = text;
}

void view_string(struct view *object, const char *name, const char *string)
{
    view_text(object, name, slice_of(string));
}

void view_number(struct view *object, const char *name, int64_t number)
{
    char *digits = object != NULL ? arena_alloc(object->arena, NUMBER_MAX_CHARS)
                                  : NULL;

    if (digits == NULL)
        return;
    snprintf(digits, NUMBER_MAX_CHARS, "%lld", (long long)number);
    view_string(object, name, digits);
}

void view_flag(struct view *object, const char *name, bool flag)
{
    set(object, name, flag ? VIEW_TRUE : VIEW_FALSE);
}

void view_html(struct view *object, const char *name, struct slice html)
{
    struct view *member = set(object, name, VIEW_HTML);

    if (member != NULL)
        member->text = html;
}

struct view *view_object(struct view *object, const char *name)
{
    return set(object, name, VIEW_OBJECT);
}

struct view *view_list(struct view *object, const char *name)
{
    return set(object, name, VIEW_LIST);
}

struct view *view_list_object(struct view *list)
{
    return add(list, VIEW_OBJECT);
}

void view_list_text(struct view *list, struct slice text)
{
    struct view *item = add(list, VIEW_TEXT);

    if (item != NULL)
        item->text = text;
}

struct view *view_list_list(struct view *list)
{
    return add(list, VIEW_LIST);
}

enum view_kind view_kind(const struct view *view)
{
    return view != NULL ? view->kind : VIEW_FALSE;
}

struct slice view_slice(const struct view *view)
{
    if (view == NULL || (view->kind != VIEW_TEXT && view->kind != VIEW_HTML))
        return SLICE("");
    return view->text;
}

const struct view *view_member(const struct view *object, struct slice name)
{
    if (object == NULL || object->kind != VIEW_OBJECT)
        return NULL;
    return find(object, name);
}

const struct view *view_first(const struct view *list)
{
    return list != NULL && list->kind == VIEW_LIST ? list->first : NULL;
}

const struct view *view_next(const struct view *item)
{
    return item->next;
}
