/* The page of a post that was refused and has choices in it, other than a
 * supplier's form. It leads to the page that shows what would be done, never to
 * the change itself: another site may have made the browser send it. */
#include "cafe/service/roles.h"
#include "chosen.h"
#include "import.h"

enum { TOO_LARGE = 413 };

/* A refused post, and the page that it makes. */
struct refusal {
    struct request *req;
    const struct form *form;
    int status;
    struct context *context;
    struct context *rows;   /* what was chosen, for people */
    struct context *hidden; /* what the form carries along */
};

/* Filling the page. */

static void refusal_row(const struct refusal *refusal, const char *label,
                        struct slice value)
{
    struct context *row;

    if (value.len == 0)
        return;
    context_flag(refusal->context, "any_rows", true);
    row = context_list_object(refusal->rows);
    context_string(row, "label", label);
    context_text(row, "value", value);
}

static void refusal_hide(const struct refusal *refusal, struct slice name,
                         struct slice value)
{
    struct context *field = context_list_object(refusal->hidden);

    context_text(field, "name", name);
    context_text(field, "value", value);
}

/* Only fields of that form, in their order: what else was sent is not shown. */
static void refusal_carry(const struct refusal *refusal,
                          const char *const *names, size_t count)
{
    const struct form *form = refusal->form;

    for (size_t i = 0; i < form->count; i++) {
        const struct form_field *field = &form->fields[i];

        for (size_t n = 0; n < count; n++)
            if (slice_is(field->name, names[n]))
                refusal_hide(refusal, field->name, field->value);
    }
}

/* A form that leads to the preview, or a link where that is enough; NULL where
 * it would be refused again. */
static struct context *refusal_way(const struct refusal *refusal,
                                   const char *kind, const char *to)
{
    struct context *way = NULL;

    if (!role_refused(refusal->req) && to != NULL) {
        way = context_object(refusal->context, kind);
        context_string(way, "to", to);
    }
    return way;
}

static void refusal_form(const struct refusal *refusal, const char *to,
                         const char *button)
{
    context_string(refusal_way(refusal, "form", to), "button", button);
}

/* Many pages that ask are at the address of the post, for a GET. */
static void refusal_link(const struct refusal *refusal, struct slice query)
{
    struct slice path = request_head(refusal->req)->path;

    refusal_way(refusal, "link",
                arena_printf(request_arena(refusal->req), "%.*s%s%.*s",
                             (int)path.len, path.data, query.len > 0 ? "?" : "",
                             (int)query.len, query.data));
}

static const char *refusal_list(const struct refusal *refusal)
{
    return list_of(refusal->req, form_value(refusal->form, "list"));
}

/* Changing the suppliers that were chosen. */

static const char *const chosen_names[] = { "shown",    "form_key", "list",
                                            "deed",     "field",    "do",
                                            "supplier", "left" };

static const struct {
    const char *name, *label;
    const char *deed;
} chosen_typed[] = {
    { "value", "New value", "set" },
    { "ended_on", "Since", "end" },
    { "ended_reason", "Why", "end" },
};

static size_t count_named(const struct form *form, const char *name)
{
    size_t count = 0;

    for (size_t i = 0; i < form->count; i++)
        count += slice_is(form->fields[i].name, name);
    return count;
}

static const char *deed_text(const struct refusal *refusal, struct slice deed)
{
    struct slice field = form_value(refusal->form, "field");

    if (slice_is(deed, "delete"))
        return "Delete them";
    if (slice_is(deed, "end"))
        return "No longer supplies";
    if (slice_is(deed, "again"))
        return "Supplies again";
    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++)
        if (chosen_settable(f) && slice_is(field, supplier_columns[f].name))
            return arena_printf(request_arena(refusal->req), "Set a field: %s",
                                supplier_columns[f].label);
    return NULL;
}

/* What was typed; where it is too large, to be shortened. */
static void fill_chosen_typed(const struct refusal *refusal, struct slice deed)
{
    struct context *inputs = context_list(refusal->context, "inputs");

    for (size_t i = 0; i < sizeof(chosen_typed) / sizeof(chosen_typed[0]);
         i++) {
        const char *name = chosen_typed[i].name;
        struct slice value = form_value(refusal->form, name);
        struct context *input;

        if (value.data == NULL)
            continue;
        if (refusal->status == TOO_LARGE && !role_refused(refusal->req)) {
            input = context_list_object(inputs);
            context_string(input, "name", name);
            context_string(input, "label", chosen_typed[i].label);
            context_text(input, "value", value);
            continue;
        }
        if (slice_is(deed, chosen_typed[i].deed))
            refusal_row(refusal, chosen_typed[i].label, value);
        refusal_hide(refusal, slice_of(name), value);
    }
}

