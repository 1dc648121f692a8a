/* The log: one line per event, as JSON or as text, never blocking. */
#ifndef CAFE_LOG_H
#define CAFE_LOG_H

#include "cafe/base/counters.h"
#include "cafe/base/text.h"

struct log;

enum log_format { LOG_JSON, LOG_TEXT };
enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

/** One named value of a line. Make it with the macros below. */
struct log_field {
    struct slice name; /* snake case, with the unit; absent: the list's end */
    enum { LOG_FIELD_TEXT, LOG_FIELD_NUMBER, LOG_FIELD_DECIMAL } kind;
    union {
        struct slice text; /* any bytes; invalid UTF-8 is written as U+FFFD */
        int64_t number;
        double decimal; /* written with three digits after the point */
    };
};

#define LOG_SLICE(field_name, value)                                          \
    {                                                                         \
        .name = slice_of(field_name), .kind = LOG_FIELD_TEXT, .text = (value) \
    }
#define LOG_STRING(field_name, value) LOG_SLICE(field_name, slice_of(value))
#define LOG_NUMBER(field_name, value)                           \
    {                                                           \
        .name = slice_of(field_name), .kind = LOG_FIELD_NUMBER, \
        .number = (value)                                       \
    }
#define LOG_DECIMAL(field_name, value)                           \
    {                                                            \
        .name = slice_of(field_name), .kind = LOG_FIELD_DECIMAL, \
        .decimal = (value)                                       \
    }
#define LOG_END             \
    {                       \
        .name = { NULL, 0 } \
    }

/**
 * Open a log.
 *
 * service   Name in each line, for instance "customer"; borrowed.
 * version   Version in each line; borrowed.
 * fd        Where it writes; borrowed. It is never made non-blocking (it may
 *           be shared with other programs): log_flush() asks poll() first and
 *           writes at most PIPE_BUF bytes (whole lines) at a time.
 * counters  Raises COUNTER_LOG_DROPPED; may be NULL.
 * Returns   NULL when out of memory.
 */
struct log *log_open(const char *service, const char *version,
                     enum log_format format, int fd, struct counters *counters);

/** Flush what the descriptor takes, and free the log. */
void log_close(struct log *log);

/** Lines below this level are left out; the default is LOG_INFO. */
void log_set_level(struct log *log, enum log_level level);
void log_set_format(struct log *log, enum log_format format);

/** Milliseconds between lines about a state that lasts; a minute at first. */
void log_set_repeat(struct log *log, int64_t ms);
int64_t log_repeat_ms(struct log *log);

/**
 * Write one line: ts (RFC 3339, UTC), level, service, version, msg, then the
 * fields. Kept in memory, at most 256 KiB, until log_flush(); what does not
 * fit is dropped and counted, and once there is room again a line tells how
 * many were lost.
 *
 * Thread  Any.
 */
void log_write(struct log *log, enum log_level level, const char *msg,
               const struct log_field *fields);

/** log_write(log, LOG_INFO, "ready", (const struct log_field[]){…, LOG_END}) */
#define log_line(log, level, msg, ...) \
    log_write((log), (level), (msg), (const struct log_field[]){ __VA_ARGS__ })

/**
 * Hand the kept lines to the descriptor as far as it takes them without
 * waiting. The event loop calls this in each of its turns; no line is ever
 * torn.
 *
 * Thread  Any.
 */
void log_flush(struct log *log);

#endif
