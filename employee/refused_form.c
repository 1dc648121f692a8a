/* The page of a post that was refused and has choices in it, other than a
 * supplier's form. It leads to the page that shows what would be done, never to
 * the change itself: another site may have made the browser send it. */
#include "cafe/service/roles.h"
#include "chosen.h"

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

/* A form that leads to the preview. */
static void refusal_form(const struct refusal *refusal, const char *action,
                         const char *button)
{
    struct context *form;

    if (role_refused(refusal->req)) /* it would be refused again */
        return;
    form = context_object(refusal->context, "form");
    context_string(form, "action", action);
    context_string(form, "button", button);
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

static bool fill_chosen(const struct refusal *refusal)
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
    return true;
}

/* The page. */

static const struct {
    handler_fn *handler;
    bool (*fill)(const struct refusal *refusal);
} refusable[] = {
    { chosen_look, fill_chosen },
    { chosen_change, fill_chosen },
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
}

static struct page *refusal_page(struct refusal *refusal,
                                 bool (*fill)(const struct refusal *refusal))
{
    struct request *req = refusal->req;
    const struct employee *self = request_app(req);
    struct page *page = NULL;

    refusal->context = employee_context(req, NULL);
    refusal->rows = context_list(refusal->context, "rows");
    refusal->hidden = context_list(refusal->context, "hidden");
    fill_problem(refusal);
    list_context(req, list_of(req, form_value(refusal->form, "list")),
                 refusal->context);
    if (fill(refusal))
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
