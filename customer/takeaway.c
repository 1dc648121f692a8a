/* Suppliers to take along: one contact, and lists as contacts or tables. */
#include <string.h>

#include "cafe/csv.h"
#include "cafe/offload.h"
#include "cafe/vcard.h"
#include "takeaway.h"

enum {
    /* A card takes about 10 µs: longer lists are written on the other thread.
     */
    WRITE_MAX_ROWS = 100,
    ROW_BYTES = 512,      /* of a supplier that is not written yet */
    PENDING_MAX_LISTS = 2 /* as large as one may be; or more that are smaller */
};

static void table_head(struct text *out)
{
    csv_head(out, CSV_PROGRAM);
}

static void table_record(struct text *out, const struct supplier *supplier,
                         struct arena *scratch)
{
    (void)scratch;
    csv_record(out, CSV_PROGRAM, supplier);
}

static void excel_head(struct text *out)
{
    csv_head(out, CSV_SPREADSHEET);
}

static void excel_record(struct text *out, const struct supplier *supplier,
                         struct arena *scratch)
{
    (void)scratch;
    csv_record(out, CSV_SPREADSHEET, supplier);
}

#define VCARD_TYPE "text/vcard; charset=utf-8"
#define CSV_TYPE "text/csv; charset=utf-8; header=present"

static const struct format contacts = {
    "/suppliers.vcf",
    VCARD_TYPE,
    "attachment; filename=\"suppliers.vcf\"",
    NULL,
    vcard_append,
    NULL,
    NULL
};
static const struct format table = { "/suppliers.csv",
                                     CSV_TYPE,
                                     "attachment; filename=\"suppliers.csv\"",
                                     table_head,
                                     table_record,
                                     NULL,
                                     NULL };
static const struct format excel_table = {
    "/suppliers.csv;excel",
    CSV_TYPE,
    "attachment; filename=\"suppliers-excel.csv\"",
    excel_head,
    excel_record,
    NULL,
    NULL
};

/* A file to be saved, without its body. */
static struct page *file_open(const char *type, const char *disposition,
                              const struct snapshot *snapshot)
{
    struct page *page = page_open(200);

    if (page == NULL)
        return NULL;
    page_field(page, "Content-Type", type);
    page_field(page, "Content-Disposition", disposition);
    page_field(page, "Cache-Control", answer_cache(snapshot));
    page_field(page, "X-Content-Type-Options", "nosniff");
    page_field(page, "Referrer-Policy", "same-origin");
    page_field(page, "Content-Security-Policy",
               "default-src 'none'; frame-ancestors 'none'");
    return page;
}

static void answer_file(struct request *req, const char *type,
                        const char *disposition, struct text *body,
                        const struct snapshot *snapshot,
                        const struct page_key *key)
{
    struct page *page = file_open(type, disposition, snapshot);

    if (page != NULL)
        page_body(page, body);
    answer_page(req, page, snapshot, key);
}

/* One supplier. */

enum { FILE_NAME_MAX_BYTES = 120 };

/* The first characters of a name. */
static struct slice cut(struct slice name)
{
    size_t len = FILE_NAME_MAX_BYTES;

    if (name.len <= len)
        return name;
    while (len > 0 && ((unsigned char)name.data[len] & 0xc0) == 0x80)
        len--;
    return (struct slice){ name.data, len };
}

/* RFC 6266 5, RFC 8187 3.2.3: by its name, and for old clients by its id. */
static void card_disposition(const struct supplier *supplier, struct text *out)
{
    text_printf(out, "attachment; filename=\"supplier-%lld.vcf\"",
                (long long)supplier->id);
    if (supplier->fields[SUPPLIER_NAME].len == 0)
        return;
    text_append_string(out, "; filename*=UTF-8''");
    percent_encode(out, cut(supplier->fields[SUPPLIER_NAME]));
    text_append_string(out, ".vcf");
}

static catalog_show_fn supplier_card_show;

/* GET /suppliers/{id}.vcf */
void supplier_card(struct request *req)
{
    struct customer *self = request_app(req);

    catalog_when_fresh(self->catalog, supplier_card_show, req);
}

static void answer_card(struct request *req, const struct supplier *supplier,
                        const struct snapshot *snapshot,
                        const struct page_key *key)
{
    struct arena *scratch = arena_open(0);
    struct text body, disposition;

    text_init(&body, 0);
    text_init(&disposition, 0);
    body.failed = scratch == NULL;
    if (scratch != NULL)
        vcard_append(&body, supplier, scratch);
    arena_close(scratch);
    card_disposition(supplier, &disposition);
    answer_file(req, VCARD_TYPE, text_string(&disposition), &body, snapshot,
                key);
    text_free(&body);
    text_free(&disposition);
}

static void supplier_card_show(struct request *req,
                               const struct snapshot *snapshot)
{
    const struct supplier *supplier;
    struct page_key key;

    if ((supplier = find_supplier(req, snapshot)) == NULL)
        return;
    if (!answer_kept(req, snapshot,
                     arena_printf(request_arena(req), "/suppliers/%lld.vcf",
                                  (long long)supplier->id),
                     &key))
        answer_card(req, supplier, snapshot, &key);
}

/* Lists. */

static void take_end(void *argument)
{
    struct take *take = argument;
    struct customer *self = request_app(take->req);

    self->pending_bytes -= take->pending_bytes;
    text_free(&take->body);
}

