/* Revisions: which change is the last that is known. */
#ifndef CAFE_REVISION_H
#define CAFE_REVISION_H

#include "cafe/base/text.h"

/**
 * The number of a change in the log and its time. The number alone may be that
 * of another change: after an older backup of the database was restored, the
 * log counts on from there.
 */
struct revision {
    uint64_t number; /* 0: nothing has changed yet */
    int64_t at_us;   /* UTC microseconds since 1970 */
};

/** Both are the same change. */
bool revision_same(const struct revision *a, const struct revision *b);

/** Append it as programs send it back: "4711-1764366000000000". */
void revision_write(struct text *out, const struct revision *revision);

/**
 * Read one.
 *
 * Errors  ERROR_SYNTAX: not what revision_write() writes.
 */
MUST_CHECK enum error revision_parse(struct slice text,
                                     struct revision *revision);

#endif
