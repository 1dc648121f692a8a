/* Links to a supplier: tel:, mailto: and a map. */
#include "cafe/suppliers/contact.h"

#include <string.h>

#include "cafe/suppliers/email.h"
#include "cafe/suppliers/phone.h"
#include "cafe/suppliers/tidy.h"

/* Give a text as a string of the arena. */
static const char *contact_settle(struct arena *arena, struct text *text)
{
    const char *copy = text->failed ? NULL
                                    : arena_copy(arena, text->data, text->len);

    text_free(text);
    return copy;
}

const char *contact_tel(struct arena *arena, struct slice phone)
{
    struct phone number;
    struct text url;

    if (tidy_phone(arena, phone, &phone) != OK ||
        !phone_read(phone, &number, NULL))
        return NULL;
    text_init(&url, 0);
    text_append_string(&url, "tel:");
    phone_append_url(&url, &number);
    return contact_settle(arena, &url);
}

struct slice contact_phone(struct arena *arena, struct slice phone)
{
    struct phone number;
    struct slice tidied;
    struct text text;
    const char *copy;

    if (tidy_phone(arena, phone, &tidied) != OK ||
        !phone_read(tidied, &number, NULL))
        return phone;
    text_init(&text, 0);
    phone_append_text(&text, &number, tidied);
    copy = contact_settle(arena, &text);
    return copy != NULL ? slice_of(copy) : phone;
}

struct slice contact_email(struct arena *arena, struct slice email)
{
    struct slice tidied;

    if (tidy_email(arena, email, &tidied) != OK ||
        !email_read(tidied, NULL, NULL, NULL))
        return email;
    return tidied;
}

const char *contact_mailto(struct arena *arena, struct slice email)
{
    struct slice domain, local;
    struct text url;

    if (tidy_email(arena, email, &email) != OK ||
        !email_read(email, &local, &domain, NULL))
        return NULL;
    text_init(&url, 0);
    text_append_string(&url, "mailto:");
    percent_encode(&url, local);
    text_append_char(&url, '@');
    percent_encode(&url, domain);
    return contact_settle(arena, &url);
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
    return contact_settle(arena, &place);
}

const char *contact_map(struct arena *arena, const struct supplier *supplier,
                        const char *map_url)
{
    static const char mark[] = "{query}";
    const char *at = strstr(map_url, mark);
    const char *place = at != NULL ? contact_place(arena, supplier) : NULL;
    struct text url;

    if (place == NULL || place[0] == '\0')
        return NULL;
    text_init(&url, 0);
    text_append(&url, map_url, (size_t)(at - map_url));
    percent_encode(&url, slice_of(place));
    text_append_string(&url, at + strlen(mark));
    return contact_settle(arena, &url);
}
