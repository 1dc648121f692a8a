/* Answers that show a snapshot: cached while it is fresh, or marked stale. */
#include "cafe/api/answer.h"

#include "cafe/base/clock.h"
#include "cafe/base/json.h"
#include "cafe/suppliers/changes.h"

bool answer_cached(struct request *req, const struct snapshot *snapshot,
                   const char *name, struct page_key *key)
{
    const struct api *api = request_app(req);

    /* Pages are cached by the snapshot's serial: the next change gives each a
     * new version, and no page has to be found to be dropped. A stale answer
     * names its own time, so it is neither cached nor taken from there. */
    return !snapshot_stale(snapshot) &&
           page_answer_cached(api->service, req, name,
                              snapshot_serial(snapshot), key);
}

const char *answer_cache(const struct request *req,
                         const struct snapshot *snapshot)
{
    const struct api *api = request_app(req);

    return snapshot_stale(snapshot) ? "no-store" : api->caching;
}

void answer_page(struct request *req, struct page *page,
                 const struct snapshot *snapshot, const struct page_key *key)
{
    const struct api *api = request_app(req);

    snapshot_mark(snapshot, page);
    if (snapshot_stale(snapshot))
        page_answer_once(api->service, req, page);
    else
        page_answer(api->service, req, page, key);
}

void answer_as_of(struct text *out, const struct snapshot *snapshot)
{
    char iso[CLOCK_ISO_BYTES];

    if (!snapshot_stale(snapshot))
        return;
    clock_iso(snapshot_as_of_us(snapshot), iso);
    json_text(out, "as_of", slice_of(iso));
}

static db_done_fn answer_missing;

/* Whether it is gone or has never been, only the log knows. While that can't
 * be asked, it is as if it had never been. */
static void ask_for_missing(struct request *req,
                            const struct snapshot *snapshot, int64_t id)
{
    const struct api *api = request_app(req);
    struct changes_known *asked =
        arena_alloc(request_arena(req), sizeof(*asked));
    const struct db_call call = { .operation = "missing",
                                  .request_id = request_id(req),
                                  .waited_us = &request_life(req)->waited_us };

    if (asked == NULL || snapshot_stale(snapshot)) {
        respond_error(req, asked == NULL ? 503 : 404);
        return;
    }
    *asked = (struct changes_known){ .supplier_id = id, .context = req };
    db_submit_call(api->service->db, &call, changes_know, answer_missing,
                   asked);
}

static void answer_missing(void *job, enum error outcome)
{
    const struct changes_known *asked = job;

    if (outcome != OK)
        respond_error(asked->context, status_of_error(outcome));
    else
        respond_error(asked->context, asked->known ? 410 : 404);
}

const struct supplier *find_supplier(struct request *req,
                                     const struct snapshot *snapshot)
{
    const struct supplier *supplier = NULL;
    int64_t id;

    if (snapshot == NULL)
        respond_error(req, 503);
    else if (request_param_id(req, "id", &id) != OK)
        respond_error(req, 404);
    else if ((supplier = snapshot_find(snapshot, id)) == NULL)
        ask_for_missing(req, snapshot, id);
    return supplier;
}
