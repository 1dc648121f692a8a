/* One contact, as far as it makes a supplier. */
#ifndef CAFE_IMPORT_CARD_H
#define CAFE_IMPORT_CARD_H

#include "cafe/suppliers/supplier.h"
#include "rows.h"

enum { CARD_TEXT_MAX_BYTES = 64 * 1024 };

struct card {
    struct text fields[SUPPLIER_FIELDS];
    unsigned ranks[SUPPLIER_FIELDS]; /* of what there is: 1 is preferred */
    bool organisation;               /* the name is that of one */
    bool parts;                      /* it is put together from its parts */
    int64_t id, directory_us;        /* of our UID; 0: it has another */
};

/** A line of a card: its parts, borrowed. */
struct card_line {
    struct slice name;       /* without its group */
    struct slice parameters; /* ";TYPE=work;PREF=1", or empty */
    struct slice value;      /* escaped */
};

void card_init(struct card *card);
void card_free(struct card *card);

/** Forget what it has. */
void card_reset(struct card *card);

/** Take apart "group.NAME;PARAMETER=x:value"; false where there is no colon. */
bool card_split(struct slice line, struct card_line *parts);

/** Whether the parameters have this word, as in TYPE=word or ;word. */
bool card_has(const struct card_line *line, const char *word);

/** Take over what a line has of a supplier; others are passed over. */
void card_take(struct card *card, const struct card_line *line);

/** Whether card_take() takes lines of this name over. */
bool card_knows(struct slice name);

/** Hand the card over as a row. */
MUST_CHECK enum error card_row(const struct card *card,
                               struct import_rows *rows, uint64_t line);

#endif
