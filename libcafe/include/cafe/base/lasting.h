/* States that last, in the log: when one begins, now and then, when it ends. */
#ifndef CAFE_LASTING_H
#define CAFE_LASTING_H

#include "cafe/base/log.h"

/**
 * A state such as "database is unavailable". Zero-initialise it. At most two
 * lines are due in each interval, however often it begins and ends: one that
 * says so, and one when it has ended.
 */
struct lasting {
    bool on;          /* it is so */
    bool told;        /* and the log says so */
    int64_t since_ms; /* monotonic */
    int64_t due_ms;   /* no line before; 0: none was written */
    int64_t times;    /* that it has begun since the last line */
};

/** It is so; returns true when a line is due. */
bool lasting_note(struct lasting *lasting, int64_t now_ms, int64_t every_ms);

/** It is not so; returns true when a line is due. */
bool lasting_end(struct lasting *lasting);

/**
 * It is so, or still so: log_write() where a line is due by log_set_repeat(),
 * with the fields, age_s and, where it began more than once since the last
 * line, times.
 *
 * fields  At most 8.
 * Thread  Any, one at a time for each state.
 */
void log_lasting(struct log *log, struct lasting *lasting, enum log_level level,
                 const char *msg, const struct log_field *fields);

/** It is not so; without effect where it was not. The line has lasted_s. */
void log_lasting_end(struct log *log, struct lasting *lasting, const char *msg,
                     const struct log_field *fields);

#endif
