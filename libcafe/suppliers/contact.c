/* Links to a supplier: tel:, mailto: and a map. */
#include "cafe/contact.h"

#include <ctype.h>
#include <string.h>

/* Give a text as a string of the arena. */
static const char *settle(struct arena *arena, struct text *text)
{
    const char *copy = text->failed ? NULL
                                    : arena_copy(arena, text->data, text->len);

    text_free(text);
    return copy;
}

const char *contact_tel(struct arena *arena, struct slice phone)
{
    bool extension = false;
    struct text url;

    if (!supplier_is_phone(phone))
        return NULL;
    text_init(&url, 0);
    text_append_string(&url, "tel:");
    for (size_t i = 0; i < phone.len; i++) {
        char c = phone.data[i];

        if (isdigit((unsigned char)c) || c == '+')
            text_append_char(&url, c);
        else if (isalpha((unsigned char)c) && !extension)
            text_append_string(&url, ";ext=");
        extension |= isalpha((unsigned char)c) != 0;
    }
    return settle(arena, &url);
}

static bool has_blank(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.data[i] <= ' ' || text.data[i] == 0x7f)
            return true;
    return false;
}

const char *contact_mailto(struct arena *arena, struct slice email)
{
    struct slice domain = email;
    struct slice local = slice_cut(&domain, '@');
    struct text url;

    if (local.len == 0 || domain.len == 0 || has_blank(email) ||
        memchr(domain.data, '@', domain.len))
        return NULL;
    text_init(&url, 0);
    text_append_string(&url, "mailto:");
    percent_encode(&url, local);
    text_append_char(&url, '@');
    percent_encode(&url, domain);
    return settle(arena, &url);
}

const char *contact_place(struct arena *arena, const struct supplier *supplier)
{
    static const enum supplier_field parts[] = { SUPPLIER_ADDRESS,
                                                 SUPPLIER_CITY, SUPPLIER_STATE,
                                                 SUPPLIER_COUNTRY };
    struct text place;

    text_init(&place, 0);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        struct slice part = supplier->fields[parts[i]];

        if (part.len > 0 && place.len > 0)
            text_append_string(&place, ", ");
        text_append_slice(&place, part);
    }
    return settle(arena, &place);
}

const char *contact_map(struct arena *arena, const struct supplier *supplier,
                        const char *map_url)
{
    static const char mark[] = "{query}";
    const char *at = strstr(map_url, mark);
    const char *place = at ? contact_place(arena, supplier) : NULL;
    struct text url;

    if (!place || place[0] == '\0')
        return NULL;
    text_init(&url, 0);
    text_append(&url, map_url, (size_t)(at - map_url));
    percent_encode(&url, slice_of(place));
    text_append_string(&url, at + strlen(mark));
    return settle(arena, &url);
}

static void set(struct view *view, const char *name, const char *url)
{
    if (url)
        view_string(view, name, url);
}

void contact_view(const struct supplier *supplier, const char *map_url,
                  struct arena *arena, struct view *view)
{
    set(view, "tel", contact_tel(arena, supplier->fields[SUPPLIER_PHONE]));
    set(view, "mailto",
        contact_mailto(arena, supplier->fields[SUPPLIER_EMAIL]));
    set(view, "map", contact_map(arena, supplier, map_url));
}
