/* The page to import a file on, with the latest imports. */
#include "import_upload.h"

static db_done_fn import_home_answer;

static const char *const state_texts[IMPORT_STATES] = {
    [IMPORT_READING] = "being read",
    [IMPORT_PREVIEW] = "preview, not imported yet",
    [IMPORT_RUNNING] = "being written",
    [IMPORT_PAUSED] = "paused",
    [IMPORT_CANCELLED] = "cancelled",
    [IMPORT_DONE] = "done",
    [IMPORT_UNDOING] = "being undone",
    [IMPORT_UNDONE] = "undone",
    [IMPORT_FAILED] = "could not be read",
};

struct context *upload_context(struct upload *upload)
{
    struct request *req = upload->req;
    struct context *context = employee_context(req, "Import suppliers");
    char *key = arena_alloc(request_arena(req), FORM_KEY_CHARS + 1);
    bool whole = upload->text.len <= PASTED_BACK_MAX_BYTES;

    if (key == NULL || form_key_make(key) != OK)
        return NULL;
    context_string(context, "form_key", key);
    context_string(context, "problem", upload->problem);
    context_flag(context, "faulty", upload->problem != NULL);
    context_flag(context, "at_import", true);
    list_context(req, upload->list, context);
    context_flag(context, "clear_empty", upload->clear_empty);
    context_flag(context, "pasted_lost", !whole);
    if (whole)
        context_text(context, "text", upload->text);
    return context;
}

static enum error keep_import(void *context, const struct import *import)
{
    struct upload *upload = context;

    upload->latest[upload->latest_count++] = *import;
    return OK;
}

/* On a database thread; a run that is repeated begins anew. */
static enum error import_home_read(struct db_connection *connection, void *job)
{
    struct upload *upload = job;

    upload->latest_count = 0;
    return import_list(connection, request_arena(upload->req), IMPORTS_LATEST,
                       keep_import, upload);
}

/* GET /admin/import */
void import_home_show(struct request *req)
{
    struct upload *upload = arena_alloc(request_arena(req), sizeof(*upload));

    if (upload == NULL) {
        respond_error(req, 503);
        return;
    }
    *upload = (struct upload){ .req = req,
                               .list = list_of(req, request_head(req)->query),
                               .status = 200 };
    call_database(req, "import", import_home_read, import_home_answer, upload);
}

static void fill_latest(const struct upload *upload, struct context *context)
{
    struct request *req = upload->req;
    struct context *list = context_list(context, "latest");

    for (size_t i = 0; i < upload->latest_count; i++) {
        const struct import *import = &upload->latest[i];
        struct context *object = context_list_object(list);

        context_string(
            object, "url",
            arena_printf(request_arena(req), IMPORT_ROOT "/%s", import->key));
        context_text(object, "name", import->file_name);
        context_text(object, "who", import->person);
        when_context(req, import->created_us, object);
        context_string(object, "state",
                       import->broken_off  ? "stopped while it was being read"
                       : import->preparing ? "being prepared"
                                           : state_texts[import->state]);
    }
    context_flag(context, "any_latest", upload->latest_count > 0);
}

static void import_home_answer(void *job, enum error outcome)
{
    struct upload *upload = job;
    struct context *context;

    if (outcome != OK) {
        respond_error(upload->req, status_of_error(outcome));
        return;
    }
    context = upload_context(upload);
    fill_latest(upload, context);
    employee_respond(upload->req, "import-home", context, upload->status, NULL);
}