static void fill_chosen(const struct refusal *refusal)
{
    const struct form *form = refusal->form;
    struct slice act = form_value(form, "do");
    struct slice deed = slice_is(act, "delete") ? act
                                                : form_value(form, "deed");
    const char *count = paging_number(count_named(form, "supplier"),
                                      request_arena(refusal->req));

    refusal_row(refusal, "Suppliers", slice_of(count));
    if (!slice_is(act, "ask"))
        refusal_row(refusal, "What to do", slice_of(deed_text(refusal, deed)));
    refusal_carry(refusal, chosen_names,
                  sizeof(chosen_names) / sizeof(chosen_names[0]));
    fill_chosen_typed(refusal, deed);
    refusal_form(refusal, "/admin/suppliers-chosen",
                 slice_is(act, "ask") ? "Continue" : "Continue to the preview");
}

/* Going back. */

/* Appends "&use-city=now" for each choice. */
static void append_picks(const struct refusal *refusal, struct text *query)
{
    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        const char *name = arena_printf(request_arena(refusal->req), "use-%s",
                                        supplier_columns[f].name);
        struct slice pick = name != NULL ? form_value(refusal->form, name)
                                         : SLICE("");
        bool now = slice_is(pick, "now");

        if (!now && !slice_is(pick, "before"))
            continue;
        text_printf(query, "%s%s=%s", query->len > 0 ? "&" : "", name,
                    now ? "now" : "before");
        refusal_row(refusal, supplier_columns[f].label,
                    now ? SLICE("Keep what is there now")
                        : SLICE("Put back what was there before"));
    }
}

static void fill_back(const struct refusal *refusal)
{
    struct text query;

    text_init(&query, 0);
    text_append_string(&query, refusal_list(refusal));
    if (request_route(refusal->req)->handler == undo_version)
        append_picks(refusal, &query);
    if (!query.failed)
        refusal_link(refusal, text_slice(&query));
    text_free(&query);
}

/* Deleting a supplier; its question may have a form with what was typed. */

static void fill_remove(const struct refusal *refusal)
{
    static const char *const names[] = { "id", "form_key" };
    struct request *req = refusal->req;
    struct context *form;

    if (form_value(refusal->form, "id").data == NULL) {
        refusal_link(refusal, slice_of(refusal_list(refusal)));
        return;
    }
    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++)
        refusal_row(refusal, supplier_columns[f].label,
                    form_value(refusal->form, supplier_columns[f].name));
    refusal_carry(refusal, names, sizeof(names) / sizeof(names[0]));
    remove_carry(req, refusal->form, refusal->hidden);
    form = refusal_way(refusal, "form", "/admin/supplier-update");
    context_string(form, "button", "Continue");
    context_string(form, "name", "preview");
    context_string(form, "value", "delete");
}

/* Imports: reading again and an answer write no supplier. */

static const char *import_page(const struct refusal *refusal)
{
    struct slice key = request_param(refusal->req, "key");

    return arena_printf(request_arena(refusal->req), IMPORT_ROOT "/%.*s",
                        (int)key.len, key.data);
}

static void import_promise(const struct refusal *refusal)
{
    context_string(
        refusal->context, "promise",
        "Nothing is imported until you start the import on the next page.");
    if (!role_refused(refusal->req)) /* who may see it */
        context_string(refusal->context, "list_url", import_page(refusal));
}

/* A form to the address of the post. */
static void import_again(const struct refusal *refusal, const char *button)
{
    struct slice path = request_head(refusal->req)->path;

    import_promise(refusal);
    refusal_form(refusal,
                 arena_copy(request_arena(refusal->req), path.data, path.len),
                 button);
}

static void import_link(const struct refusal *refusal, const char *query)
{
    const char *url = import_page(refusal);

    import_promise(refusal);
    if (url != NULL)
        refusal_way(
            refusal, "link",
            arena_printf(request_arena(refusal->req), "%s%s", url, query));
}

