/* Markdown (CommonMark, by cmark) to HTML that is safe to show. */
#ifndef CAFE_MARKDOWN_H
#define CAFE_MARKDOWN_H

#include "cafe/base/text.h"

enum {
    MARKDOWN_SOURCE_MAX_BYTES = 64 * 1024,
    MARKDOWN_HTML_MAX_BYTES = 512 * 1024
};

/**
 * Render Markdown, or plain text where that would lose it: what is nested too
 * deeply, too large, or nothing but what is left out is written as it stands,
 * line by line. Raw HTML is left out; links keep only https, http, mailto,
 * tel and relative targets, others become their text; images must be relative
 * or become their alternative text. Decided on the
 * syntax tree. Headings go one level down: the page has the first.
 *
 * source  UTF-8.
 * out      Empty; then at most MARKDOWN_HTML_MAX_BYTES, of which the last say
 *          so when a plain text is cut. Failed when out of memory.
 * Returns  false: it is plain text.
 * Thread   Any.
 */
bool markdown_render(struct slice source, struct text *out);

#endif
