/* Keys of programs, which stand for the program as a password for a person. */
#ifndef CAFE_KEYS_H
#define CAFE_KEYS_H

#include "cafe/db/db.h"

enum {
    KEY_TEXT_BYTES = 5 + 64 + 1, /* "cafe_", 256 bits in hex, NUL */
    KEY_NAME_MAX_BYTES = 100,
    KEYS_MAX = 256,
    KEY_DAYS_MAX = 3650
};

/** The SHA-256 of a key: all that is stored of it. */
struct key_digest {
    unsigned char bytes[32];
    char hex[64 + 1];
};

/** Write a new random key. Errors: ERROR_SYSTEM. Thread: any, as all here. */
MUST_CHECK enum error key_make(char text[KEY_TEXT_BYTES]);

/** Whether a text has the form of a key. */
bool key_valid(struct slice text);

/** Of any text. Errors: ERROR_SYSTEM (no SHA-256 in this library). */
MUST_CHECK enum error key_digest(struct slice text, struct key_digest *digest);

/** Whether a text can name a key: identity_valid(), at most 100 bytes. */
bool key_name_valid(struct slice name);

/** A key as it is stored. */
struct key {
    char name[KEY_NAME_MAX_BYTES + 1];
    bool writes;        /* else it may only read */
    char created[32];   /* "2026-11-28" in UTC, as the next two */
    char last_used[32]; /* "": never */
    char expires[32];   /* "2026-11-28 08:43:18"; "": never */
    bool expired;
};

/**
 * Find a key by its digest, and note that it is used today. That it can't be
 * noted is no error.
 *
 * Errors  ERROR_NOT_FOUND, ERROR_DB_…
 */
MUST_CHECK enum error key_find(struct db_connection *connection,
                               const struct key_digest *digest,
                               struct key *key);

/**
 * days    Until it expires, at most KEY_DAYS_MAX; 0: never.
 * Errors  ERROR_DB_DUPLICATE: there is a key of this name; ERROR_LIMIT: there
 *         are KEYS_MAX; ERROR_DB_…
 */
MUST_CHECK enum error key_add(struct db_connection *connection,
                              const char *name, const struct key_digest *digest,
                              bool writes, int64_t days);

/** Errors: ERROR_NOT_FOUND, ERROR_DB_… */
MUST_CHECK enum error key_remove(struct db_connection *connection,
                                 const char *name);

typedef void key_fn(const struct key *key);

/** Show each key, by name. Errors: ERROR_DB_… */
MUST_CHECK enum error keys_list(struct db_connection *connection, key_fn *show);

#endif
