/* The employee daemon: what its pages share. */
#ifndef EMPLOYEE_H
#define EMPLOYEE_H

#include "cafe/api/answer.h"
#include "cafe/api/description.h"
#include "cafe/http/response.h"
#include "cafe/service/notes.h"
#include "cafe/service/pages.h"
#include "cafe/suppliers/catalog.h"
#include "cafe/suppliers/duplicates.h"
#include "cafe/suppliers/search.h"
#include "cafe/suppliers/store.h"

struct employee {
    struct api api; /* first: request_app() is both */
    struct import_worker *imports;
    int64_t keys_cleaned_ms;     /* monotonic; 0: not yet */
    int64_t unwritable_since_us; /* UTC: the triggers refuse saves; 0: no */
};

extern const struct route employee_routes[];

/* answer.c */

/** The context of a page: page_context(), the employees' own style sheet, who
 * is signed in and where to sign out. */
struct context *employee_context(struct request *req, const char *title);

/** The same for any request, whatever its request_app(). */
struct context *employee_context_of(const struct employee *self,
                                    struct request *req, const char *title);

/** Whether the person may change suppliers; others see no way to do that. */
bool may_change(const struct request *req);

/**
 * Cache-Control of a page that shows what is there now: the answer to a GET is
 * kept nowhere. The answer to a POST can't be asked for again, so the browser
 * may keep it, for a reader who follows a link and comes back.
 */
const char *employee_caching(const struct request *req);

/** Render such a page. */
struct page *employee_render(struct request *req, const char *name,
                             const struct context *context, int status);

/** Answer with such a page, whose texts may be large; snapshot: what it shows,
 * or NULL. */
void employee_respond(struct request *req, const char *name,
                      const struct context *context, int status,
                      const struct snapshot *snapshot);

/** A page with a form that people type or choose in, without a body yet. The
 * browser may keep it whatever it answers: who comes back finds what was typed,
 * and the version that it was typed over. Asked for again, the form would be
 * based on a newer version, in which Chromium still puts what was typed. */
struct page *employee_form_begin(int status, enum scripts scripts);

/** Answer with such a page, whose texts may be large. */
void employee_respond_form(struct request *req, const char *name,
                           const struct context *context, int status);

/** Set draft_js, which keeps what is typed in that form, and whether the answer
 * holds what was typed. */
void employee_draft_context(const struct request *req, struct context *context);

/* home.c */
handler_fn employee_home_show;

/* directory.c */
handler_fn employee_list;

/* list.c: which list a person came from, so that links lead back there. */

/** The list that a query asks for, as its normal query; "" for the plain one.
 */
const char *list_of(struct request *req, struct slice query);

/** Set list (for a hidden field), list_url, and list_query ("?…" or ""). */
void list_context(struct request *req, const char *list,
                  struct context *context);

/* form.c: a form that was posted, and the page it comes back on. */

enum edit_kind { EDIT_ADD, EDIT_UPDATE, EDIT_REMOVE, EDIT_RESTORE, EDIT_UNDO };

/** What a form asks to see before it is saved. */
enum look {
    LOOK_NONE,
    LOOK_NOTES,  /* a preview of the notes */
    LOOK_DELETE, /* whether to delete the supplier */
    LOOK_KEEP    /* the form again, after that question */
};

/** Which version of a field the person has chosen, if any. */
enum pick { PICK_NONE, PICK_THEIRS, PICK_MINE };

/** A field that both had changed, in a form that let the person choose. */
struct choice {
    struct slice was;    /* before both; absent: not known */
    struct slice theirs; /* absent: it did not */
    struct slice mine;   /* what was typed */
    enum pick pick;
};

