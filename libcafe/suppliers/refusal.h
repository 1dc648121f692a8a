/* Private to suppliers/: what a table's own rules have refused. */
#ifndef CAFE_SUPPLIERS_REFUSAL_H
#define CAFE_SUPPLIERS_REFUSAL_H

#include "cafe/suppliers/store.h"

/**
 * Read what the database has just refused with ERROR_DB_VALUE, after the
 * rollback. What can't be found out stays empty.
 */
void refusal_read(struct db_connection *connection, struct arena *arena,
                  struct store_refusal *refusal);

/** ERROR_DB_DUPLICATE was about the primary key. */
bool refusal_of_primary_key(const struct db_connection *connection);

#endif
