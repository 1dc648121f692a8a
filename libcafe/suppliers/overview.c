/* What the home page shows: the latest suppliers, and where there are any. */
#include "search_private.h"

enum {
    LATEST_MAX = 6,
    PLACES_MAX = 24 /* countries; and as many cities */
};

/* Ids rise, so the latest ones have the highest. */
static void fill_newest(const struct index *index, struct context *context)
{
    struct context *list = context_list(context, "latest");

    for (size_t i = 0; i < LATEST_MAX && i < index->count; i++)
        supplier_context(&index->by_id[index->count - 1 - i]->supplier,
                         context_list_object(list));
}

static size_t count_above(const struct choices *choices, uint32_t limit)
{
    size_t above = 0;

    for (size_t i = 0; i < choices->count; i++)
        above += choices->items[i].count > limit;
    return above;
}

/* The smallest count that at most PLACES_MAX choices are above. */
static uint32_t fewest_shown(const struct choices *choices)
{
    uint32_t low = 1, high = UINT32_MAX;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (count_above(choices, middle) <= PLACES_MAX)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* The most frequent ones, in the order of the alphabet. */
static void fill_places(const struct search_result *result,
                        const struct choices *choices,
                        enum supplier_field field, const char *name,
                        struct arena *arena, struct context *context)
{
    struct row *const *rows =
        search_rows(result->snapshot->index, result->search);
    struct context *list = context_list(context, name);
    uint32_t fewest = fewest_shown(choices);
    size_t ties = PLACES_MAX - count_above(choices, fewest);

    for (size_t i = 0; i < choices->count; i++) {
        struct choice choice = choices->items[i];
        struct search there = { .page = 1, .per = PAGING_PER_DEFAULT };
        struct slice label = rows[choice.position]->supplier.fields[field];
        struct context *place;

        if (choice.count < fewest || (choice.count == fewest && ties == 0))
            continue;
        if (choice.count == fewest)
            ties--;
        *(field == SUPPLIER_COUNTRY ? &there.country : &there.city) = label;
        place = context_list_object(list);
        context_text(place, "label", label);
        context_string(place, "count", paging_number(choice.count, arena));
        context_string(place, "url", search_url(&there, "/suppliers", arena));
    }
}

void overview_context(const struct search_result *result, struct arena *arena,
                      struct context *context)
{
    const struct found *found = result->found;

    fill_newest(result->snapshot->index, context);
    fill_places(result, &found->countries, SUPPLIER_COUNTRY, "countries", arena,
                context);
    fill_places(result, &found->cities, SUPPLIER_CITY, "cities", arena,
                context);
    context_flag(context, "any_countries", found->countries.count > 0);
    context_flag(context, "any_cities", found->cities.count > 0);
    context_flag(context, "more_countries",
                 found->countries.too_many ||
                     found->countries.count > PLACES_MAX);
    context_flag(context, "more_cities",
                 found->cities.too_many || found->cities.count > PLACES_MAX);
}
