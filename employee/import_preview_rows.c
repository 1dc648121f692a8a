/* The rows of a preview: what a supplier would become. */
#include "import_preview.h"

static void fill_row_field(struct context *list, enum supplier_field f,
                           struct slice was, struct slice now, bool compared)
{
    struct context *object = context_list_object(list);

    context_string(object, "label", supplier_columns[f].label);
    context_flag(object, "compared", compared);
    context_text(object, "was", was);
    context_text(object, "now", now);
    context_flag(object, "block", supplier_columns[f].lines);
}

/* A text of the preview is cut; so is the other one then. */
static bool text_changes(struct slice stored, struct slice now)
{
    return now.len + 3 >= PREVIEW_TEXT_MAX_BYTES
               ? !slice_equal((struct slice){ stored.data, stored.len < now.len
                                                               ? stored.len
                                                               : now.len },
                              now)
               : !slice_equal(stored, now);
}

static void fill_row_fields(const struct staged_row *row,
                            const struct supplier *stored,
                            struct context *object)
{
    bool compared = row->kind == STAGED_CHANGED && stored != NULL;
    bool any = false;
    struct context *list = context_list(object, "changes");

    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        struct slice now = row->supplier.fields[f];

        if (compared ? !text_changes(stored->fields[f], now) : now.len == 0)
            continue;
        fill_row_field(list, f, compared ? stored->fields[f] : SLICE(""), now,
                       compared);
        any = true;
    }
    context_flag(object, "any_changes", any);
}

static void row_candidates(const struct import_view *view,
                           const struct staged_row *row, struct context *object)
{
    struct context *list = context_list(object, "candidates");
    struct slice rest = row->candidates, text;
    int64_t id;

    while (slice_member(&rest, &text)) {
        const struct supplier *stored;
        struct context *item;

        if (slice_id(text, &id) != OK ||
            (stored = snapshot_find(view->preview->snapshot, id)) == NULL)
            continue;
        item = context_list_object(list);
        context_number(item, "id", id);
        context_text(item, "name", stored->fields[SUPPLIER_NAME]);
        context_text(item, "address", stored->fields[SUPPLIER_ADDRESS]);
        context_text(item, "city", stored->fields[SUPPLIER_CITY]);
        context_text(item, "email", stored->fields[SUPPLIER_EMAIL]);
        context_text(item, "phone", stored->fields[SUPPLIER_PHONE]);
    }
}

/* What a row is called, in the words of the counts. */
static const char *const row_texts[STAGED_KINDS] = {
    [STAGED_NEW] = "new",
    [STAGED_CHANGED] = "changed",
    [STAGED_SAME] = "same",
    [STAGED_AMBIGUOUS] = "ambiguous",
    [STAGED_DUPLICATE] = "possible duplicate",
    [STAGED_FAULTY] = "with errors",
    [STAGED_MISSING] = "not in the file",
};

static void preview_row(const struct import_view *view,
                        const struct staged_row *row, struct context *object)
{
    const struct supplier *stored =
        row->supplier_id != 0
            ? snapshot_find(view->preview->snapshot, row->supplier_id)
            : NULL;
    struct slice name = row->supplier.fields[SUPPLIER_NAME];

    if (name.len == 0 && stored != NULL)
        name = stored->fields[SUPPLIER_NAME];
    context_number(object, "n", row->n);
    if (row->line > 0)
        context_number(object, "line", row->line);
    context_string(object, "kind", row_texts[row->kind]);
    context_text(object, "name", name);
    if (row->supplier_id != 0)
        context_number(object, "id", row->supplier_id);
    import_context_reasons(object, row->place, row->reason);
    context_flag(object, "ask", row->kind == STAGED_AMBIGUOUS);
    context_flag(object, "repeated", row->kind == STAGED_DUPLICATE);
    if (row->kind == STAGED_AMBIGUOUS)
        row_candidates(view, row, object);
    if (row->kind != STAGED_SAME && row->kind != STAGED_MISSING)
        fill_row_fields(row, stored, object);
}

void preview_context_rows(const struct import_view *view,
                          struct context *context)
{
    const struct import_preview *preview = view->preview;
    struct context *list = context_list(context, "rows");

    for (size_t i = 0; i < preview->row_count; i++)
        preview_row(view, &preview->rows[i], context_list_object(list));
    context_flag(context, "any_rows", preview->row_count > 0);
}
