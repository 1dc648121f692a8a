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

struct body_faults {
    bool readable; /* it is JSON: the faults are about its members */
    size_t count;
    struct body_fault list[BODY_FAULTS_MAX]; /* the first ones */
};

struct supplier_body {
    struct form form; /* the members that are there, as a form has them */
    struct form_field fields[SUPPLIER_FIELDS];
    struct body_faults faults;
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

enum { BATCH_MAX_BYTES = 1024 * 1024, BATCH_OPERATIONS_MAX = 1000 };

enum operation_method {
    OPERATION_POST,
    OPERATION_PUT,
    OPERATION_PATCH,
    OPERATION_DELETE
};

/** One operation of a batch, as the request of that method. */
struct operation {
    enum operation_method method;
    int64_t id;            /* not of a POST */
    struct slice if_match; /* not of a POST */
    struct form form;      /* as of a struct supplier_body; of a DELETE empty */
};

struct batch_body {
    struct operation *operations;
    size_t count;
    struct body_faults faults;
    bool unconditional; /* the first fault: a change without if_match */
};

/**
 * Read a batch: an object with the member `operations`, 1 to
 * BATCH_OPERATIONS_MAX of them, which name each supplier at most once. Refused
 * is also what supplier_body_read() refuses.
 *
 * body    As of supplier_body_read().
 * Errors  ERROR_SYNTAX: see its faults, whose pointers begin with
 *         "/operations/INDEX"; ERROR_MEMORY.
 */
MUST_CHECK enum error batch_body_read(struct arena *arena, struct slice json,
                                      struct batch_body *body);

#endif
