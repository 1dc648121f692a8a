/* Monotonic time for deadlines, UTC for people, and their spellings. */
#ifndef CAFE_CLOCK_H
#define CAFE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "cafe/base/text.h"

/**
 * Monotonic milliseconds since an arbitrary start. For deadlines: it is
 * late by up to one tick of the kernel, at most 10 ms, and costs next to
 * nothing.
 */
int64_t clock_monotonic_ms(void);

/** Monotonic microseconds since the same start. */
int64_t clock_monotonic_us(void);

/** Microseconds of processor time that this thread has used. */
int64_t clock_thread_us(void);

/** Seconds since 1970-01-01 00:00:00 UTC, late by at most 10 ms. */
int64_t clock_utc_s(void);

/** Microseconds since 1970-01-01 00:00:00 UTC. */
int64_t clock_utc_us(void);

enum { CLOCK_HTTP_DATE_BYTES = 30, CLOCK_ISO_BYTES = 28 };

/** IMF-fixdate of RFC 9110 5.6.7, "Mon, 23 Nov 2026 08:43:18 GMT". */
void clock_http_date(int64_t utc_us, char date[CLOCK_HTTP_DATE_BYTES]);

/** RFC 3339 in UTC with milliseconds, "2026-11-23T08:43:18.250Z". */
void clock_iso(int64_t utc_us, char iso[CLOCK_ISO_BYTES]);

/** Whether a text is a day of the calendar, "2026-11-28". */
bool clock_is_date(struct slice text);

enum { CLOCK_WORDS_BYTES = 40 };

/** Write a time as people read it, "23 November 2026, 08:43 UTC". */
void clock_words(int64_t utc_us, char words[CLOCK_WORDS_BYTES]);

#endif
