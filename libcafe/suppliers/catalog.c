/*
 * The catalog: requests wait for one reading of the database that began after
 * they came, and are shown what it found.
 *
 * At most one reading is under way. Who comes meanwhile shares the next one,
 * never the one already sent: it may have missed what he has just saved.
 */
#include <stdlib.h>

#include "snapshot.h"

/* A request that waits, then one that holds a snapshot; in its arena. */
struct waiter {
    struct waiter *next;
    struct waiter **previous; /* what points to this one; NULL: not waiting */
    catalog_show_fn *show;
    struct request *req;
    struct snapshot snapshot;
};

struct catalog {
    struct db *db;
    struct log *log;
    struct content *content; /* the last one read; NULL before the first */
    struct content *found;   /* by the reading under way */
    bool reading;
    bool closing;
    bool stale;             /* the last reading failed, and this was logged */
    struct waiter *asked;   /* for the reading under way */
    struct waiter *waiting; /* for the next one */
};

/* Waiters. */

static void link_in(struct waiter **list, struct waiter *waiter)
{
    waiter->next = *list;
    waiter->previous = list;
    if (*list)
        (*list)->previous = &waiter->next;
    *list = waiter;
}

static void link_out(struct waiter *waiter)
{
    *waiter->previous = waiter->next;
    if (waiter->next)
        waiter->next->previous = waiter->previous;
    waiter->previous = NULL;
}

static void move_all(struct waiter **from, struct waiter **to)
{
    *to = *from;
    *from = NULL;
    if (*to)
        (*to)->previous = to;
}

/* The request is over: it waits no more and needs no snapshot. */
static void waiter_end(void *argument)
{
    struct waiter *waiter = argument;

    if (waiter->previous)
        link_out(waiter);
    content_unref(waiter->snapshot.content);
}

/* Reading. */

/* On a database thread. */
static enum error read_catalog(struct db_connection *connection, void *job)
{
    struct catalog *catalog = job;

    return content_read(connection, &catalog->found);
}

static db_done_fn read_done;

static void read_start(struct catalog *catalog)
{
    move_all(&catalog->waiting, &catalog->asked);
    catalog->reading = true;
    db_submit(catalog->db, read_catalog, read_done, catalog);
}

/* Log when the directory begins to be out of date, and when it ends. */
static void note_stale(struct catalog *catalog, enum error outcome)
{
    bool stale = outcome != OK;

    if (stale && !catalog->stale)
        log_line(catalog->log, LOG_WARNING, "catalog is stale",
                 LOG_STRING("reason", error_text(outcome)), LOG_END);
    if (!stale && catalog->stale)
        log_line(catalog->log, LOG_INFO, "catalog is fresh again", LOG_END);
    catalog->stale = stale;
}

/* Each waiter holds its own state: the next reading changes nothing in it. */
static void show_all(struct waiter **list, struct content *content, bool stale)
{
    while (*list) {
        struct waiter *waiter = *list;

        link_out(waiter);
        if (!content) {
            waiter->show(waiter->req, NULL);
            continue;
        }
        waiter->snapshot.content = content_ref(content);
        waiter->snapshot.stale = stale;
        waiter->show(waiter->req, &waiter->snapshot);
    }
}

static void catalog_free(struct catalog *catalog)
{
    content_unref(catalog->content);
    content_unref(catalog->found);
    free(catalog);
}

/*
 * The next reading is sent before these are shown, so that the database works
 * while pages are rendered. A show function may end in catalog_when_fresh()
 * again; the catalog is not closed by one.
 */
static void read_done(void *job, enum error outcome)
{
    struct catalog *catalog = job;
    struct waiter *batch;

    catalog->reading = false;
    if (catalog->closing) {
        catalog_free(catalog);
        return;
    }
    note_stale(catalog, outcome);
    if (outcome == OK) {
        content_unref(catalog->content);
        catalog->content = catalog->found;
        catalog->found = NULL;
    }
    struct content *content = catalog->content;
    if (content)
        content_ref(content);
    move_all(&catalog->asked, &batch);
    if (catalog->waiting)
        read_start(catalog);
    show_all(&batch, content, outcome != OK);
    content_unref(content);
}

/* What the others call. */

enum error catalog_open(struct db *db, struct log *log,
                        struct catalog **catalog)
{
    struct catalog *made = calloc(1, sizeof(*made));

    if (!made)
        return ERROR_MEMORY;
    made->db = db;
    made->log = log;
    *catalog = made;
    return OK;
}

/* A reading under way still has the catalog as its job; it frees it then. */
void catalog_close(struct catalog *catalog)
{
    if (!catalog)
        return;
    while (catalog->asked)
        link_out(catalog->asked);
    while (catalog->waiting)
        link_out(catalog->waiting);
    if (catalog->reading)
        catalog->closing = true;
    else
        catalog_free(catalog);
}

void catalog_when_fresh(struct catalog *catalog, catalog_show_fn *show,
                        struct request *req)
{
    struct waiter *waiter = arena_alloc(request_arena(req), sizeof(*waiter));

    if (!waiter || request_on_end(req, waiter_end, waiter) != OK) {
        show(req, NULL);
        return;
    }
    waiter->show = show;
    waiter->req = req;
    link_in(&catalog->waiting, waiter);
    if (!catalog->reading)
        read_start(catalog);
}
