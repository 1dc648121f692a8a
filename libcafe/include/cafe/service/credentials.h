/* Names and passwords that browsers send (RFC 7617). */
#ifndef CAFE_CREDENTIALS_H
#define CAFE_CREDENTIALS_H

#include "cafe/base/arena.h"
#include "cafe/base/text.h"

enum { CREDENTIALS_PASSWORD_MAX_BYTES = 255 };

struct credentials {
    struct slice name;    /* identity_valid() */
    const char *password; /* 1 to 255 bytes, without control characters */
};

enum credentials_kind {
    CREDENTIALS_NONE,       /* the field is absent or of another scheme */
    CREDENTIALS_MALFORMED,  /* no base64, no colon, or control characters */
    CREDENTIALS_IMPOSSIBLE, /* no account can have this name or password */
    CREDENTIALS_GIVEN
};

/**
 * Read the value of an Authorization field.
 *
 * arena        For what is decoded.
 * credentials  Out, where they are given.
 * Errors       ERROR_MEMORY.
 */
MUST_CHECK enum error credentials_read(struct slice field, struct arena *arena,
                                       enum credentials_kind *kind,
                                       struct credentials *credentials);

#endif
