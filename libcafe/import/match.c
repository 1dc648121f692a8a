/* A table of digests of e-mail addresses, phone numbers, and names with their
 * cities, and the suppliers and lines that have them. */
#include "match.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "cafe/base/siphash.h"
#include "cafe/suppliers/columns.h"
#include "match_keys.h"

/* A key shared by more suppliers than are shown leads to no more of them: else
 * filling the table would take the square of their number. */
enum { SHARED_MAX = MATCH_IDS_MAX + 1, SLOTS_FIRST = 1024 };

/* Read by one statement: some 10 ms. */
enum { PART_SUPPLIERS = 1000 };

#define LINE_BIT (UINT32_C(1) << 31)

/* Where a key leads: a line, or a supplier's place in the list. */
struct slot {
    uint64_t key; /* 0: free */
    uint32_t to;  /* with LINE_BIT: a line; else the place */
};

/* A supplier of the directory. */
struct known {
    uint64_t revision;
    int32_t id;
    uint32_t line; /* the first that is about it; 0: none. With LINE_BIT: one
                      may be, or none has to */
};

struct match {
    unsigned char secret[SIPHASH_KEY_BYTES];
    uint64_t revision;
    struct arena *scratch;
    struct known *known; /* in the order of ids */
    size_t known_count, known_capacity;
    struct slot *slots;
    size_t slot_count, used; /* a power of two; three quarters at most */
};

enum error match_open(struct match **match)
{
    struct match *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return ERROR_MEMORY;
    made->slot_count = SLOTS_FIRST;
    made->scratch = arena_open(0);
    made->slots = calloc(made->slot_count, sizeof(*made->slots));
    if (made->scratch == NULL || made->slots == NULL) {
        match_close(made);
        return ERROR_MEMORY;
    }
    if (getrandom(made->secret, sizeof(made->secret), 0) !=
        sizeof(made->secret)) {
        match_close(made);
        return ERROR_SYSTEM;
    }
    *match = made;
    return OK;
}

void match_close(struct match *match)
{
    if (match == NULL)
        return;
    arena_close(match->scratch);
    free(match->known);
    free(match->slots);
    free(match);
}

uint64_t match_revision(const struct match *match)
{
    return match->revision;
}

/* The table. */

static uint64_t match_digest(const struct match *match, struct slice key)
{
    unsigned char digest[SIPHASH_BYTES];
    uint64_t number;

    siphash(match->secret, key, digest);
    memcpy(&number, digest, sizeof(number));
    return number != 0 ? number : 1;
}

/* The slot at or after a place that has the key or is free. */
static size_t match_probe(const struct match *match, uint64_t key, size_t at)
{
    at &= match->slot_count - 1;
    while (match->slots[at].key != 0 && match->slots[at].key != key)
        at = (at + 1) & (match->slot_count - 1);
    return at;
}

static void match_put(struct match *match, struct slot slot)
{
    size_t at = match_probe(match, slot.key, (size_t)slot.key);

    for (size_t shared = 0; match->slots[at].key != 0;) {
        if (++shared == SHARED_MAX)
            return;
        at = match_probe(match, slot.key, at + 1);
    }
    match->slots[at] = slot;
    match->used++;
}

static enum error match_grow(struct match *match)
{
    struct slot *old = match->slots;
    size_t count = match->slot_count;

    match->slots = calloc(count * 2, sizeof(*match->slots));
    if (match->slots == NULL) {
        match->slots = old;
        return ERROR_MEMORY;
    }
    match->slot_count = count * 2;
    match->used = 0;
    for (size_t i = 0; i < count; i++)
        if (old[i].key != 0)
            match_put(match, old[i]);
    free(old);
    return OK;
}

static enum error match_insert(struct match *match, struct slice key,
                               uint32_t to)
{
    enum error err = OK;

    if (match->used >= match->slot_count / 4 * 3)
        err = match_grow(match);
    if (err == OK)
        match_put(match, (struct slot){ match_digest(match, key), to });
    return err;
}

/* The directory. */

static const char select_revision[] =
    "SELECT n FROM supplier_revision WHERE one = 1";

static const char select_part[] =
    "SELECT s.id, " LAST_REVISION ", s.name, s.city, s.email, s.phone,"
    " s.ended_on <> ''"
    " FROM suppliers s WHERE s.id > ? ORDER BY s.id LIMIT ?";

static enum error match_add_known(struct match *match, struct known known)
{
    size_t capacity = match->known_capacity ? match->known_capacity * 2 : 1024;
    struct known *grown;

    if (match->known_count == match->known_capacity) {
        grown = realloc(match->known, capacity * sizeof(*grown));
        if (grown == NULL)
            return ERROR_MEMORY;
        match->known = grown;
        match->known_capacity = capacity;
    }
    if (match->known_count >= LINE_BIT)
        return ERROR_LIMIT;
    match->known[match->known_count++] = known;
    return OK;
}

