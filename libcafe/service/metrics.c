/* GET /metrics on the operators' port: everything that is counted, as
 * Prometheus reads it. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cafe/base/clock.h"
#include "cafe/base/metrics.h"
#include "cafe/html/page_cache.h"
#include "cafe/http/response.h"
#include "frame.h"

enum {
    METRICS_MAX_BYTES = 8 * 1024 * 1024,
    LONG_TURN_US = 5000,
    SHORT_TURNS_MAX_US = 10000
};

static handler_fn metrics_show;

const struct route metrics_routes[] = {
    { GET, "/metrics", metrics_show, 0, ROUTE_OPEN | ROUTE_QUIET },
    { 0 },
};

/* The process, by the names that every client library of Prometheus has. */

/* Since Linux 6.2 the size of the folder is the number of its entries. */
static int64_t open_descriptors(void)
{
    struct stat status;
    struct dirent *entry;
    int64_t count = 0;
    DIR *folder;

    if (stat("/proc/self/fd", &status) == 0 && status.st_size > 0)
        return status.st_size;
    folder = opendir("/proc/self/fd");
    if (folder == NULL)
        return 0;
    while ((entry = readdir(folder)) != NULL)
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count - 1; /* the one that reads the folder */
}

/* The fields of /proc/self/stat after the name, which may contain any
 * characters, also brackets: the last one ends it. False where they can't be
 * read. Source: proc(5). */
static bool read_stat(long long *threads, unsigned long long *virtual_bytes,
                      long long *pages)
{
    char line[1024];
    FILE *file = fopen("/proc/self/stat", "re");
    size_t len = file != NULL ? fread(line, 1, sizeof(line) - 1, file) : 0;
    const char *rest;

    if (file != NULL)
        fclose(file);
    line[len] = '\0';
    rest = strrchr(line, ')');
    return rest != NULL &&
           sscanf(rest,
                  ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d "
                  "%*d %*d %*d %lld %*d %*u %llu %lld",
                  threads, virtual_bytes, pages) == 3;
}

static void write_memory(struct text *out)
{
    unsigned long long virtual_bytes = 0;
    long long threads = 0, pages = 0;

    if (!read_stat(&threads, &virtual_bytes, &pages))
        return;
    metrics_gauge(out, "process_threads", "Threads.", threads);
    metrics_gauge(out, "process_virtual_memory_bytes",
                  "Virtual memory in bytes.", (int64_t)virtual_bytes);
    metrics_gauge(out, "process_resident_memory_bytes",
                  "Resident memory in bytes.", pages * sysconf(_SC_PAGESIZE));
}

static int64_t time_us(const struct timeval *time)
{
    return (int64_t)time->tv_sec * 1000000 + time->tv_usec;
}

static void write_process(const struct frame *frame, struct text *out)
{
    static const char cpu[] = "process_cpu_seconds_total";
    struct rusage usage;
    struct rlimit limit;

    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        metrics_begin(out, cpu, "counter",
                      "User and system CPU time in seconds.");
        metrics_seconds(out, cpu, "",
                        time_us(&usage.ru_utime) + time_us(&usage.ru_stime));
    }
    metrics_gauge(out, "process_open_fds", "Open file descriptors.",
                  open_descriptors());
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        metrics_gauge(out, "process_max_fds", "Limit of open file descriptors.",
                      (int64_t)limit.rlim_cur);
    metrics_gauge(out, "process_start_time_seconds",
                  "Start time of the process in seconds since 1970.",
                  frame->started_s);
    write_memory(out);
}

/* The daemon. */

static void write_build(const struct frame *frame, struct text *out)
{
    static const char name[] = "cafe_build_info";
    char labels[128];

    snprintf(labels, sizeof(labels), "service=\"%s\",version=\"%s\"",
             frame->definition->name, frame->service.version);
    metrics_begin(out, name, "gauge", "Always 1; which daemon this is.");
    metrics_sample(out, name, labels, 1);
}

