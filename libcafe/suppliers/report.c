/* What the catalog tells operators: in the log, and for monitoring. */
#include "report.h"

#include "cafe/base/metrics.h"

void report_stale(struct log *log, struct lasting *lasting, enum error reason)
{
    const char *remedy = reason == ERROR_LIMIT ? "raise catalog.max_bytes" : "";

    log_lasting(
        log, lasting, LOG_WARNING, "catalog is stale",
        (const struct log_field[]){ LOG_STRING("reason", error_text(reason)),
                                    LOG_STRING("remedy", remedy), LOG_END });
}

void report_metrics(const struct index *newest, int64_t stale_us,
                    struct text *out)
{
    static const char stale[] = "cafe_catalog_stale_seconds";

    metrics_gauge(out, "cafe_catalog_revision",
                  "Revision of the suppliers that pages show.",
                  newest != NULL ? (int64_t)newest->revision.number : 0);
    metrics_gauge(out, "cafe_catalog_suppliers",
                  "Number of suppliers that pages show.",
                  newest != NULL ? (int64_t)newest->count : 0);
    metrics_gauge(out, "cafe_catalog_bytes",
                  "Memory used by the suppliers, in bytes.",
                  newest != NULL ? (int64_t)newest->bytes : 0);
    metrics_begin(out, stale, "gauge",
                  "Age of the data that pages show while the database does "
                  "not answer, else 0.");
    metrics_seconds(out, stale, "", stale_us);
}
