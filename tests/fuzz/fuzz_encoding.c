/* Accept-Encoding: only what the field names is chosen, and neither the case
 * of letters nor white space around members or their order matters. Accept: of
 * two types one at most is preferred, and only if the field mentions it. */
#include <ctype.h>

#include "cafe/html/encoding.h"
#include "fuzz.h"

/* The members of the field, taken apart without weights. */
static bool names(struct slice field, const char *name)
{
    while (field.len > 0) {
        struct slice member = slice_cut(&field, ',');

        member = slice_trim(slice_cut(&member, ';'));
        if (slice_is_nocase(member, name) || slice_is(member, "*"))
            return true;
    }
    return false;
}

static enum encoding choose_copy(const struct text *text)
{
    return encoding_choose(text_slice(text));
}

/* Letters in the other case, and blanks around commas. */
static void check_spelling(struct slice field, enum encoding chosen)
{
    struct text other;

    text_init(&other, 0);
    for (size_t i = 0; i < field.len; i++) {
        int byte = (unsigned char)field.data[i];

        byte = islower(byte) ? toupper(byte) : tolower(byte);
        if (byte == ',')
            text_append_string(&other, " ,\t");
        else
            text_append_char(&other, (char)byte);
    }
    CHECK(choose_copy(&other) == chosen);
    text_free(&other);
}

/* Empty members say nothing; a weight of 0 after the others forbids. */
static void check_suffix(struct slice field, enum encoding chosen)
{
    struct text other;

    text_init(&other, 0);
    text_append_slice(&other, field);
    text_append_string(&other, ", ,");
    CHECK(choose_copy(&other) == chosen);
    text_append_string(&other, "br;q=0, gzip;q=0");
    CHECK(choose_copy(&other) == ENCODING_IDENTITY);
    text_append_string(&other, ",=malformed;");
    (void)choose_copy(&other);
    text_append_string(&other, "q");
    CHECK(choose_copy(&other) == ENCODING_IDENTITY);
    text_free(&other);
}

static void check_media_types(struct slice field)
{
    static const char json[] = "application/json", plain[] = "text/plain";
    bool prefers = accept_prefers(field, json, plain);
    struct text other;

    CHECK(!prefers || !accept_prefers(field, plain, json));
    CHECK(!accept_prefers(field, json, json));
    CHECK(!prefers || names(field, json) || names(field, "application/*") ||
          names(field, "*/*"));
    text_init(&other, 0);
    text_append_string(&other, "text/plain;q=0, application/json;q=0,");
    text_append_slice(&other, field);
    if (!names(field, json) && !names(field, plain))
        CHECK(!accept_prefers(text_slice(&other), json, plain));
    text_free(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice field = fuzz_slice(data, size);
    enum encoding chosen = encoding_choose(field);

    CHECK((unsigned)chosen < ENCODINGS);
    CHECK(encoding_name(chosen) != NULL);
    if (chosen == ENCODING_BROTLI)
        CHECK(names(field, "br"));
    if (chosen == ENCODING_GZIP)
        CHECK(names(field, "gzip") || names(field, "x-gzip"));
    check_spelling(field, chosen);
    check_suffix(field, chosen);
    check_media_types(field);
    return 0;
}
