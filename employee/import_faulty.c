/* The rows of an import that were not written, as a table to correct and to
 * import again. */
#include "import.h"

/* A part holds the texts of at most one file, twice where all are quotes. */
enum { TABLE_MAX_BYTES = 48 * 1024 * 1024, PARTS_MAX = 50 };

struct faulty_table {
    struct import_view *view;
    size_t part; /* from 0 */
    struct text body;
};

static db_done_fn faulty_answer;

static enum error faulty_append(void *context, const struct staged_row *row)
{
    struct text *body = context;

    staged_csv_record(body, row);
    return body->failed ? ERROR_MEMORY : OK;
}

/* On a database thread. */
static enum error faulty_read(struct db_connection *connection, void *job)
{
    struct faulty_table *table = job;
    struct import_view *view = table->view;
    struct staged_query query = { .skip = table->part * IMPORT_PART_ROWS,
                                  .limit = IMPORT_PART_ROWS,
                                  .unwritten = true };
    enum error err = import_find(connection, request_arena(view->req),
                                 view->key, &view->import);

    text_reset(&table->body);
    staged_csv_head(&table->body);
    query.import_id = view->import.id;
    return err == OK
               ? staged_read(connection, &query, faulty_append, &table->body)
               : err;
}

/* "?part=2"; none is the first. */
static bool read_part(struct request *req, size_t *part)
{
    const struct form *query;
    struct slice text;
    uint64_t number = 1;

    if (request_query(req, &query) != OK)
        return false;
    text = form_value(query, "part");
    if (text.data != NULL &&
        (slice_number(text, PARTS_MAX, &number) != OK || number == 0))
        return false;
    *part = (size_t)number - 1;
    return true;
}

/* GET /admin/import/{key}/faulty.csv */
void import_faulty_show(struct request *req)
{
    struct import_view *view = import_view_open(req);
    struct faulty_table *table;

    if (view == NULL)
        return;
    table = arena_alloc(request_arena(req), sizeof(*table));
    if (table == NULL || !request_reserve(req, TABLE_MAX_BYTES)) {
        respond_error(req, 503);
        return;
    }
    *table = (struct faulty_table){ .view = view };
    if (!read_part(req, &table->part)) {
        respond_error(req, 404);
        return;
    }
    text_init(&table->body, TABLE_MAX_BYTES);
    call_database(req, "import", faulty_read, faulty_answer, table);
}

static void faulty_answer(void *job, enum error outcome)
{
    struct faulty_table *table = job;
    struct request *req = table->view->req;
    const struct employee *self = request_app(req);
    struct page *page = NULL;

    if (outcome == OK)
        page = page_data(200, "text/csv; charset=utf-8; header=present",
                         "no-store", &table->body);
    text_free(&table->body);
    if (outcome != OK) {
        respond_error(req, status_of_error(outcome));
        return;
    }
    if (page != NULL)
        page_field(page, "Content-Disposition",
                   "attachment; filename=\"faulty.csv\"");
    page_answer_once(self->api.service, req, page);
}