/* A turn that took less than 5 ms by the clock on the wall was no long one. To
 * ask for processor time takes a system call, so it is asked for after longer
 * turns, which may have waited most of the time, and every 10 ms. */
void metrics_note_turn(struct frame *frame)
{
    struct loop_turns *turns = &frame->turns;
    int64_t now_us = clock_monotonic_us();
    int64_t took_us = now_us - turns->ended_us;
    int64_t processor_us, worked_us;

    turns->ended_us = now_us;
    if (took_us <= LONG_TURN_US && turns->short_us < SHORT_TURNS_MAX_US) {
        turns->short_us += took_us;
        return;
    }
    processor_us = clock_thread_us();
    worked_us = processor_us - turns->processor_us - turns->short_us;
    turns->processor_us = processor_us;
    turns->short_us = 0;
    if (worked_us > turns->longest_us)
        turns->longest_us = worked_us;
    turns->long_ones += worked_us > LONG_TURN_US;
}

static void write_loop(const struct frame *frame, struct text *out)
{
    static const char longest[] = "cafe_loop_longest_turn_seconds";

    metrics_begin(out, longest, "gauge",
                  "Most processor time of one turn of the event loop, which "
                  "answers nobody else meanwhile.");
    metrics_seconds(out, longest, "", frame->turns.longest_us);
    metrics_counter(out, "cafe_loop_long_turns_total",
                    "Turns of the event loop of more than 5 ms.",
                    frame->turns.long_ones);
}

static void write_rejections(const struct counters *counters, struct text *out)
{
    static const char name[] = "cafe_http_rejected_total";

    metrics_begin(out, name, "counter",
                  "Requests and connections refused, by reason.");
    for (enum rejection why = REJECTION_NONE + 1; why < REJECTIONS; why++) {
        char labels[64];

        snprintf(labels, sizeof(labels), "reason=\"%s\"", rejection_name(why));
        metrics_sample(out, name, labels, counter_rejected(counters, why));
    }
}

static const struct {
    enum counter which;
    bool gauge;
    const char *name, *help;
} counted[] = {
    { COUNTER_REQUESTS_ACTIVE, true, "http_server_active_requests",
      "Requests that are being read, handled or answered." },
    { COUNTER_CONNECTIONS_OPEN, true, "cafe_http_connections",
      "Open client connections." },
    { COUNTER_CONNECTIONS_ACCEPTED, false, "cafe_http_connections_total",
      "Connections accepted." },
    { COUNTER_DB_JOBS_REFUSED, false, "cafe_db_jobs_refused_total",
      "Database jobs that did not run: queue full, timed out, database "
      "unavailable." },
    { COUNTER_LOG_DROPPED, false, "cafe_log_lines_dropped_total",
      "Log lines dropped because their reader was too slow." },
};

static void write_counters(const struct counters *counters, struct text *out)
{
    for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]); i++) {
        int64_t value = counter_get(counters, counted[i].which);

        if (counted[i].gauge)
            metrics_gauge(out, counted[i].name, counted[i].help, value);
        else
            metrics_counter(out, counted[i].name, counted[i].help, value);
    }
    write_rejections(counters, out);
}

/* Requests to the operators' port are not among them: each scrape would count
 * itself. */
static void metrics_show(struct request *req)
{
    const struct frame *frame = request_app(req);
    struct page *page = page_open(200);
    struct text out;

    text_init(&out, METRICS_MAX_BYTES);
    write_build(frame, &out);
    write_process(frame, &out);
    write_loop(frame, &out);
    server_metrics(frame->main_server, &out);
    write_counters(&frame->counters, &out);
    page_cache_metrics(frame->service.cache, &out);
    if (frame->definition->metrics != NULL)
        frame->definition->metrics(frame->app, &out);
    if (page != NULL) {
        page_field(page, "Content-Type",
                   "text/plain; version=0.0.4; charset=utf-8");
        page_field(page, "Cache-Control", "no-store");
        page_body(page, &out);
    }
    text_free(&out);
    respond_page(req, page);
}
