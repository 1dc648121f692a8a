/* The employees' list of suppliers. After a change it says what was done. */
#include "cafe/paging.h"
#include "employee.h"

static catalog_show_fn directory_list_show;
static db_done_fn directory_list_tell;

/* GET /admin/suppliers */
void directory_list(struct request *req)
{
    struct employee *self = request_app(req);

    catalog_when_fresh(self->catalog, directory_list_show, req);
}

static void respond_list(struct request *req, const struct snapshot *snapshot,
                         const struct saved *saved)
{
    const struct employee *self = request_app(req);
    const char *list = list_of(req, request_head(req)->query);
    struct view *view = employee_view(req, "All suppliers");
    const struct form *query;
    struct paging paging;
    struct view *rows;
    size_t i;

    if (request_query(req, &query) != OK) {
        respond_error(req, 400);
        return;
    }
    view_flag(view, "at_list", true);
    view_flag(view, "any", snapshot_count(snapshot) > 0);
    paging_read(query, snapshot_count(snapshot), &paging);
    paging_view(&paging, "/admin/suppliers", request_arena(req), view);
    rows = view_list(view, "suppliers");
    for (i = paging.first; i < paging.end; i++)
        supplier_view(snapshot_at(snapshot, i), view_list_object(rows));
    list_view(req, list, view);
    if (saved != NULL)
        saved_view(saved, list, form_value(query, "merged").data != NULL, view);
    page_answer_once(
        self->service, req,
        page_render(self->service, "supplier-list-all", view, 200, "no-store"));
}

/* The change that the query names; NULL: none. */
static struct saved *saved_of(struct request *req,
                              const struct snapshot *snapshot)
{
    struct arena *arena = request_arena(req);
    const struct form *query;
    struct saved *saved;
    uint64_t revision;

    if (request_query(req, &query) != OK ||
        slice_number(form_value(query, "saved"), INT64_MAX - 1, &revision) !=
            OK ||
        (saved = arena_alloc(arena, sizeof(*saved))) == NULL)
        return NULL;
    saved->change = (struct history_job){ .arena = arena,
                                          .before = revision + 1,
                                          .limit = 1 };
    saved->earlier = (struct history_job){ .arena = arena, .limit = 1 };
    saved->req = req;
    saved->snapshot = snapshot;
    return saved;
}

static void directory_list_show(struct request *req,
                                const struct snapshot *snapshot)
{
    const struct employee *self = request_app(req);
    struct saved *saved;

    if (snapshot == NULL || snapshot_stale(snapshot))
        respond_error(req, 503);
    else if ((saved = saved_of(req, snapshot)) == NULL)
        respond_list(req, snapshot, NULL);
    else
        db_submit(self->service->db, saved_read, directory_list_tell, saved);
}

/* The list is worth showing, also when what was done can't be said. */
static void directory_list_tell(void *job, enum error outcome)
{
    const struct saved *saved = job;

    respond_list(saved->req, saved->snapshot, outcome == OK ? saved : NULL);
}
