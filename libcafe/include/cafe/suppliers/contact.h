/* Links to call a supplier, to write to it and to find it on a map. */
#ifndef CAFE_CONTACT_H
#define CAFE_CONTACT_H

#include "cafe/suppliers/supplier.h"

/*
 * Except for contact_place(), a `const char *` that is returned is a URL in the
 * arena, NUL-terminated, in which only '&' needs escaping in HTML; NULL when
 * there is nothing to link to, or out of memory. Rows that were written by
 * other programs may hold anything.
 */

/**
 * "tel:+442079460958;ext=12" (RFC 3966); NULL unless phone_read() reads it.
 *
 * A number without country code has no phone-context, because its country is
 * unknown; phones dial it as it is.
 */
const char *contact_tel(struct arena *arena, struct slice phone);

/** The number as it is typed, in plain characters and without a trunk zero in
 * brackets; any other text as it is. In the arena, or borrowed. */
struct slice contact_phone(struct arena *arena, struct slice phone);

/** The address in plain characters, out of "Name <a@b>"; any text that is none
 * as it is. In the arena, or borrowed. */
struct slice contact_email(struct arena *arena, struct slice email);

/** "mailto:orders@example.com" (RFC 6068); NULL unless email_read() takes it.
 */
const char *contact_mailto(struct arena *arena, struct slice email);

/**
 * "1 Hill Road, Waterbury, VT, USA": as far as it is known, as typed, so not
 * escaped; "" when nothing is. NULL when out of memory.
 */
const char *contact_place(struct arena *arena, const struct supplier *supplier);

/**
 * The map's URL with contact_place() in place of "{query}"; NULL when that is
 * empty.
 *
 * map_url  "" for no map.
 */
const char *contact_map(struct arena *arena, const struct supplier *supplier,
                        const char *map_url);

/** Set the links of the field table (tel, mailto, …) and map as members of a
 * context, those that there are; and email_parts, a list of texts: the e-mail
 * address in parts between which a line may break. */
void contact_context(const struct supplier *supplier, const char *map_url,
                     struct arena *arena, struct context *context);

#endif
