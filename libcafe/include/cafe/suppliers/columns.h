/* What several queries have in common, mostly lists of columns from
 * SUPPLIER_TABLE. */
#ifndef CAFE_COLUMNS_H
#define CAFE_COLUMNS_H

#include "cafe/suppliers/supplier.h"

#define COLUMN_NAME(field, column, ...) column
#define COLUMN_OF_S(field, column, ...) "s." column
#define COLUMN_OF_C(field, column, ...) "c." column
#define COLUMN_OF_P(field, column, ...) "p." column
#define COLUMN_MARK(field, column, ...) "?"
#define COLUMN_SET(field, column, ...) column " = ?"
#define COLUMN_QUOTED(field, column, ...) "'" column "'"

/** A time of the database as microseconds, whatever the session's time zone. */
#define SINCE_1970(time) "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', " time ")"

/** An unsigned BIGINT may be larger than any id here. */
#define HAS_ID "s.id <= 9223372036854775807"

/** Whether a supplier s still supplies: customers see no other. */
#define AND_SUPPLIES " AND COALESCE(s.ended_on, '') = ''"

/** The time of an entry c of the log. */
#define CHANGED_AT SINCE_1970("c.at")

/** The last entry of a supplier s in the log: the first one of an index that is
 * read backwards. A join would leave the plan to statistics. */
#define LAST_CHANGE                                  \
    " supplier_changes l WHERE l.supplier_id = s.id" \
    " ORDER BY l.revision DESC LIMIT 1"

/** Its revision, and its time. */
#define LAST_REVISION "(SELECT l.revision FROM" LAST_CHANGE ")"
#define LAST_CHANGED_AT "(SELECT " SINCE_1970("l.at") " FROM" LAST_CHANGE ")"

/** "name, address, …" */
#define COLUMNS SUPPLIER_TABLE(COLUMN_NAME, ", ")

/** "s.name, s.address, …": the same of a table by its alias. */
#define COLUMNS_OF_S SUPPLIER_TABLE(COLUMN_OF_S, ", ")
#define COLUMNS_OF_C SUPPLIER_TABLE(COLUMN_OF_C, ", ")
#define COLUMNS_OF_P SUPPLIER_TABLE(COLUMN_OF_P, ", ")

/** "?, ?, …" for the values of all fields. */
#define COLUMN_MARKS SUPPLIER_TABLE(COLUMN_MARK, ", ")

/** "name = ?, address = ?, …" */
#define COLUMNS_SET SUPPLIER_TABLE(COLUMN_SET, ", ")

/** "'name', 'address', …": their names as texts. */
#define COLUMNS_QUOTED SUPPLIER_TABLE(COLUMN_QUOTED, ", ")

/**
 * The fields as a table of SQL, to be asked in FROM: c is the name, since,
 * holds and has_lines are those of SUPPLIER_TABLE.
 */
#define COLUMN_ROW(field, column, since, holds, searched, listed, exported, \
                   has_lines)                                               \
    "SELECT '" column "' AS c, " #since " AS since, " #holds                \
    " AS holds, " #has_lines " AS has_lines"
#define COLUMNS_TABLE "(" SUPPLIER_TABLE(COLUMN_ROW, " UNION ALL ") ")"

#endif
