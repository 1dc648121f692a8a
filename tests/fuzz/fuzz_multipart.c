/* Forms with files: what is read lies within the body, and makes the same form
 * again. */
#include "cafe/http/multipart.h"
#include "fuzz.h"

static const struct slice type = { "multipart/form-data; boundary=x", 31 };

/* Without what can't be written again: a name with a quotation mark. */
static void write_part(struct text *out, const struct multipart_part *part)
{
    text_append_string(out, "--x\r\nContent-Disposition: form-data; name=\"");
    text_append_slice(out, part->name);
    if (part->filename.data != NULL) {
        text_append_string(out, "\"; filename=\"");
        text_append_slice(out, part->filename);
    }
    text_append_string(out, "\"\r\n\r\n");
    text_append_slice(out, part->data);
    text_append_string(out, "\r\n");
}

static void check_parts(const struct multipart *multipart, struct slice body)
{
    CHECK(multipart->count <= MULTIPART_PARTS_MAX);
    for (size_t i = 0; i < multipart->count; i++) {
        const struct multipart_part *part = &multipart->parts[i];

        CHECK(fuzz_within(part->name, body) && part->name.len > 0);
        CHECK(part->filename.data == NULL || fuzz_within(part->filename, body));
        CHECK(fuzz_within(part->data, body));
        CHECK(memmem(part->data.data, part->data.len, "\r\n--x", 5) == NULL);
    }
}

static bool is_quotable(const struct multipart *multipart)
{
    for (size_t i = 0; i < multipart->count; i++) {
        const struct multipart_part *part = &multipart->parts[i];

        if (memchr(part->name.data, '"', part->name.len) != NULL ||
            (part->filename.len > 0 &&
             memchr(part->filename.data, '"', part->filename.len) != NULL))
            return false;
    }
    return true;
}

static void check_again(const struct multipart *multipart)
{
    struct multipart again;
    struct text body;
    const char *fault;

    text_init(&body, 0);
    for (size_t i = 0; i < multipart->count; i++)
        write_part(&body, &multipart->parts[i]);
    text_append_string(&body, "--x--");
    CHECK(multipart_read(type, text_slice(&body), &again, &fault) == OK);
    CHECK(again.count == multipart->count);
    for (size_t i = 0; i < again.count; i++) {
        CHECK(slice_equal(again.parts[i].name, multipart->parts[i].name));
        CHECK(slice_equal(again.parts[i].data, multipart->parts[i].data));
    }
    text_free(&body);
}

/* The input is a body; and, up to its first line end, a type. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice body = fuzz_slice(data, size);
    struct slice rest = body;
    struct multipart multipart;
    const char *fault;
    enum error err = multipart_read(type, body, &multipart, &fault);

    CHECK((err == OK) == (fault == NULL));
    if (err == OK) {
        check_parts(&multipart, body);
        if (is_quotable(&multipart))
            check_again(&multipart);
    }
    err = multipart_read(slice_cut(&rest, '\n'), body, &multipart, &fault);
    CHECK((err == OK) == (fault == NULL));
    return 0;
}
