/* Tokens in which AWS's Application Load Balancer names the person who is
 * signed in: JSON Web Tokens (RFC 7519) signed with ES256. */
#ifndef CAFE_TOKEN_H
#define CAFE_TOKEN_H

#include "cafe/base/arena.h"
#include "cafe/base/text.h"

enum { TOKEN_MAX_BYTES = 16 * 1024, TOKEN_SIGNATURE_BYTES = 64 };

/** A token's parts. Nothing in it is true until its signature is verified. */
struct token {
    struct slice signed_text; /* as it came */
    struct slice signature;   /* r and s, 32 bytes each (RFC 7518 3.4) */
    struct slice kid;         /* names the key; token_kid_valid() */
    struct slice signer;      /* the load balancer's ARN */
    struct slice payload;     /* decoded: JSON, unread */
    int64_t expires_s;        /* UTC, of the header; 0: it has none */
};

/** Whether a text can name a key: 1 to 64 letters, digits, '-' and '_'. */
bool token_kid_valid(struct slice kid);

/**
 * Take a token apart: three parts in base64url, with or without padding, the
 * first of which says ES256.
 *
 * Returns  NULL, or what is wrong with it.
 */
MUST_CHECK const char *token_parse(struct slice text, struct arena *arena,
                                   struct token *token);

/**
 * Read the payload.
 *
 * claim      The member that has the name.
 * name       Out, in the arena: UTF-8; empty if there is no such text.
 * expires_s  Out: as in struct token.
 * Returns    NULL, or what is wrong with it.
 */
MUST_CHECK const char *token_read_claims(struct slice payload,
                                         const char *claim, struct arena *arena,
                                         struct slice *name,
                                         int64_t *expires_s);

/** Public keys (P-256), by their names. */
struct token_keys;

/**
 * Read a PEM file, whose key verifies tokens of any kid, or a folder of at most
 * 64 files KID or KID.pem.
 *
 * filled  Somebody fills the folder later: it may be empty, and can't be a
 *         file.
 * error   One line: the file, what is wrong.
 * Errors  ERROR_CONFIG (unreadable, others may write to it, no such key, no
 *         key at all), ERROR_MEMORY.
 */
MUST_CHECK enum error token_keys_open(const char *path, bool filled,
                                      struct token_keys **keys,
                                      struct text *error);
void token_keys_close(struct token_keys *keys);

/**
 * Whether a key is there, or is in the folder by now: then it is read. The
 * folder is looked at up to a hundred times a second. Of more than 64 keys the
 * oldest is forgotten until it is looked for.
 *
 * error   One line: the file, what is wrong; empty with ERROR_NOT_FOUND.
 * Errors  ERROR_NOT_FOUND; ERROR_CONFIG as above; ERROR_MEMORY.
 */
MUST_CHECK enum error token_keys_look(struct token_keys *keys, struct slice kid,
                                      struct text *error);

/** Whether the key of this token has signed it: NULL, or what is wrong. */
MUST_CHECK const char *token_verify(const struct token_keys *keys,
                                    const struct token *token);

#endif
