/* The customer daemon: the directory, to read. */
#include <stdlib.h>
#include <string.h>

#include "cafe/suppliers/email.h"
#include "cafe/suppliers/migrations.h"
#include "customer.h"

/* Lists that may wait for their readers: as large as one may be, or more that
 * are smaller. */
enum { PENDING_MAX_LISTS = 2 };

struct customer_settings {
    struct service_settings service; /* first: the frame fills it */
    struct catalog_settings catalog;
    const char *map_url;
    const char *report_address;
    int64_t take_max_bytes;
};

static const struct option own_options[] = {
    { "map_url", OPTION_TEXT, offsetof(struct customer_settings, map_url),
      "https://www.openstreetmap.org/search?query={query}", 0, 0, NULL,
      "URL of a map service, with {query} where the address goes; none for no "
      "map link." },
    { "report_address", OPTION_TEXT,
      offsetof(struct customer_settings, report_address), "none", 0, 0, NULL,
      "E-mail address of the office, to which \"Report a mistake\" on a "
      "supplier's page writes; none for no such link." },
    { "take_max_bytes", OPTION_NUMBER,
      offsetof(struct customer_settings, take_max_bytes), "67108864", 65536,
      (int64_t)1 << 32, NULL,
      "Largest download (contacts, table, JSON or print page) in bytes; at "
      "most 64 MiB, larger lists are refused. Downloads in progress may take "
      "twice as much in total, not counting short ones; beyond that the "
      "slowest clients are cut off." },
    { 0 },
};

static void customer_end_waits(void *app)
{
    struct customer *self = app;

    followers_end_waits(self->api.followers);
}

static void customer_stop(void *app)
{
    struct customer *self = app;

    followers_stop(self->api.followers);
    catalog_stop(self->api.catalog);
    searcher_stop(self->api.searcher);
}

static void customer_close(void *app)
{
    struct customer *self = app;

    followers_close(self->api.followers);
    searcher_close(self->api.searcher);
    catalog_close(self->api.catalog);
    text_free(&self->home);
    text_free(&self->api.description);
    free(self);
}

static void read_settings(struct customer *self)
{
    const struct customer_settings *settings =
        (const void *)self->api.service->settings;

    self->map_url = settings->map_url;
    self->report_address = settings->report_address;
    self->api.root = API_ROOT;
    self->api.described = API_DESCRIPTION;
    self->api.caching = "no-cache";
    self->api.list_max_bytes = settings->take_max_bytes;
}

/* A URL without {query} would show the same map for each supplier. */
static bool is_map_url(const char *url)
{
    return url[0] == '\0' || strcmp(url, "none") == 0 ||
           ((strncmp(url, "https://", 8) == 0 ||
             strncmp(url, "http://", 7) == 0) &&
            strstr(url, "{query}") != NULL);
}

static bool is_report_address(const char *address)
{
    return strcmp(address, "none") == 0 ||
           email_read(slice_of(address), NULL, NULL, NULL);
}

static enum error check_links(const struct customer *self, const char **option,
                              struct text *why)
{
    *option = "map_url";
    if (!is_map_url(self->map_url)) {
        text_printf(why,
                    "'%s' is not an http or https URL with {query} in it; use "
                    "none for no map",
                    self->map_url);
        return ERROR_CONFIG;
    }
    *option = "report_address";
    if (!is_report_address(self->report_address)) {
        text_printf(why, "'%s' is not an e-mail address; use none for no link",
                    self->report_address);
        return ERROR_CONFIG;
    }
    return OK;
}

static enum error customer_check(struct service *service, const char **option,
                                 struct text *why)
{
    struct customer self = { .api.service = service };
    enum error err;

    read_settings(&self);
    if ((err = check_links(&self, option, why)) != OK)
        return err;
    *option = "content";
    if ((err = home_open(&self, why)) == OK)
        err = description_open(&self.api, why);
    text_free(&self.home);
    text_free(&self.api.description);
    return err;
}

static enum error customer_open(struct service *service, void **app,
                                struct text *error)
{
    const struct customer_settings *settings = (const void *)service->settings;
    struct catalog_settings catalog = settings->catalog;
    struct customer *self = calloc(1, sizeof(*self));
    enum error err;

    if (self == NULL)
        return ERROR_MEMORY;
    catalog.supplying = true;
    self->api.supplying = true;
    self->api.service = service;
    read_settings(self);
    service->answers_max_bytes = PENDING_MAX_LISTS * self->api.list_max_bytes;
    if ((err = home_open(self, error)) != OK ||
        (err = description_open(&self->api, error)) != OK ||
        (err = catalog_open(service->base, service->db, &catalog,
                            &self->api.catalog)) != OK ||
        (err = searcher_open(service->base, &self->api.searcher)) != OK ||
        (err = followers_open(&self->api)) != OK) {
        customer_close(self);
        return err;
    }
    *app = self;
    return OK;
}

static void customer_state(const void *app, struct service_state *state)
{
    const struct customer *self = app;

    *state = (struct service_state){
        .shown = catalog_freshness(self->api.catalog),
    };
}

static void customer_write_metrics(const void *app, struct text *out)
{
    const struct customer *self = app;

    catalog_metrics(self->api.catalog, out);
    searcher_metrics(self->api.searcher, out);
    followers_metrics(self->api.followers, out);
}

static const struct service_definition customer = {
    .settings_bytes = sizeof(struct customer_settings),
    .options = catalog_options,
    .options_at = offsetof(struct customer_settings, catalog),
    .more_options = own_options,
    .name = "customer",
    .summary = "the read-only directory of coffee suppliers",
    .description =
        "It serves the list of suppliers, each supplier, downloads and an API "
        "from the table suppliers of a MariaDB or MySQL database, and never "
        "writes to it. Each page shows the state of the database at the time "
        "of the request. While the database is unavailable, it shows the last "
        "known state with its time.",
    .static_prefix = "/static",
    .allow_fallback = "",
    .ops_port_fallback = "9090",
    .health_path = "/",
    .hosts_fallback = "any",
    .scripts = SCRIPTS_THAT_ASK,
    .routes = customer_routes,
    .error_page = error_show,
    .check = customer_check,
    .open = customer_open,
    .end_waits = customer_end_waits,
    .stop = customer_stop,
    .close = customer_close,
    .metrics = customer_write_metrics,
    .ready = supplier_schema_check,
    .state = customer_state,
    .rights = supplier_reading_check,
};

int main(int argc, char **argv)
{
    return service_main(&customer, argc, argv);
}
