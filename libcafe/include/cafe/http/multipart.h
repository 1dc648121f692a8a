/* Forms with files: multipart/form-data (RFC 7578). */
#ifndef CAFE_MULTIPART_H
#define CAFE_MULTIPART_H

#include "cafe/base/text.h"

enum {
    MULTIPART_PARTS_MAX = 32,
    MULTIPART_HEAD_MAX_BYTES = 8 * 1024 /* of one part */
};

/** A field or a file of a form. All of it is borrowed from the body. */
struct multipart_part {
    struct slice name;     /* as it was sent: browsers write a quotation mark as
                              %22 and line ends as %0D and %0A */
    struct slice filename; /* in the same way; absent: it is no file */
    struct slice data;
};

struct multipart {
    size_t count;
    struct multipart_part parts[MULTIPART_PARTS_MAX];
};

/**
 * Take a whole body apart; nothing is copied. Refused are a body without a
 * boundary or its last one, text around the parts, parts of parts, encoded
 * ones, and parts without a name.
 *
 * type    The request's Content-Type.
 * fault   Out: NULL, or what is wrong with it: a sentence, static.
 * Errors  ERROR_NOT_FOUND: another content type; ERROR_SYNTAX; ERROR_LIMIT: too
 *         many parts, or fields of one.
 * Thread  Any. The longest body takes 10 ms: not on the loop.
 */
MUST_CHECK enum error multipart_read(struct slice type, struct slice body,
                                     struct multipart *multipart,
                                     const char **fault);

/** The first part of this name; NULL if there is none. */
const struct multipart_part *multipart_find(const struct multipart *multipart,
                                            const char *name);

#endif
