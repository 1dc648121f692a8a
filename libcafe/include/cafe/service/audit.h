/* What commands leave in the log: who may use the daemon was changed. */
#ifndef CAFE_AUDIT_H
#define CAFE_AUDIT_H

#include "cafe/base/log.h"
#include "cafe/service/service.h"

/**
 * Write one line in the format of the daemon's log to standard error, with the
 * fields, and `uid` of whoever ran the command. Standard output is for what a
 * script takes.
 *
 * service   Name in the line, for instance "employee".
 * fields    Ended by LOG_END. No secrets.
 * Errors    None: without memory there is no line.
 */
void audit_write(const struct service_settings *settings, const char *service,
                 const char *msg, const struct log_field *fields);

#endif