/** A change under way, in the request's arena. */
struct edit {
    struct store_job job; /* first: what the store is given */
    struct request *req;
    enum edit_kind kind;
    char key[FORM_KEY_CHARS + 1];
    const char *list;
    void (*respond)(struct edit *edit, int status); /* NULL: with the form */
    void (*done)(const struct edit *edit);          /* NULL: with the list */
    bool anyway;    /* duplicates were seen and are none */
    enum look look; /* show that, save nothing */
    bool previewed; /* the notes are in rendered */
    bool kept;      /* the supplier was not deleted: say so */
    struct rendered_notes rendered;
    bool gone;                       /* the supplier was deleted meanwhile */
    bool added;                      /* this form has added job.earlier */
    const struct snapshot *snapshot; /* shown as it is there; NULL: not */
    const char *problem;
    enum error outcome;    /* what the store has said; OK: not asked yet */
    struct supplier typed; /* with what was not touched as it is stored */
    struct choice choices[SUPPLIER_FIELDS];
    struct supplier_faults faults;
    struct duplicates duplicates;
    bool clash; /* job.clash is set */
};

/** Who makes a change, for the log: the person, or the client's address. */
const char *edit_actor(const struct request *req);

/** A new one without fields, with a fresh key; NULL when out of memory. */
struct edit *edit_open(struct request *req, enum edit_kind kind);

/**
 * Read the hidden fields of a form; what is faulty makes a problem.
 *
 * form  NULL: a post without fields.
 */
void edit_read_hidden(struct edit *edit, const struct form *form);

/** Read the hidden fields of a post that may have no form; form is NULL then.
 * False: it is answered. */
bool edit_read_post(struct edit *edit, const struct form **form);

/**
 * Read a posted supplier with its hidden fields.
 *
 * Errors  ERROR_NOT_FOUND: no form, or no supplier's id; those of form_parse().
 */
MUST_CHECK enum error edit_read(struct edit *edit);

/** The form with what was typed, as a page. */
struct page *edit_page(const struct edit *edit, int status);
void edit_respond(struct edit *edit, int status);

/*
 * A key that has saved something before would lead back to that: after either
 * of these the form has a fresh one.
 */

/** Ask for the form again: the revision that it names can't be read. */
void edit_damaged(struct edit *edit);

/** Give the form a fresh key, if there are random bytes. */
void edit_renew_key(struct edit *edit);

/** The store found a clash, or has merged: the form is based on theirs from
 * now on. */
void edit_clash(struct edit *edit);

/** The form has added a supplier already: ask which one this is. */
void edit_added(struct edit *edit);

/** The supplier was deleted meanwhile: the form adds a new one. */
void edit_gone(struct edit *edit);

/** The sentence on top of the page when a change was not made. */
const char *edit_problem(const struct edit *edit, enum error outcome);

/** The table does not take it: say so at the field where that is known. */
void edit_refuse(struct edit *edit);

/** Set revision, its time, form_key and list for the hidden fields. */
void edit_context_hidden(const struct edit *edit, struct context *context);

/* editor.c */
handler_fn editor_add_show;
handler_fn editor_add;
handler_fn editor_update_show;
handler_fn editor_save;

/** Go on with an addition or an update that was read: check it, ask about
 * duplicates, save it, answer. */
void editor_take(struct edit *edit);

/** The form of a refused post, filled in; NULL when there is none. */
struct page *editor_refused(struct request *req, int status);

/* show.c */

/** Answer with a page of a supplier that has no form. */
void respond_supplier(struct request *req, const struct snapshot *snapshot,
                      const struct supplier *supplier);

/* ended.c */

/** "2026-11-28", in UTC; NULL when out of memory. */
const char *ended_today(struct request *req);

/** Set end: whether the supplier of a form still supplies, and what the forms
 * need that change it. */
void ended_context(const struct edit *edit, struct context *context);

/* clash.c: two people changed the same supplier. */

/** Set clash: who, when, and the fields that both changed. */
void clash_context(const struct edit *edit, struct context *context);

/** Set clash or merged of a field's object: was, theirs; what was chosen. */
void clash_context_field(const struct edit *edit, enum supplier_field f,
                         struct context *field);

/** Set theirs: what has become of the supplier since the form was shown. */
void clash_context_changes(const struct edit *edit, struct context *context);

