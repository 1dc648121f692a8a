/* A rendered answer, shared by reference: status, header fields, body. */
#ifndef CAFE_PAGE_H
#define CAFE_PAGE_H

#include <stdatomic.h>

#include "cafe/base/text.h"

/**
 * Build it with the functions below while one thread owns it; from the first
 * page_ref() or respond_page() on it is read-only.
 */
struct page {
    atomic_uint references;
    unsigned waiting;   /* answers with it that wait for their clients; the
                           server counts them on its loop */
    int status;         /* HTTP status code */
    bool failed;        /* out of memory or a field that can't be sent */
    bool stale;         /* from a snapshot the database did not confirm */
    struct text fields; /* "Name: value\r\n" lines, without Content-Length */
    struct text body;
    char etag[40]; /* with its quotes, without "W/"; "" for none */
};

/** A page with one reference; NULL when out of memory. */
struct page *page_open(int status);

/**
 * Append a header field. A name that isn't a token, or a value with CR or LF,
 * marks the page failed and is not set.
 */
void page_field(struct page *page, const char *name, const char *value);

/**
 * Append the fields by which browsers keep this page apart from other sites'
 * and give it no devices: all answers have them.
 *
 * policy  Content-Security-Policy.
 */
void page_secure(struct page *page, const char *policy);

/** Nothing is loaded, and no other page may show it: for what is no page. */
#define PAGE_POLICY_DATA "default-src 'none'; frame-ancestors 'none'"

/**
 * Take the text over as the body; `body` is empty afterwards. A failed text
 * marks the page failed.
 */
void page_body(struct page *page, struct text *body);

/**
 * Set an ETag made from the body's bytes (RFC 9110 8.8.3).
 *
 * weak  For a body that will be compressed: all forms of it share the tag,
 *       whatever the encoding and its level.
 */
void page_make_etag(struct page *page, bool weak);

/** Set a tag of the maker's own: at most 39 bytes with its quotes. The body
 * must not be compressed. */
void page_set_etag(struct page *page, const char *etag);

/** Another reference; returns the page. Thread: any. */
struct page *page_ref(struct page *page);

/** Drop a reference; the last one frees the page. Thread: any. */
void page_unref(struct page *page);

/**
 * A page that is data for programs or to be saved, and never shown within
 * another one.
 *
 * body     Taken over.
 * Returns  NULL when out of memory: then the body is still the caller's.
 */
struct page *page_data(int status, const char *type, const char *cache,
                       struct text *body);

#endif
