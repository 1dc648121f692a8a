/* What a file would do, before anything is written. */
#ifndef EMPLOYEE_IMPORT_PREVIEW_H
#define EMPLOYEE_IMPORT_PREVIEW_H

#include "cafe/import/upload.h"
#include "import.h"

enum { PREVIEW_ROWS = 25, PREVIEW_TEXT_MAX_BYTES = 2000 };

/** What else the page of a preview shows. */
struct import_preview {
    bool of_kind; /* only rows of `kind` */
    enum staged_kind kind;
    uint64_t page;       /* from 1 */
    bool asks_missing;   /* the query says whether to delete who is missing: */
    bool remove_missing; /* of a page whose form was refused */
    const struct snapshot *snapshot;
    struct import_settings settings;
    struct import_sample sample;
    struct staged_row rows[PREVIEW_ROWS];
    size_t row_count;
};

/** Read the query; NULL: no memory. */
struct import_preview *preview_open(struct request *req);

/** On a database thread: what the page shows. */
MUST_CHECK enum error preview_read(struct db_connection *connection,
                                   struct import_view *view);

/** Answer: a preview, a file that is being read, or can't be. */
void import_preview_show(const struct import_view *view);

/** Set rows: those of this page. */
void preview_context_rows(const struct import_view *view,
                          struct context *context);

/** Set kinds, charsets, delimiters, columns: the form to correct how the file
 * is read. */
void preview_context_format(const struct import_view *view,
                            struct context *context);

#endif