/**
 * Read what clash_context_field() let people choose; the supplier of the edit,
 * read before, gets theirs where they took it. Errors: ERROR_MEMORY.
 */
MUST_CHECK enum error clash_choose(struct edit *edit, const struct form *form);

/** Add a fault for each field of a clash page that came without a choice. */
void clash_check(struct edit *edit);

/** Forget the choices of fields that job.clash says have changed again. */
void clash_ask_again(struct edit *edit);

/* remove.c */
handler_fn remove_show;
handler_fn remove_supplier;

/** Ask whether to delete the supplier of a form that was read; the page has
 * what was typed, for those who keep it. */
void remove_question(struct edit *edit);

/** Add the fields of the form that the question carries along, without id and
 * key: name, value. */
void remove_carry(struct request *req, const struct form *form,
                  struct context *fields);

/** Answer for a supplier that is not in this snapshot: it is gone, unless it
 * may just have been added. */
void respond_missing(struct request *req, const struct snapshot *snapshot,
                     int64_t id);

/* restore.c */
handler_fn restore_show, restore_version, undo_show, undo_version;

/* write_api.c */
handler_fn write_add, write_put, write_patch, write_remove;

/* write_batch.c */
handler_fn write_batch;

/* saved.c: what follows a change. */

/** A call of this request, which waits for it. */
struct db_call save_call(struct request *req, const char *operation);

/** Submit a job of this request, which waits for it. */
void call_database(struct request *req, const char *operation, db_work_fn *work,
                   db_done_fn *done, void *job);

/** Hand a change to the store. */
void save_submit(struct edit *edit, db_work_fn *work, db_done_fn *done);

/** Answer with the list, which says what was done by this revision; more:
 * what is added to its query, or "". */
void save_respond_at(struct request *req, const char *list, uint64_t revision,
                     const char *more);

/* save_batch.c: many changes at once. */
struct batch_job;

/** An arena of the request for what may be too large for its own; NULL when out
 * of memory. */
struct arena *save_batch_arena(struct request *req);

/** Hand a batch to the store. */
void save_submit_batch(struct request *req, db_work_fn *work, db_done_fn *done,
                       void *job);

/** Log that it was done, so many changes. */
void save_log_batch(struct request *req, const struct batch_job *job,
                    size_t count);

/* saved.c */

/** Note the outcome of a change, for /readyz and the log. */
void save_note(struct request *req, bool reloaded, enum error outcome);

/** Remove old form keys, at most once an hour, after a save: then the database
 * is known to take writes. */
void save_clean_keys(struct employee *self);

/** Answer with the list, which says what was done, or as the edit wants. */
void save_respond(const struct edit *edit);

/** The change that a list tells of. */
struct saved {
    struct history_job change;
    struct history_job together; /* what was changed at once with it, if any */
    struct request *req;
    const struct snapshot *snapshot;
};

/** A db_work_fn (job: struct saved). */
enum error saved_read(struct db_connection *connection, void *job);

/** Set saved: what was done to whom. query: of the list. */
void saved_context(const struct saved *saved, const char *list,
                   const struct form *query, struct context *context);

/* edit_table.c */
handler_fn edit_table_show;

/* history.c */
handler_fn history_show;
handler_fn history_supplier_show;

/* history_query.c */

/** Read person, supplier, action, day, group, before and page of the query;
 * false: one of them is faulty. */
bool history_query_read(struct request *req, struct history_job *job);

/** Whether a text is one that a history can be asked for with. */
bool history_text_valid(struct slice text);
bool history_action_valid(struct slice text);
bool history_day_valid(struct slice text);
bool history_group_valid(struct slice text);

/** The query for these changes, "?person=Ann&before=7&page=2"; "?" for all. */
const char *history_query(struct request *req,
                          const struct history_filter *filter, uint64_t before,
                          size_t page);

/** Whether only some of the changes are asked for. */
bool history_filtered(const struct history_filter *filter);

