/* Private to suppliers/: what the catalog tells operators. */
#ifndef CAFE_SUPPLIERS_REPORT_H
#define CAFE_SUPPLIERS_REPORT_H

#include "cafe/base/lasting.h"
#include "snapshot.h"

/** Log that stale pages go out, and why, where a line is due. */
void report_stale(struct log *log, struct lasting *lasting, enum error reason);

/**
 * Write the catalog's figures.
 *
 * newest    What is shown; NULL: nothing.
 * stale_us  Its age while the database does not confirm it, else 0.
 */
void report_metrics(const struct index *newest, int64_t stale_us,
                    struct text *out);

#endif
