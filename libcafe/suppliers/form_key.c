/* One-time keys of forms: made, claimed, and what was saved by them. */
#include "form_key.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

enum { CLEAN_AT_ONCE = 1000 };

/* Making. */

/* The letters of base64url, RFC 4648 section 5. */
static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "abcdefghijklmnopqrstuvwxyz0123456789-_";

/* Six bits for each letter, out of a pair of bytes; the last letter has two
 * bits of the key and zeros. */
void form_key_spell(const unsigned char bytes[FORM_KEY_BYTES],
                    char key[FORM_KEY_CHARS + 1])
{
    for (unsigned i = 0; i < FORM_KEY_CHARS; i++) {
        unsigned bit = i * 6;
        unsigned pair = (unsigned)bytes[bit / 8] << 8;

        if (bit / 8 + 1 < FORM_KEY_BYTES)
            pair |= bytes[bit / 8 + 1];
        key[i] = letters[pair >> (10 - bit % 8) & 63];
    }
    key[FORM_KEY_CHARS] = '\0';
}

enum error form_key_make(char key[FORM_KEY_CHARS + 1])
{
    unsigned char bytes[FORM_KEY_BYTES];

    if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
        return ERROR_SYSTEM;
    form_key_spell(bytes, key);
    return OK;
}

bool form_key_valid(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!byte_is_in(text.data[i], letters))
            return false;
    return text.len == FORM_KEY_CHARS;
}

/* Claiming. */

/* Each part with its length in front: no two different forms give the same
 * text, so a field can't be continued in the next. */
static void form_key_append_part(struct text *text, struct slice part)
{
    text_append_number(text, part.len);
    text_append_char(text, ':');
    text_append_slice(text, part);
}

/* A form may reach daemons of two versions, one after the other: a field that
 * came later counts where it is filled, so that both make the same text of a
 * form that does not have it. */
static bool is_later(size_t field)
{
    enum { FIRST_FORMS_SINCE = 2 /* the migration whose fields they had */ };

    return supplier_columns[field].since > FIRST_FORMS_SINCE;
}

enum error form_claim_open(struct form_claim *claim, const char *key,
                           const char *action, int64_t id, uint64_t version,
                           const struct slice *fields)
{
    struct text *text = &claim->text;

    text_init(text, 0);
    claim->key[0] = '\0';
    if (key == NULL)
        return OK;
    snprintf(claim->key, sizeof(claim->key), "%s", key);
    form_key_append_part(text, slice_of(action));
    text_printf(text, "%lld,%llu,", (long long)id, (unsigned long long)version);
    for (size_t f = 0; fields != NULL && f < SUPPLIER_FIELDS; f++)
        if (!is_later(f))
            form_key_append_part(text, fields[f]);
    for (size_t f = 0; fields != NULL && f < SUPPLIER_FIELDS; f++) {
        if (!is_later(f) || fields[f].len == 0)
            continue;
        form_key_append_part(text, slice_of(supplier_columns[f].name));
        form_key_append_part(text, fields[f]);
    }
    return text->failed ? ERROR_MEMORY : OK;
}

void form_claim_close(struct form_claim *claim)
{
    text_free(&claim->text);
}

static const char insert_key[] =
    "INSERT INTO supplier_form_keys (form_key, digest, at)"
    " VALUES (?, UNHEX(SHA2(?, 256)), UTC_TIMESTAMP(6))";

enum error form_claim_take(struct db_connection *connection,
                           const struct form_claim *claim)
{
    const struct db_value values[] = {
        DB_VALUE_TEXT(slice_of(claim->key)),
        DB_VALUE_TEXT(text_slice(&claim->text)),
    };

    if (!claim->key[0])
        return OK;
    return db_execute(connection, insert_key, values, 2);
}

static const char note_outcome[] =
    "UPDATE supplier_form_keys SET supplier_id = ?, revision = ?"
    " WHERE form_key = ?";

enum error form_claim_note(struct db_connection *connection,
                           const struct form_claim *claim, int64_t supplier_id,
                           uint64_t revision)
{
    const struct db_value values[] = {
        DB_VALUE_INTEGER(supplier_id),
        DB_VALUE_INTEGER((int64_t)revision),
        DB_VALUE_TEXT(slice_of(claim->key)),
    };

    if (!claim->key[0])
        return OK;
    return db_execute(connection, note_outcome, values, 3);
}

/* Reading. */

/*
 * Each text that is sent under a key has a row of its own, or a text that
 * comes a second time, later than another, would be taken for a new edit. The
 * first one's row has the form's key; the key of another is made of that key
 * and the text, by SHA-256 in base64url.
 */
static const char select_outcome[] =
    "SELECT supplier_id, revision, digest = UNHEX(SHA2(?, 256)),"
    " LEFT(REPLACE(REPLACE(TO_BASE64(UNHEX(SHA2(?, 256))),"
    " '+', '-'), '/', '_'), 22)"
    " FROM supplier_form_keys WHERE form_key = ?";

static enum error take_outcome(const struct db_row *row, void *context)
{
    struct form_outcome *outcome = context;
    struct slice key = db_row_text(row, 3);

    *outcome = (struct form_outcome){
        .same = db_row_integer(row, 2) == 1,
        .supplier_id = db_row_integer(row, 0),
        .revision = (uint64_t)db_row_integer(row, 1),
    };
    /* The outcome is noted in the transaction that inserts the key: a row that
     * can be seen without one is not ours. */
    if (key.len != FORM_KEY_CHARS || outcome->revision == 0)
        return ERROR_DB;
    memcpy(outcome->next_key, key.data, key.len);
    return OK;
}

enum error form_claim_outcome(struct db_connection *connection,
                              const struct form_claim *claim,
                              struct form_outcome *outcome)
{
    struct form_outcome found = { 0 };
    struct text both;
    struct db_value values[3];
    enum error err;

    text_init(&both, 0);
    /* The key itself is part of it: the same text under two keys is two forms.
     */
    text_append_string(&both, claim->key);
    text_append_slice(&both, text_slice(&claim->text));
    values[0] = DB_VALUE_TEXT(text_slice(&claim->text));
    values[1] = DB_VALUE_TEXT(text_slice(&both));
    values[2] = DB_VALUE_TEXT(slice_of(claim->key));
    err = both.failed ? ERROR_MEMORY
                      : db_query(connection, select_outcome, values, 3,
                                 take_outcome, &found);
    text_free(&both);
    if (err != OK)
        return err;
    if (found.revision == 0)
        return ERROR_DB_RETRY;
    *outcome = found;
    return OK;
}

/* Cleaning. */

/* Few at once, by the index on `at`: it never holds locks for long. */
static const char delete_old[] =
    "DELETE FROM supplier_form_keys"
    " WHERE at < UTC_TIMESTAMP(6) - INTERVAL 7 DAY ORDER BY at LIMIT ?";

enum error store_clean_keys(struct db_connection *connection, void *job)
{
    const struct db_value limit = DB_VALUE_INTEGER(CLEAN_AT_ONCE);

    (void)job;
    return db_execute(connection, delete_old, &limit, 1);
}
