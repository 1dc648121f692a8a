/* Suppliers for programs: the list, and one. */
#ifndef CAFE_API_SUPPLIERS_H
#define CAFE_API_SUPPLIERS_H

#include "cafe/api/answer.h"

/* GET /v1/suppliers and GET /v1/suppliers/{id} below the root of the API. */
handler_fn api_list, api_supplier;

#endif
