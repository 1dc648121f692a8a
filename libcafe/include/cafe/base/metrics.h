/* Figures for monitoring, in the text format of Prometheus. */
#ifndef CAFE_METRICS_H
#define CAFE_METRICS_H

#include "cafe/base/text.h"

enum { HISTOGRAM_BOUNDS = 14 };

/** How long something took; zero-initialise it. Used by one thread at a time.
 */
struct histogram {
    int64_t buckets[HISTOGRAM_BOUNDS + 1]; /* each for itself; the last one has
                                              what is over all bounds */
    int64_t sum_us;
};

/** Add one duration in microseconds. */
void histogram_add(struct histogram *histogram, int64_t took_us);

/**
 * Begin a metric: all its samples have to follow.
 *
 * type    "counter", "gauge" or "histogram".
 * Source  Prometheus, "Exposition formats", version 0.0.4.
 */
void metrics_begin(struct text *out, const char *name, const char *type,
                   const char *help);

/**
 * One sample of a metric.
 *
 * labels  `reason="limit"`; values without quotes, backslashes and line ends;
 *         "" for none.
 */
void metrics_sample(struct text *out, const char *name, const char *labels,
                    int64_t value);
void metrics_seconds(struct text *out, const char *name, const char *labels,
                     int64_t us);
void metrics_histogram(struct text *out, const char *name, const char *labels,
                       const struct histogram *histogram);

/** A metric of one sample without labels. */
void metrics_counter(struct text *out, const char *name, const char *help,
                     int64_t value);
void metrics_gauge(struct text *out, const char *name, const char *help,
                   int64_t value);

#endif
