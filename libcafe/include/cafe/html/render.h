/* A template and a context made into a page with the fields all pages have. */
#ifndef CAFE_RENDER_H
#define CAFE_RENDER_H

#include "cafe/base/page.h"
#include "cafe/html/template.h"

enum { RENDER_MAX_BYTES = 64 * 1024 * 1024 };

/**
 * Render a page of HTML: Content-Type, the security fields and Cache-Control.
 *
 * cache    Value of Cache-Control: "no-store", "no-cache".
 * scripts  Whether the page may run static files of its daemon.
 * Returns  A page with one reference, marked failed when rendering failed;
 *          NULL when out of memory.
 * Thread   Any.
 */
struct page *render_page(const struct templates *templates, const char *name,
                         const struct context *context, int status,
                         const char *cache, bool scripts);

#endif
