/* Suppliers in JSON: an array of objects, alone or as a member "suppliers". */
#ifndef CAFE_IMPORT_JSON_READER_H
#define CAFE_IMPORT_JSON_READER_H

#include "rows.h"

struct json_reader_state;

/** NULL when out of memory. */
struct json_reader_state *json_reader_open(struct import_rows *rows);

/** UTF-8, or what is meant to be. */
MUST_CHECK enum error json_reader_feed(struct json_reader_state *json,
                                       struct slice bytes);
MUST_CHECK enum error json_reader_finish(struct json_reader_state *json);
void json_reader_close(struct json_reader_state *json);

#endif
