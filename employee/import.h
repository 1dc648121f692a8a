/* The employees' pages of an import. */
#ifndef EMPLOYEE_IMPORT_H
#define EMPLOYEE_IMPORT_H

#include "cafe/import/import.h"
#include "employee.h"

#define IMPORT_ROOT "/admin/import"

/* Rows on the page of a result, and in a part of the table of them: a part is
 * at most as large as the file that was uploaded, and the reasons. */
enum { IMPORT_ROWS_SHOWN = 50, IMPORT_PART_ROWS = 10000 };

/** A request about one import, in its arena. */
struct import_view {
    struct request *req;
    struct slice key;
    struct import import;
    struct import_counts counts;
    struct import_shown_row *rows; /* those to look at; the first ones */
    size_t row_count;
    struct import_preview *preview; /* of a file that was read */
    int status;
    const char *problem; /* why something was not done; NULL: nothing */
};

/** A row that was not written, or not taken back. */
struct import_shown_row {
    int64_t line;
    int64_t supplier_id; /* 0: none */
    enum import_outcome outcome;
    struct slice name, place, reason;
};

/* import_view.c */

/** Set req and key; NULL: answered, there is no such import or no memory. */
struct import_view *import_view_open(struct request *req);

/** The URL of the import's page, and of what is below it ("/pause"). */
const char *import_url(const struct import_view *view, const char *below);

/** Set key, file_name, problem. */
struct context *import_context(const struct import_view *view,
                               const char *title);

/** Set the list of a row's reasons, each with its place. */
void import_context_reasons(struct context *object, struct slice places,
                            struct slice reasons);

/* import_show.c */
handler_fn import_show;

/** Read the import, and answer with the page of its state. */
void import_view_show(struct import_view *view);

/** Answer a button, by the outcome of its job: log it and wake the worker, or
 * say why nothing was done. */
void import_respond(struct import_view *view, const char *action,
                    enum error outcome);

/** Log what a person has done with an import. */
void import_log(struct request *req, struct slice key, const char *action);

/* import_progress.c: being prepared, running, paused, undoing */
void import_progress_show(const struct import_view *view);

/* import_result.c: done, cancelled, undone */
void import_result_show(const struct import_view *view);

/* import_actions.c */
handler_fn import_pause_take, import_resume_take, import_cancel_take,
    import_undo_take;

/* import_faulty.c */
handler_fn import_faulty_show;

/* import_home.c, import_upload.c, import_format.c, import_begin.c */
handler_fn import_home_show, import_upload_take, import_reading_take,
    import_start_take, import_answer_take;

/* import_format.c */

/** Show and carry along how a refused post wanted the file to be read: label
 * and value, name and value. False: it is not such a form. */
bool import_reading_carry(struct request *req, struct context *rows,
                          struct context *fields);

#endif