static enum error match_take_row(const struct db_row *row, void *context)
{
    struct match *match = context;
    const struct supplier supplier = {
        .fields = { [SUPPLIER_NAME] = db_row_text(row, 2),
                    [SUPPLIER_CITY] = db_row_text(row, 3),
                    [SUPPLIER_EMAIL] = db_row_text(row, 4),
                    [SUPPLIER_PHONE] = db_row_text(row, 5) }
    };
    /* Customers' exports lack those that no longer supply: they are not
     * missing. */
    const struct known known = { (uint64_t)db_row_integer(row, 1),
                                 (int32_t)db_row_integer(row, 0),
                                 db_row_integer(row, 6) ? LINE_BIT : 0 };
    struct match_keys keys;
    enum error err = match_add_known(match, known);

    if (err == OK)
        err = match_keys_make(match->scratch, &supplier, &keys);
    for (size_t k = 0; err == OK && k < keys.count; k++)
        err = match_insert(match, keys.texts[k],
                           (uint32_t)match->known_count - 1);
    return err;
}

/* By parts, and the revision first: what is changed meanwhile counts as changed
 * since. */
enum error match_load(struct match *match, struct db_connection *connection)
{
    int64_t revision = 0, last = INT64_MIN;
    size_t before;
    enum error err = db_query(connection, select_revision, NULL, 0,
                              db_take_integer, &revision);

    match->revision = (uint64_t)revision;
    do {
        before = match->known_count;
        if (err == OK)
            err = db_query(
                connection, select_part,
                (struct db_value[]){ DB_VALUE_INTEGER(last),
                                     DB_VALUE_INTEGER(PART_SUPPLIERS) },
                2, match_take_row, match);
        if (match->known_count > 0)
            last = match->known[match->known_count - 1].id;
    } while (err == OK && match->known_count == before + PART_SUPPLIERS);
    return err;
}

static struct known *match_known(const struct match *match, int64_t id)
{
    size_t low = 0, high = match->known_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (match->known[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < match->known_count && match->known[low].id == id
               ? &match->known[low]
               : NULL;
}

uint64_t match_revision_of(const struct match *match, int64_t id)
{
    const struct known *known = match_known(match, id);

    return known != NULL ? known->revision : 0;
}

/* Finding. */

static void match_note(struct match_found *found, int64_t id)
{
    for (size_t i = 0; i < found->count; i++)
        if (found->ids[i] == id)
            return;
    if (found->count == MATCH_IDS_MAX)
        found->more = true;
    else
        found->ids[found->count++] = id;
}

/* `exact`: the key tells numbers of two countries apart, so a line that has it
 * may be taken for the same without a look at its texts. */
static void match_look_up(const struct match *match, struct slice text,
                          bool exact, struct match_found *found)
{
    uint64_t key = match_digest(match, text);
    size_t at = match_probe(match, key, (size_t)key);

    for (; match->slots[at].key == key; at = match_probe(match, key, at + 1)) {
        uint32_t to = match->slots[at].to;

        if ((to & LINE_BIT) == 0)
            match_note(found, match->known[to].id);
        else if (exact && (found->line == 0 || (to & ~LINE_BIT) < found->line))
            found->line = to & ~LINE_BIT;
    }
}

enum error match_find(struct match *match, const struct supplier *wanted,
                      struct match_found *found)
{
    struct match_keys keys;
    enum error err = match_keys_make(match->scratch, wanted, &keys);

    *found = (struct match_found){ 0 };
    for (size_t k = 0; err == OK && k < keys.count; k++)
        match_look_up(match, keys.texts[k], keys.exact[k], found);
    return err;
}

/* Lines. */

enum error match_add_line(struct match *match, const struct supplier *supplier,
                          uint32_t line)
{
    struct match_keys keys;
    enum error err = match_keys_make(match->scratch, supplier, &keys);

    for (size_t k = 0; err == OK && k < keys.count; k++) {
        struct match_found found = { 0 };

        match_look_up(match, keys.texts[k], true, &found);
        if (keys.exact[k] && found.line == 0)
            err = match_insert(match, keys.texts[k], line | LINE_BIT);
    }
    return err;
}

uint32_t match_line_of(const struct match *match, int64_t id)
{
    const struct known *known = match_known(match, id);

    return known != NULL ? known->line & ~LINE_BIT : 0;
}

uint32_t match_claim(struct match *match, int64_t id, uint32_t line)
{
    struct known *known = match_known(match, id);
    uint32_t before = match_line_of(match, id);

    if (known != NULL && before == 0)
        known->line |= line;
    return before;
}

void match_mention(struct match *match, int64_t id)
{
    struct known *known = match_known(match, id);

    if (known != NULL)
        known->line |= LINE_BIT;
}

enum error match_unclaimed(const struct match *match, match_each_fn *each,
                           void *context)
{
    enum error err = OK;

    for (size_t i = 0; err == OK && i < match->known_count; i++)
        if (match->known[i].line == 0)
            err = each(context, match->known[i].id, match->known[i].revision);
    return err;
}
