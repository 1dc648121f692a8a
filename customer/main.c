/* The customer daemon: the directory, to read. */
#include <stdlib.h>

#include "cafe/migrations.h"
#include "customer.h"

static void customer_close(void *app)
{
    struct customer *self = app;

    catalog_close(self->catalog);
    text_free(&self->home);
    free(self);
}

static enum error customer_open(struct service *service, void **app,
                                struct text *error)
{
    struct customer *self = calloc(1, sizeof(*self));
    enum error err;

    if (self == NULL)
        return ERROR_MEMORY;
    self->service = service;
    if ((err = home_open(self, error)) != OK ||
        (err = catalog_open(service->db, service->log, &self->catalog)) != OK) {
        customer_close(self);
        return err;
    }
    *app = self;
    return OK;
}

static const struct service_definition customer = {
    .name = "customer",
    .static_prefix = "/static",
    .allow_fallback = "",
    .routes = customer_routes,
    .error_page = error_show,
    .open = customer_open,
    .close = customer_close,
    .ready = supplier_schema_check,
};

int main(int argc, char **argv)
{
    return service_main(&customer, argc, argv);
}
