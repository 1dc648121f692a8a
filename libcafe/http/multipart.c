/* Takes multipart/form-data (RFC 7578, RFC 2046 5.1) apart. */
#include "cafe/http/multipart.h"

#include <string.h>

#include "cafe/http/parser.h"

enum {
    BOUNDARY_MAX_BYTES = 70, /* RFC 2046 5.1.1 */
    PART_FIELDS_MAX = 16
};

/* A body under way. */
struct multipart_reading {
    struct slice rest;
    char delimiter[sizeof("\r\n--") + BOUNDARY_MAX_BYTES];
    size_t delimiter_len;
    const char *fault;
};

static enum error refuse_multipart(struct multipart_reading *reading,
                                   enum error err, const char *fault)
{
    reading->fault = fault;
    return err;
}

static void skip_bytes(struct slice *rest, size_t len)
{
    *rest = (struct slice){ rest->data + len, rest->len - len };
}

static bool skip_text(struct slice *rest, const char *text)
{
    if (!slice_starts(*rest, text))
        return false;
    skip_bytes(rest, strlen(text));
    return true;
}

/* A token or a quoted string, in which a backslash means itself: browsers send
 * paths of Windows like that. */
static bool take_value(struct slice *rest, struct slice *value)
{
    const char *end;
    size_t len = 0;

    if (skip_text(rest, "\"")) {
        end = memchr(rest->data, '"', rest->len);
        if (end == NULL)
            return false;
        len = (size_t)(end - rest->data);
        *value = (struct slice){ rest->data, len };
        skip_bytes(rest, len + 1);
        return true;
    }
    while (len < rest->len && rest->data[len] != ';' && rest->data[len] != ' ')
        len++;
    *value = (struct slice){ rest->data, len };
    skip_bytes(rest, len);
    return len > 0;
}

/* The next of "; name=value"; false at the end, or where there is none. */
static bool take_parameter(struct slice *rest, struct slice *name,
                           struct slice *value)
{
    size_t len = 0;

    *rest = slice_trim(*rest);
    if (!skip_text(rest, ";"))
        return false;
    *rest = slice_trim(*rest);
    while (len < rest->len && rest->data[len] != '=')
        len++;
    if (len == rest->len)
        return false;
    *name = (struct slice){ rest->data, len };
    skip_bytes(rest, len + 1);
    return take_value(rest, value);
}

static bool is_boundary(struct slice text)
{
    if (text.len == 0 || text.len > BOUNDARY_MAX_BYTES)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (byte_is_control(text.data[i]) || (unsigned char)text.data[i] > 0x7e)
            return false;
    return true;
}

static enum error read_type(struct multipart_reading *reading,
                            struct slice type)
{
    struct slice rest = type, name, value, boundary = { 0 };
    size_t len = 0;

    while (len < type.len && type.data[len] != ';')
        len++;
    if (!slice_is_nocase(slice_trim((struct slice){ type.data, len }),
                         "multipart/form-data"))
        return refuse_multipart(
            reading, ERROR_NOT_FOUND,
            "This is not a form with files. Send it as multipart/form-data.");
    skip_bytes(&rest, len);
    while (take_parameter(&rest, &name, &value))
        if (slice_is_nocase(name, "boundary") && boundary.data == NULL)
            boundary = value;
    if (rest.len > 0 || !is_boundary(boundary))
        return refuse_multipart(reading, ERROR_SYNTAX,
                                "The form has no valid boundary.");
    memcpy(reading->delimiter, "\r\n--", 4);
    memcpy(reading->delimiter + 4, boundary.data, boundary.len);
    reading->delimiter_len = 4 + boundary.len;
    return OK;
}

/* "form-data; name="file"; filename="list.csv"" */
static enum error read_disposition(struct multipart_reading *reading,
                                   struct slice rest,
                                   struct multipart_part *part)
{
    struct slice name, value, type = rest;

    for (type.len = 0; type.len < rest.len && rest.data[type.len] != ';';)
        type.len++;
    skip_bytes(&rest, type.len);
    while (take_parameter(&rest, &name, &value)) {
        if (slice_is_nocase(name, "name") && part->name.data == NULL)
            part->name = value;
        if (slice_is_nocase(name, "filename") && part->filename.data == NULL)
            part->filename = value;
    }
    if (rest.len > 0 || !slice_is_nocase(slice_trim(type), "form-data"))
        return refuse_multipart(reading, ERROR_SYNTAX,
                                "A part's Content-Disposition is not valid.");
    return OK;
}

/* RFC 7578 4.7: what is encoded is for mail alone. */
static bool is_plain_encoding(struct slice value)
{
    return slice_is_nocase(value, "binary") || slice_is_nocase(value, "8bit") ||
           slice_is_nocase(value, "7bit");
}

static enum error read_field(struct multipart_reading *reading,
                             struct slice line, struct multipart_part *part)
{
    struct slice value = line;
    struct slice name = slice_cut(&value, ':');

