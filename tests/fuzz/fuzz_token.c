/* Tokens that name a person: what is taken from one is within its limits, and
 * spells the same token again. The first byte chooses token or payload. */
#include "cafe/base/utf8.h"
#include "cafe/service/token.h"
#include "fuzz.h"

static void check_parts(struct slice text, const struct token *token)
{
    struct slice rest = text;

    CHECK(text.len <= TOKEN_MAX_BYTES);
    CHECK(token->signature.len == TOKEN_SIGNATURE_BYTES);
    CHECK(token_kid_valid(token->kid));
    CHECK(memchr(token->kid.data, '/', token->kid.len) == NULL);
    CHECK(token->expires_s >= 0);
    CHECK(token->signed_text.data == text.data);
    slice_cut(&rest, '.');
    slice_cut(&rest, '.');
    CHECK(token->signed_text.len + 1 + rest.len == text.len);
    CHECK(token->payload.len <= text.len / 4 * 3);
}

static void check_claims(struct slice payload, struct arena *arena)
{
    struct slice name;
    int64_t expires_s;

    if (token_read_claims(payload, "email", arena, &name, &expires_s) != NULL)
        return;
    CHECK(name.len <= payload.len);
    CHECK(utf8_valid(name));
    CHECK(expires_s >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = fuzz_slice(data, size);
    struct arena *arena = arena_open(0);
    struct token token;

    CHECK(arena != NULL);
    if (fuzz_take(&input) % 2 != 0) {
        check_claims(input, arena);
    } else if (token_parse(input, arena, &token) == NULL) {
        check_parts(input, &token);
        check_claims(token.payload, arena);
    }
    arena_close(arena);
    return 0;
}
