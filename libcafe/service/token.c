/* Takes a token apart: base64url and JSON. What it says is verified by
 * token_keys.c. */
#include "cafe/service/token.h"

#include <ctype.h>
#include <jansson.h>
#include <string.h>

enum { KID_MAX_BYTES = 64 };

bool token_kid_valid(struct slice kid)
{
    for (size_t i = 0; i < kid.len; i++) {
        if (!isalnum((unsigned char)kid.data[i]) && kid.data[i] != '-' &&
            kid.data[i] != '_')
            return false;
    }
    return kid.len > 0 && kid.len <= KID_MAX_BYTES;
}

/* RFC 4648 5; -1: none of the alphabet. */
static int url_bits(char letter)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "abcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *found = memchr(alphabet, letter, sizeof(alphabet) - 1);

    return found != NULL ? (int)(found - alphabet) : -1;
}

/* AWS's load balancers pad, contrary to RFC 7515: what is padded must be so
 * correctly. False: it has no padding that could be, or is too much. */
static bool drop_padding(struct slice *text)
{
    size_t all = text->len;

    while (text->len > 0 && text->data[text->len - 1] == '=')
        text->len--;
    return (all == text->len || all % 4 == 0) && all - text->len < 3 &&
           text->len % 4 != 1;
}

/* Each text has one spelling: bits that are left over are 0. */
static bool decode_url(struct slice text, struct arena *arena,
                       struct slice *result)
{
    unsigned bits = 0, count = 0;
    size_t len = 0;
    char *out;

    if (!drop_padding(&text) ||
        (out = arena_alloc(arena, text.len + 1)) == NULL)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        int more = url_bits(text.data[i]);

        if (more < 0)
            return false;
        bits = bits << 6 | (unsigned)more;
        count += 6;
        if (count >= 8) {
            count -= 8;
            out[len++] = (char)(bits >> count & 0xff);
            bits &= (1u << count) - 1;
        }
    }
    *result = (struct slice){ out, len };
    return bits == 0;
}

static json_t *load_object(struct slice text)
{
    json_t *value =
        json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, NULL);

    if (json_is_object(value))
        return value;
    json_decref(value);
    return NULL;
}

/* A member that is a text, in the arena; empty if it is none. */
static struct slice copy_member(const json_t *object, const char *name,
                                struct arena *arena)
{
    const json_t *value = json_object_get(object, name);
    size_t len = json_string_length(value);
    const char *copy =
        len > 0 ? arena_copy(arena, json_string_value(value), len) : NULL;

    return (struct slice){ copy, copy != NULL ? len : 0 };
}

/* False: there is an expiry that is no time. */
static bool read_expiry(const json_t *object, int64_t *expires_s)
{
    const json_t *value = json_object_get(object, "exp");

    *expires_s = 0;
    if (value == NULL)
        return true;
    *expires_s = json_integer_value(value);
    return json_is_integer(value) && *expires_s > 0;
}

static const char *read_header(const json_t *header, struct arena *arena,
                               struct token *token)
{
    if (!slice_is(copy_member(header, "alg", arena), "ES256"))
        return "its algorithm is not ES256";
    if (json_object_get(header, "crit") != NULL)
        return "it has extensions that must be understood";
    token->kid = copy_member(header, "kid", arena);
    if (!token_kid_valid(token->kid))
        return "it names no key";
    token->signer = copy_member(header, "signer", arena);
    return read_expiry(header, &token->expires_s) ? NULL
                                                  : "its expiry is not a time";
}

const char *token_parse(struct slice text, struct arena *arena,
                        struct token *token)
{
    struct slice rest = text, header_part, payload_part, header;
    const char *fault;
    json_t *object;

    if (text.len > TOKEN_MAX_BYTES)
        return "it is longer than 16 KiB";
    header_part = slice_cut(&rest, '.');
    payload_part = slice_cut(&rest, '.');
    token->signed_text =
        (struct slice){ text.data, header_part.len + 1 + payload_part.len };
    if (token->signed_text.len >= text.len ||
        !decode_url(header_part, arena, &header) ||
        !decode_url(payload_part, arena, &token->payload) ||
        !decode_url(rest, arena, &token->signature))
        return "it is not three parts in base64url";
    if (token->signature.len != TOKEN_SIGNATURE_BYTES)
        return "its signature is not 64 bytes";
    object = load_object(header);
    if (object == NULL)
        return "its header is not a JSON object";
    fault = read_header(object, arena, token);
    json_decref(object);
    return fault;
}

const char *token_read_claims(struct slice payload, const char *claim,
                              struct arena *arena, struct slice *name,
                              int64_t *expires_s)
{
    json_t *object = load_object(payload);
    bool timed;

    if (object == NULL)
        return "its payload is not a JSON object";
    *name = copy_member(object, claim, arena);
    timed = read_expiry(object, expires_s);
    json_decref(object);
    return timed ? NULL : "its expiry is not a time";
}
