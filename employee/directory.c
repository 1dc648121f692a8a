/* The employees' list of suppliers: what is searched for, in order, a page of
 * it. After a change it says what was done. */
#include "cafe/html/render.h"
#include "employee.h"

static catalog_show_fn employee_list_show;
static search_show_fn employee_list_found;
static db_done_fn directory_list_told;

/* A list that is asked for, in the request's arena. */
struct list {
    struct search search;
    const struct form *query;
    const struct search_result *result;
    struct saved saved;
};

/* GET /admin/suppliers */
void employee_list(struct request *req)
{
    struct employee *self = request_app(req);

    catalog_when_fresh(self->api.catalog, employee_list_show,
                       request_life(req));
}

static void employee_list_show(struct lifetime *life,
                               const struct snapshot *snapshot)
{
    struct request *req = request_of(life);
    const struct employee *self = request_app(req);
    struct list *list = arena_alloc(request_arena(req), sizeof(*list));

    if (list == NULL || snapshot == NULL) {
        respond_error(req, 503);
    } else if (request_query(req, &list->query) != OK) {
        respond_error(req, 400);
    } else if (search_read(request_arena(req), list->query, &list->search) !=
               OK) {
        respond_error(req, 503);
    } else {
        search_read_ended(list->query, &list->search);
        request_set_own(req, list);
        list->saved.req = req;
        list->saved.snapshot = snapshot;
        search_when_found(self->api.searcher, snapshot, &list->search,
                          employee_list_found, request_life(req));
    }
}

/* The change that the query names; false: none. The log is in the database
 * only. */
static bool wants_to_know(const struct list *list, struct saved *saved)
{
    struct arena *arena = request_arena(saved->req);
    uint64_t revision;

    if (slice_number(form_value(list->query, "saved"), INT64_MAX - 1,
                     &revision) != OK)
        return false;
    saved->change = (struct history_job){ .arena = arena,
                                          .before = revision + 1,
                                          .limit = 1 };
    return true;
}

/* What the form has that chooses suppliers. */
static void choose_context(const struct list *list, struct context *context)
{
    const struct request *req = list->saved.req;
    const struct employee *self = request_app(req);
    struct context *object;

    if (!may_change(req))
        return;
    object = context_object(context, "choose");
    context_number(object, "shown",
                   (int64_t)snapshot_revision(list->saved.snapshot).number);
    context_string(object, "choose_js",
                   assets_url(self->api.service->assets, "choose.js"));
}

static void respond_list(const struct list *list, bool told)
{
    static const char path[] = "/admin/suppliers";
    const struct saved *saved = &list->saved;
    struct request *req = saved->req;
    const struct employee *self = request_app(req);
    const struct page_key key = page_key_once(req);
    const char *state = list_of(req, request_head(req)->query);
    struct context *context = employee_context(req, search_is_all(&list->search)
                                                        ? "All suppliers"
                                                        : "Supplier search");
    struct page *page;

    context_flag(context, "at_list", true);
    snapshot_context(saved->snapshot, request_arena(req), context);
    search_context(list->result, path, request_arena(req), context);
    search_ended_context(&list->search, context);
    choose_context(list, context);
    list_context(req, state, context);
    if (told)
        saved_context(saved, state, list->query, context);
    page = page_begin(self->api.service, 200, "no-store");
    snapshot_mark(saved->snapshot, page);
    page_answer_rendered(self->api.service, req, page, "supplier-list-all",
                         context, &key);
}

static void employee_list_found(struct lifetime *life,
                                const struct search_result *result)
{
    struct request *req = request_of(life);
    struct list *list = request_own(req);

    if (result == NULL) {
        request_reject(req, REJECTION_LIMIT);
        respond_error(req, 503);
        return;
    }
    list->result = result;
    if (!snapshot_stale(list->saved.snapshot) &&
        wants_to_know(list, &list->saved))
        call_database(req, "saved", saved_read, directory_list_told,
                      &list->saved);
    else
        respond_list(list, false);
}

/* The list is worth showing, also when what was done can't be said. */
static void directory_list_told(void *job, enum error outcome)
{
    const struct saved *saved = job;

    respond_list(request_own(saved->req), outcome == OK);
}
