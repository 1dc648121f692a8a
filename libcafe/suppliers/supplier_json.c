/* Writes suppliers as JSON, by the field table. */
#include "cafe/suppliers/supplier_json.h"

#include "cafe/base/clock.h"

void supplier_json_members(struct text *out, const struct supplier *supplier)
{
    char iso[CLOCK_ISO_BYTES];

    json_number(out, "id", supplier->id);
    if (supplier->revision != 0)
        json_number(out, "version", (int64_t)supplier->revision);
    else
        json_null(out, "version");
    if (supplier->changed_us != 0) {
        clock_iso(supplier->changed_us, iso);
        json_text(out, "updated_at", slice_of(iso));
    } else {
        json_null(out, "updated_at");
    }
    for (size_t f = 0; f < SUPPLIER_FIELDS; f++)
        if (supplier_columns[f].exported)
            json_text(out, supplier_columns[f].name, supplier->fields[f]);
}

void supplier_json(struct text *out, const struct supplier *supplier)
{
    json_object(out, NULL);
    supplier_json_members(out, supplier);
    json_object_end(out);
}
