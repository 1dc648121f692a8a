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
    const char *place; /* a pointer to the object that is read */
    struct body_faults *faults;
};

static void add_body_fault(struct body_faults *faults, const char *pointer,
                           const char *detail)
{
    if (faults->count == BODY_FAULTS_MAX)
        return;
    faults->list[faults->count++] = (struct body_fault){
        pointer != NULL ? pointer : no_pointer,
        detail != NULL ? detail : "This can't be read.",
    };
}

/* RFC 6901 3; of a long name only the object that has it. */
static const char *pointer_to(const struct body_reading *reading,
                              const char *name)
{
    const char *pointer = NULL;
    struct text text;

    if (strlen(name) > NAME_SHOWN_MAX_BYTES)
        return reading->place;
    text_init(&text, 0);
    text_append_string(&text, reading->place);
    text_append_char(&text, '/');
    for (; *name != '\0'; name++) {
        if (*name == '~' || *name == '/')
            text_append_string(&text, *name == '~' ? "~0" : "~1");
        else
            text_append_char(&text, *name);
    }
    if (!text.failed)
        pointer = arena_copy(reading->arena, text.data, text.len);
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
    add_body_fault(reading->faults, no_pointer,
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
                              const char *name, const json_t *value,
                              struct form *form)
{
    struct form_field *field = &form->fields[form->count];
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

/* form  With room for all fields. */
static enum error read_members(const struct body_reading *reading, json_t *root,
                               struct form *form)
{
    const size_t faults_before = reading->faults->count;
    const char *name, *fault;
    json_t *value;
    enum error err = OK;

    json_object_foreach(root, name, value)
    {
        fault = fault_of_member(reading, name, value);
        if (fault != NULL)
            add_body_fault(reading->faults, pointer_to(reading, name), fault);
        else if ((err = take_member(reading, name, value, form)) != OK)
            return err;
    }
    return reading->faults->count > faults_before ? ERROR_SYNTAX : OK;
}

/* The object that a body is; ERROR_SYNTAX: it is none. */
static enum error load_body(const struct body_reading *reading,
                            struct slice json, json_t **root)
{
    struct body_faults *faults = reading->faults;
    json_error_t error;
    json_t *loaded;

    /* jansson passes over one that follows a literal or a number. */
    if (json.len > 0 && memchr(json.data, '\0', json.len) != NULL) {
        add_body_fault(faults, no_pointer, "It has a NUL byte. Leave it out.");
        return ERROR_SYNTAX;
    }
    loaded = json_loadb(json.len > 0 ? json.data : "", json.len,
                        JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (loaded == NULL)
        return refuse_json(reading, &error);
    if (!json_is_object(loaded)) {
        json_decref(loaded);
        add_body_fault(faults, no_pointer, "Send one JSON object.");
        return ERROR_SYNTAX;
    }
    faults->readable = true;
    *root = loaded;
    return OK;
}

enum error supplier_body_read(struct arena *arena, struct slice json,
                              bool patch, struct supplier_body *body)
{
    const struct body_reading reading = { arena, patch, no_pointer,
                                          &body->faults };
    json_t *root;
    enum error err;

    *body = (struct supplier_body){ .form.fields = body->fields };
    err = load_body(&reading, json, &root);
    if (err != OK)
        return err;
    err = read_members(&reading, root, &body->form);
    json_decref(root);
    return err;
}

/* Batches. */

static const char *const methods[] = {
    [OPERATION_POST] = "POST",
    [OPERATION_PUT] = "PUT",
    [OPERATION_PATCH] = "PATCH",
    [OPERATION_DELETE] = "DELETE",
};

enum { METHODS = sizeof(methods) / sizeof(methods[0]) };

static const char *const operation_members[] = { "method", "id", "if_match",
                                                 "supplier" };

static bool is_operation_member(const char *name)
{
    for (size_t i = 0;
         i < sizeof(operation_members) / sizeof(operation_members[0]); i++)
        if (strcmp(name, operation_members[i]) == 0)
            return true;
    return false;
}

static void refuse_member(const struct body_reading *reading, const char *name,
                          const char *detail)
{
    add_body_fault(reading->faults, pointer_to(reading, name), detail);
}

static void refuse_unknown_members(const struct body_reading *reading,
                                   json_t *object)
{
    const char *name;
    json_t *value;

    json_object_foreach(object, name, value)
    {
        if (!is_operation_member(name))
            refuse_member(reading, name,
                          "An operation has no such member. Leave it out.");
    }
}

static bool read_method(const struct body_reading *reading,
                        const json_t *object, struct operation *operation)
{
    const char *name = json_string_value(json_object_get(object, "method"));

    for (unsigned i = 0; name != NULL && i < METHODS; i++) {
        if (strcmp(name, methods[i]) == 0) {
            operation->method = (enum operation_method)i;
            return true;
        }
    }
    refuse_member(reading, "method", "Send POST, PUT, PATCH or DELETE.");
    return false;
}

static void read_operation_id(const struct body_reading *reading,
                              const json_t *object, struct operation *operation)
{
    const json_t *id = json_object_get(object, "id");

    operation->id = json_is_integer(id) ? json_integer_value(id) : 0;
    if (operation->id <= 0)
        refuse_member(reading, "id", "Send the supplier's id, a number.");
}

static enum error read_condition(const struct body_reading *reading,
                                 const json_t *object, struct batch_body *body,
                                 struct operation *operation)
{
    const json_t *tag = json_object_get(object, "if_match");
    const char *text = json_string_value(tag);

    if (text == NULL || *text == '\0') {
        body->unconditional |= tag == NULL && reading->faults->count == 0;
        refuse_member(reading, "if_match",
                      "Send the ETag of the supplier that the change is based "
                      "on, or * for any.");
        return OK;
    }
    operation->if_match.len = json_string_length(tag);
    operation->if_match.data =
        arena_copy(reading->arena, text, operation->if_match.len);
    return operation->if_match.data == NULL ? ERROR_MEMORY : OK;
}

static enum error read_operation_supplier(struct body_reading reading,
                                          const json_t *object,
                                          struct operation *operation)
{
    json_t *supplier = json_object_get(object, "supplier");

    reading.place = pointer_to(&reading, "supplier");
    reading.patch = operation->method == OPERATION_PATCH;
    operation->form.fields = arena_alloc(
        reading.arena, SUPPLIER_FIELDS * sizeof(*operation->form.fields));
    if (operation->form.fields == NULL || reading.place == NULL)
        return ERROR_MEMORY;
    if (json_is_object(supplier))
        return read_members(&reading, supplier, &operation->form);
    add_body_fault(reading.faults, reading.place,
                   "Send the supplier as an object.");
    return OK;
}

static void refuse_needless(const struct body_reading *reading,
                            const json_t *object, const char *name,
                            const char *detail)
{
    if (json_object_get(object, name) != NULL)
        refuse_member(reading, name, detail);
}

/* ERROR_SYNTAX and a fault are the same: the rest is still read. */
static enum error read_operation(const struct body_reading *reading,
                                 json_t *object, struct batch_body *body,
                                 struct operation *operation)
{
    enum error err = OK;

    if (!json_is_object(object)) {
        add_body_fault(reading->faults, reading->place, "Send an object.");
        return OK;
    }
    refuse_unknown_members(reading, object);
    if (!read_method(reading, object, operation))
        return OK;
    if (operation->method == OPERATION_POST) {
        refuse_needless(reading, object, "id", "A POST has no id.");
        refuse_needless(reading, object, "if_match", "A POST has no if_match.");
    } else {
        read_operation_id(reading, object, operation);
        err = read_condition(reading, object, body, operation);
    }
    if (operation->method == OPERATION_DELETE)
        refuse_needless(reading, object, "supplier",
                        "A DELETE has no supplier.");
    else if (err == OK)
        err = read_operation_supplier(*reading, object, operation);
    return err == ERROR_SYNTAX ? OK : err;
}

/* Half a million comparisons at most. */
static bool is_named_before(const struct batch_body *body, int64_t id)
{
    for (size_t i = 0; id != 0 && i < body->count; i++)
        if (body->operations[i].id == id)
            return true;
    return false;
}

static enum error read_operations(const struct body_reading *whole,
                                  const json_t *list, struct batch_body *body)
{
    struct body_reading reading = *whole;
    struct operation *operation;
    enum error err = OK;

    for (size_t i = 0; i < json_array_size(list) && err == OK; i++) {
        operation = &body->operations[i];
        reading.place = arena_printf(reading.arena, "/operations/%zu", i);
        if (reading.place == NULL)
            return ERROR_MEMORY;
        err =
            read_operation(&reading, json_array_get(list, i), body, operation);
        if (is_named_before(body, operation->id))
            refuse_member(&reading, "id",
                          "An operation before changes this supplier, too. "
                          "Name each supplier once.");
        body->count++;
    }
    return err;
}

static enum error read_batch(const struct body_reading *reading, json_t *root,
                             struct batch_body *body)
{
    const json_t *list = json_object_get(root, "operations");
    size_t count = json_array_size(list);

    if (json_object_size(root) > (list != NULL))
        add_body_fault(reading->faults, no_pointer,
                       "A batch has one member, operations. Leave out others.");
    if (count == 0 || count > BATCH_OPERATIONS_MAX) {
        add_body_fault(reading->faults, "/operations",
                       "Send an array of 1 to 1000 operations.");
        return ERROR_SYNTAX;
    }
    body->operations =
        arena_alloc(reading->arena, count * sizeof(*body->operations));
    return body->operations == NULL ? ERROR_MEMORY
                                    : read_operations(reading, list, body);
}

enum error batch_body_read(struct arena *arena, struct slice json,
                           struct batch_body *body)
{
    const struct body_reading reading = { arena, false, no_pointer,
                                          &body->faults };
    json_t *root;
    enum error err;

    *body = (struct batch_body){ 0 };
    err = load_body(&reading, json, &root);
    if (err != OK)
        return err;
    err = read_batch(&reading, root, body);
    json_decref(root);
    if (err == OK && body->faults.count > 0)
        err = ERROR_SYNTAX;
    return err;
}
