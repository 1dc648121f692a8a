/* A template and a context made into a page with the fields all pages have. */
#ifndef CAFE_RENDER_H
#define CAFE_RENDER_H

#include "cafe/base/page.h"
#include "cafe/html/template.h"

enum { RENDER_MAX_BYTES = 64 * 1024 * 1024 };

/** What a page may run: nothing, static files of its daemon, or those and they
 * may request pages of the same site. */
enum scripts { NO_SCRIPTS, SCRIPTS, SCRIPTS_THAT_ASK };

/**
 * A page of HTML that has no body yet: Content-Type, the security fields and
 * Cache-Control.
 *
 * cache    Value of Cache-Control: "no-store", "no-cache".
 * Returns  A page with one reference; NULL when out of memory.
 * Thread   Any.
 */
struct page *render_begin(int status, const char *cache, enum scripts scripts);

/** Render its body; the page is marked failed when that fails. Thread: any. */
void render_body(struct page *page, const struct templates *templates,
                 const char *name, const struct context *context);

#endif
