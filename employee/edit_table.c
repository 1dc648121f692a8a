/* The list as a table to edit in a spreadsheet and to import again. */
#include "cafe/api/listing.h"
#include "employee.h"

static catalog_show_fn edit_table_take;

/* GET /admin/suppliers.csv */
void edit_table_show(struct request *req)
{
    struct employee *self = request_app(req);

    catalog_when_fresh(self->api.catalog, edit_table_take, request_life(req));
}

static void edit_table_take(struct lifetime *life,
                            const struct snapshot *snapshot)
{
    listing_take(request_of(life), snapshot, "/admin/suppliers.csv",
                 &listing_excel_table);
}
