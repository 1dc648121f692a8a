/* A supplier for people who may look at it, but not change it. */
#include "employee.h"

void respond_supplier(struct request *req, const struct snapshot *snapshot,
                      const struct supplier *supplier)
{
    struct view *view = employee_view(req, "Supplier");
    struct view *fields = view_list(view, "fields");
    struct page *page;

    view_number(view, "id", supplier->id);
    view_text(view, "name", supplier->fields[SUPPLIER_NAME]);
    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        struct view *field = view_list_object(fields);

        view_string(field, "label", supplier_columns[f].label);
        view_text(field, "value", supplier->fields[f]);
        view_flag(field, "block", supplier_columns[f].lines);
    }
    list_view(req, list_of(req, request_head(req)->query), view);
    snapshot_view(snapshot, request_arena(req), view);
    page = employee_render(req, "supplier-show", view, 200);
    snapshot_mark(snapshot, page);
    respond_page(req, page);
}
