/* Pages: built by one owner, then shared and read-only. */
#include "cafe/base/page.h"

#include <stdio.h>
#include <stdlib.h>

#include "cafe/base/hash.h"

struct page *page_open(int status)
{
    struct page *page = calloc(1, sizeof(*page));

    if (page == NULL)
        return NULL;
    atomic_init(&page->references, 1);
    page->status = status;
    text_init(&page->fields, 0);
    text_init(&page->body, 0);
    return page;
}

/* RFC 9110 5.6.2. */
static bool is_token_char(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte_is_in(byte, "!#$%&'*+-.^_`|~");
}

/* RFC 9110 5.1 and 5.5, as far as a field could break the head: a line end in a
 * value, from a redirect for instance, would let its author write further
 * fields. */
static bool can_be_sent(struct slice name, struct slice value)
{
    for (size_t i = 0; i < name.len; i++) {
        if (!is_token_char(name.data[i]))
            return false;
    }
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] == '\r' || value.data[i] == '\n')
            return false;
    }
    return name.len > 0;
}

void page_field(struct page *page, const char *name, const char *value)
{
    struct slice name_slice = slice_of(name);
    struct slice value_slice = slice_of(value);

    if (!can_be_sent(name_slice, value_slice)) {
        page->failed = true;
        return;
    }
    text_append_slice(&page->fields, name_slice);
    text_append_slice(&page->fields, SLICE(": "));
    text_append_slice(&page->fields, value_slice);
    text_append_slice(&page->fields, SLICE("\r\n"));
    page->failed |= page->fields.failed;
}

static const struct {
    const char *name;
    const char *value;
} security_fields[] = {
    { "X-Content-Type-Options", "nosniff" },
    /* not no-referrer: that makes browsers send "Origin: null" */
    { "Referrer-Policy", "same-origin" },
    /* no window of another site has a hand on this one, */
    { "Cross-Origin-Opener-Policy", "same-origin" },
    /* and no page of another site loads this as a picture or script */
    { "Cross-Origin-Resource-Policy", "same-origin" },
    { "Permissions-Policy", "camera=(), geolocation=(), microphone=(), "
                            "payment=(), usb=()" },
};

void page_secure(struct page *page, const char *policy)
{
    page_field(page, "Content-Security-Policy", policy);
    for (size_t i = 0; i < sizeof(security_fields) / sizeof(security_fields[0]);
         i++)
        page_field(page, security_fields[i].name, security_fields[i].value);
}

void page_body(struct page *page, struct text *body)
{
    text_free(&page->body);
    page->body = *body;
    page->failed |= body->failed;
    text_init(body, body->max_bytes);
}

void page_make_etag(struct page *page, bool weak)
{
    char hex[HASH_HEX_CHARS + 1], value[sizeof("W/") + sizeof(page->etag)];

    hash_hex(text_slice(&page->body), hex);
    snprintf(page->etag, sizeof(page->etag), "\"%s\"", hex);
    snprintf(value, sizeof(value), "%s%s", weak ? "W/" : "", page->etag);
    page_field(page, "ETag", value);
}

void page_set_etag(struct page *page, const char *etag)
{
    snprintf(page->etag, sizeof(page->etag), "%s", etag);
    page_field(page, "ETag", page->etag);
}

struct page *page_ref(struct page *page)
{
    atomic_fetch_add_explicit(&page->references, 1, memory_order_relaxed);
    return page;
}

void page_unref(struct page *page)
{
    /* Acquire and release: the last thread to let go must see what others did
     * with the page before they let go of it. */
    if (page == NULL || atomic_fetch_sub_explicit(&page->references, 1,
                                                  memory_order_acq_rel) != 1)
        return;
    text_free(&page->fields);
    text_free(&page->body);
    free(page);
}

struct page *page_data(int status, const char *type, const char *cache,
                       struct text *body)
{
    struct page *page = page_open(status);

    if (page == NULL)
        return NULL;
    page_field(page, "Content-Type", type);
    page_field(page, "Cache-Control", cache);
    page_secure(page, PAGE_POLICY_DATA);
    page_body(page, body);
    return page;
}
