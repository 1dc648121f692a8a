/* Which part of a list a page shows. */
#include "cafe/suppliers/paging.h"

#include <stdio.h>

static size_t paging_number_of(const struct form *query, const char *name,
                               size_t min, size_t max, size_t fallback)
{
    uint64_t number;

    switch (slice_number(form_value(query, name), max, &number)) {
    case OK:
        return number < min ? min : (size_t)number;
    case ERROR_LIMIT:
        return max;
    default:
        return fallback;
    }
}

void paging_wanted(const struct form *query, size_t *page, size_t *per)
{
    *page = paging_number_of(query, "page", 1, PAGING_PAGE_MAX, 1);
    *per =
        paging_number_of(query, "per", 1, PAGING_PER_MAX, PAGING_PER_DEFAULT);
}

void paging_set(struct paging *paging, size_t count, size_t page, size_t per)
{
    size_t pages = count ? (count + per - 1) / per : 1;
    size_t first;

    /* A page that has vanished since the link was made shows the last one. */
    if (page > pages)
        page = pages;
    first = (page - 1) * per;
    *paging = (struct paging){
        .count = count,
        .per = per,
        .page = page,
        .first = first,
        .end = count - first < per ? count : first + per,
    };
}

const char *paging_number(size_t number, struct arena *arena)
{
    char digits[32];
    char *out = arena_alloc(arena, 2 * sizeof(digits));
    int len = snprintf(digits, sizeof(digits), "%zu", number);
    int i, at = 0;

    for (i = 0; out != NULL && i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = digits[i];
    }
    return out != NULL ? out : "";
}

const char *paging_range(const struct paging *paging, struct arena *arena)
{
    return arena_printf(
        arena, "%s–%s of %s",
        paging_number(paging->first + (paging->count > 0), arena),
        paging_number(paging->end, arena), paging_number(paging->count, arena));
}

/* Pages on each side of the one that is shown. */
enum { AROUND = 2 };

/* The next number to show: a single page is not left out. */
static size_t page_after(size_t at, size_t page, size_t pages)
{
    size_t low = page > AROUND ? page - AROUND : 1;
    size_t high = page + AROUND;

    if (at < low)
        return low - at > 2 ? low : at + 1;
    if (at < high)
        return at + 1;
    return pages - at > 2 ? pages : at + 1;
}

static void add_page(size_t number, size_t before, size_t page,
                     paging_url_fn *url, void *context, struct context *list)
{
    struct context *object = context_list_object(list);

    context_number(object, "number", (int64_t)number);
    context_flag(object, "gap", number > before + 1);
    context_flag(object, "current", number == page);
    if (number != page)
        context_string(object, "url", url(context, number));
}

void paging_context(size_t page, size_t pages, paging_url_fn *url,
                    void *context, struct context *object)
{
    struct context *list;
    size_t before = 0;

    if (pages < 2)
        return;
    list = context_list(object, "pages");
    context_flag(object, "paged", true);
    for (size_t at = 1; at <= pages; at = page_after(at, page, pages)) {
        add_page(at, before, page, url, context, list);
        before = at;
    }
    if (page > 1)
        context_string(object, "previous", url(context, page - 1));
    if (page < pages)
        context_string(object, "next", url(context, page + 1));
}
