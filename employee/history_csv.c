/* The history as a table for spreadsheets, filtered like its page. */
#include "cafe/api/listing.h"
#include "cafe/base/clock.h"
#include "cafe/suppliers/csv.h"
#include "employee.h"

enum { RECORDS_MAX = 10000, TABLE_MAX_BYTES = 16 * 1024 * 1024 };

/* A table under way, in the request's arena. */
struct table {
    struct history_job page; /* what is read next, and was read last */
    struct request *req;
    uint64_t before; /* of its first page */
    size_t records;
    struct text body;
};

static catalog_show_fn history_csv_ask;
static db_done_fn history_csv_answer;

static void append_head(struct text *out)
{
    static const char *const columns[] = { "person",   "account", "action",
                                           "revision", "id",      "group" };

    text_append_string(out, "\xef\xbb\xbf"
                            "at");
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        csv_value(out, CSV_PROGRAM, slice_of(columns[i]));
    for (size_t f = 0; f < SUPPLIER_FIELDS; f++)
        csv_value(out, CSV_PROGRAM, slice_of(supplier_columns[f].name));
    text_append_string(out, "\r\n");
}

static void append_entry(struct text *out, const struct history_entry *entry)
{
    char at[CLOCK_ISO_BYTES];

    clock_iso(entry->at_us, at);
    text_append_string(out, at);
    csv_value(out, CSV_SPREADSHEET, entry->actor);
    csv_value(out, CSV_SPREADSHEET, entry->writer);
    csv_value(out, CSV_PROGRAM, slice_of(history_action_name(entry->action)));
    text_append_char(out, ',');
    text_append_number(out, entry->supplier.revision);
    text_append_char(out, ',');
    text_append_integer(out, entry->supplier.id);
    csv_value(out, CSV_PROGRAM, entry->group.key);
    for (size_t f = 0; f < SUPPLIER_FIELDS; f++)
        csv_value(out, CSV_SPREADSHEET, entry->supplier.fields[f]);
    text_append_string(out, "\r\n");
}

/* A page of the log, in an arena of its own. */
static enum error append_page(struct db_connection *connection,
                              struct table *table)
{
    struct arena *scratch = arena_open(0);
    enum error err;

    if (scratch == NULL)
        return ERROR_MEMORY;
    table->page.arena = scratch;
    err = history_read(connection, &table->page);
    for (size_t i = 0; err == OK && i < table->page.count; i++)
        append_entry(&table->body, &table->page.entries[i]);
    table->records += table->page.count;
    table->page.before = table->page.older;
    arena_close(scratch);
    return table->body.failed ? ERROR_MEMORY : err;
}

/* On a database thread. */
static enum error read_table(struct db_connection *connection, void *job)
{
    struct table *table = job;
    enum error err;

    text_reset(&table->body);
    append_head(&table->body);
    table->page.before = table->before;
    table->records = 0;
    do {
        err = append_page(connection, table);
    } while (err == OK && table->page.older != 0 &&
             table->records < RECORDS_MAX &&
             table->body.len < TABLE_MAX_BYTES / 2);
    return err;
}

/* GET /admin/history.csv */
void history_csv_show(struct request *req)
{
    struct employee *self = request_app(req);

    catalog_when_fresh(self->api.catalog, history_csv_ask, request_life(req));
}

static void history_csv_ask(struct lifetime *life,
                            const struct snapshot *snapshot)
{
    struct request *req = request_of(life);
    struct table *table = arena_alloc(request_arena(req), sizeof(*table));

    if (table == NULL || snapshot == NULL || snapshot_stale(snapshot) ||
        !request_reserve(req, TABLE_MAX_BYTES)) {
        respond_error(req, 503);
        return;
    }
    table->req = req;
    table->page = (struct history_job){ .limit = HISTORY_ENTRIES_MAX };
    if (!history_query_read(req, &table->page)) {
        respond_error(req, 404);
        return;
    }
    table->before = table->page.before;
    text_init(&table->body, TABLE_MAX_BYTES);
    call_database(req, "history table", read_table, history_csv_answer, table);
}

static void history_csv_answer(void *job, enum error outcome)
{
    struct table *table = job;
    struct request *req = table->req;
    const struct employee *self = request_app(req);
    struct page *page = NULL;

    if (outcome != OK) {
        text_free(&table->body);
        respond_error(req, status_of_error(outcome));
        return;
    }
    page = page_data(200, CSV_TYPE, "no-store", &table->body);
    text_free(&table->body);
    if (page != NULL)
        page_field(page, "Content-Disposition",
                   "attachment; filename=\"history.csv\"");
    if (page != NULL && table->page.older != 0) /* RFC 8288 */
        page_field(page, "Link",
                   arena_printf(request_arena(req),
                                "</admin/history.csv%s>; rel=\"next\"",
                                history_query(req, &table->page.filter,
                                              table->page.older, 0)));
    page_answer_once(self->api.service, req, page);
}
