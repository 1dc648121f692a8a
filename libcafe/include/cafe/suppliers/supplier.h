/* A supplier: its fields as one table, and what makes them valid. */
#ifndef CAFE_SUPPLIER_H
#define CAFE_SUPPLIER_H

#include "cafe/base/arena.h"
#include "cafe/base/form.h"
#include "cafe/base/text.h"
#include "cafe/html/context.h"

/*
 * The fields of a supplier, in the order in which people read them. Whatever
 * lists fields is made from this table: the enum below, the columns of SQL
 * statements, the triggers of the change log, forms, downloads, tests.
 *
 *   field     SUPPLIER_… of the enum
 *   column    its name in tables, forms, views and JSON
 *   since     number of the migration that adds the column
 *   holds     at most so many code points; bytes when it has lines
 *   searched  by the search box
 *   listed    a column of lists, and lists can be sorted by it
 *   exported  to CSV, JSON and the API
 *   lines     has line breaks
 *
 * X    Called for each field with all of the above: X(NAME, "name", 1, …).
 * SEP  Stands between two of them.
 */
/* clang-format off */
#define SUPPLIER_TABLE(X, SEP)                                           \
    /* field    column  since holds searched listed exported lines */    \
    X(NAME,    "name",    1,   255, true,    true,  true,    false) SEP  \
    X(ADDRESS, "address", 1,   255, true,    true,  true,    false) SEP  \
    X(CITY,    "city",    1,   255, true,    true,  true,    false) SEP  \
    X(STATE,   "state",   1,   255, true,    true,  true,    false) SEP  \
    X(COUNTRY, "country", 2,   255, true,    true,  true,    false) SEP  \
    X(EMAIL,   "email",   1,   254, true,    true,  true,    false) SEP  \
    X(PHONE,   "phone",   1,   100, true,    true,  true,    false) SEP  \
    X(WEBSITE, "website", 6,   500, true,    false, true,    false) SEP  \
    X(NOTES,   "notes",   2, 16384, true,    false, true,    true)  SEP  \
    X(ENDED_ON,     "ended_on",     10,  40, false, false, true, false) SEP \
    X(ENDED_REASON, "ended_reason", 10, 255, false, false, true, false)
/* clang-format on */

#define SUPPLIER_ENUMERATOR(field, ...) SUPPLIER_##field,

enum supplier_field { SUPPLIER_TABLE(SUPPLIER_ENUMERATOR, ) SUPPLIER_FIELDS };

/** All texts are as typed: trimmed, valid UTF-8 in NFC, never escaped. */
struct supplier {
    int64_t id;           /* 0: not stored yet */
    uint64_t revision;    /* of its last change; 0: unknown */
    int64_t changed_us;   /* UTC time of it; 0: unknown */
    int64_t directory_us; /* UTC time of the database's first migration, which
                             tells directories apart; 0: unknown */
    struct slice fields[SUPPLIER_FIELDS];
};

/**
 * Check one field.
 *
 * Returns  NULL when it is fine, else a sentence that says what to do; static,
 *          or in the arena.
 */
typedef const char *supplier_check_fn(struct arena *arena,
                                      const struct supplier *supplier,
                                      enum supplier_field field);

/** Tidy a text that was typed or copied, as those of cafe/suppliers/tidy.h. */
typedef enum error supplier_tidy_fn(struct arena *arena, struct slice text,
                                    struct slice *result);

/** A URL to reach a supplier by, in the arena; NULL where a text, which may be
 * any program's, is none that is safe to follow. */
typedef const char *supplier_link_fn(struct arena *arena, struct slice text);

/** Whether it no longer supplies: customers don't see it. */
static inline bool supplier_ended(const struct supplier *supplier)
{
    return supplier->fields[SUPPLIER_ENDED_ON].len > 0;
}

/** Whether a field says that a supplier no longer supplies: forms of a supplier
 * leave it out, for it has one of its own. */
static inline bool supplier_field_ends(enum supplier_field field)
{
    return field == SUPPLIER_ENDED_ON || field == SUPPLIER_ENDED_REASON;
}

/** A row of SUPPLIER_TABLE, and what else is known of that field. */
struct supplier_column {
    const char *name;                       /* as the table's column */
    int since;                              /* the migration that adds it */
    bool searched, listed, exported, lines; /* as in SUPPLIER_TABLE */
    const char *label;                      /* "E-mail" */
    const char *input_type;   /* of the HTML input: text, tel. Of type email,
                                 Chromium would send domains in Punycode, also
                                 where nobody has touched them */
    const char *input_mode;   /* which keyboard; NULL: that of the type */
    const char *autocomplete; /* HTML autofill token; "off" for none */
    const char *hint;         /* shown at the field; "" for none */
    size_t max_chars;         /* code points; 0: only max_bytes counts */
    size_t max_bytes;
    supplier_tidy_fn *tidy;
    supplier_check_fn *check;
    supplier_link_fn *link;    /* NULL: none */
    const char *link_member;   /* its name in views */
    const char *link_property; /* vCard property that holds it; NULL: none */
};

/** SUPPLIER_FIELDS rows, in the order of the enum. */
extern const struct supplier_column supplier_columns[SUPPLIER_FIELDS];

/** What is wrong with a supplier, field by field; NULL where nothing is. */
struct supplier_faults {
    size_t count;
    const char *messages[SUPPLIER_FIELDS];
    const char *remarks[SUPPLIER_FIELDS]; /* faults of texts that were stored
                                             like this and may stay:
                                             untouched_check() */
};

/**
 * Read a supplier from a form: each field tidied by the table and in NFC;
 * absent ones are empty. Line ends of notes become \n.
 *
 * supplier  Its fields in the arena; id and revision are 0.
 * Errors    ERROR_MEMORY.
 */
MUST_CHECK enum error supplier_from_form(struct arena *arena,
                                         const struct form *form,
                                         struct supplier *supplier);

/**
 * Check every field by the table; `faults` is filled completely.
 *
 * arena  Holds the messages that count ("… by 12 characters …").
 */
void supplier_check(struct arena *arena, const struct supplier *supplier,
                    struct supplier_faults *faults);

/** How much a column of the table holds. */
struct supplier_room {
    size_t max_chars; /* code points; 0: not known */
    size_t max_bytes;
};

/**
 * Find what does not fit into the table's columns.
 *
 * room    SUPPLIER_FIELDS of them.
 * faults  As supplier_check() fills it.
 */
void supplier_check_room(struct arena *arena, const struct supplier *supplier,
                         const struct supplier_room *room,
                         struct supplier_faults *faults);

/** Set id and every field of the table as members of a context object. */
void supplier_context(const struct supplier *supplier, struct context *object);

#endif
