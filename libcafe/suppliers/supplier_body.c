/* Reads suppliers that programs send, by the field table. */
#include "cafe/suppliers/supplier_body.h"

#include <jansson.h>
#include <string.h>

enum { NAME_SHOWN_MAX_BYTES = 64 };

static const char no_pointer[] = "";

/* A body under way. */
struct body_reading {
    struct arena *arena;
    bool patch;
    struct supplier_body *body;
};

static void add_body_fault(struct supplier_body *body, const char *pointer,
                           const char *detail)
{
    if (body->fault_count == BODY_FAULTS_MAX)
        return;
    body->faults[body->fault_count++] = (struct body_fault){
        pointer != NULL ? pointer : no_pointer,
        detail != NULL ? detail : "This can't be read.",
    };
}

/* RFC 6901 3; of a long name only that it is one. */
static const char *pointer_to(struct arena *arena, const char *name)
{
    const char *pointer = NULL;
    struct text text;

    if (strlen(name) > NAME_SHOWN_MAX_BYTES)
        return no_pointer;
    text_init(&text, 0);
    text_append_char(&text, '/');
    for (; *name != '\0'; name++) {
        if (*name == '~' || *name == '/')
            text_append_string(&text, *name == '~' ? "~0" : "~1");
        else
            text_append_char(&text, *name);
    }
    if (!text.failed)
        pointer = arena_copy(arena, text.data, text.len);
    text_free(&text);
    return pointer;
}

/* JSON that can't be read. */

static const char *json_fault_of(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_invalid_utf8:
        return "It is not UTF-8";
    case json_error_premature_end_of_input:
        return "It ends too early";
    case json_error_end_of_input_expected:
        return "Something follows its end";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "A text has a NUL, \\u0000";
    case json_error_duplicate_key:
        return "A member is there twice";
    case json_error_numeric_overflow:
        return "A number is too large";
    case json_error_stack_overflow:
        return "It is nested too deeply";
    default:
        return "It is not JSON, or a text has half of a surrogate pair";
    }
}

static enum error refuse_json(const struct body_reading *reading,
                              const json_error_t *error)
{
    if (json_error_code(error) == json_error_out_of_memory)
        return ERROR_MEMORY;
    add_body_fault(reading->body, no_pointer,
                   arena_printf(reading->arena,
                                "%s (line %d, column %d). Send one JSON "
                                "object in UTF-8.",
                                json_fault_of(error), error->line,
                                error->column));
    return ERROR_SYNTAX;
}

/* Its members. */

static bool is_set_here(const char *name)
{
    return strcmp(name, "id") == 0 || strcmp(name, "version") == 0 ||
           strcmp(name, "updated_at") == 0;
}

static const char *fault_of_member(const struct body_reading *reading,
                                   const char *name, const json_t *value)
{
    size_t f = 0;

    if (is_set_here(name))
        return "The server sets this member. Leave it out.";
    while (f < SUPPLIER_FIELDS && (!supplier_columns[f].exported ||
                                   strcmp(name, supplier_columns[f].name) != 0))
        f++;
    if (f == SUPPLIER_FIELDS)
        return "A supplier has no such member. Leave it out.";
    if (json_is_string(value) || (reading->patch && json_is_null(value)))
        return NULL;
    return reading->patch ? "Send a text, or null to empty it."
                          : "Send a text.";
}

/* Names come once, and only those of fields: there is room. */
static enum error take_member(const struct body_reading *reading,
                              const char *name, const json_t *value)
{
    struct form *form = &reading->body->form;
    struct form_field *field = &reading->body->fields[form->count];
    const char *text = json_is_null(value) ? "" : json_string_value(value);
    size_t len = json_is_null(value) ? 0 : json_string_length(value);
    const char *name_copy = arena_copy(reading->arena, name, strlen(name));
    const char *copy = arena_copy(reading->arena, text, len);

    if (name_copy == NULL || copy == NULL)
        return ERROR_MEMORY;
    *field =
        (struct form_field){ slice_of(name_copy), (struct slice){ copy, len } };
    form->count++;
    return OK;
}

static enum error read_members(const struct body_reading *reading, json_t *root)
{
    struct supplier_body *body = reading->body;
    const char *name, *fault;
    json_t *value;
    enum error err = OK;

    if (!json_is_object(root)) {
        add_body_fault(body, no_pointer, "Send one JSON object.");
        return ERROR_SYNTAX;
    }
    body->readable = true;
    json_object_foreach(root, name, value)
    {
        fault = fault_of_member(reading, name, value);
        if (fault != NULL)
            add_body_fault(body, pointer_to(reading->arena, name), fault);
        else if ((err = take_member(reading, name, value)) != OK)
            return err;
    }
    return body->fault_count > 0 ? ERROR_SYNTAX : OK;
}

enum error supplier_body_read(struct arena *arena, struct slice json,
                              bool patch, struct supplier_body *body)
{
    const struct body_reading reading = { arena, patch, body };
    json_error_t error;
    json_t *root;
    enum error err;

    *body = (struct supplier_body){ .form.fields = body->fields };
    /* jansson passes over one that follows a literal or a number. */
    if (json.len > 0 && memchr(json.data, '\0', json.len) != NULL) {
        add_body_fault(body, no_pointer, "It has a NUL byte. Leave it out.");
        return ERROR_SYNTAX;
    }
    root = json_loadb(json.len > 0 ? json.data : "", json.len,
                      JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (root == NULL)
        return refuse_json(&reading, &error);
    err = read_members(&reading, root);
    json_decref(root);
    return err;
}
