/* How a file is read: shown, and corrected. */
#include <stdio.h>

#include "cafe/import/worker.h"
#include "import_preview.h"

static const char *const kind_names[] = { [IMPORT_CSV] = "Table (CSV)",
                                          [IMPORT_VCARD] = "Contacts (vCard)",
                                          [IMPORT_JSON] = "JSON" };

static const struct {
    char byte;
    const char *label;
} delimiters[] = { { ',', "Comma" },
                   { ';', "Semicolon" },
                   { '\t', "Tab" },
                   { '|', "Vertical bar" } };

enum {
    DELIMITERS = sizeof(delimiters) / sizeof(delimiters[0]),
    CORRECTION_FIELDS_MAX = IMPORT_COLUMNS_MAX + 5 /* of a form */
};

/* Showing. */

static void format_option(struct context *list, int64_t value,
                          const char *label, bool selected)
{
    struct context *object = context_list_object(list);

    context_number(object, "value", value);
    context_string(object, "label", label);
    context_flag(object, "selected", selected);
}

static const char *target_name(unsigned target)
{
    if (target == IMPORT_NOTHING)
        return "(leave out)";
    return target == IMPORT_ID ? "ID in this directory"
                               : supplier_columns[target].label;
}

static void format_column(const struct import_preview *preview, size_t column,
                          struct context *object)
{
    const struct import_sample *sample = &preview->sample;
    struct context *targets = context_list(object, "targets");
    struct context *samples = context_list(object, "samples");
    unsigned chosen = column < preview->settings.count
                          ? preview->settings.targets[column]
                          : IMPORT_NOTHING;

    context_number(object, "number", (int64_t)column);
    context_number(object, "position", (int64_t)column + 1);
    context_text(object, "header", sample->header[column]);
    for (size_t i = 0; i < sample->rows; i++)
        context_text(context_list_object(samples), "cell",
                     sample->cells[i][column]);
    for (unsigned target = 0; target < IMPORT_TARGETS; target++)
        format_option(targets, target, target_name(target), target == chosen);
}

void preview_context_format(const struct import_view *view,
                            struct context *context)
{
    const struct import_preview *preview = view->preview;
    const struct import_format *format = &preview->settings.format;
    struct context *kinds = context_list(context, "kinds");
    struct context *charsets = context_list(context, "charsets");
    struct context *list = context_list(context, "delimiters");
    struct context *columns = context_list(context, "columns");
    bool table = format->kind == IMPORT_CSV;

    for (int kind = IMPORT_CSV; kind <= IMPORT_JSON; kind++)
        format_option(kinds, kind, kind_names[kind],
                      format->kind == (enum import_kind)kind);
    for (int charset = IMPORT_UTF_8; charset <= IMPORT_WINDOWS_1252; charset++)
        format_option(charsets, charset,
                      import_charset_name((enum import_charset)charset),
                      format->charset == (enum import_charset)charset);
    for (size_t i = 0; i < DELIMITERS; i++)
        format_option(list, delimiters[i].byte, delimiters[i].label,
                      format->delimiter == delimiters[i].byte);
    for (size_t i = 0; table && i < preview->sample.columns; i++)
        format_column(preview, i, context_list_object(columns));
    context_flag(context, "any_columns", table && preview->sample.columns > 0);
    context_flag(context, "table", table);
    context_flag(context, "guarded", format->guarded);
    context_string(context, "kind_name", kind_names[format->kind]);
    context_string(context, "charset_name",
                   import_charset_name(format->charset));
    for (size_t i = 0; i < DELIMITERS; i++)
        if (format->delimiter == delimiters[i].byte)
            context_string(context, "delimiter_name", delimiters[i].label);
}

/* Correcting. */

struct correction {
    struct import_view *view;
    struct import_settings settings;
    bool clear_empty;
};

static db_done_fn correction_taken;

/* The number of a field of the form; there may be more columns than fields that
 * form_parse() takes. */
static bool correction_field(struct correction *correction, struct slice name,
                             struct slice value)
{
    struct import_settings *settings = &correction->settings;
    struct slice column = { name.data + 1, name.len - 1 };
    uint64_t number, at;

