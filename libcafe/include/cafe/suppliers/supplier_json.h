/* Suppliers as JSON (RFC 8259). */
#ifndef CAFE_SUPPLIER_JSON_H
#define CAFE_SUPPLIER_JSON_H

#include "cafe/base/json.h"
#include "cafe/suppliers/supplier.h"

/**
 * Append the members of a supplier to an object that is open: id; version
 * (the revision of its last change) and updated_at (RFC 3339, UTC), null where
 * they are unknown; then every field of supplier_columns by its name, as it is
 * stored. The author of the last change is not among them.
 */
void supplier_json_members(struct text *out, const struct supplier *supplier);

/** Append a supplier as an object, to an array or as the whole. */
void supplier_json(struct text *out, const struct supplier *supplier);

#endif
