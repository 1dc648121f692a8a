/* Answers that show a snapshot: cached while it is fresh, or marked stale. */
#include "cafe/api/answer.h"

#include "cafe/base/clock.h"
#include "cafe/base/json.h"

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

const struct supplier *find_supplier(struct request *req,
                                     const struct snapshot *snapshot)
{
    const struct supplier *supplier = NULL;
    int64_t id;

    if (snapshot == NULL)
        respond_error(req, 503);
    else if (request_param_id(req, "id", &id) != OK ||
             (supplier = snapshot_find(snapshot, id)) == NULL)
        respond_error(req, 404);
    return supplier;
}
