/* Reads the fields by which tracers and AWS's load balancer tell requests
 * apart. */
#include "trace.h"

#include <string.h>

enum {
    ID_CHARS = TRACE_ID_BYTES - 1,
    PARENT_AT = 3 + ID_CHARS + 1, /* "00-", the id, "-" */
    PARENT_CHARS = 16,
    FLAGS_AT = PARENT_AT + PARENT_CHARS + 1,
    V0_CHARS = FLAGS_AT + 2,
    FIELD_MAX_BYTES = 512
};

/* All lower-case hex digits: both formats forbid upper-case ones. */
static bool is_hex(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!((text[i] >= '0' && text[i] <= '9') ||
              (text[i] >= 'a' && text[i] <= 'f')))
            return false;
    }
    return true;
}

static bool is_zero(const char *text, size_t len)
{
    return strspn(text, "0") >= len;
}

/* "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01". Later versions may
 * add more after a hyphen; ff is no version. An id of zeros is invalid. */
static bool read_traceparent(struct slice value, char id[TRACE_ID_BYTES])
{
    char text[V0_CHARS + 1];

    if (value.len < V0_CHARS || value.len > FIELD_MAX_BYTES)
        return false;
    memcpy(text, value.data, V0_CHARS);
    text[V0_CHARS] = '\0';
    if (!is_hex(text, 2) || memcmp(text, "ff", 2) == 0 || text[2] != '-' ||
        !is_hex(text + 3, ID_CHARS) || text[PARENT_AT - 1] != '-' ||
        !is_hex(text + PARENT_AT, PARENT_CHARS) || text[FLAGS_AT - 1] != '-' ||
        !is_hex(text + FLAGS_AT, 2))
        return false;
    if (value.len > V0_CHARS &&
        (memcmp(text, "00", 2) == 0 || value.data[V0_CHARS] != '-'))
        return false;
    if (is_zero(text + 3, ID_CHARS) || is_zero(text + PARENT_AT, PARENT_CHARS))
        return false;
    memcpy(id, text + 3, ID_CHARS);
    id[ID_CHARS] = '\0';
    return true;
}

/* "1-67891233-abcdef012345678912345678" */
static bool read_root(struct slice root, char id[TRACE_ID_BYTES])
{
    enum { TIME_CHARS = 8, REST_CHARS = 24 };

    if (root.len != 2 + TIME_CHARS + 1 + REST_CHARS ||
        memcmp(root.data, "1-", 2) != 0 || root.data[2 + TIME_CHARS] != '-' ||
        !is_hex(root.data + 2, TIME_CHARS) ||
        !is_hex(root.data + 3 + TIME_CHARS, REST_CHARS))
        return false;
    memcpy(id, root.data + 2, TIME_CHARS);
    memcpy(id + TIME_CHARS, root.data + 3 + TIME_CHARS, REST_CHARS);
    id[ID_CHARS] = '\0';
    return !is_zero(id, ID_CHARS);
}

/* "Self=1-…;Root=1-…;Sampled=1": the one Root among them. */
static bool read_amazon(struct slice value, char id[TRACE_ID_BYTES])
{
    struct slice root = { NULL, 0 };

    if (value.len > FIELD_MAX_BYTES)
        return false;
    while (value.len > 0) {
        struct slice member = slice_trim(slice_cut(&value, ';'));

        if (!slice_starts(member, "Root="))
            continue;
        if (root.data != NULL)
            return false;
        root = (struct slice){ member.data + 5, member.len - 5 };
    }
    return root.data != NULL && read_root(root, id);
}

/* The only field of a name; false where there is none, or more than one. */
static bool only_field(const struct request_head *head, const char *name,
                       struct slice *value)
{
    size_t len = strlen(name);
    size_t found = 0;

    for (size_t i = 0; i < head->field_count; i++) {
        if (head->fields[i].name.len != len ||
            !slice_is_nocase(head->fields[i].name, name))
            continue;
        *value = head->fields[i].value;
        found++;
    }
    return found == 1;
}

void trace_find(const struct request_head *head, char id[TRACE_ID_BYTES])
{
    struct slice value;

    if (only_field(head, "traceparent", &value) && read_traceparent(value, id))
        return;
    if (only_field(head, "x-amzn-trace-id", &value) && read_amazon(value, id))
        return;
    id[0] = '\0';
}
