/* Lists that are written record by record: contacts, tables, JSON, and what is
 * printed. */
#include "cafe/api/listing.h"

#include "cafe/service/offload.h"

enum {
    /* A card takes about 10 µs, and up to 50 ns for each byte: what takes
     * longer is written on the other thread. */
    WRITE_MAX_ROWS = 100,
    WRITE_MAX_BYTES = 64 * 1024,
    /* The most of one answer of the API: never refused, however slowly other
     * clients read. */
    SHORT_MAX_ROWS = 200,
    ROW_MIN_BYTES = 512 /* of a supplier that is not written yet */
};

static void listing_end(void *argument)
{
    struct listing *listing = argument;

    text_free(&listing->body);
}

static size_t listing_count(const struct listing *listing)
{
    return listing->end - listing->first;
}

/* Before it is written, a supplier counts by half of what one takes in memory
 * on average: there it is twice, as it is and as it is searched. */
static size_t listing_estimate(const struct listing *listing)
{
    const struct api *api = request_app(listing->req);
    size_t most = (size_t)api->list_max_bytes;
    size_t row = snapshot_row_bytes(search_snapshot(listing->result)) / 2;
    size_t bytes = listing_count(listing) *
                   (row > ROW_MIN_BYTES ? row : ROW_MIN_BYTES);

    return bytes < most ? bytes : most;
}

/* All long lists that are written and not sent yet have a bound together:
 * clients that read slowly must not fill the memory. */
static bool listing_reserve(struct listing *listing, size_t bytes)
{
    if (listing_count(listing) <= SHORT_MAX_ROWS) {
        request_set_reserved(listing->req, bytes);
        return true;
    }
    if (request_reserve(listing->req, bytes))
        return true;
    request_reject(listing->req, REJECTION_LIMIT);
    return false;
}

/* On any thread: what was found doesn't change while the request lives. */
static void write_records(void *argument)
{
    struct listing *listing = argument;
    const struct list_format *format = listing->format;
    struct text *body = &listing->body;
    struct arena *scratch;

    if (format->page != NULL) {
        listing->page = format->page(listing);
        body->failed = listing->page == NULL || listing->page->body.failed;
        if (!body->failed)
            text_fit(&listing->page->body);
        return;
    }
    scratch = arena_open(0);
    body->failed = scratch == NULL;
    if (format->head != NULL)
        format->head(body, listing);
    for (size_t i = listing->first; i < listing->end && !body->failed; i++)
        format->record(body, search_at(listing->result, i), scratch);
    if (format->tail != NULL)
        format->tail(body, listing);
    text_fit(body);
    arena_close(scratch);
}

/* The page of data; NULL when out of memory. */
static struct page *listing_make_page(struct listing *listing)
{
    const struct list_format *format = listing->format;
    const struct snapshot *snapshot = search_snapshot(listing->result);
    struct page *page = page_data(200, format->type,
                                  answer_cache(listing->req, snapshot),
                                  &listing->body);
    const char *link;

    if (page != NULL && format->disposition != NULL)
        page_field(page, "Content-Disposition", format->disposition);
    if (page != NULL && listing->next != NULL) { /* RFC 8288 */
        link = arena_printf(request_arena(listing->req), "<%s>; rel=\"next\"",
                            listing->next);
        if (link != NULL)
            page_field(page, "Link", link);
    }
    return page;
}

static void written(void *argument, enum error err)
{
    struct listing *listing = argument;
    struct page *page = listing->page;

    if (err != OK) {
        respond_error(listing->req, 503);
        return;
    }
    if (listing->body.failed) {
        page_unref(page);
        request_reject(listing->req, REJECTION_LIMIT);
        respond_error(listing->req, 422);
        return;
    }
    /* From here on by its true size. */
    if (!listing_reserve(listing, page != NULL ? page->body.capacity
                                               : listing->body.capacity)) {
        page_unref(page);
        respond_error(listing->req, 503);
        return;
    }
    answer_page(listing->req, page != NULL ? page : listing_make_page(listing),
                search_snapshot(listing->result), &listing->key);
}

static bool listing_is_quick(const struct listing *listing)
{
    size_t bytes = 0;

    if (listing_count(listing) > WRITE_MAX_ROWS)
        return false;
    for (size_t i = listing->first; i < listing->end; i++) {
        const struct supplier *supplier = search_at(listing->result, i);

        for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++)
            bytes += supplier->fields[f].len;
    }
    return bytes <= WRITE_MAX_BYTES;
}

void listing_answer(struct request *req, struct listing *listing)
{
    const struct api *api = request_app(req);

    listing->req = req;
    text_init(&listing->body, (size_t)api->list_max_bytes);
    if (listing->format->context != NULL)
        listing->context = listing->format->context(listing);
    if (lifetime_on_end(request_life(req), listing_end, listing) != OK ||
        !listing_reserve(listing, listing_estimate(listing))) {
        respond_error(req, 503);
    } else if (listing_is_quick(listing)) {
        write_records(listing);
        written(listing, OK);
    } else if (offload_submit(api->service->offload, request_client(req),
                              write_records, written, listing) != OK) {
        respond_error(req, 503);
    }
}
