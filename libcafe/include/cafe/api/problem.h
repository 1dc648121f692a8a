/* What went wrong, as a program reads it: problem details (RFC 9457). */
#ifndef CAFE_API_PROBLEM_H
#define CAFE_API_PROBLEM_H

#include "cafe/api/answer.h"

#define JSON_TYPE "application/json"

/** Whether a request is one for the API, so that its errors are problems. */
bool problem_is_due(const struct api *api, const struct request *req);

/** A problem for an error status; NULL when out of memory. */
struct page *problem_page(const struct api *api, struct request *req,
                          int status);

/** Begin a problem with members of its own, which follow; ended by
 * problem_end(). */
void problem_begin(struct text *body, const struct request *req, int status,
                   const char *detail);

/** The page; NULL when out of memory. The text is freed. */
struct page *problem_end(struct text *body, int status);

/** Answer 400: what to do about a parameter of the query. */
void respond_bad_parameter(struct request *req, struct slice name,
                           const char *detail);

#endif
