/* The pages of the employee daemon. */
#include "employee.h"

const struct route employee_routes[] = {
    { GET, "/admin", home_show, 0, 0 },
    { GET, "/admin/suppliers", directory_list, 0, 0 },
    { GET, "/admin/supplier-add", editor_add_show, 0, 0 },
    { POST, "/admin/supplier-add", editor_add, FORM_MAX_BYTES, 0 },
    { GET, "/admin/supplier-update/{id}", editor_update_show, 0, 0 },
    { POST, "/admin/supplier-update", editor_save, FORM_MAX_BYTES, 0 },
    { GET, "/admin/supplier-remove/{id}", remove_show, 0, 0 },
    { POST, "/admin/supplier-remove/{id}", remove_supplier, FORM_MAX_BYTES, 0 },
    { GET, "/admin/history", history_show, 0, 0 },
    { GET, "/admin/supplier-history/{id}", history_supplier_show, 0, 0 },
    { POST, "/admin/supplier-restore/{revision}", restore_version,
      FORM_MAX_BYTES, 0 },
    { 0 },
};
