/* The Date field. */
#include "date.h"

#include "cafe/base/clock.h"

const char *date_now(struct date *date)
{
    int64_t now_s = clock_utc_s();

    if (now_s != date->second) {
        date->second = now_s;
        clock_http_date(now_s * 1000000, date->text);
    }
    return date->text;
}
