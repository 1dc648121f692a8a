/* The description of an API, for programs: OpenAPI 3.1. */
#ifndef CAFE_API_DESCRIPTION_H
#define CAFE_API_DESCRIPTION_H

#include "cafe/api/answer.h"

/**
 * Read openapi.json of the folder `content` into api->description, which the
 * caller frees, also on failure.
 *
 * error   One line.
 * Errors  ERROR_CONFIG, ERROR_MEMORY.
 */
MUST_CHECK enum error description_open(struct api *api, struct text *error);

/* GET of api->described. */
handler_fn api_description;

#endif
