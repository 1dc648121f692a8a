/* Hashes of passwords. crypt_r() is libxcrypt's; of its many methods only the
 * two are used that are meant for passwords today. */
#include "cafe/service/password.h"

#include <crypt.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char letters[] =
    "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static const char other[] =
    "is not a yescrypt ($y$) or bcrypt ($2b$) hash; set the password again "
    "with employee --add-user";
static const char damaged[] =
    "has a damaged hash; set the password again with employee --add-user";
static const char costly[] = "has a hash that takes too much time or memory: "
                             "at most 14 for bcrypt and 64 MiB for "
                             "yescrypt";

enum {
    BCRYPT_BYTES = 60,
    BCRYPT_COST_MIN = 4,
    BCRYPT_COST_MAX = 14, /* a second */
    YESCRYPT_SALT_MAX_BYTES = 86,
    YESCRYPT_HASH_BYTES = 43
};

static bool are_letters(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (memchr(letters, text.data[i], sizeof(letters) - 1) == NULL)
            return false;
    }
    return true;
}

/* "$2b$10$" and 53 letters. */
static const char *bcrypt_fault(struct slice hash)
{
    struct slice cost = { hash.data + 4, 2 };
    uint64_t number = 0;

    if (hash.len != BCRYPT_BYTES || hash.data[3] != '$' ||
        hash.data[6] != '$' ||
        !are_letters((struct slice){ hash.data + 7, hash.len - 7 }))
        return damaged;
    if (cost.data[0] == '0') /* no other number begins so */
        cost = (struct slice){ cost.data + 1, 1 };
    if (slice_number(cost, 99, &number) != OK || number < BCRYPT_COST_MIN)
        return damaged;
    return number > BCRYPT_COST_MAX ? costly : NULL;
}

/* "$y$j9T$", salt, "$", 43 letters. The 9 is the logarithm of N, the T is r:
 * memory is 128 N r bytes. */
static const char *yescrypt_fault(struct slice hash)
{
    struct slice rest = { hash.data + 3, hash.len - 3 };
    struct slice cost = slice_cut(&rest, '$');
    struct slice salt = slice_cut(&rest, '$');

    if (!are_letters(cost) || cost.len < 3 || salt.len == 0 ||
        salt.len > YESCRYPT_SALT_MAX_BYTES || !are_letters(salt) ||
        rest.len != YESCRYPT_HASH_BYTES || !are_letters(rest))
        return damaged;
    /* The letters are in the order of what they stand for. */
    return cost.len > 3 || cost.data[0] != 'j' || cost.data[1] > 'B' ||
                   cost.data[2] > 'T'
               ? costly
               : NULL;
}

const char *password_hash_fault(struct slice hash)
{
    if (slice_starts(hash, "$y$"))
        return yescrypt_fault(hash);
    if (slice_starts(hash, "$2a$") || slice_starts(hash, "$2b$") ||
        slice_starts(hash, "$2y$"))
        return bcrypt_fault(hash);
    return other;
}

/* Without a hint of where they differ. */
static bool equal(const char *a, const char *b, size_t len)
{
    unsigned char difference = 0;

    for (size_t i = 0; i < len; i++)
        difference |= (unsigned char)(a[i] ^ b[i]);
    return difference == 0;
}

/* A copy of what crypt_r() makes of it; NULL on failure, with errno. */
static enum error make(const char *password, const char *setting,
                       char hash[PASSWORD_HASH_BYTES])
{
    struct crypt_data *data = calloc(1, sizeof(*data)); /* 32 KiB */
    const char *made;
    enum error err = OK;

    if (data == NULL)
        return ERROR_MEMORY;
    errno = 0;
    made = crypt_r(password, setting, data);
    if (made == NULL || made[0] == '*' || strlen(made) >= PASSWORD_HASH_BYTES)
        err = errno == ENOMEM ? ERROR_MEMORY : ERROR_SYSTEM;
    else
        strcpy(hash, made);
    explicit_bzero(data, sizeof(*data));
    free(data);
    return err;
}

enum error password_verify(const char *password, const char *hash, bool *same)
{
    char made[PASSWORD_HASH_BYTES];
    size_t len = strlen(hash);
    enum error err = make(password, hash, made);

    if (err == OK)
        *same = strlen(made) == len && equal(made, hash, len);
    return err;
}

enum error password_hash(const char *password, char hash[PASSWORD_HASH_BYTES])
{
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];

    if (crypt_gensalt_rn("$y$", 0, NULL, 0, setting, sizeof(setting)) == NULL)
        return ERROR_SYSTEM;
    return make(password, setting, hash);
}
