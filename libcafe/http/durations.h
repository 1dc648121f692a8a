/* Private to http/: how long requests took, by route, method and status. */
#ifndef CAFE_HTTP_DURATIONS_H
#define CAFE_HTTP_DURATIONS_H

#include "cafe/base/metrics.h"
#include "cafe/http/router.h"

struct durations;

/**
 * Make one for two tables of routes, each NULL or ended by a row without
 * methods; NULL when out of memory. What it holds is bounded by rows, methods
 * and statuses.
 */
struct durations *durations_open(const struct route *const tables[2]);
void durations_close(struct durations *durations);

/**
 * Count a request. Of the first one of its kind it allocates; without memory
 * it is not counted.
 */
void durations_add(struct durations *durations, const struct route *route,
                   enum method method, int status, int64_t took_us);

/** All samples of http_server_request_duration_seconds. */
void durations_write(const struct durations *durations, struct text *out);

#endif
