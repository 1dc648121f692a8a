/* What all pages of a daemon have in common: styles, errors, fields. */
#ifndef CAFE_PAGES_H
#define CAFE_PAGES_H

#include "cafe/request.h"
#include "cafe/service.h"
#include "cafe/view.h"

/**
 * The view of a page, in the request's arena: title, bootstrap_css and
 * cafe_css (URLs), request_id.
 */
struct view *page_view(const struct service *service, struct request *req,
                       const char *title);

/**
 * Render a template of the daemon.
 *
 * cache    Value of Cache-Control.
 * Returns  A new page; NULL or failed when that is impossible, which
 *          respond_page() answers.
 */
struct page *page_render(const struct service *service, const char *name,
                         const struct view *view, int status,
                         const char *cache);

/**
 * Add status, heading and advice for an error status; a status without a row
 * of its own gets those of 500 or 400.
 */
void page_view_error(struct view *view, int status);

#endif
