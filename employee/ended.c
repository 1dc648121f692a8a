/* Suppliers that no longer supply: customers don't see them. Both ways are
 * short forms beside that of the supplier, with a key of their own; what they
 * leave out stays as it is. */
#include <string.h>

#include "cafe/base/clock.h"
#include "employee.h"

const char *ended_today(struct request *req)
{
    char today[CLOCK_ISO_BYTES];

    clock_iso(clock_utc_us(), today);
    return arena_copy(request_arena(req), today, strlen("2026-11-28"));
}

void ended_context(const struct edit *edit, struct context *context)
{
    const struct slice *fields = edit->job.supplier.fields;
    struct arena *arena = request_arena(edit->req);
    char *key = arena_alloc(arena, FORM_KEY_CHARS + 1);
    struct context *object;

    if (edit->kind != EDIT_UPDATE || edit->snapshot == NULL || key == NULL ||
        form_key_make(key) != OK)
        return;
    object = context_object(context, "end");
    context_string(object, "form_key", key);
    context_flag(object, "ended", supplier_ended(&edit->job.supplier));
    context_text(object, "ended_on", fields[SUPPLIER_ENDED_ON]);
    context_text(object, "ended_reason", fields[SUPPLIER_ENDED_REASON]);
    context_string(object, "today", ended_today(edit->req));
}
