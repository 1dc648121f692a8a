/* A key as text: made, recognised, and its digest. */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "cafe/service/access.h"
#include "cafe/service/keys.h"

enum { KEY_RANDOM_BYTES = 32 };

/* Programs that look for secrets in files know one by it. */
static const struct slice key_prefix = { "cafe_", 5 };

static void write_hex(const unsigned char *bytes, size_t count, char *hex)
{
    for (size_t i = 0; i < count; i++)
        snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
}

enum error key_make(char text[KEY_TEXT_BYTES])
{
    unsigned char bytes[KEY_RANDOM_BYTES];

    if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
        return ERROR_SYSTEM;
    memcpy(text, key_prefix.data, key_prefix.len);
    write_hex(bytes, sizeof(bytes), text + key_prefix.len);
    explicit_bzero(bytes, sizeof(bytes));
    return OK;
}

bool key_valid(struct slice text)
{
    if (text.len != KEY_TEXT_BYTES - 1 || !slice_starts(text, key_prefix.data))
        return false;
    for (size_t i = key_prefix.len; i < text.len; i++) {
        if (!byte_is_in(text.data[i], "0123456789abcdef"))
            return false;
    }
    return true;
}

enum error key_digest(struct slice text, struct key_digest *digest)
{
    if (EVP_Digest(text.data, text.len, digest->bytes, NULL, EVP_sha256(),
                   NULL) != 1)
        return ERROR_SYSTEM;
    write_hex(digest->bytes, sizeof(digest->bytes), digest->hex);
    return OK;
}

bool key_name_valid(struct slice name)
{
    return name.len <= KEY_NAME_MAX_BYTES && identity_valid(name);
}
