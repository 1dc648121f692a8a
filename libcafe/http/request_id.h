/* Private to http/: ids by which a request is found in logs. */
#ifndef CAFE_HTTP_REQUEST_ID_H
#define CAFE_HTTP_REQUEST_ID_H

#include "cafe/base/arena.h"

enum { REQUEST_ID_MAX_CHARS = 64 };

/** Where the sequence of ids is. */
struct request_ids {
    uint64_t high, low;
};

/** Begin a sequence that no other process has. */
void request_ids_open(struct request_ids *ids);

/** The next id, 32 hex digits; "" when out of memory. */
const char *request_ids_next(struct request_ids *ids, struct arena *arena);

/** Whether an id that somebody else has given is safe to log and send on. */
bool request_id_valid(struct slice id);

#endif
