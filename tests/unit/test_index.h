/* Contents of a catalog from short tables of names. */
#ifndef CAFE_TEST_INDEX_H
#define CAFE_TEST_INDEX_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "snapshot.h"

static const struct revision revision = { 7, 1764366000250000 };

static inline struct row *row_of(int64_t id, uint64_t changed, const char *name)
{
    struct supplier supplier = {
        .id = id,
        .revision = changed,
        .fields = { [SUPPLIER_NAME] = slice_of(name),
                    [SUPPLIER_CITY] = SLICE("Springfield") },
    };
    struct row *row = NULL;

    assert_int_equal(row_make(&supplier, &row), OK);
    assert_true(row->bytes > sizeof(*row) + strlen(name));
    return row;
}

/* Of rows and positions. */
static inline size_t bytes_of(const struct index *index)
{
    size_t bytes = 2 * index->count * sizeof(struct row *);

    for (size_t i = 0; i < index->count; i++)
        bytes += index->by_name[i]->bytes;
    return bytes;
}

#endif
