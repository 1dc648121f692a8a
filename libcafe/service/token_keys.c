/* The public keys that verify tokens, and verifying with them. */
#include <errno.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cafe/base/clock.h"
#include "cafe/base/file.h"
#include "cafe/service/token.h"

enum {
    KEYS_MAX = 64,
    KEY_FILE_MAX_BYTES = 16 * 1024,
    HALF_BYTES = 32,
    LOOKS_MAX = 100, /* a second */
    SECOND_MS = 1000
};

struct key {
    char *kid; /* NULL: of any token */
    EVP_PKEY *key;
};

struct token_keys {
    char *folder;       /* NULL: they are of a single file */
    int64_t looking_ms; /* monotonic: since when looks are counted */
    size_t looks;
    size_t count;
    struct key keys[KEYS_MAX];
};

static void forget_key(struct key *key)
{
    free(key->kid);
    EVP_PKEY_free(key->key);
}

void token_keys_close(struct token_keys *keys)
{
    if (keys == NULL)
        return;
    for (size_t i = 0; i < keys->count; i++)
        forget_key(&keys->keys[i]);
    free(keys->folder);
    free(keys);
}

/* Reading. */

static bool is_p256(const EVP_PKEY *key)
{
    char group[32];

    return EVP_PKEY_is_a(key, "EC") == 1 &&
           EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
           strcmp(group, "prime256v1") == 0;
}

/* NULL: it is no public key for ES256. */
static EVP_PKEY *decode_key(struct slice pem)
{
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    EVP_PKEY *key = bio != NULL ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL)
                                : NULL;

    BIO_free(bio);
    if (key != NULL && !is_p256(key)) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    ERR_clear_error();
    return key;
}

/* kid NULL: for any token. */
static enum error add_key(struct token_keys *keys, const char *path,
                          struct slice kid, struct text *error)
{
    struct key *key = &keys->keys[keys->count];
    struct text pem;
    enum error err;

    text_init(&pem, KEY_FILE_MAX_BYTES);
    err = file_read_own(path, &pem, error);
    if (err == OK && (key->key = decode_key(text_slice(&pem))) == NULL) {
        text_printf(error, "%s: is not a PEM file with a public key of P-256",
                    path);
        err = ERROR_CONFIG;
    }
    text_free(&pem);
    if (err != OK)
        return err;
    keys->count++;
    if (kid.data != NULL && (key->kid = strndup(kid.data, kid.len)) == NULL)
        return ERROR_MEMORY;
    return OK;
}

static const struct key *find_key(const struct token_keys *keys,
                                  struct slice kid)
{
    for (size_t i = 0; i < keys->count; i++) {
        const struct key *key = &keys->keys[i];

        if (key->kid == NULL || slice_is(kid, key->kid))
            return key;
    }
    return NULL;
}

/* A file of a folder: KID, or KID.pem. */
static enum error add_member_key(const char *folder, const char *name,
                                 void *context, struct text *error)
{
    struct token_keys *keys = context;
    struct slice kid = slice_of(name);
    const char *fault = NULL;
    struct text path;
    enum error err;

    if (kid.len > 4 && strcmp(name + kid.len - 4, ".pem") == 0)
        kid.len -= 4;
    if (!token_kid_valid(kid))
        fault = "is not named after a key: KID or KID.pem";
    else if (find_key(keys, kid) != NULL)
        fault = "names a key that another file has";
    else if (keys->count == KEYS_MAX)
        fault = "is one too many: at most 64 keys";
    if (fault != NULL) {
        text_printf(error, "%s/%s: %s", folder, name, fault);
        return ERROR_CONFIG;
    }
    text_init(&path, 0);
    text_printf(&path, "%s/%s", folder, name);
    err = path.failed ? ERROR_MEMORY
                      : add_key(keys, text_string(&path), kid, error);
    text_free(&path);
    return err;
}

/* Others that may add a file to it may sign. */
static enum error check_key_folder(const char *path, const struct stat *status,
                                   struct text *error)
{
    if ((status->st_mode & (S_IWGRP | S_IWOTH)) == 0)
        return OK;
    text_printf(error, "%s: others may write to it; run chmod go-w on it",
                path);
    return ERROR_CONFIG;
}

static enum error add_folder(struct token_keys *keys, const char *path,
                             bool filled, const struct stat *status,
                             struct text *error)
{
    enum error err = check_key_folder(path, status, error);

    if (err == OK)
        err = folder_each(path, add_member_key, keys, error);
    if (err == OK && (keys->folder = strdup(path)) == NULL)
        err = ERROR_MEMORY;
    if (err == OK && keys->count == 0 && !filled) {
        text_printf(error, "%s: has no keys", path);
        err = ERROR_CONFIG;
    }
    return err;
}

