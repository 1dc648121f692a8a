/* Private to suppliers/: stretches of the log that belong together. */
#ifndef CAFE_SUPPLIERS_GROUPS_PRIVATE_H
#define CAFE_SUPPLIERS_GROUPS_PRIVATE_H

#include "cafe/db/db.h"

/** A row of supplier_change_groups; all 0: the beginning of the log. */
struct stretch {
    uint64_t first, last; /* revisions */
    bool leads;           /* it is the first of its group */
    uint64_t entries_before;
};

/** The first columns of a row that stretch_take() reads. */
enum { STRETCH_COLUMNS = 4 };

void stretch_take(const struct db_row *row, struct stretch *stretch);

/** How many entries the history has up to a revision that is in this stretch
 * or after it, and before the next one. */
uint64_t stretch_entries(const struct stretch *stretch, uint64_t revision);

#endif
