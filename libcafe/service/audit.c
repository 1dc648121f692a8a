/* A log of one line: commands have no event loop that would write more. */
#include "cafe/service/audit.h"

#include <unistd.h>

#include "cafe/base/version.h"
#include "frame.h"

enum { FIELDS_MAX = 8 };

void audit_write(const struct service_settings *settings, const char *service,
                 const char *msg, const struct log_field *fields)
{
    struct log_field all[FIELDS_MAX + 2] = { LOG_NUMBER("uid", getuid()) };
    size_t count = 1;
    struct log *log = log_open(service, version_text(),
                               settings_log_format(settings), STDERR_FILENO,
                               NULL);

    while (fields->name.data != NULL && count <= FIELDS_MAX)
        all[count++] = *fields++;
    all[count] = (struct log_field)LOG_END;
    if (log != NULL)
        log_write(log, LOG_INFO, msg, all);
    log_close(log);
}
