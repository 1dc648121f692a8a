/* Private to http/: the trace that a request belongs to. */
#ifndef CAFE_HTTP_TRACE_H
#define CAFE_HTTP_TRACE_H

#include "cafe/http/parser.h"

enum { TRACE_ID_BYTES = 33 };

/**
 * The trace id in traceparent, else in X-Amzn-Trace-Id, of which the Root
 * "1-67891233-abcdef012345678912345678" is taken without "1-" and hyphen, as
 * OpenTelemetry does. One that breaks the rules, or a field that is there
 * twice, is as good as none.
 *
 * id       Out: 32 lower-case hex digits and NUL; "" for none.
 * Source   W3C Trace Context 3.2; AWS X-Ray, "Tracing header".
 */
void trace_find(const struct request_head *head, char id[TRACE_ID_BYTES]);

#endif
