/* Suppliers for programs: the list, and one. */
#ifndef CAFE_API_SUPPLIERS_H
#define CAFE_API_SUPPLIERS_H

#include "cafe/api/answer.h"

/* GET /v1/suppliers and GET /v1/suppliers/{id} below the root of the API. */
handler_fn api_list, api_supplier;

enum { SUPPLIER_ETAG_BYTES = 40 };

/** The tag of a supplier's version, "\"4711-1764366000000000\"": its revision
 * and when that was made, since the number alone may be another's after a
 * restored backup. */
void supplier_etag(const struct supplier *supplier,
                   char etag[SUPPLIER_ETAG_BYTES]);

/** Read such a tag; false: it is none. */
bool supplier_etag_read(struct slice etag, uint64_t *revision,
                        int64_t *changed_us);

#endif
