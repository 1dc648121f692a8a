/* Reads an array of objects one by one: finds where each ends, and leaves what
 * is in it to jansson. What is around the array is read at the end, without
 * it. */
#include "json_reader.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cafe/suppliers/supplier.h"

enum { FRAME_MAX_BYTES = 64 * 1024 };

enum place {
    IN_FRAME,  /* before the array, or after it */
    IN_ARRAY,  /* between two objects */
    IN_OBJECT, /* of the array */
};

struct json_reader_state {
    struct import_rows *rows;
    enum place place;
    struct text frame;  /* all but what is in the array */
    struct text object; /* the one that is being read */
    size_t depth;       /* of brackets */
    size_t list_depth;  /* within the array */
    bool in_string, escaped;
    bool found; /* the array has begun */
    bool after_object, after_comma;
    uint64_t line, object_line; /* from 1 */
};

struct json_reader_state *json_reader_open(struct import_rows *rows)
{
    struct json_reader_state *json = calloc(1, sizeof(*json));

    if (json == NULL)
        return NULL;
    json->rows = rows;
    json->line = 1;
    text_init(&json->frame, FRAME_MAX_BYTES);
    text_init(&json->object, IMPORT_ROW_MAX_BYTES);
    return json;
}

static enum error json_refused(struct json_reader_state *json, uint64_t line,
                               const char *why)
{
    return rows_refuse(json->rows, ERROR_SYNTAX,
                       "Line %llu: %s. Import the file as it was downloaded, "
                       "or correct it.",
                       (unsigned long long)line, why);
}

static enum error refuse_long_object(struct json_reader_state *json)
{
    return rows_refuse(json->rows, ERROR_LIMIT,
                       "Line %llu: the object that begins here is longer than "
                       "%d KiB. Perhaps its closing brace is missing.",
                       (unsigned long long)json->object_line,
                       IMPORT_ROW_MAX_BYTES / 1024);
}

/* The array is the whole, or the value of the outermost "suppliers". */
static bool is_supplier_list(const struct json_reader_state *json)
{
    static const char name[] = "\"suppliers\"";
    struct slice before = slice_trim(text_slice(&json->frame));

    if (json->depth == 0)
        return before.len == 0;
    if (json->depth > 1 || before.len == 0 ||
        before.data[before.len - 1] != ':')
        return false;
    before.len--;
    before = slice_trim(before);
    return before.len > sizeof(name) - 1 &&
           memcmp(before.data + before.len - (sizeof(name) - 1), name,
                  sizeof(name) - 1) == 0 &&
           before.data[before.len - sizeof(name)] != '\\';
}

/* Strings hide brackets. Returns whether the byte is one that counts. */
static bool json_is_structure(struct json_reader_state *json, char byte)
{
    if (!json->in_string) {
        json->in_string = byte == '"';
        return !json->in_string;
    }
    if (!json->escaped && byte == '"')
        json->in_string = false;
    json->escaped = !json->escaped && byte == '\\';
    return false;
}

/* +1, -1 or 0 */
static int depth_change(char byte)
{
    if (byte == '{' || byte == '[')
        return 1;
    return byte == '}' || byte == ']' ? -1 : 0;
}

static enum error read_in_frame(struct json_reader_state *json, char byte)
{
    bool counts = json_is_structure(json, byte);
    int change = counts ? depth_change(byte) : 0;

    if (counts && byte == '[' && !json->found && is_supplier_list(json)) {
        json->found = true;
        json->list_depth = json->depth + 1;
        json->place = IN_ARRAY;
    }
    if (change < 0 && json->depth == 0)
        return json_refused(json, json->line,
                            "a closing bracket has no opening one");
    json->depth += (size_t)change;
    text_append_char(&json->frame, byte);
    if (json->frame.failed)
        return rows_refuse(json->rows, ERROR_LIMIT,
                           "Line %llu: there is no list of suppliers before "
                           "this line, or too much text after the list.",
                           (unsigned long long)json->line);
    return OK;
}

static enum error read_in_array(struct json_reader_state *json, char byte)
{
    if (byte_is_in(byte, " \t\r\n"))
        return OK;
    if (byte == ',' && json->after_object) {
        json->after_object = false;
        json->after_comma = true;
        return OK;
    }
    if (byte == ']' && !json->after_comma) {
        text_append_char(&json->frame, byte);
        json->depth--;
        json->place = IN_FRAME;
        return OK;
    }
    if (byte != '{' || json->after_object)
        return json_refused(json, json->line,
                            "a supplier was expected, which begins with {");
    text_reset(&json->object);
    text_append_char(&json->object, byte);
    json->object_line = json->line;
    json->place = IN_OBJECT;
    json->depth++;
    return OK;
}

