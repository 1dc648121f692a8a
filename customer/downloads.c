/* Downloads: one supplier, and lists of them, as contacts, tables and JSON. */
#include <string.h>

#include "cafe/base/utf8.h"
#include "cafe/html/qr.h"
#include "cafe/suppliers/contact.h"
#include "cafe/suppliers/csv.h"
#include "cafe/suppliers/supplier_json.h"
#include "cafe/suppliers/vcard.h"
#include "customer.h"

#define VCARD_TYPE "text/vcard; charset=utf-8"

/* One supplier. */

enum {
    FILE_NAME_MAX_BYTES = 120,
    CODE_BYTES = 600,        /* what cameras read easily: 85 by 85 squares */
    CODE_NAME_MAX_BYTES = 60 /* of what is longer; then it is below
                                QR_TEXT_MAX_BYTES */
};

/* How one is written. */
struct file_format {
    const char *suffix;  /* of its path and of the file */
    const char *variant; /* of the cached page, after the suffix */
    const char *type;
    void (*write)(struct text *out, const struct supplier *supplier,
                  struct arena *scratch);
};

static void object_write(struct text *out, const struct supplier *supplier,
                         struct arena *scratch)
{
    (void)scratch;
    supplier_json(out, supplier);
    text_append_char(out, '\n');
}

static void card_write(struct text *out, const struct supplier *supplier,
                       struct arena *scratch)
{
    vcard_append(out, supplier, VCARD_4, scratch);
}

static void old_card_write(struct text *out, const struct supplier *supplier,
                           struct arena *scratch)
{
    vcard_append(out, supplier, VCARD_3, scratch);
}

/* What a phone needs to call and to write. */
static void keep_shortest(struct supplier *supplier, struct arena *scratch)
{
    const char *tel, *mailto;

    arena_reset(scratch);
    tel = contact_tel(scratch, supplier->fields[SUPPLIER_PHONE]);
    mailto = contact_mailto(scratch, supplier->fields[SUPPLIER_EMAIL]);
    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++)
        if (f != SUPPLIER_NAME && (f != SUPPLIER_PHONE || tel == NULL) &&
            (f != SUPPLIER_EMAIL || mailto == NULL))
            supplier->fields[f] = SLICE("");
    supplier->fields[SUPPLIER_NAME] =
        utf8_cut(supplier->fields[SUPPLIER_NAME], CODE_NAME_MAX_BYTES);
}

/* A contact as a picture. vCard 3.0, which cameras have known for longest;
 * without notes, for a code that they can read. */
static void code_write(struct text *out, const struct supplier *supplier,
                       struct arena *scratch)
{
    struct supplier brief = *supplier;
    struct text text;

    text_init(&text, 0);
    brief.fields[SUPPLIER_NOTES] = SLICE("");
    brief.changed_us = 0;
    vcard_append(&text, &brief, VCARD_3, scratch);
    if (text.len > CODE_BYTES) {
        text_reset(&text);
        keep_shortest(&brief, scratch);
        vcard_append(&text, &brief, VCARD_3, scratch);
    }
    out->failed |= text.failed || !qr_svg(text_slice(&text), out);
    text_free(&text);
}

static const struct file_format card = { ".vcf", "", VCARD_TYPE, card_write };
static const struct file_format old_card = { ".vcf", ";3", VCARD_TYPE,
                                             old_card_write };
static const struct file_format code = { ".svg", "", "image/svg+xml",
                                         code_write };
static const struct file_format object = { ".json", "", JSON_TYPE,
                                           object_write };

/* RFC 6266 5, RFC 8187 3.2.3: named after the supplier, and for old clients
 * after its id. */
static void file_disposition(const struct supplier *supplier,
                             const char *suffix, struct text *out)
{
    struct slice name = supplier->fields[SUPPLIER_NAME];

    text_printf(out, "attachment; filename=\"supplier-%lld%s\"",
                (long long)supplier->id, suffix);
    if (name.len == 0)
        return;
    text_append_string(out, "; filename*=UTF-8''");
    percent_encode(out, utf8_cut(name, FILE_NAME_MAX_BYTES));
    text_append_string(out, suffix);
}

static void answer_file(struct request *req, const struct supplier *supplier,
                        const struct file_format *format,
                        const struct snapshot *snapshot,
                        const struct page_key *key)
{
    struct arena *scratch = arena_open(0);
    struct text body, disposition;
    struct page *page;

    text_init(&body, 0);
    text_init(&disposition, 0);
    body.failed = scratch == NULL;
    if (scratch != NULL)
        format->write(&body, supplier, scratch);
    arena_close(scratch);
    file_disposition(supplier, format->suffix, &disposition);
    page = page_data(200, format->type, answer_cache(req, snapshot), &body);
    if (page != NULL)
        page_field(page, "Content-Disposition", text_string(&disposition));
    answer_page(req, page, snapshot, key);
    text_free(&body);
    text_free(&disposition);
}

static void file_show(struct request *req, const struct snapshot *snapshot,
                      const struct file_format *format)
{
    const struct supplier *supplier;
    struct page_key key;

    if ((supplier = find_supplier(req, snapshot)) == NULL)
        return;
    if (!answer_cached(req, snapshot,
                       arena_printf(request_arena(req), "/suppliers/%lld%s%s",
                                    (long long)supplier->id, format->suffix,
                                    format->variant),
                       &key))
        answer_file(req, supplier, format, snapshot, &key);
}

/* "version=3", for phones that refuse 4.0. */
static bool wants_old_card(struct request *req)
{
    const struct form *query;

    return request_query(req, &query) == OK &&
           slice_is(form_value(query, "version"), "3");
}

