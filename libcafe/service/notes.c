/*
 * Notes as HTML. The worst that is known takes 1.6 ms for each KiB, so only
 * short notes are rendered on the loop.
 *
 * Equal texts are rendered once. The source stays in the request that came
 * first; that request can't end before it has been shown the result, so the
 * thread may read it. Everything else about a rendering is the loop's, which
 * leaves `html` alone until the job has come back.
 */
#include "cafe/service/notes.h"

#include <stdlib.h>
#include <string.h>

#include "cafe/base/hash.h"
#include "cafe/base/inquiry.h"
#include "cafe/html/markdown.h"
#include "cafe/service/offload.h"

enum {
    /* The worst that is known takes 1.3 ms. */
    QUICK_MAX_BYTES = 1024,
    WAITING_MAX_OF_CLIENT = 8,
    CACHED_MAX = 64,
    CACHED_MAX_BYTES = 4 * 1024 * 1024
};

/* One text: waits to be rendered, is, or was and is cached. */
struct rendering {
    struct rendering *next;
    struct notes *notes;
    unsigned references; /* of the list, and of requests that show it */
    char key[HASH_HEX_CHARS + 1];
    struct slice source; /* of the request that came first */
    struct text html;
    bool formatted;
    bool done;
    struct waiters visitors;
};

/* A request that waits for one, then one that holds it; in its arena. */
struct visitor {
    struct waiter waiter; /* first */
    struct rendering *rendering;
    struct request *req;
    notes_show_fn *show;
};

struct notes {
    struct offload *offload;
    struct rendering *first; /* the latest; those that are done are cached */
};

static void unref(struct rendering *rendering)
{
    if (--rendering->references > 0)
        return;
    text_free(&rendering->html);
    free(rendering);
}

static void remove_at(struct rendering **at)
{
    struct rendering *rendering = *at;

    *at = rendering->next;
    unref(rendering);
}

/* Drop what was rendered before the latest ones. Those under way stay: the
 * thread has them, and the number that waits is bounded already. */
static void notes_make_room(struct notes *notes)
{
    struct rendering **at = &notes->first;
    size_t count = 0, bytes = 0;

    while (*at != NULL) {
        if ((*at)->done) {
            count++;
            bytes += (*at)->html.capacity;
        }
        if ((*at)->done && (count > CACHED_MAX || bytes > CACHED_MAX_BYTES))
            remove_at(at);
        else
            at = &(*at)->next;
    }
}

static void notes_show(struct visitor *visitor)
{
    const struct rendering *rendering = visitor->rendering;
    const struct rendered_notes rendered = { text_slice(&rendering->html),
                                             rendering->formatted };

    visitor->show(visitor->req, rendering->html.failed ? NULL : &rendered);
}

/* On the thread. */
static void notes_work(void *argument)
{
    struct rendering *rendering = argument;

    rendering->formatted = markdown_render(rendering->source, &rendering->html);
}

static void notes_finish(void *argument, enum error err)
{
    struct rendering *rendering = argument;
    struct rendering **at = &rendering->notes->first;
    struct waiter *waiter;

    rendering->done = true;
    if (err != OK)
        text_fail(&rendering->html);
    rendering->references++; /* until all have seen it */
    while (*at != rendering)
        at = &(*at)->next;
    /* A failure is not cached: the next request tries again. */
    if (rendering->html.failed)
        remove_at(at);
    else
        notes_make_room(rendering->notes);
    while ((waiter = waiters_take(&rendering->visitors)) != NULL)
        notes_show((struct visitor *)waiter);
    unref(rendering);
}

static struct rendering *notes_find(struct notes *notes, const char *key)
{
    struct rendering *rendering = notes->first;

    while (rendering != NULL && strcmp(rendering->key, key) != 0)
        rendering = rendering->next;
    return rendering;
}

static struct rendering *notes_begin(struct notes *notes, const char *key,
                                     const struct request *req,
                                     struct slice source)
{
    struct rendering *rendering = calloc(1, sizeof(*rendering));

    if (rendering == NULL)
        return NULL;
    rendering->notes = notes;
    rendering->references = 1;
    memcpy(rendering->key, key, sizeof(rendering->key));
    rendering->source = source;
    text_init(&rendering->html, 0);
    waiters_init(&rendering->visitors);
    if (offload_submit(notes->offload, request_client(req), notes_work,
                       notes_finish, rendering) != OK) {
        unref(rendering);
        return NULL;
    }
    rendering->next = notes->first;
    notes->first = rendering;
    return rendering;
}

static void notes_visitor_end(void *argument)
{
    struct visitor *visitor = argument;

    waiters_leave(&visitor->waiter);
    if (visitor->rendering != NULL)
        unref(visitor->rendering);
}

static void render_now(struct request *req, struct slice source,
                       notes_show_fn *show_fn)
{
    struct rendered_notes rendered;
    struct text html;

    text_init(&html, 0);
    rendered.formatted = markdown_render(source, &html);
    rendered.html = arena_slice(request_arena(req), text_slice(&html));
    html.failed |= html.len > 0 && rendered.html.data == NULL;
    show_fn(req, html.failed ? NULL : &rendered);
    text_free(&html);
}

void notes_when_rendered(struct notes *notes, struct request *req,
                         struct slice source, notes_show_fn *show_fn)
{
    struct visitor *visitor = arena_alloc(request_arena(req), sizeof(*visitor));
    char key[HASH_HEX_CHARS + 1];

    if (source.len <= QUICK_MAX_BYTES) {
        render_now(req, source, show_fn);
        return;
    }
    if (visitor == NULL ||
        lifetime_on_end(request_life(req), notes_visitor_end, visitor) != OK) {
        show_fn(req, NULL);
        return;
    }
    hash_hex(source, key);
    visitor->req = req;
    visitor->show = show_fn;
    visitor->rendering = notes_find(notes, key);
    if (visitor->rendering == NULL)
        visitor->rendering = notes_begin(notes, key, req, source);
    if (visitor->rendering == NULL) {
        show_fn(req, NULL);
        return;
    }
    visitor->rendering->references++;
    if (visitor->rendering->done)
        notes_show(visitor);
    else
        waiters_add(&visitor->rendering->visitors, &visitor->waiter);
}

enum error notes_open(struct event_base *base, struct notes **result)
{
    struct notes *notes = calloc(1, sizeof(*notes));
    enum error err;

    if (notes == NULL)
        return ERROR_MEMORY;
    err = offload_open(base, WAITING_MAX_OF_CLIENT, &notes->offload);
    if (err == OK)
        *result = notes;
    else
        free(notes);
    return err;
}

void notes_close(struct notes *notes)
{
    if (notes == NULL)
        return;
    offload_close(notes->offload);
    while (notes->first != NULL)
        remove_at(&notes->first);
    free(notes);
}
