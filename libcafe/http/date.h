/* Private to http/: the Date field, made once a second. */
#ifndef CAFE_HTTP_DATE_H
#define CAFE_HTTP_DATE_H

#include <stdint.h>

/** Zeroed at first. */
struct date {
    int64_t second; /* that the text is of */
    char text[32];
};

/** The present value of a Date field (RFC 9110 5.6.7). */
const char *date_now(struct date *date);

#endif