/* A value as a cell; null and a member that is missing are empty. */
static void add_json_cell(struct import_rows *rows, const json_t *value)
{
    char digits[32];
    struct slice cell = SLICE("");

    if (json_is_string(value)) {
        cell = (struct slice){ json_string_value(value),
                               json_string_length(value) };
    } else if (json_is_integer(value)) {
        snprintf(digits, sizeof(digits), "%lld",
                 (long long)json_integer_value(value));
        cell = slice_of(digits);
    } else if (value != NULL && !json_is_null(value)) {
        rows_fault(rows, rows->count + 1, "This must be text in quotes.");
    }
    rows_cell(rows, cell);
}

/* jansson's own texts quote what may be no text. */
static const char *json_fault_text(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_invalid_utf8:
        return "there are bytes that are not UTF-8";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "a string contains a NUL, \\u0000";
    case json_error_duplicate_key:
        return "a name appears twice";
    case json_error_numeric_overflow:
        return "a number is too large";
    case json_error_stack_overflow:
        return "it is nested too deeply";
    default:
        return "this is not JSON, or a string has half of a surrogate pair";
    }
}

static const char no_members[] =
    "This object has no text of a supplier. Name its members as in a download: "
    "\"name\", \"address\", \"city\" and so on.";

static enum error end_in_object(struct json_reader_state *json)
{
    json_error_t error;
    json_t *object = json_loadb(json->object.data, json->object.len,
                                JSON_REJECT_DUPLICATES, &error);

    if (object == NULL)
        return json_refused(json,
                            json->object_line +
                                (uint64_t)(error.line > 0 ? error.line - 1 : 0),
                            json_fault_text(&error));
    add_json_cell(json->rows, json_object_get(object, "id"));
    for (size_t f = 0; f < SUPPLIER_FIELDS; f++)
        if (supplier_columns[f].exported)
            add_json_cell(json->rows,
                          json_object_get(object, supplier_columns[f].name));
    json_decref(object);
    rows_need_text(json->rows, no_members);
    json->place = IN_ARRAY;
    json->after_object = true;
    json->after_comma = false;
    return rows_end(json->rows, json->object_line);
}

static enum error read_in_object(struct json_reader_state *json, char byte)
{
    int change = json_is_structure(json, byte) ? depth_change(byte) : 0;

    text_append_char(&json->object, byte);
    if (json->object.failed)
        return refuse_long_object(json);
    json->depth += (size_t)change;
    return json->depth == json->list_depth ? end_in_object(json) : OK;
}

enum error json_reader_feed(struct json_reader_state *json, struct slice bytes)
{
    enum error err =
        json->rows->columns == 0 ? rows_own_header(json->rows, true) : OK;

    for (size_t i = 0; i < bytes.len && err == OK; i++) {
        if (json->place == IN_FRAME)
            err = read_in_frame(json, bytes.data[i]);
        else if (json->place == IN_ARRAY)
            err = read_in_array(json, bytes.data[i]);
        else
            err = read_in_object(json, bytes.data[i]);
        json->line += bytes.data[i] == '\n';
    }
    return err;
}

enum error json_reader_finish(struct json_reader_state *json)
{
    json_error_t error;
    json_t *frame;

    if (json->place != IN_FRAME || json->depth > 0)
        return json_refused(json, json->line,
                            "the file ends too early; it is incomplete");
    if (!json->found)
        return rows_refuse(
            json->rows, ERROR_SYNTAX,
            "The file has no list of suppliers: that must be an array, alone "
            "or as the member \"suppliers\" of an object.");
    frame = json_loadb(json->frame.data, json->frame.len,
                       JSON_REJECT_DUPLICATES, &error);
    if (frame == NULL)
        return rows_refuse(
            json->rows, ERROR_SYNTAX,
            "The text around the list of suppliers is not JSON: %s.",
            json_fault_text(&error));
    json_decref(frame);
    return OK;
}

void json_reader_close(struct json_reader_state *json)
{
    if (json == NULL)
        return;
    text_free(&json->frame);
    text_free(&json->object);
    free(json);
}
