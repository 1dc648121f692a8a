/*
 * The log. A line is made under the lock, kept in a buffer of fixed size, and
 * handed to the descriptor in whole lines when that does not have to wait.
 *
 * Nothing ever waits for the program that reads the log: a daemon must not
 * stand still because its log does. If that program is too slow, the buffer
 * fills up, and further lines are dropped and counted. Under one lock, lines of
 * several threads are whole, and in the order of their times.
 */
#include "cafe/base/log.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cafe/base/clock.h"
#include "cafe/base/json.h"
#include "cafe/base/utf8.h"

enum {
    PENDING_MAX_BYTES = 256 * 1024,
    /* A pipe that polls writable takes this much at once (POSIX write()), so
     * a line must not be longer. */
    LINE_MAX_BYTES = PIPE_BUF,
    FILE_CHUNK_BYTES = 64 * 1024,
    REPEAT_MS = 60 * 1000,
    VALUE_MAX_BYTES = 1024,
    DECIMAL_MAX = 1000 * 1000 * 1000 /* exact in a double, with its digits */
};

struct log {
    pthread_mutex_t lock;
    const char *service;
    const char *version;
    enum log_format format;
    enum log_level level;
    int64_t repeat_ms;
    int fd;
    size_t chunk_bytes; /* one write() takes at most this */
    struct counters *counters;
    char *pending; /* PENDING_MAX_BYTES: whole lines */
    size_t pending_len;
    int64_t dropped; /* since the last line that said so */
    struct text line;
    int64_t second; /* what the head of `now` was made for */
    char now[CLOCK_ISO_BYTES];
};

struct log *log_open(const char *service, const char *version,
                     enum log_format format, int fd, struct counters *counters)
{
    struct log *log = calloc(1, sizeof(*log));
    struct stat status;

    if (log == NULL)
        return NULL;
    log->pending = malloc(PENDING_MAX_BYTES);
    if (log->pending == NULL || pthread_mutex_init(&log->lock, NULL) != 0) {
        free(log->pending);
        free(log);
        return NULL;
    }
    log->service = service;
    log->version = version;
    log->format = format;
    log->level = LOG_INFO;
    log->repeat_ms = REPEAT_MS;
    log->fd = fd;
    log->counters = counters;
    log->second = -1;
    log->chunk_bytes = LINE_MAX_BYTES;
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
        log->chunk_bytes = FILE_CHUNK_BYTES;
    text_init(&log->line, 0);
    return log;
}

void log_close(struct log *log)
{
    if (log == NULL)
        return;
    log_flush(log);
    pthread_mutex_destroy(&log->lock);
    text_free(&log->line);
    free(log->pending);
    free(log);
}

void log_set_level(struct log *log, enum log_level level)
{
    pthread_mutex_lock(&log->lock);
    log->level = level;
    pthread_mutex_unlock(&log->lock);
}

void log_set_format(struct log *log, enum log_format format)
{
    pthread_mutex_lock(&log->lock);
    log->format = format;
    pthread_mutex_unlock(&log->lock);
}

void log_set_repeat(struct log *log, int64_t ms)
{
    pthread_mutex_lock(&log->lock);
    log->repeat_ms = ms;
    pthread_mutex_unlock(&log->lock);
}

int64_t log_repeat_ms(struct log *log)
{
    int64_t ms;

    pthread_mutex_lock(&log->lock);
    ms = log->repeat_ms;
    pthread_mutex_unlock(&log->lock);
    return ms;
}

static const char *level_name(enum log_level level)
{
    switch (level) {
    case LOG_DEBUG:
        return "debug";
    case LOG_INFO:
        return "info";
    case LOG_WARNING:
        return "warning";
    case LOG_ERROR:
        return "error";
    }
    return "info";
}

/* RFC 3339. Within a second only the milliseconds are made anew: breaking a
 * time down takes longer than the rest of a line. */
static const char *time_text(struct log *log)
{
    int64_t now_us = clock_utc_us();
    int ms = (int)(now_us / 1000 % 1000);

    if (now_us / 1000000 != log->second) {
        log->second = now_us / 1000000;
        clock_iso(now_us, log->now);
    }
    log->now[20] = (char)('0' + ms / 100);
    log->now[21] = (char)('0' + ms / 10 % 10);
    log->now[22] = (char)('0' + ms % 10);
    return log->now;
}

/* Three digits after the point. Made by hand where it can be: each request has
 * two, and printf() takes longer than the rest of the line. */
static void append_decimal(struct text *line, double decimal)
{
    int64_t thousandths;

    if (!isfinite(decimal)) {
        text_append_string(line, "null"); /* JSON has no NaN */
        return;
    }
    if (decimal < 0 || decimal > DECIMAL_MAX) {
        text_printf(line, "%.3f", decimal);
        return;
    }
    thousandths = (int64_t)(decimal * 1000 + 0.5);
    text_append_integer(line, thousandths / 1000);
    text_append_char(line, '.');
    text_append_char(line, (char)('0' + thousandths / 100 % 10));
    text_append_char(line, (char)('0' + thousandths / 10 % 10));
    text_append_char(line, (char)('0' + thousandths % 10));
}

static void log_append_number(struct text *line, const struct log_field *field)
{
    if (field->kind == LOG_FIELD_NUMBER)
        text_append_integer(line, field->number);
    else
        append_decimal(line, field->decimal);
}

