/* The page of a file that was read: what each row would do. */
#include "import_preview.h"

#include "cafe/base/utf8.h"

/* What the rows of a kind are called, and whether they are written. */
static const char *const kind_texts[STAGED_KINDS] = {
    [STAGED_NEW] = "New",
    [STAGED_CHANGED] = "Changed",
    [STAGED_SAME] = "Same",
    [STAGED_AMBIGUOUS] = "Ambiguous",
    [STAGED_DUPLICATE] = "Possible duplicates",
    [STAGED_FAULTY] = "With errors",
    [STAGED_MISSING] = "Not in the file",
};

/* Reading. */

struct import_preview *preview_open(struct request *req)
{
    struct import_preview *preview =
        arena_alloc(request_arena(req), sizeof(*preview));
    const struct form *query;
    struct slice kind;

    if (preview == NULL)
        return NULL;
    *preview = (struct import_preview){ .page = 1 };
    if (request_query(req, &query) != OK)
        return preview;
    kind = form_value(query, "kind");
    for (enum staged_kind k = 0; k < STAGED_KINDS; k++)
        if (kind.len > 0 && slice_is(kind, staged_kind_name(k))) {
            preview->of_kind = true;
            preview->kind = k;
        }
    preview->asks_missing = form_value(query, "remove_missing").data != NULL;
    preview->remove_missing =
        slice_is(form_value(query, "remove_missing"), "1");
    if (slice_number(form_value(query, "page"),
                     IMPORT_STAGED_MAX / PREVIEW_ROWS + 1,
                     &preview->page) != OK ||
        preview->page == 0)
        preview->page = 1;
    return preview;
}

static enum error keep_preview_row(void *context, const struct staged_row *row)
{
    struct import_view *view = context;
    struct arena *arena = request_arena(view->req);
    struct import_preview *preview = view->preview;
    struct staged_row *kept = &preview->rows[preview->row_count++];
    bool failed;

    *kept = *row;
    kept->place = arena_slice(arena, row->place);
    kept->reason = arena_slice(arena, row->reason);
    kept->candidates = arena_slice(arena, row->candidates);
    failed = kept->place.data == NULL || kept->reason.data == NULL ||
             kept->candidates.data == NULL;
    for (size_t f = 0; f < SUPPLIER_FIELDS; f++) {
        kept->supplier.fields[f] = arena_slice(
            arena, utf8_cut(row->supplier.fields[f], PREVIEW_TEXT_MAX_BYTES));
        failed |= kept->supplier.fields[f].data == NULL;
    }
    return failed ? ERROR_MEMORY : OK;
}

enum error preview_read(struct db_connection *connection,
                        struct import_view *view)
{
    struct import_preview *preview = view->preview;
    const struct staged_query query = {
        .import_id = view->import.id,
        .limit = PREVIEW_ROWS,
        .skip = (preview->page - 1) * PREVIEW_ROWS,
        .of_kind = preview->of_kind,
        .kind = preview->kind,
    };
    enum error err = OK;

    if (import_settings_read(view->import.settings, &preview->settings))
        err = import_sample_read(connection, request_arena(view->req),
                                 view->import.id, &preview->settings.format,
                                 &preview->sample);
    preview->row_count = 0;
    if (err == OK && view->import.state == IMPORT_PREVIEW)
        err = staged_read(connection, &query, keep_preview_row, view);
    return err;
}

/* Showing. */

static const char *preview_url(const struct import_view *view, bool of_kind,
                               enum staged_kind kind, uint64_t page)
{
    struct arena *arena = request_arena(view->req);
    const char *query =
        of_kind ? arena_printf(arena, "kind=%s&", staged_kind_name(kind)) : "";

    return arena_printf(arena, "%s?%spage=%llu#rows", import_url(view, ""),
                        query != NULL ? query : "", (unsigned long long)page);
}

static uint64_t count_all(const struct import_counts *counts)
{
    uint64_t all = 0;

    for (enum staged_kind k = 0; k < STAGED_KINDS; k++)
        all += counts->kinds[k];
    return all;
}

