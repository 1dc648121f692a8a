/* Suppliers as contacts for a phone or a mail program: vCard (RFC 6350). */
#ifndef CAFE_VCARD_H
#define CAFE_VCARD_H

#include "cafe/suppliers/supplier.h"

enum vcard_version { VCARD_3 = 3, VCARD_4 = 4 };

/**
 * Append the card of a supplier.
 *
 * An organisation, with ADR, EMAIL, TEL and NOTE as far as they are known.
 * The phone is a text, as it is typed, but without a trunk zero in brackets:
 * readers that dial URIs would lose an extension. UID is made of the id and of
 * what tells this directory from others, so a card that is saved again
 * replaces the first; REV is the time of the last change. Lines are folded at
 * 75 octets, between characters. Control characters, which a card can't
 * have, are left out, except tabs and line breaks.
 *
 * out      Valid UTF-8, if the supplier's texts are.
 * version  3.0 (RFC 2426) is for phones that refuse 4.0.
 * scratch  An arena for nothing else, of the caller's thread: it is reset.
 */
void vcard_append(struct text *out, const struct supplier *supplier,
                  enum vcard_version version, struct arena *scratch);

#endif