static void make_json(struct log *log, enum log_level level, const char *msg,
                      const struct log_field *field, size_t value_max)
{
    struct text *line = &log->line;

    text_append_string(line, "{\"ts\":\"");
    text_append_string(line, time_text(log));
    text_append_string(line, "\",\"level\":\"");
    text_append_string(line, level_name(level));
    text_append_string(line, "\",\"service\":\"");
    text_append_string(line, log->service);
    text_append_string(line, "\",\"version\":\"");
    text_append_string(line, log->version);
    text_append_string(line, "\",\"msg\":\"");
    json_escape(line, utf8_cut(slice_of(msg), value_max));
    text_append_char(line, '"');
    for (; field->name.data != NULL; field++) {
        text_append_string(line, ",\"");
        text_append_slice(line, field->name);
        text_append_string(line, "\":");
        if (field->kind != LOG_FIELD_TEXT) {
            log_append_number(line, field);
            continue;
        }
        text_append_char(line, '"');
        json_escape(line, utf8_cut(field->text, value_max));
        text_append_char(line, '"');
    }
    text_append_string(line, "}\n");
}

/* A value that can be read without quotes. */
static bool is_bare(struct slice value)
{
    return json_plain_len(value) == value.len &&
           (value.len == 0 || (memchr(value.data, ' ', value.len) == NULL &&
                               memchr(value.data, '=', value.len) == NULL));
}

static void log_append_value(struct text *line, struct slice value)
{
    const char *quote = is_bare(value) ? "" : "\"";

    text_append_string(line, quote);
    json_escape(line, value);
    text_append_string(line, quote);
}

/* "08:43:18.250 info    ready port=8080": empty values are left out. */
static void make_text(struct log *log, enum log_level level, const char *msg,
                      const struct log_field *field, size_t value_max)
{
    struct text *line = &log->line;

    text_printf(line, "%.12s %-7s ", time_text(log) + 11, level_name(level));
    json_escape(line, utf8_cut(slice_of(msg), value_max));
    for (; field->name.data != NULL; field++) {
        if (field->kind == LOG_FIELD_TEXT && field->text.len == 0)
            continue;
        text_append_char(line, ' ');
        text_append_slice(line, field->name);
        text_append_char(line, '=');
        if (field->kind == LOG_FIELD_TEXT)
            log_append_value(line, utf8_cut(field->text, value_max));
        else
            log_append_number(line, field);
    }
    text_append_char(line, '\n');
}

/* Make the line, with values cut shorter until a pipe takes it at once. */
static void make_line(struct log *log, enum log_level level, const char *msg,
                      const struct log_field *fields)
{
    size_t value_max = VALUE_MAX_BYTES;

    do {
        text_reset(&log->line);
        if (log->format == LOG_JSON)
            make_json(log, level, msg, fields, value_max);
        else
            make_text(log, level, msg, fields, value_max);
        value_max /= 4;
    } while (log->line.len > LINE_MAX_BYTES && value_max > 0);
}

/* Keep the line that was made; false when there is no room for it. */
static bool keep_line(struct log *log)
{
    if (log->line.failed || log->line.len > LINE_MAX_BYTES ||
        log->line.len > PENDING_MAX_BYTES - log->pending_len)
        return false;
    memcpy(log->pending + log->pending_len, log->line.data, log->line.len);
    log->pending_len += log->line.len;
    return true;
}

/* Once there is room again, say how many lines were lost. */
static void tell_of_dropped(struct log *log)
{
    const struct log_field fields[] = { LOG_NUMBER("lines", log->dropped),
                                        LOG_END };

    if (log->dropped == 0)
        return;
    make_line(log, LOG_WARNING, "log lines dropped", fields);
    if (keep_line(log))
        log->dropped = 0;
}

void log_write(struct log *log, enum log_level level, const char *msg,
               const struct log_field *fields)
{
    pthread_mutex_lock(&log->lock);
    if (level >= log->level) {
        tell_of_dropped(log);
        make_line(log, level, msg, fields);
        /* While lines are missing none is kept, even a short one that would
         * fit: the line that says so has to come where they are missing. */
        if (log->dropped > 0 || !keep_line(log)) {
            log->dropped++;
            counter_add(log->counters, COUNTER_LOG_DROPPED, 1);
        }
    }
    pthread_mutex_unlock(&log->lock);
}

/* The whole lines at the front of what is kept that fit into one write. */
static size_t chunk_len(const struct log *log)
{
    const char *end;

    if (log->pending_len <= log->chunk_bytes)
        return log->pending_len;
    end = memrchr(log->pending, '\n', log->chunk_bytes);
    return end != NULL ? (size_t)(end - log->pending) + 1 : log->pending_len;
}

static bool takes_without_waiting(int fd)
{
    struct pollfd waiting = { .fd = fd, .events = POLLOUT };

    return poll(&waiting, 1, 0) == 1 && (waiting.revents & POLLOUT);
}

void log_flush(struct log *log)
{
    pthread_mutex_lock(&log->lock);
    /* poll() for each write: a pipe that is writable takes PIPE_BUF bytes
     * without waiting, no more. The descriptor stays blocking, because other
     * programs may share it. */
    while (log->pending_len > 0 && takes_without_waiting(log->fd)) {
        ssize_t written = write(log->fd, log->pending, chunk_len(log));

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            break;
        log->pending_len -= (size_t)written;
        memmove(log->pending, log->pending + written, log->pending_len);
    }
    pthread_mutex_unlock(&log->lock);
}
