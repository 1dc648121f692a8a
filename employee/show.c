/* A supplier for people who may look at it, but not change it. */
#include "employee.h"

void respond_supplier(struct request *req, const struct snapshot *snapshot,
                      const struct supplier *supplier)
{
    struct context *context = employee_context(req, "Supplier");
    struct context *fields = context_list(context, "fields");

    context_number(context, "id", supplier->id);
    context_text(context, "name", supplier->fields[SUPPLIER_NAME]);
    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        struct context *field;

        if (supplier_field_ends(f) && supplier->fields[f].len == 0)
            continue;
        field = context_list_object(fields);
        context_string(field, "label", supplier_columns[f].label);
        context_text(field, "value", supplier->fields[f]);
        context_flag(field, "block", supplier_columns[f].lines);
    }
    list_context(req, list_of(req, request_head(req)->query), context);
    snapshot_context(snapshot, request_arena(req), context);
    employee_respond(req, "supplier-show", context, 200, snapshot);
}
