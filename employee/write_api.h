/* What the two files share that answer programs that write. */
#ifndef WRITE_API_H
#define WRITE_API_H

#include "cafe/suppliers/supplier_body.h"
#include "employee.h"

/** Answer with a problem: what to do. */
void write_refuse(struct request *req, int status, const char *detail);

/** Whether the body is of a type for JSON, or of a patch. */
bool write_is_json(const struct request *req);

/** Answer what is wrong with a body, and where (RFC 9457 3.2). */
void write_refuse_body(struct request *req, const struct body_faults *faults,
                       int status);

/** One of the faults, open for more members; ended by json_object_end(). */
void write_fault(struct text *out, const char *pointer, const char *detail);

/** The members `duplicates` and `current`. */
void write_duplicates(struct text *out, const struct duplicates *duplicates);
void write_current(struct text *out, const struct supplier *supplier);

/** What to do when the database did not do it. */
const char *write_trouble(enum error outcome, int status);

/** For a key that was used for another body. */
extern const char write_key_used[];

/**
 * Make the form key of an Idempotency-Key: of this person or program alone.
 *
 * key      Unchanged where there is none.
 * Returns  false: it is answered.
 */
bool write_retry_key(struct request *req, char key[FORM_KEY_CHARS + 1]);

/** Which fields of a supplier a body leaves as they are. */
void write_mark_shown(enum untouched_shown shown[SUPPLIER_FIELDS],
                      const struct form *form, enum operation_method method);

/** A parameter reader: anyway=1. */
bool write_anyway(void *into, struct slice value);

#endif
