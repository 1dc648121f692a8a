/* Private to suppliers/: what the two files of the history share. */
#ifndef CAFE_SUPPLIERS_HISTORY_PRIVATE_H
#define CAFE_SUPPLIERS_HISTORY_PRIVATE_H

#include "cafe/suppliers/history.h"

/* A pattern for texts that have this one in them. INSTR() would tell accents
 * apart. */
#define HISTORY_CONTAINING                                    \
    "CONCAT('%', REPLACE(REPLACE(REPLACE(?, '|', '||'), '%'," \
    " '|%'), '_', '|_'), '%') ESCAPE '|'"

/** What a filter asks of a row c; history_filter_values() has the values. */
#define HISTORY_FILTERED                                                   \
    "c.revision < ? AND c.revision >= ?"                                   \
    " AND COALESCE(c.actor, c.writer) LIKE " HISTORY_CONTAINING            \
    " AND c.name LIKE " HISTORY_CONTAINING " AND (? = '' OR c.action = ?)" \
    " AND (? = ''"                                                         \
    "  OR (c.at >= ? AND c.at < DATE_ADD(?, INTERVAL 1 DAY)))"             \
    " AND (? = '' OR c.form_key = ?)"

enum { HISTORY_FILTER_VALUES = 11 };

void history_filter_values(const struct history_filter *filter, int64_t before,
                           int64_t floor,
                           struct db_value values[HISTORY_FILTER_VALUES]);

/** Whether it asks for some of the changes of all suppliers or of a group. */
bool history_is_filtered(const struct history_job *job);

/** The part of the log that one question goes through. */
struct history_window {
    int64_t before, floor; /* revisions from floor to below before */
    bool ends;             /* nothing that is asked for is below floor */
};

/** Errors: ERROR_DB_… */
MUST_CHECK enum error history_window(struct db_connection *connection,
                                     const struct history_job *job,
                                     struct history_window *window);

/** Read the entries of these revisions, at most HISTORY_PAGE_ENTRIES, the
 * newest first. */
MUST_CHECK enum error history_read_these(struct db_connection *connection,
                                         struct history_job *job,
                                         const uint64_t *revisions,
                                         size_t count);

#endif
