/* Static files: read once, made into pages that are never built again. */
#include "cafe/html/assets.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cafe/base/arena.h"
#include "cafe/base/file.h"
#include "cafe/base/hash.h"
#include "cafe/html/encoding.h"

enum { FILE_MAX_BYTES = 4 * 1024 * 1024 };

static const struct {
    const char *extension;
    const char *type;
} types[] = {
    { "css", "text/css; charset=utf-8" },
    { "js", "text/javascript; charset=utf-8" },
    { "svg", "image/svg+xml" },
    { "png", "image/png" },
    { "jpg", "image/jpeg" },
    { "webp", "image/webp" },
    { "ico", "image/x-icon" },
    { "woff2", "font/woff2" },
    { "txt", "text/plain; charset=utf-8" },
};

/* How a file's compressed forms are called beside it. */
static const char *const suffixes[ENCODINGS] = {
    [ENCODING_IDENTITY] = "",
    [ENCODING_GZIP] = ".gz",
    [ENCODING_BROTLI] = ".br",
};

struct asset {
    const char *name;
    const char *url;
    struct page *pages[ENCODINGS]; /* NULL: no such form */
    struct asset *next;
};

struct assets {
    struct arena *arena;
    struct asset *first;
    char hash[HASH_HEX_CHARS + 1];
};

static const char *type_of(const char *name)
{
    const char *dot = strrchr(name, '.');

    for (size_t i = 0; dot != NULL && i < sizeof(types) / sizeof(types[0]);
         i++) {
        if (strcasecmp(dot + 1, types[i].extension) == 0)
            return types[i].type;
    }
    return NULL;
}

static struct asset *assets_find(const struct assets *assets, struct slice name)
{
    for (struct asset *asset = assets->first; asset != NULL;
         asset = asset->next) {
        if (slice_is(name, asset->name))
            return asset;
    }
    return NULL;
}

static struct page *assets_make_page(const char *type, enum encoding encoding,
                                     struct text *content)
{
    struct page *page = page_open(200);

    if (page == NULL)
        return NULL;
    page_field(page, "Content-Type", type);
    page_field(page, "Cache-Control", "public, max-age=31536000, immutable");
    page_field(page, "Vary", "Accept-Encoding");
    page_secure(page, PAGE_POLICY_DATA);
    if (encoding != ENCODING_IDENTITY)
        page_field(page, "Content-Encoding", encoding_name(encoding));
    page_body(page, content);
    page_make_etag(page, false);
    return page;
}

/* What an earlier folder had under this name: none of its forms may be sent any
 * more, also where the new file has fewer. */
static void forget_forms(struct asset *asset)
{
    for (enum encoding e = ENCODING_IDENTITY; e < ENCODINGS; e++) {
        page_unref(asset->pages[e]);
        asset->pages[e] = NULL;
    }
}

/* Read a file in one of its forms; a compressed one may be missing. */
static enum error load_form(struct asset *asset, const char *path,
                            enum encoding encoding, struct text *error)
{
    struct text content, ignored;
    enum error err;

    text_init(&content, FILE_MAX_BYTES);
    text_init(&ignored, 0);
    err = file_read(path, &content,
                    encoding == ENCODING_IDENTITY ? error : &ignored);
    text_free(&ignored);
    if (err == OK) {
        asset->pages[encoding] =
            assets_make_page(type_of(asset->name), encoding, &content);
        if (asset->pages[encoding] == NULL || asset->pages[encoding]->failed)
            err = ERROR_MEMORY;
    }
    text_free(&content);
    return err == ERROR_CONFIG && encoding != ENCODING_IDENTITY ? OK : err;
}

/* The asset of this name, made if there is none. */
static struct asset *find_or_add(struct assets *assets, const char *name)
{
    struct asset *asset = assets_find(assets, slice_of(name));

    if (asset != NULL)
        return asset;
    if ((asset = arena_alloc(assets->arena, sizeof(*asset))) == NULL ||
        (asset->name = arena_copy(assets->arena, name, strlen(name))) == NULL)
        return NULL;
    asset->next = assets->first;
    assets->first = asset;
    return asset;
}

/* A compressed form is read with the file it belongs to. */
static bool is_compressed(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot != NULL && (strcmp(dot, suffixes[ENCODING_GZIP]) == 0 ||
                           strcmp(dot, suffixes[ENCODING_BROTLI]) == 0);
}

