/* Shows the links of a supplier. */
#include "cafe/suppliers/contact.h"

static void contact_set(struct context *context, const char *name,
                        const char *url)
{
    if (url != NULL)
        context_string(context, name, url);
}

void contact_context(const struct supplier *supplier, const char *map_url,
                     struct arena *arena, struct context *context)
{
    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        const struct supplier_column *column = &supplier_columns[f];

        if (column->link != NULL)
            contact_set(context, column->link_member,
                        column->link(arena, supplier->fields[f]));
    }
    contact_set(context, "map", contact_map(arena, supplier, map_url));
}
