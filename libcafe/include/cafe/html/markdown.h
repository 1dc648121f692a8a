/* Markdown (CommonMark, by cmark) to HTML that is safe to show. */
#ifndef CAFE_MARKDOWN_H
#define CAFE_MARKDOWN_H

#include "cafe/base/text.h"

enum {
    MARKDOWN_SOURCE_MAX_BYTES = 64 * 1024,
    MARKDOWN_HTML_MAX_BYTES = 512 * 1024
};

/**
 * Render Markdown as HTML. Raw HTML is left out; a link whose target is not
 * relative, https, http, mailto or tel becomes its text; an image whose source
 * is not relative becomes its alternative text. This is decided on the syntax
 * tree. Headings go one level down, because the page has the first.
 *
 * A source that is too large, nested too deeply, or of which nothing would be
 * left is written as plain text, line by line.
 *
 * source   UTF-8.
 * out      Initialised and empty; gets at most MARKDOWN_HTML_MAX_BYTES, the
 * last of which say so when a plain text was cut. Failed when out of memory.
 * Returns  false: it was written as plain text.
 * Thread   Any.
 */
bool markdown_render(struct slice source, struct text *out);

#endif
