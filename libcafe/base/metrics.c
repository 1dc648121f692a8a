/* Writes the text format of Prometheus. */
#include "cafe/base/metrics.h"

/* OpenTelemetry's bounds for durations, and shorter ones: most answers take
 * less than the first of those. As they are written, too. */
static const struct {
    int64_t us;
    const char *seconds;
} bounds[HISTOGRAM_BOUNDS] = {
    { 500, "0.0005" }, { 1000, "0.001" },  { 2500, "0.0025" },
    { 5000, "0.005" }, { 10000, "0.01" },  { 25000, "0.025" },
    { 50000, "0.05" }, { 100000, "0.1" },  { 250000, "0.25" },
    { 500000, "0.5" }, { 1000000, "1" },   { 2500000, "2.5" },
    { 5000000, "5" },  { 10000000, "10" },
};

void histogram_add(struct histogram *histogram, int64_t took_us)
{
    size_t i = 0;

    while (i < HISTOGRAM_BOUNDS && took_us > bounds[i].us)
        i++;
    histogram->buckets[i]++;
    histogram->sum_us += took_us;
}

void metrics_begin(struct text *out, const char *name, const char *type,
                   const char *help)
{
    text_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void begin_sample(struct text *out, const char *name, const char *suffix,
                         const char *labels)
{
    text_append_string(out, name);
    text_append_string(out, suffix);
    if (labels[0] != '\0') {
        text_append_char(out, '{');
        text_append_string(out, labels);
        text_append_char(out, '}');
    }
    text_append_char(out, ' ');
}

void metrics_sample(struct text *out, const char *name, const char *labels,
                    int64_t value)
{
    begin_sample(out, name, "", labels);
    text_append_integer(out, value);
    text_append_char(out, '\n');
}

static void append_seconds(struct text *out, int64_t us)
{
    text_printf(out, "%lld.%06d\n", (long long)(us / 1000000),
                (int)(us % 1000000));
}

void metrics_seconds(struct text *out, const char *name, const char *labels,
                     int64_t us)
{
    begin_sample(out, name, "", labels);
    append_seconds(out, us);
}

static void append_bucket(struct text *out, const char *name,
                          const char *labels, const char *bound, int64_t count)
{
    text_append_string(out, name);
    text_append_string(out, "_bucket{");
    text_append_string(out, labels);
    text_append_string(out, labels[0] ? ",le=\"" : "le=\"");
    text_append_string(out, bound);
    text_append_string(out, "\"} ");
    text_append_integer(out, count);
    text_append_char(out, '\n');
}

void metrics_histogram(struct text *out, const char *name, const char *labels,
                       const struct histogram *histogram)
{
    int64_t count = 0;

    /* Buckets are cumulative in this format; counted is each by itself, so that
     * adding costs one of them. */
    for (size_t i = 0; i < HISTOGRAM_BOUNDS; i++) {
        count += histogram->buckets[i];
        append_bucket(out, name, labels, bounds[i].seconds, count);
    }
    count += histogram->buckets[HISTOGRAM_BOUNDS];
    append_bucket(out, name, labels, "+Inf", count);
    begin_sample(out, name, "_sum", labels);
    append_seconds(out, histogram->sum_us);
    begin_sample(out, name, "_count", labels);
    text_append_integer(out, count);
    text_append_char(out, '\n');
}

void metrics_counter(struct text *out, const char *name, const char *help,
                     int64_t value)
{
    metrics_begin(out, name, "counter", help);
    metrics_sample(out, name, "", value);
}

void metrics_gauge(struct text *out, const char *name, const char *help,
                   int64_t value)
{
    metrics_begin(out, name, "gauge", help);
    metrics_sample(out, name, "", value);
}
