/* Monotonic and UTC time. */
#include "cafe/base/clock.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t now_us(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_monotonic_us(void)
{
    return now_us(CLOCK_MONOTONIC);
}

int64_t clock_thread_us(void)
{
    return now_us(CLOCK_THREAD_CPUTIME_ID);
}

int64_t clock_monotonic_ms(void)
{
    /* The coarse clocks read what the kernel noted at its last tick. */
    return now_us(CLOCK_MONOTONIC_COARSE) / 1000;
}

int64_t clock_utc_s(void)
{
    return now_us(CLOCK_REALTIME_COARSE) / 1000000;
}

int64_t clock_utc_us(void)
{
    return now_us(CLOCK_REALTIME);
}

/* Rounded down, before 1970 as well. */
static int64_t whole_seconds(int64_t utc_us)
{
    return utc_us / 1000000 - (utc_us % 1000000 < 0);
}

void clock_http_date(int64_t utc_us, char date[CLOCK_HTTP_DATE_BYTES])
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t seconds = (time_t)whole_seconds(utc_us);
    struct tm tm;
    char text[64];

    gmtime_r(&seconds, &tm);
    snprintf(text, sizeof(text), "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
             days + 3 * tm.tm_wday, tm.tm_mday, months + 3 * tm.tm_mon,
             tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
    snprintf(date, CLOCK_HTTP_DATE_BYTES, "%.29s", text);
}

void clock_iso(int64_t utc_us, char iso[CLOCK_ISO_BYTES])
{
    time_t seconds = (time_t)whole_seconds(utc_us);
    struct tm tm;
    char text[64];

    gmtime_r(&seconds, &tm);
    snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
             tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
             tm.tm_min, tm.tm_sec,
             (int)((utc_us - whole_seconds(utc_us) * 1000000) / 1000));
    snprintf(iso, CLOCK_ISO_BYTES, "%.27s", text);
}

bool clock_is_date(struct slice text)
{
    enum { DATE_CHARS = 10 };
    char copy[DATE_CHARS + 1] = "", again[DATE_CHARS + 1] = "";
    struct tm parts = { 0 };

    if (text.len != DATE_CHARS || !isdigit((unsigned char)text.data[0]))
        return false;
    memcpy(copy, text.data, DATE_CHARS);
    /* timegm() turns the 31st of November into another day. */
    return strptime(copy, "%Y-%m-%d", &parts) != NULL &&
           timegm(&parts) != (time_t)-1 &&
           strftime(again, sizeof(again), "%Y-%m-%d", &parts) == DATE_CHARS &&
           strcmp(copy, again) == 0;
}

void clock_words(int64_t utc_us, char words[CLOCK_WORDS_BYTES])
{
    static const char *const months[] = {
        "January", "February", "March",     "April",   "May",      "June",
        "July",    "August",   "September", "October", "November", "December",
    };
    time_t at = (time_t)(utc_us / 1000000);
    struct tm parts;

    words[0] = '\0';
    if (gmtime_r(&at, &parts) != NULL)
        snprintf(words, CLOCK_WORDS_BYTES, "%d %s %d, %02d:%02d UTC",
                 parts.tm_mday, months[parts.tm_mon], parts.tm_year + 1900,
                 parts.tm_hour, parts.tm_min);
}
