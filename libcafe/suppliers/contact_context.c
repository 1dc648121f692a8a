/* Shows the links of a supplier. */
#include <string.h>

#include "cafe/suppliers/contact.h"

static void contact_set(struct context *context, const char *name,
                        const char *url)
{
    if (url != NULL)
        context_string(context, name, url);
}

/* An address in parts between which a line may break: after "@", "." and a
 * space, and within a part that is too wide for a narrow column. */
static void contact_add_parts(struct slice email, struct context *context)
{
    enum { PART_MAX_WIDTH = 24 }; /* a character beyond ASCII counts as two */
    struct context *parts = context_list(context, "email_parts");
    size_t start = 0, width = 0;

    for (size_t i = 0; i < email.len; i++) {
        unsigned char byte = (unsigned char)email.data[i];
        bool begins = (byte & 0xc0) != 0x80; /* of a character in UTF-8 */
        bool breaks = i > 0 && memchr("@. ", email.data[i - 1], 3) != NULL;

        if (breaks || (begins && width >= PART_MAX_WIDTH)) {
            context_list_text(parts,
                              (struct slice){ email.data + start, i - start });
            start = i;
            width = 0;
        }
        if (begins)
            width += byte < 0x80 ? 1 : 2;
    }
    if (start < email.len)
        context_list_text(
            parts, (struct slice){ email.data + start, email.len - start });
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
    contact_add_parts(supplier->fields[SUPPLIER_EMAIL], context);
    contact_set(context, "map", contact_map(arena, supplier, map_url));
}
