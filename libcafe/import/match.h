/* Private to import/: which suppliers a row of a file may be. */
#ifndef CAFE_IMPORT_MATCH_H
#define CAFE_IMPORT_MATCH_H

#include "cafe/db/db.h"
#include "cafe/suppliers/supplier.h"

enum { MATCH_IDS_MAX = 10 };

/** What e-mail addresses, phone numbers, names and cities lead to: suppliers
 * of the directory, and lines of the file. A supplier takes some 100 bytes, a
 * line 60. */
struct match;

/** Suppliers that have a key in common with a row. Keys are digests, so look
 * at their texts with match_reasons(). */
struct match_found {
    size_t count;
    int64_t ids[MATCH_IDS_MAX];
    bool more;     /* there are others */
    uint32_t line; /* an earlier one with such a key; 0: none */
};

/** What two suppliers have in common; or-ed. */
enum match_reason {
    MATCH_EMAIL = 1 << 0, /* without case */
    MATCH_PHONE = 1 << 1, /* phone_same(), or the same digits */
    MATCH_NAME = 1 << 2   /* name and city, as they are searched */
};

/** An empty one. Errors: ERROR_MEMORY, ERROR_SYSTEM. */
MUST_CHECK enum error match_open(struct match **match);
void match_close(struct match *match);

/**
 * Read all suppliers.
 *
 * Errors  ERROR_MEMORY, ERROR_LIMIT (2^31 suppliers), ERROR_DB_…
 * Thread  A database thread.
 */
MUST_CHECK enum error match_load(struct match *match,
                                 struct db_connection *connection);

/** The revision of the directory when its reading began. */
uint64_t match_revision(const struct match *match);

/** Find suppliers and lines with a key of this one. Errors: ERROR_MEMORY. */
MUST_CHECK enum error match_find(struct match *match,
                                 const struct supplier *wanted,
                                 struct match_found *found);

/** Note a line of the file with its keys. Errors: ERROR_MEMORY. */
MUST_CHECK enum error match_add_line(struct match *match,
                                     const struct supplier *supplier,
                                     uint32_t line);

/** Note that a line is about a supplier; returns the first line that was, 0
 * for none. */
uint32_t match_claim(struct match *match, int64_t id, uint32_t line);

/** Note that a line may be about a supplier, which is not missing then. */
void match_mention(struct match *match, int64_t id);

/** The first line that is about a supplier; 0: none is. */
uint32_t match_line_of(const struct match *match, int64_t id);

/** The revision of a supplier's last change when it was read; 0: there was no
 * such supplier. */
uint64_t match_revision_of(const struct match *match, int64_t id);

/** Call `each` for the suppliers that no line is or may be about, in the order
 * of ids; an error ends it. */
typedef enum error match_each_fn(void *context, int64_t id, uint64_t revision);
MUST_CHECK enum error match_unclaimed(const struct match *match,
                                      match_each_fn *each, void *context);

/**
 * What two suppliers have in common.
 *
 * scratch  An arena for nothing else: it is reset.
 * Errors   ERROR_MEMORY.
 */
MUST_CHECK enum error match_reasons(struct arena *scratch,
                                    const struct supplier *a,
                                    const struct supplier *b,
                                    unsigned *reasons);

#endif
