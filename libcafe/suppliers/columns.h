/* Private to suppliers/: lists of columns for SQL, from SUPPLIER_TABLE. */
#ifndef CAFE_SUPPLIERS_COLUMNS_H
#define CAFE_SUPPLIERS_COLUMNS_H

#include "cafe/suppliers/supplier.h"

#define COLUMN_NAME(field, column, ...) column
#define COLUMN_OF_S(field, column, ...) "s." column
#define COLUMN_OF_C(field, column, ...) "c." column
#define COLUMN_OF_P(field, column, ...) "p." column
#define COLUMN_MARK(field, column, ...) "?"
#define COLUMN_SET(field, column, ...) column " = ?"
#define COLUMN_QUOTED(field, column, ...) "'" column "'"

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