enum error token_keys_open(const char *path, bool filled,
                           struct token_keys **result, struct text *error)
{
    struct token_keys *keys = calloc(1, sizeof(*keys));
    struct stat status;
    enum error err;

    if (keys == NULL)
        return ERROR_MEMORY;
    if (stat(path, &status) != 0) {
        text_printf(error, "%s: %s", path, strerror(errno));
        err = ERROR_CONFIG;
    } else if (S_ISDIR(status.st_mode)) {
        err = add_folder(keys, path, filled, &status, error);
    } else if (filled) {
        text_printf(error, "%s: is not a folder, which identity.wanted needs",
                    path);
        err = ERROR_CONFIG;
    } else {
        err = add_key(keys, path, (struct slice){ NULL, 0 }, error);
    }
    if (err == OK)
        *result = keys;
    else
        token_keys_close(keys);
    return err;
}

/* Keys that come later. */

static bool may_look(struct token_keys *keys)
{
    int64_t now_ms = clock_monotonic_ms();

    if (now_ms - keys->looking_ms >= SECOND_MS) {
        keys->looking_ms = now_ms;
        keys->looks = 0;
    }
    return keys->looks++ < LOOKS_MAX;
}

static void make_place(struct token_keys *keys)
{
    if (keys->count < KEYS_MAX)
        return;
    forget_key(&keys->keys[0]);
    memmove(&keys->keys[0], &keys->keys[1],
            (KEYS_MAX - 1) * sizeof(keys->keys[0]));
    keys->count--;
}

/* ERROR_NOT_FOUND: there is no such file. */
static enum error add_late_key(struct token_keys *keys, struct slice kid,
                               const char *end, struct text *error)
{
    struct stat status;
    struct text path;
    enum error err = ERROR_NOT_FOUND;

    text_init(&path, 0);
    text_printf(&path, "%s/%.*s%s", keys->folder, (int)kid.len, kid.data, end);
    if (path.failed) {
        err = ERROR_MEMORY;
    } else if (stat(text_string(&path), &status) == 0) {
        make_place(keys);
        err = add_key(keys, text_string(&path), kid, error);
    }
    text_free(&path);
    return err;
}

enum error token_keys_look(struct token_keys *keys, struct slice kid,
                           struct text *error)
{
    struct stat status;
    enum error err;

    if (find_key(keys, kid) != NULL)
        return OK;
    if (keys->folder == NULL || !may_look(keys))
        return ERROR_NOT_FOUND;
    if (stat(keys->folder, &status) != 0) {
        text_printf(error, "%s: %s", keys->folder, strerror(errno));
        return ERROR_CONFIG;
    }
    err = check_key_folder(keys->folder, &status, error);
    if (err == OK)
        err = add_late_key(keys, kid, "", error);
    return err == ERROR_NOT_FOUND ? add_late_key(keys, kid, ".pem", error)
                                  : err;
}

/* Verifying. */

/* As OpenSSL wants it: ASN.1, to OPENSSL_free(). Its length; 0: no memory. */
static int encode_signature(struct slice signature, unsigned char **der)
{
    const unsigned char *bytes = (const unsigned char *)signature.data;
    BIGNUM *r = BN_bin2bn(bytes, HALF_BYTES, NULL);
    BIGNUM *s = BN_bin2bn(bytes + HALF_BYTES, HALF_BYTES, NULL);
    ECDSA_SIG *both = ECDSA_SIG_new();
    int len = 0;

    *der = NULL;
    /* From here on they belong to it. */
    if (both != NULL && ECDSA_SIG_set0(both, r, s) == 1) {
        r = NULL;
        s = NULL;
        len = i2d_ECDSA_SIG(both, der);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(both);
    return len > 0 ? len : 0;
}

static bool has_signed(EVP_PKEY *key, const struct token *token)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char *der = NULL;
    int len = encode_signature(token->signature, &der);
    bool good = len > 0 && context != NULL &&
                EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) ==
                    1 &&
                EVP_DigestVerify(context, der, (size_t)len,
                                 (const unsigned char *)token->signed_text.data,
                                 token->signed_text.len) == 1;

    OPENSSL_free(der);
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return good;
}

const char *token_verify(const struct token_keys *keys,
                         const struct token *token)
{
    const struct key *key = find_key(keys, token->kid);

    if (key == NULL)
        return "identity.keys has no key of its name";
    return has_signed(key->key, token) ? NULL : "its signature is wrong";
}
