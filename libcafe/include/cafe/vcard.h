/* Suppliers as contacts for a phone or a mail program: vCard 4.0 (RFC 6350). */
#ifndef CAFE_VCARD_H
#define CAFE_VCARD_H

#include "cafe/supplier.h"

/**
 * Append the card of a supplier.
 *
 * An organisation, with ADR, EMAIL, TEL and NOTE as far as they are known.
 * A number with a country code is a tel: URI (RFC 3966), any other one a text.
 * UID is made of the id, so a card that is saved again replaces the first; REV
 * is the time of the last change. Lines are folded at 75 octets, between
 * characters. Control characters but tabs and line breaks, which a card can't
 * have, are left out.
 *
 * out      Valid UTF-8, if the supplier's texts are.
 * scratch  An arena for nothing else, of the caller's thread: it is reset.
 */
void vcard_append(struct text *out, const struct supplier *supplier,
                  struct arena *scratch);

#endif
