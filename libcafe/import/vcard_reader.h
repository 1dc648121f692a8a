/* Contacts: vCard 3.0 (RFC 2426) and 4.0 (RFC 6350), any number in a file. */
#ifndef CAFE_IMPORT_VCARD_READER_H
#define CAFE_IMPORT_VCARD_READER_H

#include "rows.h"

struct vcard_reader_state;

/** NULL when out of memory. */
struct vcard_reader_state *vcard_reader_open(struct import_rows *rows);

/** UTF-8, or what is meant to be. */
MUST_CHECK enum error vcard_reader_feed(struct vcard_reader_state *vcard,
                                        struct slice bytes);
MUST_CHECK enum error vcard_reader_finish(struct vcard_reader_state *vcard);
void vcard_reader_close(struct vcard_reader_state *vcard);

#endif
