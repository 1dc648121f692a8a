/* traceparent and X-Amzn-Trace-Id: the id that is used is 32 hex digits that
 * stand in the field, and nothing but them; a field that is there twice is as
 * good as none. The first byte chooses the field. */
#include <ctype.h>

#include "fuzz.h"
#include "trace.h"

static bool is_id(const char *id)
{
    for (size_t i = 0; i < TRACE_ID_BYTES - 1; i++) {
        if (!isxdigit((unsigned char)id[i]) || isupper((unsigned char)id[i]))
            return false;
    }
    return id[TRACE_ID_BYTES - 1] == '\0';
}

static bool has(struct slice field, const char *digits, size_t len)
{
    return memmem(field.data, field.len, digits, len) != NULL;
}

static void check(struct slice name, struct slice value)
{
    struct request_head head = { .field_count = 1 };
    char id[TRACE_ID_BYTES], again[TRACE_ID_BYTES];

    head.fields[0].name = name;
    head.fields[0].value = value;
    trace_find(&head, id);
    if (id[0] == '\0')
        return;
    CHECK(is_id(id));
    CHECK(value.len <= 512 && strspn(id, "0") < TRACE_ID_BYTES - 1);
    CHECK(has(value, id, 8) && has(value, id + 8, 24));
    trace_find(&head, again);
    CHECK(strcmp(id, again) == 0);
    head.field_count = 2;
    head.fields[1] = head.fields[0];
    trace_find(&head, id);
    CHECK(id[0] == '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct slice names[] = { { "traceparent", 11 },
                                          { "X-Amzn-Trace-Id", 15 } };

    if (size == 0)
        return 0;
    check(names[data[0] & 1],
          (struct slice){ (const char *)data + 1, size - 1 });
    return 0;
}
