/* Credentials that browsers send, and files of accounts: what is taken from
 * Authorization is a name and a password that spell the same field again; a
 * file is read, or refused with one line. The first byte chooses which. */
#include "cafe/service/access.h"
#include "cafe/service/credentials.h"
#include "cafe/service/htpasswd.h"
#include "cafe/service/keys.h"
#include "cafe/service/password.h"
#include "fuzz.h"

static const char letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Without a table of its own mistakes: bit by bit. */
static void encode(struct slice text, struct text *out)
{
    size_t bits = text.len * 8;

    for (size_t bit = 0; bit < bits; bit += 6) {
        unsigned letter = 0;

        for (size_t i = bit; i < bit + 6; i++) {
            unsigned one =
                i < bits ? (unsigned char)text.data[i / 8] >> (7 - i % 8) & 1
                         : 0;

            letter = letter << 1 | one;
        }
        text_append_char(out, letters[letter]);
    }
    while (out->len % 4 != 0)
        text_append_char(out, '=');
}

static void check_given(struct slice field, const struct credentials *given)
{
    size_t len = strlen(given->password);
    struct text plain, again;

    CHECK(identity_valid(given->name));
    CHECK(memchr(given->name.data, ':', given->name.len) == NULL);
    CHECK(len > 0 && len <= CREDENTIALS_PASSWORD_MAX_BYTES);
    text_init(&plain, 0);
    text_init(&again, 0);
    text_append_slice(&plain, given->name);
    text_append_char(&plain, ':');
    text_append_string(&plain, given->password);
    for (size_t i = 0; i < plain.len; i++)
        CHECK((unsigned char)plain.data[i] >= ' ' && plain.data[i] != 0x7f);
    encode(text_slice(&plain), &again);
    slice_cut(&field, ' ');
    CHECK(slice_equal(slice_trim(field), text_slice(&again)));
    text_free(&plain);
    text_free(&again);
}

/* What is taken for a key is a token (RFC 6750 2.1) of one length. */
static void check_key(struct slice field)
{
    slice_cut(&field, ' ');
    field = slice_trim(field);
    if (!key_valid(field))
        return;
    CHECK(field.len == KEY_TEXT_BYTES - 1 && field_name_valid(field));
    CHECK(slice_starts(field, "cafe_"));
}

static void check_field(struct slice field)
{
    struct arena *arena = arena_open(0);
    struct credentials given;
    enum credentials_kind kind;

    CHECK(arena != NULL);
    CHECK(credentials_read(field, arena, &kind, &given) == OK);
    if (kind == CREDENTIALS_GIVEN)
        check_given(field, &given);
    check_key(field);
    arena_close(arena);
}

/* Each line that is neither empty nor a remark is an account. */
static size_t check_accounts(const struct htpasswd *file, struct slice bytes)
{
    size_t count = 0;

    while (bytes.len > 0) {
        struct slice line = slice_cut(&bytes, '\n');
        const struct account *account;

        if (line.len == 0 || line.data[0] == '#')
            continue;
        account = htpasswd_find(file, slice_cut(&line, ':'));
        CHECK(account != NULL && identity_valid(account->name));
        CHECK(slice_equal(slice_of(account->hash), line));
        CHECK(password_hash_fault(line) == NULL);
        count++;
    }
    return count;
}

static void check_file(struct slice bytes)
{
    struct htpasswd *file = NULL;
    struct text error;

    text_init(&error, 0);
    if (htpasswd_parse(bytes, "people", &file, &error) == OK) {
        CHECK(error.len == 0);
        CHECK(check_accounts(file, bytes) > 0);
        CHECK(htpasswd_any(file, UINT64_MAX) != NULL);
    } else {
        CHECK(slice_starts(text_slice(&error), "people:"));
        CHECK(memchr(error.data, '\n', error.len) == NULL);
        CHECK(error.len < 200); /* nothing of the file */
    }
    htpasswd_close(file);
    text_free(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = fuzz_slice(data, size);

    if (fuzz_take(&input) % 2 == 0)
        check_field(input);
    else
        check_file(input);
    return 0;
}
