/* Files of all that a search has found. */
#include "cafe/api/listing.h"
#include "cafe/service/pages.h"
#include "cafe/suppliers/csv.h"

static void excel_head(struct text *out, const struct listing *listing)
{
    (void)listing;
    csv_head(out, CSV_SPREADSHEET);
}

static void excel_record(struct text *out, const struct supplier *supplier,
                         struct arena *scratch)
{
    (void)scratch;
    csv_record(out, CSV_SPREADSHEET, supplier);
}

const struct list_format listing_excel_table = {
    .type = CSV_TYPE,
    .disposition = "attachment; filename=\"suppliers-excel.csv\"",
    .head = excel_head,
    .record = excel_record,
};

static void download_found(struct lifetime *life,
                           const struct search_result *result)
{
    struct request *req = request_of(life);
    struct listing *listing = request_own(req);

    if (result == NULL) {
        request_reject(req, REJECTION_LIMIT);
        respond_error(req, 503);
        return;
    }
    listing->result = result;
    listing->end = search_count(result);
    listing_answer(req, listing);
}

/* All that match: a file does not depend on the page from which it was asked
 * for. */
static enum error download_read(struct request *req, struct search *search)
{
    const struct api *self = request_app(req);
    const struct form *query;
    enum error err = request_query(req, &query);

    if (err == OK)
        err = search_read(request_arena(req), query, search);
    if (err == OK && !self->supplying)
        search_read_ended(query, search);
    search->page = 1;
    search->per = PAGING_PER_DEFAULT;
    return err;
}

void listing_take(struct request *req, const struct snapshot *snapshot,
                  const char *cached, const struct list_format *format)
{
    struct api *self = request_app(req);
    struct arena *arena = request_arena(req);
    struct listing *listing = arena_alloc(arena, sizeof(*listing));
    enum error err;

    if (snapshot == NULL || listing == NULL) {
        respond_error(req, 503);
        return;
    }
    listing->format = format;
    request_set_own(req, listing);
    if ((err = download_read(req, &listing->search)) != OK) {
        respond_error(req, err == ERROR_MEMORY ? 503 : 400);
        return;
    }
    /* The URL in normal form: spellings of one list share one file. */
    if (!answer_cached(req, snapshot,
                       search_url(&listing->search, cached, arena),
                       &listing->key))
        search_when_found(self->searcher, snapshot, &listing->search,
                          download_found, request_life(req));
}