static void preview_counts(const struct import_view *view,
                           struct context *context)
{
    const struct import_preview *preview = view->preview;
    struct context *list = context_list(context, "counts");

    for (enum staged_kind k = 0; k < STAGED_KINDS; k++) {
        uint64_t count = view->counts.kinds[k];
        struct context *object = context_list_object(list);

        context_string(object, "label", kind_texts[k]);
        context_number(object, "count", (int64_t)count);
        context_flag(object, "any", count > 0);
        context_flag(object, "chosen", preview->of_kind && preview->kind == k);
        context_string(object, "link", preview_url(view, true, k, 1));
    }
    context_flag(context, "filtered", preview->of_kind);
    context_string(context, "all_link", preview_url(view, false, 0, 1));
    context_number(context, "all", (int64_t)count_all(&view->counts));
}

static void preview_paging(const struct import_view *view,
                           struct context *context)
{
    const struct import_preview *preview = view->preview;
    uint64_t all = preview->of_kind ? view->counts.kinds[preview->kind]
                                    : count_all(&view->counts);

    if (preview->page > 1)
        context_string(context, "previous",
                       preview_url(view, preview->of_kind, preview->kind,
                                   preview->page - 1));
    if (preview->page * PREVIEW_ROWS < all)
        context_string(context, "next",
                       preview_url(view, preview->of_kind, preview->kind,
                                   preview->page + 1));
    context_number(context, "page", (int64_t)preview->page);
    context_number(context, "pages",
                   (int64_t)((all + PREVIEW_ROWS - 1) / PREVIEW_ROWS));
}

static void preview_start(const struct import_view *view,
                          struct context *context)
{
    const uint64_t *kinds = view->counts.kinds;
    uint64_t missing = kinds[STAGED_MISSING];
    uint64_t out = kinds[STAGED_AMBIGUOUS] + kinds[STAGED_DUPLICATE] +
                   kinds[STAGED_FAULTY];

    context_number(context, "new_count", (int64_t)kinds[STAGED_NEW]);
    context_number(context, "changed_count", (int64_t)kinds[STAGED_CHANGED]);
    if (missing > 0)
        context_number(context, "missing_count", (int64_t)missing);
    context_flag(context, "missing_one", missing == 1);
    if (out > 0)
        context_number(context, "left_out", (int64_t)out);
    context_flag(context, "anything", view->counts.todo > 0 || missing > 0);
    context_flag(context, "remove_missing",
                 view->preview->asks_missing ? view->preview->remove_missing
                                             : view->import.remove_missing);
}

void import_preview_show(const struct import_view *view)
{
    const struct employee *self = request_app(view->req);
    enum import_state state = view->import.state;
    bool broken_off = view->import.broken_off;
    bool reading = state == IMPORT_READING && !broken_off;
    struct context *context =
        import_context(view, reading                   ? "Reading a file"
                             : state == IMPORT_PREVIEW ? "Preview of the import"
                             : broken_off ? "Reading stopped too early"
                                          : "The file can't be read");

    context_flag(context, "reading", reading);
    context_flag(context, "broken_off", broken_off);
    context_flag(context, "preview", state == IMPORT_PREVIEW);
    context_flag(context, "failed", state == IMPORT_FAILED);
    context_flag(context, "renew", reading);
    context_text(context, "reason", view->import.problem);
    context_flag(context, "clear_empty", view->import.clear_empty);
    if (state != IMPORT_READING)
        preview_context_format(view, context);
    if (state == IMPORT_PREVIEW) {
        preview_counts(view, context);
        preview_paging(view, context);
        preview_start(view, context);
        preview_context_rows(view, context);
    }
    context_string(context, "import_js",
                   assets_url(self->api.service->assets, "import.js"));
    /* While it is read, too: for Firefox, what the first answer at an address
     * says of keeping holds for the preview that replaces it. */
    page_answer_rendered(
        self->api.service, view->req,
        employee_form_begin(view->status, reading ? SCRIPTS_THAT_ASK : SCRIPTS),
        "import-preview", context, NULL);
}
