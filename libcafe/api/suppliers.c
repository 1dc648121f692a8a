/* Suppliers for programs, version 1: a list that can be paged through while it
 * changes, and single suppliers. */
#include "cafe/api/suppliers.h"

#include <stdio.h>
#include <string.h>

#include "cafe/api/listing.h"
#include "cafe/api/parameters.h"
#include "cafe/api/problem.h"
#include "cafe/base/utf8.h"
#include "cafe/suppliers/cursor.h"
#include "cafe/suppliers/supplier_json.h"

enum { LIMIT_DEFAULT = 50, LIMIT_MAX = 200 };

/* A part of the list that is asked for, in the request's arena. */
struct part {
    struct listing listing;
    int64_t after; /* only suppliers of greater ids */
    size_t limit;
};

/* The query. */

static bool is_short(struct slice value, size_t max_chars)
{
    return utf8_count(value) <= max_chars;
}

static bool api_read_text(void *into, struct slice value)
{
    (void)into;
    return is_short(value, SEARCH_TEXT_MAX_CHARS);
}

static bool api_read_filter(void *into, struct slice value)
{
    (void)into;
    return is_short(value, SEARCH_FILTER_MAX_CHARS);
}

static bool api_read_limit(void *into, struct slice value)
{
    struct part *part = into;
    uint64_t limit;

    if (slice_number(value, LIMIT_MAX, &limit) != OK || limit == 0)
        return false;
    part->limit = (size_t)limit;
    return true;
}

/* An empty one is the beginning. */
static bool api_read_cursor(void *into, struct slice value)
{
    struct part *part = into;
    int32_t id;

    if (value.len == 0)
        return true;
    if (cursor_read(value, &id) != OK)
        return false;
    part->after = id;
    return true;
}

/* q, state, city and country are only checked here; search_read() reads them.
 */
static const struct parameter parameters[] = {
    { "q", api_read_text, "Shorten q to at most 100 characters." },
    { "state", api_read_filter, "Shorten state to at most 255 characters." },
    { "city", api_read_filter, "Shorten city to at most 255 characters." },
    { "country", api_read_filter,
      "Shorten country to at most 255 characters." },
    { "limit", api_read_limit, "Set limit to a number from 1 to 200." },
    { "cursor", api_read_cursor,
      "Copy the cursor unchanged from next in the previous response, or omit "
      "it to begin at the start." },
    { NULL, NULL,
      "There is no such parameter. Use q, state, city, country, limit and "
      "cursor." },
};

static const char nothing_in_it[] =
    "It contains nothing to search for. Give it a letter, a digit or a "
    "symbol, or omit it.";

/* The name of a parameter that has a value, but nothing in it to compare by: it
 * would find all suppliers. Absent when there is none. */
static struct slice find_nothing(const struct form *query,
                                 const struct search *search)
{
    const struct {
        const char *name;
        size_t compared;
    } rows[] = {
        { "q", search->word_count },
        { "state", search->state_fold.len },
        { "city", search->city_fold.len },
        { "country", search->country_key.len },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].compared == 0 && form_value(query, rows[i].name).len > 0)
            return slice_of(rows[i].name);
    return (struct slice){ NULL, 0 };
}

/* The path of the list; NULL when out of memory. */
static const char *suppliers_path(struct request *req)
{
    const struct api *api = request_app(req);

    return arena_printf(request_arena(req), "%s/v1/suppliers", api->root);
}

/* The one URL of a part, also the name of its cached page; NULL when out of
 * memory. */
static const char *part_url(const struct part *part, int64_t after,
                            struct request *req)
{
    struct arena *arena = request_arena(req);
    const char *path = suppliers_path(req);
    const char *all =
        path == NULL ? NULL : search_url(&part->listing.search, path, arena);
    const char *url = NULL;
    struct text text;

    if (all == NULL)
        return NULL;
    text_init(&text, 0);
    text_append_string(&text, all);
    if (part->limit != LIMIT_DEFAULT)
        text_printf(&text, "%climit=%zu", strchr(all, '?') != NULL ? '&' : '?',
                    part->limit);
    if (after != INT64_MIN) {
        text_printf(&text, "%ccursor=",
                    strchr(text_string(&text), '?') != NULL ? '&' : '?');
        cursor_write(&text, (int32_t)after);
    }
    if (!text.failed)
        url = arena_copy(arena, text.data, text.len);
    text_free(&text);
    return url;
}

/* The list. */

static void part_head(struct text *out, const struct listing *listing)
{
    json_object(out, NULL);
    answer_as_of(out, search_snapshot(listing->result));
    json_number(out, "total", (int64_t)search_count(listing->result));
    if (listing->next != NULL)
        json_text(out, "next", slice_of(listing->next));
    else
        json_null(out, "next");
    json_array(out, "suppliers");
}

static void part_record(struct text *out, const struct supplier *supplier,
                        struct arena *scratch)
{
    (void)scratch;
    supplier_json(out, supplier);
}

static void part_tail(struct text *out, const struct listing *listing)
{
    (void)listing;
    json_array_end(out);
    json_object_end(out);
    text_append_char(out, '\n');
}

static const struct list_format part_format = {
    .type = JSON_TYPE,
    .head = part_head,
    .record = part_record,
    .tail = part_tail,
};

static catalog_show_fn api_list_show;
static search_show_fn api_list_found;

