/* The employee daemon: the directory, to keep up to date. */
#include <stdlib.h>

#include "cafe/api/changes.h"
#include "cafe/base/metrics.h"
#include "cafe/import/worker.h"
#include "cafe/suppliers/migrations.h"
#include "employee.h"

/* A table to edit comes back as an upload, of 32 MiB at most. Of the API's
 * list, 200 suppliers with the longest texts take 6 MiB. */
enum { LIST_MAX_BYTES = 32 * 1024 * 1024 };

struct employee_settings {
    struct service_settings service; /* first: the frame fills it */
    struct catalog_settings catalog;
};

static void employee_end_waits(void *app)
{
    struct employee *self = app;

    followers_end_waits(self->api.followers);
    import_worker_stop(self->imports);
}

static void employee_stop(void *app)
{
    struct employee *self = app;

    followers_stop(self->api.followers);
    catalog_stop(self->api.catalog);
    searcher_stop(self->api.searcher);
}

static void employee_close(void *app)
{
    struct employee *self = app;

    import_worker_close(self->imports);
    followers_close(self->api.followers);
    searcher_close(self->api.searcher);
    catalog_close(self->api.catalog);
    text_free(&self->api.description);
    free(self);
}

/* --check-config */
static enum error employee_check(struct service *service, const char **option,
                                 struct text *why)
{
    struct api api = { .service = service };
    enum error err;

    *option = "content";
    err = description_open(&api, why);
    text_free(&api.description);
    return err;
}

static enum error employee_open(struct service *service, void **app,
                                struct text *error)
{
    const struct employee_settings *settings = (const void *)service->settings;
    struct employee *self = calloc(1, sizeof(*self));
    enum error err;

    if (self == NULL)
        return ERROR_MEMORY;
    self->api = (struct api){
        .service = service,
        .root = API_ROOT,
        .described = API_DESCRIPTION,
        .caching = "no-store",
        .versions = true,
        .list_max_bytes = LIST_MAX_BYTES,
    };
    if ((err = description_open(&self->api, error)) != OK ||
        (err = catalog_open(service->base, service->db, &settings->catalog,
                            &self->api.catalog)) != OK ||
        (err = searcher_open(service->base, &self->api.searcher)) != OK ||
        (err = followers_open(&self->api)) != OK ||
        (err = import_worker_open(db_config_of(service->db), &self->imports)) !=
            OK) {
        employee_close(self);
        return err;
    }
    *app = self;
    return OK;
}

static void employee_state(const void *app, struct service_state *state)
{
    const struct employee *self = app;

    *state = (struct service_state){
        .shown = catalog_freshness(self->api.catalog),
        .unwritable = self->unwritable_since_us != 0,
        .unwritable_since_us = self->unwritable_since_us,
    };
}

static void employee_write_metrics(const void *app, struct text *out)
{
    const struct employee *self = app;

    catalog_metrics(self->api.catalog, out);
    searcher_metrics(self->api.searcher, out);
    followers_metrics(self->api.followers, out);
    import_worker_metrics(self->imports, out);
    metrics_counter(
        out, "cafe_edit_conflicts_total",
        "Edits that clashed with a change to the same field.",
        counter_get(self->api.service->counters, COUNTER_EDIT_CONFLICTS));
}

static const struct service_definition employee = {
    .settings_bytes = sizeof(struct employee_settings),
    .options = catalog_options,
    .options_at = offsetof(struct employee_settings, catalog),
    .name = "employee",
    .summary = "the editor of the directory of coffee suppliers",
    .description =
        "It serves /admin, where suppliers are added, changed and deleted, "
        "with their history. It also creates and updates the database schema. "
        "Everybody at an address in the option allow may edit, unless the "
        "option editors names who may and a proxy or identity.htpasswd says "
        "who somebody is, so run it behind a load balancer or in a private "
        "network.",
    .static_prefix = "/admin/static",
    .allow_fallback = "loopback,private",
    .ops_port_fallback = "9091",
    .health_path = "/admin/suppliers",
    .hosts_fallback = "",
    .check_origin = true,
    .check_roles = true,
    .scripts = SCRIPTS,
    .keys_root = API_ROOT,
    .routes = employee_routes,
    .error_page = employee_error_show,
    .commands = employee_commands,
    .check = employee_check,
    .open = employee_open,
    .end_waits = employee_end_waits,
    .stop = employee_stop,
    .close = employee_close,
    .metrics = employee_write_metrics,
    .ready = supplier_schema_check,
    .state = employee_state,
    .rights = supplier_writing_check,
    .run_command = commands_run,
    .failing_with_2 = IMPORT_COMMANDS,
};

int main(int argc, char **argv)
{
    return service_main(&employee, argc, argv);
}
