/* Markdown (CommonMark, by cmark) to HTML that is safe to show. */
#ifndef CAFE_MARKDOWN_H
#define CAFE_MARKDOWN_H

#include "cafe/text.h"

enum {
    MARKDOWN_SOURCE_MAX_BYTES = 64 * 1024,
    MARKDOWN_HTML_MAX_BYTES = 512 * 1024
};

/**
 * Render Markdown. Raw HTML is left out; links keep only https, http, mailto,
 * tel and relative targets, others become their text; images must be relative
 * or become their alternative text. Decided on the
 * syntax tree. Headings go one level down: the page has the first.
 *
 * source  UTF-8.
 * out     Failed when the source, its nesting or the HTML is over its limit.
 * Thread  Any.
 */
void markdown_render(struct slice source, struct text *out);

#endif
