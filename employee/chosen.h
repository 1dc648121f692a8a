/* Many suppliers, chosen on the employees' list: deleted, or one thing about
 * them changed, at once. */
#ifndef CHOSEN_H
#define CHOSEN_H

#include "cafe/suppliers/revision.h"
#include "cafe/suppliers/store_batch.h"
#include "employee.h"

/** What is to be done to each. */
enum chosen_deed {
    CHOSEN_DELETE,
    CHOSEN_SET,  /* one field, to one text */
    CHOSEN_END,  /* it no longer supplies */
    CHOSEN_AGAIN /* it supplies again */
};

/** What would become of a supplier. */
enum chosen_fate {
    FATE_CHANGED,
    FATE_SAME,   /* it is like that already */
    FATE_FAULTY, /* its fields would not go together */
    FATE_GONE
};

/** A supplier that was chosen. */
struct chosen_row {
    int64_t id;
    struct revision sent;       /* as the person saw it; 0: as the list */
    struct revision based;      /* as this page shows it */
    const struct supplier *now; /* NULL: it is gone, or nothing is known */
    struct supplier after;
    bool since; /* changed since the person saw it */
    enum chosen_fate fate;
    const char *fault;
};

/** A choice under way, in the request's arena, what is large in its own. */
struct chosen {
    struct batch_job job; /* first: what the store is given */
    struct edit *edit;    /* its key, list, author and problem */
    struct request *req;
    struct arena *arena;
    const struct snapshot *snapshot;
    bool asks;      /* what to set: show that form */
    bool resend;    /* what has become of it is not known: the form has to come
                       back as it was sent */
    uint64_t shown; /* revision of the list; 0: unknown */
    struct chosen_row *rows;
    size_t count;
    enum chosen_deed deed;
    enum supplier_field field;     /* CHOSEN_SET; SUPPLIER_FIELDS: none yet */
    struct slice value;            /* as typed */
    struct slice on, reason;       /* as typed: CHOSEN_END */
    struct supplier_faults faults; /* of what was typed */
    int status;
};

/* chosen_read.c */

/**
 * Read the form; what is faulty makes a problem of the edit. NULL: it is
 * answered.
 */
struct chosen *chosen_open(struct request *req);

/**
 * The texts that are written, tidied as those of any form.
 *
 * Errors  ERROR_MEMORY.
 */
MUST_CHECK enum error chosen_texts(const struct chosen *chosen,
                                   struct supplier *texts);

/** What tells this change from others under the same key; NULL when out of
 * memory. */
const char *chosen_spell(const struct chosen *chosen);

/** Append what a form has of a row: "17-4711-1764366000000000". */
void chosen_write(struct text *out, const struct chosen_row *row,
                  const struct revision *revision);

/** Whether a field can be set for many at once. */
bool chosen_settable(enum supplier_field f);

/** Whether a deed writes this field. */
bool chosen_writes(const struct chosen *chosen, enum supplier_field f);

/** Whether a field is to be set, but none is chosen. */
bool chosen_unset(const struct chosen *chosen);

/**
 * Say of each what would become of it. Where nothing can be done for a reason
 * that is in what was typed, `faults` says it.
 *
 * Errors  ERROR_MEMORY.
 */
MUST_CHECK enum error chosen_compare(struct chosen *chosen);

/** How many have this fate. */
size_t chosen_count(const struct chosen *chosen, enum chosen_fate fate);

/* chosen_page.c */

/** The form that asks what to set, or the preview. */
void chosen_respond(struct chosen *chosen);

/* chosen.c */
handler_fn chosen_look, chosen_change;

/* undo_group.c */
handler_fn undo_group_show, undo_group_take;

#endif