static void fill_reading(const struct refusal *refusal)
{
    if (!import_reading_carry(refusal->req, refusal->rows, refusal->hidden)) {
        import_link(refusal, "");
        return;
    }
    context_flag(refusal->context, "any_rows", true);
    import_again(refusal, "Read the file again");
}

/* NULL: it is none. */
static const char *answer_text(const struct refusal *refusal)
{
    struct slice choice = form_value(refusal->form, "choice");
    int64_t id;
    uint64_t n;

    if (slice_number(form_value(refusal->form, "n"), INT64_MAX, &n) != OK)
        return NULL;
    if (slice_id(choice, &id) == OK)
        return arena_printf(request_arena(refusal->req), "It is supplier %lld",
                            (long long)id);
    if (slice_is(choice, "leave"))
        return "Leave it out";
    return slice_is(choice, "new") ? "Add it as a new supplier" : NULL;
}

static void fill_answer(const struct refusal *refusal)
{
    static const char *const names[] = { "n", "kind", "choice" };
    const char *text = answer_text(refusal);

    if (text == NULL) {
        import_link(refusal, "");
        return;
    }
    refusal_row(refusal, "Your answer", slice_of(text));
    refusal_carry(refusal, names, sizeof(names) / sizeof(names[0]));
    import_again(refusal, "Save this answer");
}

static void fill_start(const struct refusal *refusal)
{
    bool removes = form_value(refusal->form, "remove_missing").data != NULL;

    if (removes)
        refusal_row(refusal, "Suppliers that are not in the file",
                    SLICE("Delete them"));
    import_link(refusal, removes ? "?remove_missing=1" : "?remove_missing=0");
}

/* The page. */

static const struct {
    handler_fn *handler;
    void (*fill)(const struct refusal *refusal);
} refusable[] = {
    { chosen_look, fill_chosen },          { chosen_change, fill_chosen },
    { remove_supplier, fill_remove },      { restore_version, fill_back },
    { undo_version, fill_back },           { undo_group_take, fill_back },
    { import_reading_take, fill_reading }, { import_answer_take, fill_answer },
    { import_start_take, fill_start },
};

/* The handler itself has answered 503, and what was posted would be lost. */
static bool failed_later(const struct request *req, int status)
{
    return status == 503 && !request_refused(req);
}

static void fill_problem(const struct refusal *refusal)
{
    struct request *req = refusal->req;
    const struct employee *self = request_app(req);
    struct context *context = refusal->context;
    const char *heading = "Nothing was changed";
    const char *problem;

    if (failed_later(req, refusal->status)) {
        problem = page_error_advice(self->api.service, refusal->status,
                                    catalog_trouble(self->api.catalog));
        heading = "The directory is not available right now";
        if (request_explanation(req) != NULL)
            problem = request_explanation(req);
    } else {
        problem = refusal_text(req, refusal->status,
                               "If you sent it yourself, continue below.");
    }
    if (role_refused(req))
        heading = "You can't change suppliers";
    context_string(context, "title", heading);
    context_string(context, "heading", heading);
    context_string(context, "problem", problem);
    context_string(context, "promise",
                   "Nothing is changed until you confirm it on the next page.");
    context_flag(context, "no_way", role_refused(req));
}

static struct page *refusal_page(struct refusal *refusal,
                                 void (*fill)(const struct refusal *refusal))
{
    struct request *req = refusal->req;
    const struct employee *self = request_app(req);
    struct page *page;

    refusal->context = employee_context(req, NULL);
    refusal->rows = context_list(refusal->context, "rows");
    refusal->hidden = context_list(refusal->context, "hidden");
    fill_problem(refusal);
    list_context(req, refusal_list(refusal), refusal->context);
    fill(refusal);
    page = page_render(self->api.service, "refused-form", refusal->context,
                       refusal->status, employee_caching(req));
    if (page != NULL && page->failed) {
        page_unref(page);
        page = NULL;
    }
    return page;
}

struct page *form_refused(struct request *req, int status)
{
    const struct route *route = request_route(req);
    struct refusal refusal = { .req = req, .status = status };

    if (route == NULL || request_method(req) != POST ||
        !(request_form_kept(req) || failed_later(req, status)))
        return NULL;
    for (size_t i = 0; i < sizeof(refusable) / sizeof(refusable[0]); i++) {
        if (route->handler != refusable[i].handler)
            continue;
        return request_form(req, &refusal.form) == OK
                   ? refusal_page(&refusal, refusable[i].fill)
                   : NULL;
    }
    return NULL;
}
