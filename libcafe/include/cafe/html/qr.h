/* Texts as QR codes (ISO/IEC 18004), for phones that read them off a screen. */
#ifndef CAFE_QR_H
#define CAFE_QR_H

#include "cafe/base/text.h"

enum { QR_TEXT_MAX_BYTES = 1000 /* a code of 113 by 113 squares */ };

/**
 * Append a picture (SVG) of a text: black squares on white, whatever the
 * colours of the page, with the margin that readers need.
 *
 * text     UTF-8 of 1 to QR_TEXT_MAX_BYTES bytes, without NUL.
 * out      Is marked as failed when out of memory.
 * Returns  false, with nothing appended: the text is empty or too long.
 * Thread   Any. Takes at most a few milliseconds.
 */
MUST_CHECK bool qr_svg(struct slice text, struct text *out);

#endif
