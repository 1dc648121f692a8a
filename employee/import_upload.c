/* A file, or pasted rows, on the way into the database. */
#include "import_upload.h"

#include <string.h>

#include "cafe/base/utf8.h"
#include "cafe/http/multipart.h"
#include "cafe/import/worker.h"

enum { NAME_MAX_BYTES = 255 };

static db_done_fn upload_taken;

/* What is to be read. */

static struct slice upload_part(const struct multipart *multipart,
                                const char *name)
{
    const struct multipart_part *part = multipart_find(multipart, name);

    return part != NULL ? part->data : (struct slice){ NULL, 0 };
}

static enum error refuse_upload(struct upload *upload, int status,
                                const char *problem)
{
    upload->status = status;
    upload->problem = problem;
    return ERROR_SYNTAX;
}

static enum error choose_bytes(struct upload *upload,
                               const struct multipart *multipart)
{
    const struct multipart_part *file = multipart_find(multipart, "file");
    bool chosen = file != NULL &&
                  (file->filename.len > 0 || file->data.len > 0);
    struct slice pasted = slice_trim(upload->text);

    if (chosen && pasted.len > 0)
        return refuse_upload(upload, 422,
                             "You chose a file and also pasted rows. Send only "
                             "one of them: empty the box, or remove the file.");
    if (!chosen && pasted.len == 0)
        return refuse_upload(upload, 422,
                             "Choose a file, or paste rows into the box.");
    upload->bytes = chosen ? file->data : upload->text;
    upload->import.file_name = SLICE("pasted rows");
    if (chosen && file->filename.len > 0 && utf8_valid(file->filename))
        upload->import.file_name = utf8_cut(file->filename, NAME_MAX_BYTES);
    if (slice_trim(upload->bytes).len == 0)
        return refuse_upload(
            upload, 422,
            "The file is empty. Its first row must contain the column names.");
    if (upload->bytes.len > IMPORT_FILE_MAX_BYTES)
        return refuse_upload(upload, 413,
                             "The file is larger than 32 MiB. Split it into "
                             "smaller files.");
    return OK;
}

static enum error read_upload(struct upload *upload)
{
    struct multipart multipart;
    struct slice key;
    const char *fault = NULL;
    enum error err = multipart_read(request_field(upload->req, "content-type"),
                                    request_body(upload->req), &multipart,
                                    &fault);

    if (err != OK)
        return refuse_upload(upload, err == ERROR_NOT_FOUND ? 415 : 400,
                             fault != NULL
                                 ? fault
                                 : "The upload could not be read. Open this "
                                   "page again, then send the file again.");
    upload->text = upload_part(&multipart, "text");
    if (!utf8_valid(upload->text) ||
        (upload->text.len > 0 &&
         memchr(upload->text.data, '\0', upload->text.len) != NULL)) {
        upload->text = SLICE("");
        return refuse_upload(upload, 400,
                             "The pasted rows contain characters that are not "
                             "text. Copy them again.");
    }
    upload->list = list_of(upload->req, upload_part(&multipart, "list"));
    upload->clear_empty = upload_part(&multipart, "clear_empty").data != NULL;
    key = upload_part(&multipart, "form_key");
    if (!form_key_valid(key))
        return refuse_upload(
            upload, 400,
            "This form arrived damaged. Nothing was imported; send it again.");
    memcpy(upload->import.key, key.data, FORM_KEY_CHARS);
    return choose_bytes(upload, &multipart);
}

static enum error store_upload(struct db_connection *connection,
                               struct upload *upload)
{
    struct import_settings settings = { .list = slice_of(upload->list) };
    const char *fault = NULL;
    struct text text;
    enum error err = import_sniff(upload->bytes, &settings.format, &fault);

    if (err == ERROR_SYNTAX)
        return refuse_upload(upload, 422, fault);
    if (err != OK)
        return err;
    text_init(&text, 0);
    import_settings_write(&text, &settings);
    upload->import.settings = text_slice(&text);
    upload->import.person = slice_of(edit_actor(upload->req));
    upload->import.clear_empty = upload->clear_empty;
    err = text.failed
              ? ERROR_MEMORY
              : import_upload(connection, &upload->import, upload->bytes);
    text_free(&text);
    return err;
}

/* On a database thread: taking a large form apart is too long for the loop. */
static enum error upload_take(struct db_connection *connection, void *job)
{
    struct upload *upload = job;
    enum error err;

    upload->problem = NULL;
    err = read_upload(upload);
    return err == OK ? store_upload(connection, upload) : err;
}

/* POST /admin/import */
void import_upload_take(struct request *req)
{
    struct upload *upload = arena_alloc(request_arena(req), sizeof(*upload));

    if (upload == NULL) {
        respond_error(req, 503);
        return;
    }
    *upload = (struct upload){ .req = req, .list = "", .status = 200 };
    call_database(req, "import", upload_take, upload_taken, upload);
}

static void upload_taken(void *job, enum error outcome)
{
    struct upload *upload = job;
    struct request *req = upload->req;
    const struct employee *self = request_app(req);
    const char *url;

    if (outcome != OK && upload->problem == NULL) {
        upload->status = status_of_error(outcome);
        upload->problem = "The file can't be stored right now. Nothing was "
                          "imported; send it again in a moment.";
    }
    if (upload->problem != NULL) {
        employee_respond(req, "import-home", upload_context(upload),
                         upload->status, NULL);
        return;
    }
    import_log(req, slice_of(upload->import.key), "upload");
    import_worker_wake(self->imports);
    url =
        arena_printf(request_arena(req), IMPORT_ROOT "/%s", upload->import.key);
    respond_see_other(req, url != NULL ? url : IMPORT_ROOT);
}

struct page *upload_refused(struct request *req, int status)
{
    const struct route *route = request_route(req);
    struct upload upload = { .req = req, .list = "", .text = SLICE("") };

    if (route == NULL || route->handler != import_upload_take)
        return NULL;
    if (status == 413)
        upload.problem = "The file is larger than 32 MiB. Split it into "
                         "smaller files.";
    else if (status == 408)
        upload.problem = "The file arrived too slowly. Send it again over a "
                         "faster connection, or split it into smaller files.";
    else if (status == 503 && request_explanation(req) != NULL)
        upload.problem = request_explanation(req);
    else
        return NULL;
    return employee_render(req, "import-home", upload_context(&upload), status);
}
