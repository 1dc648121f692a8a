/* The alarm that ends a deployment on AWS, as deploy/aws/codedeploy.yaml has
 * it: so many 5xx of a service's target groups in so many seconds. */
#ifndef CAFE_DEPLOY_ALARM_H
#define CAFE_DEPLOY_ALARM_H

#include "files.h"

enum { ALARM_SLOTS = 64 };

struct alarm {
    const char *name;  /* "customer-errors" */
    unsigned errors;   /* as many raise it; 0: there is no such alarm */
    unsigned period_s; /* within */
};

/** The errors of the last period. AWS counts them minute by minute; here the
 * minute may begin at any time, which is stricter. */
struct error_count {
    uint64_t slots[ALARM_SLOTS];
    size_t slot;      /* of now */
    int64_t begin_ms; /* when it began */
    uint64_t last;    /* counter at the last look */
    bool begun;
};

/**
 * Read the rule of the alarm on errors that a service's deployment group names.
 *
 * service  "customer", of "customer-microservice".
 * alarm    Without errors when the group names no alarm on 5xx.
 * Errors   ERROR_CONFIG with one line in `error`: not a template, no group of
 *          this service, an operator or a statistic that can't be applied
 *          here. ERROR_MEMORY.
 */
MUST_CHECK enum error alarm_read(struct arena *arena,
                                 const struct template_source *source,
                                 const char *service, struct alarm *alarm,
                                 struct text *error);

/**
 * Note what the counter of errors says now. The first call only begins.
 *
 * counter  Only grows, but begins anew when the load balancer does.
 * Returns  The errors of the last period.
 */
uint64_t alarm_count(const struct alarm *alarm, struct error_count *count,
                     uint64_t counter, int64_t now_ms);

#endif
