/* Shows the links of a supplier. */
#include "cafe/suppliers/contact.h"

static void set(struct view *view, const char *name, const char *url)
{
    if (url != NULL)
        view_string(view, name, url);
}

void contact_view(const struct supplier *supplier, const char *map_url,
                  struct arena *arena, struct view *view)
{
    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        const struct supplier_column *column = &supplier_columns[f];

        if (column->link != NULL)
            set(view, column->link_member,
                column->link(arena, supplier->fields[f]));
    }
    set(view, "map", contact_map(arena, supplier, map_url));
}
