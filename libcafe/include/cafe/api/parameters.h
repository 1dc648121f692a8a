/* Parameters of a query, read strictly. */
#ifndef CAFE_API_PARAMETERS_H
#define CAFE_API_PARAMETERS_H

#include "cafe/http/request.h"

/** A parameter; the last row has no name, and its detail is about all others.
 */
struct parameter {
    const char *name;
    bool (*read)(void *into, struct slice value); /* false: it is faulty */
    const char *detail;                           /* then: what to do */
};

/**
 * Read the query of a request. Faults that a page overlooks are refused: a
 * person sees what was searched for, a program would go on with what it has not
 * asked for.
 *
 * into     First argument of the reading functions.
 * Returns  false: it is answered, 400 with the faulty parameter.
 */
bool parameters_read(struct request *req, const struct parameter *rows,
                     void *into);

/** The same for a path that takes none. */
bool parameters_none(struct request *req);

#endif
