/* The employee daemon: the directory, to keep up to date. */
#include <stdlib.h>

#include "cafe/migrations.h"
#include "employee.h"

static void employee_close(void *app)
{
    struct employee *self = app;

    catalog_close(self->catalog);
    free(self);
}

static enum error employee_open(struct service *service, void **app,
                                struct text *error)
{
    struct employee *self = calloc(1, sizeof(*self));
    enum error err;

    (void)error;
    if (self == NULL)
        return ERROR_MEMORY;
    self->service = service;
    err = catalog_open(service->db, service->log, &self->catalog);
    if (err != OK) {
        employee_close(self);
        return err;
    }
    *app = self;
    return OK;
}

static const struct service_definition employee = {
    .name = "employee",
    .static_prefix = "/admin/static",
    .allow_fallback = "loopback,private",
    .check_origin = true,
    .routes = employee_routes,
    .error_page = error_show,
    .commands = employee_commands,
    .open = employee_open,
    .close = employee_close,
    .ready = supplier_schema_check,
    .run_command = migrate_run,
};

int main(int argc, char **argv)
{
    return service_main(&employee, argc, argv);
}