/** Set filter: what its form shows, and the query of the table. */
void history_query_context(struct request *req,
                           const struct history_filter *filter,
                           struct context *context);

/* history_csv.c */
handler_fn history_csv_show;

/* history.c */

/** The author at the beginning of a sentence: "Ann Example", "Somebody at
 * 10.0.0.7", "The SQL account x". */
const char *history_author(struct request *req,
                           const struct history_entry *entry);

/** Set when ("23 November 2026, 08:43 UTC") and when_iso, for <time>. */
void when_context(struct request *req, int64_t at_us, struct context *object);

/** Set who, when, and what has changed as members of an object. */
void history_context(struct request *req, const struct history_entry *entry,
                     struct context *object);

/* history_api.c */

#define API_ROOT "/admin/api"
#define API_SUPPLIERS API_ROOT "/v1/suppliers"
#define API_BATCH API_SUPPLIERS ":batch"
#define API_HISTORY API_ROOT "/v1/history"
#define API_DESCRIPTION API_ROOT "/v1/openapi.json"

handler_fn history_api_show;

/* refusal.c */

/** What was not done, and what to do, for a request that role_check() has
 * refused. */
const char *role_advice(struct request *req);

/** Why a form was refused before its handler ran, and what to do; next: the
 * sentence that says how to go on. */
const char *refusal_text(struct request *req, int status, const char *next);

/* refused_form.c */

/**
 * The page of a refused post whose form is not a supplier's: it has what was
 * chosen and typed, and leads to the preview. NULL: there is nothing to keep.
 */
struct page *form_refused(struct request *req, int status);

/* errors.c */

/** An error_page_fn: app is the struct employee. */
struct page *employee_error_show(void *app, struct request *req, int status);

/* add_user.c */

/** Run --add-user; returns the exit status. */
int add_user_run(const struct config *config,
                 const struct service_settings *settings);

/* key_commands.c */

/** Run --add-key, --list-keys or --remove-key; returns the exit status. */
int key_commands_run(int command, const struct config *config,
                     const struct service_settings *settings);

/* import_command.c */

/** Run --import or --undo-import; returns the exit status. */
int import_command_run(int command, const struct config *config,
                       const struct service_settings *settings);

/* export_command.c */

/** Run --export; returns the exit status. */
int export_command_run(const struct service_settings *settings);

/* commands.c */

enum employee_command {
    COMMAND_MIGRATE = COMMAND_OWN,
    COMMAND_DRY_RUN = COMMAND_OWN << 1,
    COMMAND_UNESCAPE = COMMAND_OWN << 2,
    COMMAND_FORGET = COMMAND_OWN << 3,
    COMMAND_ADD_USER = COMMAND_OWN << 4,
    COMMAND_PASSWORD_FILE = COMMAND_OWN << 5,
    COMMAND_ADD_KEY = COMMAND_OWN << 6,
    COMMAND_MAY = COMMAND_OWN << 7,
    COMMAND_DAYS = COMMAND_OWN << 8,
    COMMAND_LIST_KEYS = COMMAND_OWN << 9,
    COMMAND_REMOVE_KEY = COMMAND_OWN << 10,
    COMMAND_IMPORT = COMMAND_OWN << 11,
    COMMAND_ACTOR = COMMAND_OWN << 12,
    COMMAND_CLEAR_EMPTY = COMMAND_OWN << 13,
    COMMAND_REMOVE_MISSING = COMMAND_OWN << 14,
    COMMAND_UNDO_IMPORT = COMMAND_OWN << 15,
    COMMAND_EXPORT = COMMAND_OWN << 16,

    /* Status 1 says that there are rows to check. */
    IMPORT_COMMANDS = COMMAND_IMPORT | COMMAND_UNDO_IMPORT | COMMAND_EXPORT
};

extern const struct command employee_commands[];

/** Run the daemon's own commands; returns the exit status. */
int commands_run(int command, const struct config *config,
                 const struct service_settings *settings);

#endif