static catalog_show_fn supplier_card_show, supplier_object_show,
    supplier_code_show;

/* GET /suppliers/{id}.vcf?version= */
void supplier_card(struct request *req)
{
    struct customer *self = request_app(req);

    catalog_when_fresh(self->api.catalog, supplier_card_show,
                       request_life(req));
}

static void supplier_card_show(struct lifetime *life,
                               const struct snapshot *snapshot)
{
    struct request *req = request_of(life);
    file_show(req, snapshot, wants_old_card(req) ? &old_card : &card);
}

/* GET /suppliers/{id}.json */
void supplier_object(struct request *req)
{
    struct customer *self = request_app(req);

    catalog_when_fresh(self->api.catalog, supplier_object_show,
                       request_life(req));
}

static void supplier_object_show(struct lifetime *life,
                                 const struct snapshot *snapshot)
{
    struct request *req = request_of(life);
    file_show(req, snapshot, &object);
}

/* GET /suppliers/{id}.svg */
void supplier_code(struct request *req)
{
    struct customer *self = request_app(req);

    catalog_when_fresh(self->api.catalog, supplier_code_show,
                       request_life(req));
}

static void supplier_code_show(struct lifetime *life,
                               const struct snapshot *snapshot)
{
    struct request *req = request_of(life);
    file_show(req, snapshot, &code);
}

/* Lists. */

static void table_head(struct text *out, const struct listing *listing)
{
    (void)listing;
    csv_head(out, CSV_PROGRAM);
}

static void table_record(struct text *out, const struct supplier *supplier,
                         struct arena *scratch)
{
    (void)scratch;
    csv_record(out, CSV_PROGRAM, supplier);
}

static void objects_head(struct text *out, const struct listing *listing)
{
    (void)listing;
    json_array(out, NULL);
}

static void objects_record(struct text *out, const struct supplier *supplier,
                           struct arena *scratch)
{
    (void)scratch;
    supplier_json(out, supplier);
}

static void objects_tail(struct text *out, const struct listing *listing)
{
    (void)listing;
    json_array_end(out);
    text_append_char(out, '\n');
}

static const struct list_format contacts = {
    .type = VCARD_TYPE,
    .disposition = "attachment; filename=\"suppliers.vcf\"",
    .record = card_write,
};

static const struct list_format old_contacts = {
    .type = VCARD_TYPE,
    .disposition = "attachment; filename=\"suppliers.vcf\"",
    .record = old_card_write,
};

static const struct list_format table = {
    .type = CSV_TYPE,
    .disposition = "attachment; filename=\"suppliers.csv\"",
    .head = table_head,
    .record = table_record,
};

static const struct list_format objects = {
    .type = JSON_TYPE,
    .disposition = "attachment; filename=\"suppliers.json\"",
    .head = objects_head,
    .record = objects_record,
    .tail = objects_tail,
};

static catalog_show_fn list_contacts_show, list_table_show, list_objects_show;

/* GET /suppliers.vcf */
void list_contacts(struct request *req)
{
    struct customer *self = request_app(req);

    catalog_when_fresh(self->api.catalog, list_contacts_show,
                       request_life(req));
}

static void list_contacts_show(struct lifetime *life,
                               const struct snapshot *snapshot)
{
    struct request *req = request_of(life);
    if (wants_old_card(req))
        listing_take(req, snapshot, "/suppliers.vcf;3", &old_contacts);
    else
        listing_take(req, snapshot, "/suppliers.vcf", &contacts);
}

/* GET /suppliers.csv */
void list_table(struct request *req)
{
    struct customer *self = request_app(req);

    catalog_when_fresh(self->api.catalog, list_table_show, request_life(req));
}

static void list_table_show(struct lifetime *life,
                            const struct snapshot *snapshot)
{
    struct request *req = request_of(life);
    const struct form *query;

    if (request_query(req, &query) == OK &&
        slice_is(form_value(query, "for"), "excel"))
        listing_take(req, snapshot, "/suppliers.csv;excel",
                     &listing_excel_table);
    else
        listing_take(req, snapshot, "/suppliers.csv", &table);
}

/* GET /suppliers.json */
void list_objects(struct request *req)
{
    struct customer *self = request_app(req);

    catalog_when_fresh(self->api.catalog, list_objects_show, request_life(req));
}

static void list_objects_show(struct lifetime *life,
                              const struct snapshot *snapshot)
{
    struct request *req = request_of(life);
    listing_take(req, snapshot, "/suppliers.json", &objects);
}

/* Another form of the same list. */
static void fill_variant(struct context *context, const char *name,
                         struct arena *arena, const char *url,
                         const char *variant)
{
    if (url != NULL)
        context_string(context, name,
                       arena_printf(arena, "%s%c%s", url,
                                    strchr(url, '?') != NULL ? '&' : '?',
                                    variant));
}

void list_downloads_context(const struct search *search, struct arena *arena,
                            struct context *context)
{
    struct search all = *search;
    const char *csv, *vcf;

    all.page = 1;
    all.per = PAGING_PER_DEFAULT;
    csv = search_url(&all, "/suppliers.csv", arena);
    vcf = search_url(&all, "/suppliers.vcf", arena);
    context_string(context, "contacts", vcf);
    context_string(context, "objects",
                   search_url(&all, "/suppliers.json", arena));
    context_string(context, "table", csv);
    fill_variant(context, "excel_table", arena, csv, "for=excel");
    fill_variant(context, "old_contacts", arena, vcf, "version=3");
}
