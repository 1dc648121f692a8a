/* What an import has done, what it has left, and a button that undoes it. */
#include "import.h"

/* How many suppliers of a kind were written, or are no more than counted. */
static void fill_count(struct context *counts, const char *label,
                       uint64_t count)
{
    struct context *object;

    if (count == 0)
        return;
    object = context_list_object(counts);
    context_string(object, "label", label);
    context_number(object, "count", (int64_t)count);
}

static void fill_counts(const struct import_counts *counts,
                        struct context *context)
{
    const uint64_t *kinds = counts->kinds, *outcomes = counts->outcomes;
    struct context *list = context_list(context, "counts");

    fill_count(list, "Added", counts->written[STAGED_NEW]);
    fill_count(list, "Changed", counts->written[STAGED_CHANGED]);
    fill_count(list, "Deleted", counts->written[STAGED_MISSING]);
    fill_count(list, "Undone", outcomes[IMPORT_TAKEN_BACK]);
    fill_count(list, "Not undone: changed since", outcomes[IMPORT_KEPT]);
    fill_count(list, "Not changed: already the same", kinds[STAGED_SAME]);
    fill_count(list, "Not imported: changed by somebody since the preview",
               outcomes[IMPORT_CLASH]);
    fill_count(list, "Not imported: with errors",
               kinds[STAGED_FAULTY] + outcomes[IMPORT_REFUSED]);
    fill_count(list, "Not imported: matches several suppliers",
               kinds[STAGED_AMBIGUOUS]);
    fill_count(list, "Not imported: same supplier as an earlier row",
               kinds[STAGED_DUPLICATE]);
    fill_count(list, "Not imported: cancelled",
               counts->todo - counts->undo_todo);
    context_flag(context, "no_counts", context_first(list) == NULL);
}

static uint64_t import_unwritten(const struct import_counts *counts)
{
    const uint64_t *kinds = counts->kinds, *outcomes = counts->outcomes;

    return kinds[STAGED_FAULTY] + kinds[STAGED_AMBIGUOUS] +
           kinds[STAGED_DUPLICATE] + outcomes[IMPORT_CLASH] +
           outcomes[IMPORT_REFUSED] + outcomes[IMPORT_KEPT];
}

static void fill_rows(const struct import_view *view, struct context *context)
{
    struct context *rows = context_list(context, "rows");

    for (size_t i = 0; i < view->row_count; i++) {
        const struct import_shown_row *row = &view->rows[i];
        struct context *object = context_list_object(rows);

        if (row->line > 0)
            context_number(object, "line", row->line);
        if (row->supplier_id > 0)
            context_number(object, "id", row->supplier_id);
        context_text(object, "name", row->name);
        import_context_reasons(object, row->place, row->reason);
    }
}

/* Each part of the table is a file. */
static void fill_parts(const struct import_view *view, uint64_t unwritten,
                       struct context *context)
{
    uint64_t count = (unwritten + IMPORT_PART_ROWS - 1) / IMPORT_PART_ROWS;
    struct context *parts = context_list(context, "parts");

    context_flag(context, "one_part", count == 1);
    for (uint64_t part = 1; count > 1 && part <= count; part++)
        context_number(context_list_object(parts), "number", (int64_t)part);
    context_flag(context, "several_parts", count > 1);
    context_string(context, "faulty_url", import_url(view, "/faulty.csv"));
}

static const char *result_title(const struct import_view *view)
{
    enum import_state state = view->import.state;

    if (state == IMPORT_CANCELLED)
        return view->counts.undo_todo > 0 ? "Undo cancelled"
                                          : "Import cancelled";
    return state == IMPORT_UNDONE ? "Import undone" : "Import done";
}

void import_result_show(const struct import_view *view)
{
    enum import_state state = view->import.state;
    const char *title = result_title(view);
    struct context *context = import_context(view, title);
    uint64_t unwritten = import_unwritten(&view->counts);

    context_string(context, "heading", title);
    context_flag(context, "any_kept", view->counts.outcomes[IMPORT_KEPT] > 0);
    context_flag(context, "may_undo",
                 state != IMPORT_UNDONE && may_change(view->req) &&
                     view->counts.outcomes[IMPORT_WRITTEN] > 0);
    fill_counts(&view->counts, context);
    fill_rows(view, context);
    fill_parts(view, unwritten, context);
    context_flag(context, "any_rows", unwritten > 0);
    context_flag(context, "more_rows", unwritten > view->row_count);
    context_number(context, "shown", (int64_t)view->row_count);
    context_number(context, "unwritten", (int64_t)unwritten);
    employee_respond(view->req, "import-result", context, view->status, NULL);
}