/* Lists that are written and not sent yet have a bound together. */
static bool take_reserve(struct take *take, size_t bytes)
{
    struct customer *self = request_app(take->req);
    size_t others = self->pending_bytes;

    if (others > 0 &&
        others + bytes > PENDING_MAX_LISTS * (size_t)self->take_max_bytes)
        return false;
    if (request_on_end(take->req, take_end, take) != OK)
        return false;
    take->pending_bytes = bytes;
    self->pending_bytes += bytes;
    return true;
}

/* On any thread: what was found doesn't change while the request lives. */
static void take_write(void *argument)
{
    struct take *take = argument;
    struct arena *scratch;
    size_t count = search_count(take->result);

    if (take->format->page != NULL) {
        take->page = take->format->page(take);
        return;
    }
    scratch = arena_open(0);
    take->body.failed = scratch == NULL;
    if (take->format->head != NULL)
        take->format->head(&take->body);
    for (size_t i = 0; i < count && !take->body.failed; i++)
        take->format->record(&take->body, search_at(take->result, i), scratch);
    arena_close(scratch);
}

static void answer_too_long(struct request *req)
{
    const struct customer *self = request_app(req);
    struct view *view = page_view(self->service, req, "The list is too long");

    view_string(view, "heading", "The list is too long to take along");
    view_string(view, "advice",
                "Search for something, or choose a state or a city, and take "
                "that.");
    page_answer_once(self->service, req,
                     page_render(self->service, "500", view, 422, "no-store"));
}

static void take_written(void *argument)
{
    struct take *take = argument;
    struct customer *self = request_app(take->req);
    struct text *body = take->page ? &take->page->body : &take->body;

    if (body->failed) {
        page_unref(take->page);
        answer_too_long(take->req);
        return;
    }
    self->pending_bytes += body->capacity - take->pending_bytes;
    take->pending_bytes = body->capacity;
    if (take->page != NULL)
        answer_page(take->req, take->page, search_snapshot(take->result),
                    &take->key);
    else
        answer_file(take->req, take->format->type, take->format->disposition,
                    body, search_snapshot(take->result), &take->key);
}

static void take_found(struct request *req, const struct search_result *result)
{
    const struct customer *self = request_app(req);
    struct take *take = request_own(req);

    if (result == NULL ||
        !take_reserve(take, search_count(result) * ROW_BYTES)) {
        respond_error(req, 503);
        return;
    }
    take->result = result;
    text_init(&take->body, (size_t)self->take_max_bytes);
    if (take->format->view != NULL)
        take->view = take->format->view(take);
    if (search_count(result) <= WRITE_MAX_ROWS) {
        take_write(take);
        take_written(take);
    } else if (offload_submit(self->service->offload, take_write, take_written,
                              take) != OK) {
        respond_error(req, 503);
    }
}

/* All that match, whichever page somebody looks at. */
static enum error take_read(struct request *req, struct search *search)
{
    const struct form *query;
    enum error err = request_query(req, &query);

    if (err == OK)
        err = search_read(request_arena(req), query, search);
    search->page = 1;
    search->per = PAGING_PER_DEFAULT;
    return err;
}

void take_list(struct request *req, const struct snapshot *snapshot,
               const struct format *format)
{
    struct customer *self = request_app(req);
    struct take *take = arena_alloc(request_arena(req), sizeof(*take));
    enum error err;

    if (snapshot == NULL || take == NULL) {
        respond_error(req, 503);
        return;
    }
    take->req = req;
    take->format = format;
    request_set_own(req, take);
    if ((err = take_read(req, &take->search)) != OK) {
        respond_error(req, err == ERROR_MEMORY ? 503 : 400);
        return;
    }
    if (!answer_kept(
            req, snapshot,
            search_url(&take->search, format->kept, request_arena(req)),
            &take->key))
        search_when_found(self->searcher, snapshot, &take->search, take_found,
                          req);
}

static catalog_show_fn list_contacts_show, list_table_show;

/* GET /suppliers.vcf */
void list_contacts(struct request *req)
{
    struct customer *self = request_app(req);

    catalog_when_fresh(self->catalog, list_contacts_show, req);
}

static void list_contacts_show(struct request *req,
                               const struct snapshot *snapshot)
{
    take_list(req, snapshot, &contacts);
}

/* GET /suppliers.csv */
void list_table(struct request *req)
{
    struct customer *self = request_app(req);

    catalog_when_fresh(self->catalog, list_table_show, req);
}

static void list_table_show(struct request *req,
                            const struct snapshot *snapshot)
{
    const struct form *query;
    bool excel = request_query(req, &query) == OK &&
                 slice_is(form_value(query, "for"), "excel");

    take_list(req, snapshot, excel ? &excel_table : &table);
}

void list_takeaway_view(const struct search *search, struct arena *arena,
                        struct view *view)
{
    struct search all = *search;
    const char *csv;

    all.page = 1;
    all.per = PAGING_PER_DEFAULT;
    csv = search_url(&all, "/suppliers.csv", arena);
    view_string(view, "contacts", search_url(&all, "/suppliers.vcf", arena));
    view_string(view, "table", csv);
    if (csv != NULL)
        view_string(view, "excel_table",
                    arena_printf(arena, "%s%cfor=excel", csv,
                                 strchr(csv, '?') ? '&' : '?'));
}
