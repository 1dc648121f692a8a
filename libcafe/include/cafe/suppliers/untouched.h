/* Fields that a form sends back as they were shown: they stay as stored, also
 * where a browser or reading a form has altered their text on the way, and
 * where today's rules would refuse them. */
#ifndef CAFE_UNTOUCHED_H
#define CAFE_UNTOUCHED_H

#include "cafe/suppliers/supplier.h"

/** How a form has shown a field. */
enum untouched_shown {
    SHOWN_AS_LINE,    /* in an <input>, which drops line breaks; a field of
                         several lines keeps them in any case */
    SHOWN_WITH_LINES, /* in a <textarea>: a text without them is a change */
    NOT_SHOWN         /* it does not know the field, and leaves it as it is */
};

/**
 * Put stored texts back into the fields that were not touched. A field counts
 * as that if it has what a browser and supplier_from_form() make of the stored
 * text: line breaks are dropped in an <input> and become CRLF in a <textarea>,
 * NUL becomes U+FFFD, the ends are trimmed, and so on.
 *
 * typed   As supplier_from_form() read it.
 * stored  What the form showed, or what is there now.
 * shown   How the form showed each field.
 * Errors  ERROR_MEMORY.
 */
MUST_CHECK enum error untouched_restore(
    struct arena *arena, struct supplier *typed, const struct supplier *stored,
    const enum untouched_shown shown[SUPPLIER_FIELDS]);

/**
 * supplier_check() for a change: the fault of a text that is stored already and
 * was not changed becomes a remark.
 *
 * stored  What is there now.
 */
void untouched_check(struct arena *arena, const struct supplier *supplier,
                     const struct supplier *stored,
                     struct supplier_faults *faults);

/** Whether a form has to show this text in a <textarea>, or browsers would
 * alter it. */
bool untouched_needs_lines(struct slice text);

#endif
