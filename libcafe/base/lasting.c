/* States that last: when a line about one is due. */
#include "cafe/base/lasting.h"

#include "cafe/base/clock.h"

enum { FIELDS_MAX = 8 };

bool lasting_note(struct lasting *lasting, int64_t now_ms, int64_t every_ms)
{
    if (!lasting->on) {
        lasting->on = true;
        lasting->since_ms = now_ms;
        lasting->times++;
    }
    /* Also when it has ended and begun again: a state that flickers must not
     * fill the log. */
    if (lasting->due_ms != 0 && now_ms < lasting->due_ms)
        return false;
    lasting->due_ms = now_ms + every_ms;
    lasting->told = true;
    return true;
}

bool lasting_end(struct lasting *lasting)
{
    bool due = lasting->told;

    lasting->on = false;
    lasting->told = false;
    return due;
}

/* The given fields, then one number, and another unless it is 1. */
static void write_with(struct log *log, enum log_level level, const char *msg,
                       const struct log_field *fields, const char *name,
                       int64_t number, int64_t times)
{
    struct log_field all[FIELDS_MAX + 3];
    size_t count = 0;

    while (count < FIELDS_MAX && fields[count].name.data != NULL) {
        all[count] = fields[count];
        count++;
    }
    all[count++] = (struct log_field)LOG_NUMBER(name, number);
    if (times > 1)
        all[count++] = (struct log_field)LOG_NUMBER("times", times);
    all[count] = (struct log_field)LOG_END;
    log_write(log, level, msg, all);
}

void log_lasting(struct log *log, struct lasting *lasting, enum log_level level,
                 const char *msg, const struct log_field *fields)
{
    int64_t now_ms = clock_monotonic_ms();

    if (!lasting_note(lasting, now_ms, log_repeat_ms(log)))
        return;
    write_with(log, level, msg, fields, "age_s",
               (now_ms - lasting->since_ms) / 1000, lasting->times);
    lasting->times = 0;
}

void log_lasting_end(struct log *log, struct lasting *lasting, const char *msg,
                     const struct log_field *fields)
{
    int64_t lasted_ms = clock_monotonic_ms() - lasting->since_ms;

    if (lasting_end(lasting))
        write_with(log, LOG_INFO, msg, fields, "lasted_s", lasted_ms / 1000, 1);
}
