/* Urlencoded forms, queries and percent escapes. */
#include "cafe/base/form.h"
#include "cafe/base/utf8.h"
#include "fuzz.h"

/* What holds for each decoded text. */
static void check_decoded(struct slice text, size_t encoded_len)
{
    CHECK(text.len <= encoded_len);
    CHECK(text.data[text.len] == '\0');
    CHECK(strlen(text.data) == text.len);
    CHECK(utf8_valid(text));
}

/* A decoded text, encoded and decoded again, is the same. */
static void check_round_trip(struct arena *arena, struct slice text)
{
    struct slice again;
    struct text encoded;

    text_init(&encoded, 0);
    percent_encode(&encoded, text);
    for (size_t i = 0; i < encoded.len; i++)
        CHECK(encoded.data[i] > 0x20 && encoded.data[i] < 0x7f &&
              strchr("\"<>&+=;#?/", encoded.data[i]) == NULL);
    CHECK(percent_decode(arena, text_slice(&encoded), true, &again) == OK);
    CHECK(slice_equal(text, again));
    CHECK(percent_decode(arena, text_slice(&encoded), false, &again) == OK);
    CHECK(slice_equal(text, again));
    text_free(&encoded);
}

static void check_percent(struct arena *arena, struct slice encoded)
{
    struct slice plain, spaced;
    enum error err = percent_decode(arena, encoded, false, &plain);

    CHECK(err == OK || err == ERROR_SYNTAX || err == ERROR_MEMORY);
    CHECK(percent_decode(arena, encoded, true, &spaced) == err);
    if (err != OK)
        return;
    check_decoded(plain, encoded.len);
    check_decoded(spaced, encoded.len);
    CHECK(plain.len == spaced.len);
    check_round_trip(arena, plain);
    check_round_trip(arena, spaced);
}

/* The first of a name is what form_value() gives. */
static void check_values(const struct form *form)
{
    size_t first;

    for (size_t i = 0; i < form->count; i++) {
        struct slice value = form_value(form, form->fields[i].name.data);

        for (first = 0;
             !slice_equal(form->fields[first].name, form->fields[i].name);
             first++)
            continue;
        CHECK(value.data == form->fields[first].value.data);
        CHECK(value.len == form->fields[first].value.len);
    }
    CHECK(form_value(form, "no such \x01 name").data == NULL ||
          form->count > 0);
}

/* Encoded anew the form is read as the same fields. */
static void check_same_again(struct arena *arena, const struct form *form)
{
    struct text encoded;
    struct form again;

    text_init(&encoded, 0);
    for (size_t i = 0; i < form->count; i++) {
        percent_encode(&encoded, form->fields[i].name);
        text_append_char(&encoded, '=');
        percent_encode(&encoded, form->fields[i].value);
        text_append_char(&encoded, '&');
    }
    CHECK(form_parse(arena, text_slice(&encoded), &again) == OK);
    CHECK(again.count == form->count);
    for (size_t i = 0; i < form->count; i++) {
        CHECK(slice_equal(again.fields[i].name, form->fields[i].name));
        CHECK(slice_equal(again.fields[i].value, form->fields[i].value));
    }
    text_free(&encoded);
}

static void check_form(struct arena *arena, struct slice encoded)
{
    struct form form = { 0 };
    enum error err = form_parse(arena, encoded, &form);

    CHECK(err == OK || err == ERROR_SYNTAX || err == ERROR_LIMIT ||
          err == ERROR_MEMORY);
    if (err != OK) {
        CHECK(form.count == 0 && form.fields == NULL);
        return;
    }
    CHECK(form.count <= FORM_FIELDS_MAX);
    for (size_t i = 0; i < form.count; i++) {
        check_decoded(form.fields[i].name, encoded.len);
        check_decoded(form.fields[i].value, encoded.len);
    }
    check_values(&form);
    check_same_again(arena, &form);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice encoded = fuzz_slice(data, size);
    struct arena *arena = arena_open(4 * 1024 * 1024);

    CHECK(arena != NULL);
    check_percent(arena, encoded);
    check_form(arena, encoded);
    arena_close(arena);
    /* With next to no memory it fails cleanly. */
    arena = arena_open(64);
    CHECK(arena != NULL);
    if (size > 64)
        CHECK(form_parse(arena, encoded, &(struct form){ 0 }) != OK);
    arena_close(arena);
    return 0;
}