/* GET /api/v1/suppliers */
void api_list(struct request *req)
{
    const struct api *api = request_app(req);

    catalog_when_fresh(api->catalog, api_list_show, request_life(req));
}

static struct part *part_open(struct request *req)
{
    struct part *part = arena_alloc(request_arena(req), sizeof(*part));

    if (part == NULL)
        return NULL;
    part->listing.format = &part_format;
    part->after = INT64_MIN;
    part->limit = LIMIT_DEFAULT;
    request_set_own(req, part);
    return part;
}

/* False: it is answered. */
static bool part_read(struct request *req, struct part *part)
{
    struct search *search = &part->listing.search;
    struct slice faulty;
    const struct form *query;

    if (!parameters_read(req, parameters, part))
        return false;
    if (request_query(req, &query) != OK ||
        search_read(request_arena(req), query, search) != OK) {
        respond_error(req, 503);
        return false;
    }
    if ((faulty = find_nothing(query, search)).data != NULL) {
        respond_bad_parameter(req, faulty, nothing_in_it);
        return false;
    }
    search->by_id = true;
    return true;
}

static void api_list_show(struct lifetime *life,
                          const struct snapshot *snapshot)
{
    struct request *req = request_of(life);
    const struct api *api = request_app(req);
    struct part *part = part_open(req);
    struct listing *listing;

    if (snapshot == NULL || part == NULL) {
        respond_error(req, 503);
        return;
    }
    listing = &part->listing;
    if (part_read(req, part) &&
        !answer_cached(req, snapshot, part_url(part, part->after, req),
                       &listing->key))
        search_when_found(api->searcher, snapshot, &listing->search,
                          api_list_found, request_life(req));
}

static void api_list_found(struct lifetime *life,
                           const struct search_result *result)
{
    struct request *req = request_of(life);
    struct part *part = request_own(req);
    struct listing *listing = &part->listing;
    bool more;

    if (result == NULL) {
        request_reject(req, REJECTION_LIMIT);
        respond_error(req, 503);
        return;
    }
    listing->result = result;
    listing->first = search_after(result, part->after);
    /* A cursor is an id, so what was added or removed meanwhile shifts nothing.
     */
    more = search_count(result) - listing->first > part->limit;
    listing->end = more ? listing->first + part->limit : search_count(result);
    if (more)
        listing->next =
            part_url(part, search_at(result, listing->end - 1)->id, req);
    if (more && listing->next == NULL)
        respond_error(req, 503);
    else
        listing_answer(req, listing);
}

/* One. */

static catalog_show_fn api_supplier_show;

/* GET /api/v1/suppliers/{id} */
void api_supplier(struct request *req)
{
    const struct api *api = request_app(req);

    if (parameters_none(req))
        catalog_when_fresh(api->catalog, api_supplier_show, request_life(req));
}

static void write_one(struct text *out, const struct supplier *supplier,
                      const struct snapshot *snapshot)
{
    json_object(out, NULL);
    answer_as_of(out, snapshot);
    supplier_json_members(out, supplier);
    json_object_end(out);
    text_append_char(out, '\n');
}

void supplier_etag(const struct supplier *supplier,
                   char etag[SUPPLIER_ETAG_BYTES])
{
    snprintf(etag, SUPPLIER_ETAG_BYTES, "\"%llu-%lld\"",
             (unsigned long long)supplier->revision,
             (long long)supplier->changed_us);
}

bool supplier_etag_read(struct slice etag, uint64_t *revision,
                        int64_t *changed_us)
{
    struct slice rest = etag, number;
    uint64_t at_us;

    if (etag.len < 2 || etag.data[0] != '"' || etag.data[etag.len - 1] != '"')
        return false;
    rest = (struct slice){ etag.data + 1, etag.len - 2 };
    number = slice_cut(&rest, '-');
    if (slice_number(number, INT64_MAX, revision) != OK || *revision == 0 ||
        slice_number(rest, INT64_MAX, &at_us) != OK)
        return false;
    *changed_us = (int64_t)at_us;
    return true;
}

/* Not compressed: all forms of it share the tag, which has to be strong. */
static void answer_version(struct request *req, const struct supplier *supplier,
                           const struct snapshot *snapshot)
{
    char etag[SUPPLIER_ETAG_BYTES];
    struct page *page;
    struct text body;

    text_init(&body, 0);
    write_one(&body, supplier, snapshot);
    page = page_data(200, JSON_TYPE, answer_cache(req, snapshot), &body);
    text_free(&body);
    supplier_etag(supplier, etag);
    if (page != NULL && !snapshot_stale(snapshot))
        page_set_etag(page, etag);
    snapshot_mark(snapshot, page);
    respond_page(req, page);
}

static void api_supplier_show(struct lifetime *life,
                              const struct snapshot *snapshot)
{
    struct request *req = request_of(life);
    const struct api *api = request_app(req);
    const struct supplier *supplier;
    struct page_key key;
    struct text body;

    if ((supplier = find_supplier(req, snapshot)) == NULL)
        return;
    if (api->versions) {
        answer_version(req, supplier, snapshot);
        return;
    }
    if (answer_cached(req, snapshot,
                      arena_printf(request_arena(req), "%s/v1/suppliers/%lld",
                                   api->root, (long long)supplier->id),
                      &key))
        return;
    text_init(&body, 0);
    write_one(&body, supplier, snapshot);
    answer_page(req,
                page_data(200, JSON_TYPE, answer_cache(req, snapshot), &body),
                snapshot, &key);
    text_free(&body);
}