static enum error assets_load(const char *folder, const char *name,
                              void *context, struct text *error)
{
    struct assets *assets = context;
    struct asset *asset;
    enum error err = OK;

    if (is_compressed(name))
        return OK;
    /* At start, not with the first request: a file of unknown type is one that
     * was put there by mistake. */
    if (type_of(name) == NULL) {
        text_printf(error, "%s/%s: is not a type of file that can be served",
                    folder, name);
        return ERROR_CONFIG;
    }
    if ((asset = find_or_add(assets, name)) == NULL)
        return ERROR_MEMORY;
    forget_forms(asset);
    for (enum encoding e = ENCODING_IDENTITY; e < ENCODINGS && err == OK; e++) {
        const char *path =
            arena_printf(assets->arena, "%s/%s%s", folder, name, suffixes[e]);

        err = path != NULL ? load_form(asset, path, e, error) : ERROR_MEMORY;
    }
    return err;
}

static int by_name(const void *a, const void *b)
{
    const struct asset *const *left = a;
    const struct asset *const *right = b;

    return strcmp((*left)->name, (*right)->name);
}

/* All of them by name; NULL when out of memory. */
static const struct asset **sort(const struct assets *assets, size_t *count)
{
    const struct asset **sorted;
    size_t i = 0;

    *count = 0;
    for (const struct asset *asset = assets->first; asset != NULL;
         asset = asset->next)
        ++*count;
    sorted = calloc(*count + 1, sizeof(*sorted));
    if (sorted == NULL)
        return NULL;
    for (const struct asset *asset = assets->first; asset != NULL;
         asset = asset->next)
        sorted[i++] = asset;
    qsort(sorted, *count, sizeof(*sorted), by_name);
    return sorted;
}

/* One hash over all names and contents, in an order of its own: a folder
 * lists its files in any order, and all tasks of a service must give the
 * same URLs. */
static enum error hash_set(struct assets *assets)
{
    struct text all;
    size_t count;
    const struct asset **sorted = sort(assets, &count);
    bool failed = sorted == NULL;

    text_init(&all, 0);
    for (size_t i = 0; !failed && i < count; i++)
        text_printf(&all, "%s %s\n", sorted[i]->name,
                    sorted[i]->pages[ENCODING_IDENTITY]->etag);
    failed = failed || all.failed;
    if (!failed)
        hash_hex(text_slice(&all), assets->hash);
    text_free(&all);
    free(sorted);
    return failed ? ERROR_MEMORY : OK;
}

static enum error name_set(struct assets *assets, const char *prefix)
{
    enum error err = hash_set(assets);

    if (err != OK)
        return err;
    for (struct asset *asset = assets->first; asset != NULL;
         asset = asset->next) {
        asset->url = arena_printf(assets->arena, "%s/%s/%s", prefix,
                                  assets->hash, asset->name);
        if (asset->url == NULL)
            return ERROR_MEMORY;
    }
    return OK;
}

enum error assets_open(const char *const folders[], const char *prefix,
                       struct assets **result, struct text *error)
{
    struct assets *assets = calloc(1, sizeof(*assets));
    enum error err = OK;

    if (assets == NULL || (assets->arena = arena_open(0)) == NULL) {
        free(assets);
        return ERROR_MEMORY;
    }
    for (size_t i = 0; err == OK && folders[i] != NULL; i++)
        err = folder_each(folders[i], assets_load, assets, error);
    if (err == OK)
        err = name_set(assets, prefix);
    if (err != OK) {
        assets_close(assets);
        return err;
    }
    *result = assets;
    return OK;
}

void assets_close(struct assets *assets)
{
    if (assets == NULL)
        return;
    for (struct asset *asset = assets->first; asset != NULL;
         asset = asset->next) {
        for (enum encoding e = ENCODING_IDENTITY; e < ENCODINGS; e++)
            page_unref(asset->pages[e]);
    }
    arena_close(assets->arena);
    free(assets);
}

const char *assets_url(const struct assets *assets, const char *name)
{
    const struct asset *asset = assets_find(assets, slice_of(name));

    return asset != NULL ? asset->url : NULL;
}

struct page *assets_page(const struct assets *assets, struct slice path,
                         struct slice accept_encoding)
{
    enum encoding encoding = encoding_choose(accept_encoding);
    const struct asset *asset;

    /* Another hash is another release's: 404, or the answer would be cached for
     * a year under the wrong name. */
    if (path.len <= HASH_HEX_CHARS + 1 ||
        memcmp(path.data, assets->hash, HASH_HEX_CHARS) != 0 ||
        path.data[HASH_HEX_CHARS] != '/')
        return NULL;
    asset =
        assets_find(assets, (struct slice){ path.data + HASH_HEX_CHARS + 1,
                                            path.len - HASH_HEX_CHARS - 1 });
    if (asset == NULL)
        return NULL;
    if (asset->pages[encoding] == NULL)
        encoding = ENCODING_IDENTITY;
    return page_ref(asset->pages[encoding]);
}
