/* Durations of requests. A row of a route table sees few methods and statuses,
 * so each has a short list; the last row is of requests without a route. */
#include "durations.h"

#include <stdio.h>
#include <stdlib.h>

struct kind {
    struct kind *next;
    enum method method;
    int status;
    struct histogram took;
};

struct durations {
    const struct route *tables[2];
    size_t counts[2];
    struct kind *rows[]; /* of both tables, then one of no route */
};

static size_t count_rows(const struct route *table)
{
    size_t count = 0;

    while (table != NULL && table[count].methods != 0)
        count++;
    return count;
}

struct durations *durations_open(const struct route *const tables[2])
{
    size_t counts[2] = { count_rows(tables[0]), count_rows(tables[1]) };
    struct durations *durations =
        calloc(1, sizeof(*durations) +
                      (counts[0] + counts[1] + 1) * sizeof(struct kind *));

    for (size_t i = 0; i < 2 && durations != NULL; i++) {
        durations->tables[i] = tables[i];
        durations->counts[i] = counts[i];
    }
    return durations;
}

static size_t row_count(const struct durations *durations)
{
    return durations->counts[0] + durations->counts[1] + 1;
}

void durations_close(struct durations *durations)
{
    if (durations == NULL)
        return;
    for (size_t i = 0; i < row_count(durations); i++) {
        while (durations->rows[i] != NULL) {
            struct kind *kind = durations->rows[i];

            durations->rows[i] = kind->next;
            free(kind);
        }
    }
    free(durations);
}

/* The index of a row; the last one for what is in no table. */
static size_t durations_index_of(const struct durations *durations,
                                 const struct route *route)
{
    size_t before = 0;

    for (size_t i = 0; i < 2 && route != NULL; i++) {
        const struct route *first = durations->tables[i];

        if (route >= first && route < first + durations->counts[i])
            return before + (size_t)(route - first);
        before += durations->counts[i];
    }
    return row_count(durations) - 1;
}

static struct kind *durations_find(struct durations *durations, size_t index,
                                   enum method method, int status)
{
    struct kind *kind = durations->rows[index];

    while (kind != NULL && (kind->method != method || kind->status != status))
        kind = kind->next;
    /* Methods and statuses are few, so the list is short and bounded: what a
     * client can choose is not in it. */
    if (kind != NULL || (kind = calloc(1, sizeof(*kind))) == NULL)
        return kind;
    kind->method = method;
    kind->status = status;
    kind->next = durations->rows[index];
    durations->rows[index] = kind;
    return kind;
}

void durations_add(struct durations *durations, const struct route *route,
                   enum method method, int status, int64_t took_us)
{
    struct kind *kind = durations_find(
        durations, durations_index_of(durations, route), method, status);

    if (kind != NULL)
        histogram_add(&kind->took, took_us);
}

static const char *path_of(const struct durations *durations, size_t index)
{
    if (index < durations->counts[0])
        return durations->tables[0][index].path;
    index -= durations->counts[0];
    return index < durations->counts[1] ? durations->tables[1][index].path : "";
}

void durations_write(const struct durations *durations, struct text *out)
{
    static const char name[] = "http_server_request_duration_seconds";

    metrics_begin(out, name, "histogram",
                  "Time from the first byte of a request to its answer.");
    for (size_t i = 0; i < row_count(durations); i++) {
        const struct kind *kind = durations->rows[i];

        for (; kind != NULL; kind = kind->next) {
            char labels[512];

            snprintf(labels, sizeof(labels),
                     "http_request_method=\"%s\",http_route=\"%s\","
                     "http_response_status_code=\"%d\"",
                     kind->method ? method_name(kind->method) : "_OTHER",
                     path_of(durations, i), kind->status);
            metrics_histogram(out, name, labels, &kind->took);
        }
    }
}