    if (slice_number(value, 255, &number) != OK)
        return false;
    if (slice_is(name, "kind") && number <= IMPORT_JSON)
        settings->format.kind = (enum import_kind)number;
    else if (slice_is(name, "charset") && number <= IMPORT_WINDOWS_1252)
        settings->format.charset = (enum import_charset)number;
    else if (slice_is(name, "delimiter") && number <= 127)
        settings->format.delimiter = (char)number;
    else if (slice_is(name, "guarded"))
        settings->format.guarded = true;
    else if (slice_is(name, "clear_empty"))
        correction->clear_empty = true;
    else if (slice_starts(name, "c") && number < IMPORT_TARGETS &&
             slice_number(column, IMPORT_COLUMNS_MAX - 1, &at) == OK &&
             at == settings->count)
        settings->targets[settings->count++] = (unsigned char)number;
    else
        return false;
    return true;
}

static bool correction_read(struct correction *correction, struct slice body)
{
    bool valid = body.len > 0;

    correction->settings.format.delimiter = ',';
    while (valid && body.len > 0) {
        struct slice value = slice_cut(&body, '&');
        struct slice name = slice_cut(&value, '=');

        valid = name.len > 0 && correction_field(correction, name, value);
    }
    for (size_t i = 0; valid; i++) {
        if (i == DELIMITERS)
            return false;
        if (delimiters[i].byte == correction->settings.format.delimiter)
            break;
    }
    return valid;
}

static void correction_row(struct context *rows, const char *label,
                           const char *value)
{
    struct context *row = context_list_object(rows);

    context_string(row, "label", label);
    context_string(row, "value", value);
}

static void correction_rows(struct request *req,
                            const struct correction *correction,
                            struct context *rows)
{
    const struct import_settings *settings = &correction->settings;
    const struct import_format *format = &settings->format;

    correction_row(rows, "Kind of file", kind_names[format->kind]);
    correction_row(rows, "Encoding", import_charset_name(format->charset));
    for (size_t i = 0; i < settings->count; i++)
        if (settings->targets[i] != IMPORT_NOTHING)
            correction_row(
                rows, arena_printf(request_arena(req), "Column %zu", i + 1),
                target_name(settings->targets[i]));
    if (correction->clear_empty)
        correction_row(rows, "Empty cells", "Clear the field in the directory");
    if (format->guarded)
        correction_row(rows, "Apostrophes that downloads for Excel add",
                       "Remove them");
}

bool import_reading_carry(struct request *req, struct context *rows,
                          struct context *fields)
{
    struct slice body = request_body(req);
    struct correction correction = { 0 };

    if (!correction_read(&correction, body))
        return false;
    for (int i = 0; i < CORRECTION_FIELDS_MAX && body.len > 0; i++) {
        struct slice value = slice_cut(&body, '&');
        struct context *field = context_list_object(fields);

        context_text(field, "name", slice_cut(&value, '='));
        context_text(field, "value", value);
    }
    correction_rows(req, &correction, rows);
    return true;
}

/* On a database thread. */
static enum error correction_run(struct db_connection *connection, void *job)
{
    struct correction *correction = job;
    struct import_view *view = correction->view;
    struct import_settings before;
    struct text settings;
    enum error err = import_find(connection, request_arena(view->req),
                                 view->key, &view->import);

    if (err != OK)
        return err;
    if (import_settings_read(view->import.settings, &before))
        correction->settings.list = before.list;
    text_init(&settings, 0);
    import_settings_write(&settings, &correction->settings);
    view->import.settings = text_slice(&settings);
    view->import.clear_empty = correction->clear_empty;
    err = settings.failed ? ERROR_MEMORY
                          : import_read_again(connection, &view->import);
    text_free(&settings);
    return err;
}

/* POST /admin/import/{key}/reading */
void import_reading_take(struct request *req)
{
    struct import_view *view = import_view_open(req);
    struct correction *correction;

    if (view == NULL)
        return;
    correction = arena_alloc(request_arena(req), sizeof(*correction));
    if (correction == NULL) {
        respond_error(req, 503);
        return;
    }
    *correction = (struct correction){ .view = view };
    if (!request_has_form(req)) {
        respond_error(req, 415);
        return;
    }
    if (!correction_read(correction, request_body(req))) {
        respond_error(req, 400);
        return;
    }
    call_database(req, "import", correction_run, correction_taken, correction);
}

/* ERROR_CONFLICT: the button was pressed twice. The page shows what is. */
static void correction_taken(void *job, enum error outcome)
{
    const struct correction *correction = job;
    const struct import_view *view = correction->view;
    const struct employee *self = request_app(view->req);

    if (outcome != OK && outcome != ERROR_CONFLICT) {
        respond_error(view->req, status_of_error(outcome));
        return;
    }
    import_worker_wake(self->imports);
    respond_see_other(view->req, import_url(view, ""));
}
