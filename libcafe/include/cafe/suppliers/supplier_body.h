/* Suppliers that programs send, as JSON. */
#ifndef CAFE_SUPPLIER_BODY_H
#define CAFE_SUPPLIER_BODY_H

#include "cafe/suppliers/supplier.h"

enum {
    BODY_MAX_BYTES = 128 * 1024, /* notes of 16 KiB, each byte as \u00e9 */
    BODY_FAULTS_MAX = 20
};

/** What is wrong with a body, and where. */
struct body_fault {
    const char *pointer; /* RFC 6901; "": all of it */
    const char *detail;  /* what to do */
};

struct supplier_body {
    struct form form; /* the members that are there, as a form has them */
    struct form_field fields[SUPPLIER_FIELDS];
    bool readable; /* it is JSON: the faults are about its members */
    size_t fault_count;
    struct body_fault faults[BODY_FAULTS_MAX]; /* the first ones */
};

/**
 * Read a JSON object of a supplier's exported fields, each a text. Refused are
 * other members, names that come twice, other types, NUL, texts that are not
 * UTF-8, lone surrogates, numbers and depths beyond the reader's limits, and
 * whatever follows the object.
 *
 * patch   A merge patch (RFC 7396): null empties a field.
 * body    What it has is in the arena. Filled as far as it was read.
 * Errors  ERROR_SYNTAX: see its faults; ERROR_MEMORY.
 */
MUST_CHECK enum error supplier_body_read(struct arena *arena, struct slice json,
                                         bool patch,
                                         struct supplier_body *body);

#endif
