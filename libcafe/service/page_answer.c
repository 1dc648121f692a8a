/*
 * Answers with pages: from the cache, or compressed and cached.
 *
 * What takes long happens on another thread. From offload() to on_prepared()
 * the page, its key and the context are that thread's. They are in the
 * request's arena or referenced from there, and the request can't end
 * meanwhile, because nobody else answers it. The cache is the loop's alone.
 */
#include <string.h>

#include "cafe/html/compress.h"
#include "cafe/html/page_cache.h"
#include "cafe/html/render.h"
#include "cafe/http/response.h"
#include "cafe/service/offload.h"
#include "cafe/service/pages.h"

enum {
    /* Below this a compressed body saves no packet. */
    COMPRESS_MIN_BYTES = 512,
    /* Brotli 5 takes about 9 µs for each KiB, gzip 1 about 3 µs: from here on
     * it would hold up the loop for more than half a millisecond, several
     * times the cost of handing a job to another thread. */
    OFFLOAD_MIN_BYTES = 64 * 1024,
    /* The same where there is nothing to do but to make an ETag. */
    OFFLOAD_PLAIN_MIN_BYTES = 512 * 1024,
    /* A byte that is escaped takes 75 ns. */
    OFFLOAD_TEXTS_MIN_BYTES = 32 * 1024
};

/* A page on its way through the other thread, in the request's arena. */
struct preparation {
    const struct service *service;
    struct request *req;
    struct page *page;
    struct page_key key;
    bool plain;       /* only rendered: there is no key */
    const char *name; /* NULL: it is rendered already */
    const struct context *context;
};

/* "name encoding"; printf() would take longer than finding the page. */
static struct slice page_answer_join(struct arena *arena, const char *name,
                                     const char *encoding)
{
    size_t name_len = name != NULL ? strlen(name) : 0;
    size_t encoding_len = strlen(encoding);
    char *joined =
        name != NULL ? arena_alloc(arena, name_len + encoding_len + 2) : NULL;

    if (joined == NULL)
        return (struct slice){ NULL, 0 };
    memcpy(joined, name, name_len);
    joined[name_len] = ' ';
    memcpy(joined + name_len + 1, encoding, encoding_len);
    return (struct slice){ joined, name_len + 1 + encoding_len };
}

bool page_answer_cached(const struct service *service, struct request *req,
                        const char *name, uint64_t version,
                        struct page_key *key)
{
    enum encoding encoding =
        encoding_choose(request_field(req, "accept-encoding"));
    struct page *page;

    *key = (struct page_key){ .name = page_answer_join(request_arena(req), name,
                                                       encoding_name(encoding)),
                              .version = version,
                              .encoding = encoding };
    page = page_cache_find(service->cache, key->name, version, &key->keep);
    if (page != NULL)
        respond_page(req, page);
    return page != NULL;
}

static void compress(struct page *page, const struct page_key *key)
{
    struct text out;

    text_init(&out, 0);
    compress_text(text_slice(&page->body), key->encoding,
                  key->keep ? COMPRESS_CACHED : COMPRESS_ONCE, &out);
    if (out.failed) { /* it goes out as it is */
        text_free(&out);
        return;
    }
    page_body(page, &out);
    page_field(page, "Content-Encoding", encoding_name(key->encoding));
}

/* What takes time, on any thread. */
static void page_answer_prepare(struct page *page, const struct page_key *key)
{
    bool packs = key->encoding != ENCODING_IDENTITY &&
                 page->body.len >= COMPRESS_MIN_BYTES;

    /* A weak tag for what is compressed: sent once it is compressed faster, and
     * so into other bytes than once it is cached. */
    if (key->name.data != NULL)
        page_make_etag(page, packs);
    if (packs)
        compress(page, key);
}

static void page_answer_finish(const struct service *service,
                               struct request *req, struct page *page,
                               const struct page_key *key)
{
    /* On the loop: the cache belongs to it. */
    if (key->keep)
        page_cache_keep(service->cache, key->name, key->version, page);
    respond_page(req, page);
}

static void on_thread(void *argument)
{
    struct preparation *job = argument;

    if (job->name != NULL)
        render_body(job->page, job->service->templates, job->name,
                    job->context);
    if (!job->plain && !job->page->failed)
        page_answer_prepare(job->page, &job->key);
}

static void on_prepared(void *argument, enum error err)
{
    struct preparation *job = argument;

    /* Stopping: the job has not run. */
    if (err != OK && job->name != NULL) { /* there is nothing to send */
        page_unref(job->page);
        respond_error(job->req, 503);
        return;
    }
    if (err != OK || job->page->failed) /* it goes out as it is */
        job->key.keep = false;
    page_answer_finish(job->service, job->req, job->page, &job->key);
}

static enum error offload(const struct preparation *work)
{
    struct preparation *job =
        arena_alloc(request_arena(work->req), sizeof(*job));

    if (job == NULL)
        return ERROR_MEMORY;
    *job = *work;
    return offload_submit(job->service->offload, request_client(job->req),
                          on_thread, on_prepared, job);
}

void page_answer(const struct service *service, struct request *req,
                 struct page *page, const struct page_key *key)
{
    const struct preparation work = {
        .service = service, .req = req, .page = page, .key = *key
    };

    if (page == NULL || page->failed) {
        respond_page(req, page);
        return;
    }
    page_field(page, "Vary", "Accept-Encoding");
    if (page->body.len >= (key->encoding == ENCODING_IDENTITY
                               ? OFFLOAD_PLAIN_MIN_BYTES
                               : OFFLOAD_MIN_BYTES) &&
        offload(&work) == OK)
        return;
    page_answer_prepare(page, key);
    page_answer_finish(service, req, page, key);
}

void page_answer_rendered(const struct service *service, struct request *req,
                          struct page *page, const char *name,
                          const struct context *context,
                          const struct page_key *key)
{
    struct preparation work = {
        .service = service,
        .req = req,
        .page = page,
        .key = key != NULL ? *key : page_key_once(req),
        .plain = key == NULL,
        .name = name,
        .context = context,
    };

    if (page != NULL && context_bytes(context) >= OFFLOAD_TEXTS_MIN_BYTES) {
        if (key != NULL)
            page_field(page, "Vary", "Accept-Encoding");
        if (offload(&work) != OK) {
            page_unref(page);
            respond_error(req, 503);
        }
        return;
    }
    if (page != NULL)
        render_body(page, service->templates, name, context);
    if (key == NULL)
        respond_page(req, page);
    else
        page_answer(service, req, page, key);
}

struct page_key page_key_once(const struct request *req)
{
    return (struct page_key){ .encoding = encoding_choose(
                                  request_field(req, "accept-encoding")) };
}

void page_answer_once(const struct service *service, struct request *req,
                      struct page *page)
{
    const struct page_key key = page_key_once(req);

    page_answer(service, req, page, &key);
}
