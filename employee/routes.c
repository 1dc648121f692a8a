/* The pages of the employee daemon and its API, and whom each is for: a row for
 * nobody can't be reached. */
#include "cafe/api/changes.h"
#include "cafe/api/suppliers.h"
#include "cafe/suppliers/supplier_body.h"
#include "chosen.h"
#include "import_upload.h"

enum {
    LOOK = ROUTE_READER | ROUTE_EDITOR, /* everybody who is let in */
    CHANGE = ROUTE_EDITOR,
    READ = LOOK | ROUTE_KEYS, /* and programs */
    WRITE = CHANGE | ROUTE_KEY_WRITE
};

const struct route employee_routes[] = {
    { GET, "/admin", employee_home_show, 0, LOOK },
    { GET, "/admin/suppliers", employee_list, 0, LOOK },
    { GET, "/admin/suppliers.csv", edit_table_show, 0, LOOK },
    { GET, "/admin/supplier-add", editor_add_show, 0, CHANGE },
    { POST, "/admin/supplier-add", editor_add, FORM_MAX_BYTES, CHANGE },
    { GET, "/admin/supplier-update/{id}", editor_update_show, 0, LOOK },
    { POST, "/admin/supplier-update", editor_save, FORM_MAX_BYTES, CHANGE },
    { GET, "/admin/supplier-remove/{id}", remove_show, 0, CHANGE },
    { POST, "/admin/supplier-remove/{id}", remove_supplier, FORM_MAX_BYTES,
      CHANGE },
    { GET, "/admin/history", history_show, 0, LOOK },
    { GET, "/admin/history.csv", history_csv_show, 0, LOOK },
    { GET, "/admin/supplier-history/{id}", history_supplier_show, 0, LOOK },
    { GET, "/admin/supplier-restore/{revision}", restore_show, 0, CHANGE },
    { POST, "/admin/supplier-restore/{revision}", restore_version,
      FORM_MAX_BYTES, CHANGE },
    { GET, "/admin/supplier-undo/{revision}", undo_show, 0, CHANGE },
    { POST, "/admin/supplier-undo/{revision}", undo_version, FORM_MAX_BYTES,
      CHANGE },
    { POST, "/admin/suppliers-chosen", chosen_look, FORM_MAX_BYTES, CHANGE },
    { POST, "/admin/suppliers-change", chosen_change, FORM_MAX_BYTES, CHANGE },
    { GET, "/admin/changes-undo/{group}", undo_group_show, 0, CHANGE },
    { POST, "/admin/changes-undo/{group}", undo_group_take, FORM_MAX_BYTES,
      CHANGE },
    { GET, "/admin/import", import_home_show, 0, CHANGE },
    { POST, "/admin/import", import_upload_take, UPLOAD_MAX_BYTES, CHANGE },
    { GET, "/admin/import/{key}", import_show, 0, CHANGE },
    { POST, "/admin/import/{key}/reading", import_reading_take, FORM_MAX_BYTES,
      CHANGE },
    { POST, "/admin/import/{key}/answers", import_answer_take, FORM_MAX_BYTES,
      CHANGE },
    { POST, "/admin/import/{key}/start", import_start_take, FORM_MAX_BYTES,
      CHANGE },
    { POST, "/admin/import/{key}/pause", import_pause_take, FORM_MAX_BYTES,
      CHANGE },
    { POST, "/admin/import/{key}/resume", import_resume_take, FORM_MAX_BYTES,
      CHANGE },
    { POST, "/admin/import/{key}/cancel", import_cancel_take, FORM_MAX_BYTES,
      CHANGE },
    { POST, "/admin/import/{key}/undo", import_undo_take, FORM_MAX_BYTES,
      CHANGE },
    { GET, "/admin/import/{key}/faulty.csv", import_faulty_show, 0, CHANGE },
    { GET, API_SUPPLIERS, api_list, 0, READ },
    { GET, API_SUPPLIERS "/{id}", api_supplier, 0, READ },
    { POST, API_SUPPLIERS, write_add, BODY_MAX_BYTES, WRITE },
    { POST, API_BATCH, write_batch, BATCH_MAX_BYTES, WRITE },
    { PUT, API_SUPPLIERS "/{id}", write_put, BODY_MAX_BYTES, WRITE },
    { PATCH, API_SUPPLIERS "/{id}", write_patch, BODY_MAX_BYTES, WRITE },
    { DELETE, API_SUPPLIERS "/{id}", write_remove, 0, WRITE },
    { GET, API_ROOT "/v1/changes", api_changes, 0, READ },
    { GET, API_HISTORY, history_api_show, 0, READ },
    { GET, API_DESCRIPTION, api_description, 0, READ },
    { 0 },
};
