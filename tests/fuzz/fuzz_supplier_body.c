/* Suppliers that programs send: what is read is JSON, has texts for a
 * supplier's fields alone, each once, and reads the same when it is written
 * again; what is refused has a place and a reason. The first byte chooses
 * whether it is a supplier, a patch or a batch. */
#include "cafe/base/json.h"
#include "cafe/base/utf8.h"
#include "cafe/suppliers/supplier_body.h"
#include "fuzz.h"
#include "json.h"

static void check_members(const struct form *form)
{
    CHECK(form->count <= SUPPLIER_FIELDS);
    for (size_t i = 0; i < form->count; i++) {
        const struct form_field *field = &form->fields[i];
        size_t known = 0, same = 0;

        CHECK(utf8_valid(field->value));
        CHECK(memchr(field->value.data, '\0', field->value.len) == NULL);
        CHECK(field->value.data[field->value.len] == '\0');
        for (size_t f = 0; f < SUPPLIER_FIELDS; f++)
            known += slice_is(field->name, supplier_columns[f].name);
        for (size_t j = 0; j < form->count; j++)
            same += slice_equal(field->name, form->fields[j].name);
        CHECK(known == 1 && same == 1);
    }
}

static void check_again(struct arena *arena, const struct form *form)
{
    struct supplier_body again;
    struct text json;

    text_init(&json, 0);
    json_object(&json, NULL);
    for (size_t i = 0; i < form->count; i++)
        json_text(&json, form->fields[i].name.data, form->fields[i].value);
    json_object_end(&json);
    CHECK(supplier_body_read(arena, text_slice(&json), false, &again) == OK);
    CHECK(again.form.count == form->count);
    for (size_t i = 0; i < form->count; i++)
        CHECK(slice_equal(form_value(&again.form, form->fields[i].name.data),
                          form->fields[i].value));
    text_free(&json);
}

static void check_faults(const struct body_faults *faults)
{
    CHECK(faults->count > 0 && faults->count <= BODY_FAULTS_MAX);
    for (size_t i = 0; i < faults->count; i++) {
        const struct body_fault *fault = &faults->list[i];

        CHECK(fault->pointer[0] == '\0' || fault->pointer[0] == '/');
        CHECK(utf8_valid(slice_of(fault->pointer)));
        CHECK(fault->detail[0] != '\0');
    }
}

static void check_supplier(struct arena *arena, struct slice input, bool patch)
{
    struct supplier_body body;
    enum error err = supplier_body_read(arena, input, patch, &body);

    CHECK(err == OK || err == ERROR_SYNTAX);
    if (err == OK) {
        CHECK(json_valid(input));
        check_members(&body.form);
        check_again(arena, &body.form);
    } else {
        check_faults(&body.faults);
    }
}

static void check_operation(const struct batch_body *batch, size_t at)
{
    const struct operation *operation = &batch->operations[at];
    bool adds = operation->method == OPERATION_POST;

    CHECK(operation->method <= OPERATION_DELETE);
    CHECK(adds ? operation->id == 0 : operation->id > 0);
    CHECK(adds == (operation->if_match.len == 0));
    CHECK(operation->method != OPERATION_DELETE || operation->form.count == 0);
    check_members(&operation->form);
    for (size_t i = 0; i < at; i++)
        CHECK(adds || batch->operations[i].id != operation->id);
}

static void check_batch(struct arena *arena, struct slice input)
{
    struct batch_body batch;
    enum error err = batch_body_read(arena, input, &batch);

    CHECK(err == OK || err == ERROR_SYNTAX);
    if (err == ERROR_SYNTAX) {
        check_faults(&batch.faults);
        return;
    }
    CHECK(json_valid(input));
    CHECK(batch.count > 0 && batch.count <= BATCH_OPERATIONS_MAX);
    for (size_t i = 0; i < batch.count; i++)
        check_operation(&batch, i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = fuzz_slice(data, size);
    unsigned kind = fuzz_take(&input) % 3;
    struct arena *arena = arena_open(0);

    CHECK(arena != NULL);
    if (kind == 2)
        check_batch(arena, input);
    else
        check_supplier(arena, input, kind == 1);
    arena_close(arena);
    return 0;
}
