/* What the database threads do, for monitoring. */
#include <stdio.h>
#include <string.h>

#include "cafe/base/metrics.h"
#include "pool.h"

/* The one of a name; NULL when there are too many. */
static struct operation *figures_find(struct db *db, const char *name)
{
    for (size_t i = 0; i < OPERATIONS_MAX; i++) {
        struct operation *operation = &db->figures.operations[i];

        if (operation->name == NULL)
            operation->name = name;
        if (strcmp(operation->name, name) == 0)
            return operation;
    }
    return NULL;
}

void pool_count(struct db *db, const char *name, int64_t took_us, bool failed)
{
    struct operation *operation = figures_find(db, name);

    if (operation == NULL)
        return;
    histogram_add(&operation->took, took_us);
    operation->failed += failed;
}

/* A copy, so that no thread waits while it is written out. */
static void copy_figures(struct db *db, struct figures *figures)
{
    pthread_mutex_lock(&db->mutex);
    *figures = db->figures;
    figures->waiting = (int64_t)db->waiting.count;
    figures->connected = (int64_t)db->connected;
    figures->connecting = (int64_t)db->connecting;
    pthread_mutex_unlock(&db->mutex);
}

static const char *label(char text[256], const char *pool, const char *name,
                         const char *value)
{
    snprintf(text, 256, "pool=\"%s\",%s=\"%s\"", pool, name, value);
    return text;
}

static void write_connections(const struct figures *figures, const char *pool,
                              struct text *out)
{
    static const char name[] = "db_client_connections";
    char text[256];

    metrics_sample(out, name, label(text, pool, "state", "used"),
                   figures->used);
    metrics_sample(out, name, label(text, pool, "state", "idle"),
                   figures->connected - figures->used);
    metrics_sample(out, name, label(text, pool, "state", "connecting"),
                   figures->connecting);
}

static void write_durations(const struct figures *figures, const char *pool,
                            struct text *out)
{
    char text[256];

    for (size_t i = 0;
         i < OPERATIONS_MAX && figures->operations[i].name != NULL; i++)
        metrics_histogram(
            out, "db_client_operation_duration_seconds",
            label(text, pool, "operation", figures->operations[i].name),
            &figures->operations[i].took);
}

static void write_failures(const struct figures *figures, const char *pool,
                           struct text *out)
{
    char text[256];

    for (size_t i = 0;
         i < OPERATIONS_MAX && figures->operations[i].name != NULL; i++)
        metrics_sample(
            out, "cafe_db_operations_failed_total",
            label(text, pool, "operation", figures->operations[i].name),
            figures->operations[i].failed);
}

static void write_waiting(const struct figures *figures, const char *pool,
                          struct text *out)
{
    char text[64];

    snprintf(text, sizeof(text), "pool=\"%s\"", pool);
    metrics_sample(out, "db_client_connections_pending_requests", text,
                   figures->waiting);
}

static const struct {
    const char *name, *type, *help;
    void (*write)(const struct figures *figures, const char *pool,
                  struct text *out);
} families[] = {
    { "db_client_operation_duration_seconds", "histogram",
      "Time that a database thread spent on a job.", write_durations },
    { "cafe_db_operations_failed_total", "counter",
      "Jobs that failed in the database.", write_failures },
    { "db_client_connections", "gauge", "Connections to the database by state.",
      write_connections },
    { "db_client_connections_pending_requests", "gauge",
      "Jobs that wait for a database thread.", write_waiting },
};

void db_metrics(struct db *const pools[], size_t count, struct text *out)
{
    struct figures figures[DB_POOLS_MAX];

    for (size_t i = 0; i < count && i < DB_POOLS_MAX; i++)
        copy_figures(pools[i], &figures[i]);
    for (size_t f = 0; f < sizeof(families) / sizeof(families[0]); f++) {
        metrics_begin(out, families[f].name, families[f].type,
                      families[f].help);
        for (size_t i = 0; i < count && i < DB_POOLS_MAX; i++)
            families[f].write(&figures[i], pools[i]->config.name, out);
    }
}