    if (!field_name_valid(name) || name.len == line.len)
        return refuse_multipart(reading, ERROR_SYNTAX,
                                "A part's head is not valid.");
    value = slice_trim(value);
    if (slice_is_nocase(name, "content-disposition"))
        return read_disposition(reading, value, part);
    if (slice_is_nocase(name, "content-type") && value.len >= 10 &&
        slice_is_nocase((struct slice){ value.data, 10 }, "multipart/"))
        return refuse_multipart(
            reading, ERROR_SYNTAX,
            "A part contains parts of its own; send each part by itself.");
    if (slice_is_nocase(name, "content-transfer-encoding") &&
        !is_plain_encoding(value))
        return refuse_multipart(
            reading, ERROR_SYNTAX,
            "A part has a transfer encoding; send it unencoded.");
    return OK;
}

/* The lines up to the empty one. */
static enum error read_part_head(struct multipart_reading *reading,
                                 struct multipart_part *part)
{
    struct slice head = reading->rest;
    size_t fields = 0;
    enum error err = OK;

    if (head.len > MULTIPART_HEAD_MAX_BYTES)
        head.len = MULTIPART_HEAD_MAX_BYTES;
    while (err == OK) {
        const char *end = memmem(head.data, head.len, "\r\n", 2);
        size_t len = end != NULL ? (size_t)(end - head.data) : 0;

        if (end == NULL || fields++ > PART_FIELDS_MAX)
            return refuse_multipart(reading,
                                    reading->rest.len >
                                                MULTIPART_HEAD_MAX_BYTES ||
                                            fields > PART_FIELDS_MAX
                                        ? ERROR_LIMIT
                                        : ERROR_SYNTAX,
                                    "A part's head is too long, or the upload "
                                    "stopped too early. Send it again.");
        if (len == 0) {
            skip_bytes(&reading->rest, (size_t)(end + 2 - reading->rest.data));
            break;
        }
        err = read_field(reading, (struct slice){ head.data, len }, part);
        skip_bytes(&head, len + 2);
    }
    if (err == OK && part->name.len == 0)
        return refuse_multipart(reading, ERROR_SYNTAX, "A part has no name.");
    return err;
}

static enum error read_data(struct multipart_reading *reading,
                            struct multipart_part *part)
{
    struct slice *rest = &reading->rest;
    const char *end = memmem(rest->data, rest->len, reading->delimiter,
                             reading->delimiter_len);

    if (end == NULL)
        return refuse_multipart(reading, ERROR_SYNTAX,
                                "The upload stopped too early. Send it again.");
    part->data = (struct slice){ rest->data, (size_t)(end - rest->data) };
    skip_bytes(rest, part->data.len + reading->delimiter_len);
    return OK;
}

/* After a delimiter: another part, or the end. */
static enum error read_parts(struct multipart_reading *reading,
                             struct multipart *multipart)
{
    enum error err = OK;

    while (err == OK && skip_text(&reading->rest, "\r\n")) {
        struct multipart_part *part = &multipart->parts[multipart->count];

        if (multipart->count == MULTIPART_PARTS_MAX)
            return refuse_multipart(reading, ERROR_LIMIT,
                                    "The form has too many parts.");
        *part = (struct multipart_part){ 0 };
        err = read_part_head(reading, part);
        if (err == OK)
            err = read_data(reading, part);
        multipart->count += err == OK;
    }
    if (err != OK)
        return err;
    if (!skip_text(&reading->rest, "--"))
        return refuse_multipart(reading, ERROR_SYNTAX,
                                "There is text after a boundary.");
    skip_text(&reading->rest, "\r\n");
    if (reading->rest.len > 0)
        return refuse_multipart(reading, ERROR_SYNTAX,
                                "There is text after the last part.");
    return OK;
}

enum error multipart_read(struct slice type, struct slice body,
                          struct multipart *multipart, const char **fault)
{
    struct multipart_reading reading = { .rest = body };
    enum error err = read_type(&reading, type);
    struct slice first = { reading.delimiter + 2, 0 };

    multipart->count = 0;
    if (err == OK) {
        first.len = reading.delimiter_len - 2;
        if (body.len < first.len ||
            memcmp(body.data, first.data, first.len) != 0) {
            err = refuse_multipart(&reading, ERROR_SYNTAX,
                                   "The form does not begin with its "
                                   "boundary.");
        } else {
            skip_bytes(&reading.rest, first.len);
            err = read_parts(&reading, multipart);
        }
    }
    *fault = reading.fault;
    return err;
}

const struct multipart_part *multipart_find(const struct multipart *multipart,
                                            const char *name)
{
    for (size_t i = 0; i < multipart->count; i++)
        if (slice_is(multipart->parts[i].name, name))
            return &multipart->parts[i];
    return NULL;
}
