/* Which column of an imported file is which field of a supplier. */
#ifndef CAFE_IMPORT_MAPPING_H
#define CAFE_IMPORT_MAPPING_H

#include "cafe/import/reader.h"
#include "cafe/suppliers/supplier.h"

/** What a column is mapped to: a field (enum supplier_field), or one of these.
 */
enum {
    IMPORT_ID = SUPPLIER_FIELDS, /* the supplier's number in this directory */
    IMPORT_NOTHING,              /* the column is left out */
    IMPORT_TARGETS
};

/**
 * Map columns by their names: the usual words in several languages, and those
 * of Excel, Google Contacts, Outlook and Apple Contacts.
 *
 * Where several columns would make a field, the best is taken ("Company" before
 * "First Name"). Parts of one are all taken: "First Name" and "Last Name",
 * "Street" and "Street 2" and "Postal Code".
 *
 * targets  Out: `count` of them.
 * Errors   ERROR_MEMORY.
 * Thread   Any.
 */
MUST_CHECK enum error import_map_headers(const struct slice *cells,
                                         size_t count, unsigned char *targets);

/**
 * What is wrong with a mapping: nothing is mapped to the name and to the id,
 * or two columns to one field of which the parts can't be joined.
 *
 * Returns  NULL, or a sentence in the arena or static.
 */
const char *import_map_fault(struct arena *arena, const struct slice *cells,
                             size_t count, const unsigned char *targets);

/** A row by field. Absent (data NULL) is what no column is mapped to. */
struct import_record {
    struct slice id; /* as it is written */
    struct slice fields[SUPPLIER_FIELDS];
    size_t columns[SUPPLIER_FIELDS]; /* the first one it comes from, from 0 */
};

/**
 * Put the cells of a row into fields. Parts are joined: of an address by ", ",
 * of notes by a line break, else by a blank; empty ones are left out.
 *
 * record   Out: its texts are the row's, or in the arena. Not tidied yet.
 * Errors   ERROR_MEMORY.
 */
MUST_CHECK enum error import_map_row(struct arena *arena,
                                     const unsigned char *targets,
                                     const struct import_row *row,
                                     struct import_record *record);

/**
 * Whether a text that was read is what a file of this kind has for a stored
 * one: a card has a phone number without its trunk zero in brackets, and a
 * link in place of a website. Then it is no change.
 *
 * read  Tidied.
 */
bool import_same(struct arena *arena, enum import_kind kind,
                 enum supplier_field field, struct slice stored,
                 struct slice read);

#endif
