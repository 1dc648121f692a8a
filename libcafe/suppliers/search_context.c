/* What the page of a list shows: suppliers, links, and what to choose from. */
#include "cafe/suppliers/contact.h"
#include "search_private.h"

/* Reading a result. */

size_t search_count(const struct search_result *result)
{
    return result->found->count;
}

const struct supplier *search_at(const struct search_result *result,
                                 size_t position)
{
    const uint32_t *positions = result->found->positions;
    struct row *const *rows =
        search_rows(result->snapshot->index, result->search);

    return &rows[positions != NULL ? positions[position] : position]->supplier;
}

size_t search_after(const struct search_result *result, int64_t id)
{
    size_t low = 0, high = search_count(result);

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (search_at(result, middle)->id <= id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct paging *search_paging(const struct search_result *result)
{
    return &result->paging;
}

const struct search *search_asked(const struct search_result *result)
{
    return result->search;
}

const struct snapshot *search_snapshot(const struct search_result *result)
{
    return result->snapshot;
}

/* Links. */

/* Where links to the pages of a list lead. */
struct page_links {
    const struct search *search;
    const char *path;
    struct arena *arena;
};

static const char *url_of_page(void *context, size_t page)
{
    const struct page_links *links = context;
    struct search other = *links->search;

    other.page = page;
    return search_url(&other, links->path, links->arena);
}

/* The same list sorted by a column, from its first page. */
static const char *url_sorted(const struct search *search,
                              enum supplier_field field, bool descending,
                              const char *path, struct arena *arena)
{
    struct search other = *search;

    search_sort(&other, field, descending);
    other.page = 1;
    return search_url(&other, path, arena);
}

/* A plain list; how many are on a page has nothing to do with it. */
static const char *url_cleared(const struct search *search, const char *path,
                               struct arena *arena)
{
    const struct search other = { .page = 1, .per = search->per };

    return search_url(&other, path, arena);
}

static void fill_paging(const struct search_result *result, const char *path,
                        struct arena *arena, struct context *context)
{
    const struct paging *paging = &result->paging;
    struct page_links links = { result->search, path, arena };

    context_string(context, "range", paging_range(paging, arena));
    paging_context(paging->page,
                   (paging->count + paging->per - 1) / paging->per, url_of_page,
                   &links, context);
}

/* All of the list on one page, for paper. */
static void fill_print(const struct search_result *result, struct arena *arena,
                       struct context *context)
{
    const struct paging *paging = &result->paging;
    struct search all = *result->search;

    if (all.ended == SEARCH_ENDED_ONLY)
        return;
    all.ended = SEARCH_ENDED_TOO;
    all.page = 1;
    all.per = PAGING_PER_DEFAULT;
    context_string(context, "print",
                   search_url(&all, SEARCH_PRINT_PATH, arena));
    if (paging->end - paging->first < paging->count)
        context_string(context, "print_all",
                       paging_number(paging->count, arena));
}

/* Whether the list is sorted by a column, so that its header says so. */
static bool is_sorted_by(const struct search *search, enum supplier_field field)
{
    return field == search->sort && (search->sorted || search->word_count == 0);
}

static void fill_columns(const struct search *search, const char *path,
                         struct arena *arena, struct context *context)
{
    struct context *columns = context_list(context, "columns");

    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        bool current = is_sorted_by(search, f);
        struct context *column;

        if (!supplier_columns[f].listed)
            continue;
        column = context_list_object(columns);
        context_string(column, "name", supplier_columns[f].name);
        context_string(column, "label", supplier_columns[f].label);
        context_string(
            column, "url",
            url_sorted(search, f, current && !search->descending, path, arena));
        if (current)
            context_string(column, "order",
                           search->descending ? "descending" : "ascending");
    }
}

/* Choosing. */

static void add_option(struct context *list, struct slice value,
                       struct slice label, bool selected)
{
    struct context *option = context_list_object(list);

    context_text(option, "value", value);
    context_text(option, "label", label);
    context_flag(option, "selected", selected);
}

static void fill_sorts(const struct search *search, struct arena *arena,
                       struct context *context)
{
    struct context *sorts = context_list(context, "sorts");
    struct slice current = slice_of(search_sort_value(search, arena));
    bool searching = search->word_count > 0;

    add_option(sorts, SLICE(""),
               searching ? SLICE("Best match") : SLICE("Name"),
               !search->sorted);
    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        struct slice name = slice_of(supplier_columns[f].name);

        if (supplier_columns[f].listed && (searching || f != SUPPLIER_NAME))
            add_option(sorts, name, slice_of(supplier_columns[f].label),
                       slice_equal(name, current));
    }
    if (search->descending)
        add_option(sorts, current,
                   slice_of(arena_printf(arena, "%s, descending",
                                         supplier_columns[search->sort].label)),
                   true);
}

static struct slice row_compared(const struct row *row,
                                 enum supplier_field field)
{
    return field == SUPPLIER_COUNTRY ? row_country(row) : row_fold(row, field);
}

/* States, cities or countries. One that is chosen stays on the list where the
 * search leaves nobody with it. */
static void fill_choices(const struct search_result *result,
                         const struct choices *choices,
                         enum supplier_field field, const char *name,
                         struct slice chosen, struct slice chosen_fold,
                         struct context *context)
{
    struct row *const *rows =
        search_rows(result->snapshot->index, result->search);
    bool listed = chosen.len == 0;
    struct context *list;

    list = context_list(context, name);
    for (size_t i = 0; i < choices->count; i++) {
        const struct row *row = rows[choices->items[i].position];
        struct slice label = row->supplier.fields[field];
        bool selected = chosen.len > 0 &&
                        slice_equal(row_compared(row, field), chosen_fold);
        struct context *option = context_list_object(list);

        listed |= selected;
        context_text(option, "value", label);
        context_text(option, "label", label);
        context_number(option, "count", choices->items[i].count);
        context_flag(option, "selected", selected);
    }
    /* To be selected; a text field has it anyway. */
    if (!listed && field != SUPPLIER_CITY && !choices->too_many) {
        struct context *option = context_list_object(list);

        context_text(option, "value", chosen);
        context_text(option, "label", chosen);
        context_number(option, "count", 0);
        context_flag(option, "selected", true);
    }
}

static void fill_filters(const struct search_result *result,
                         struct context *context)
{
    const struct search *search = result->search;
    const struct found *found = result->found;

    context_flag(context, "filtered", search_is_filtered(search));
    context_text(context, "state", search->state);
    context_text(context, "city", search->city);
    context_text(context, "country", search->country);
    context_flag(context, "choose_state", !found->states.too_many);
    context_flag(context, "choose_country", !found->countries.too_many);
    fill_choices(result, &found->states, SUPPLIER_STATE, "states",
                 search->state, search->state_fold, context);
    fill_choices(result, &found->cities, SUPPLIER_CITY, "cities", search->city,
                 search->city_fold, context);
    fill_choices(result, &found->countries, SUPPLIER_COUNTRY, "countries",
                 search->country, search->country_key, context);
}

static void add_chip(const char *label, struct slice value,
                     const struct search *without, const char *path,
                     struct arena *arena, struct context *chips)
{
    struct context *chip = context_list_object(chips);
    struct search first = *without;

    first.page = 1;
    context_string(chip, "label", label);
    context_text(chip, "value", value);
    context_string(chip, "url", search_url(&first, path, arena));
}

/* Each filter that is set, with a link to the list without it. */
static void fill_chips(const struct search *search, const char *path,
                       struct arena *arena, struct context *context)
{
    struct context *chips = context_list(context, "chips");
    struct search without = *search;

    if (search->country.len > 0) {
        without.country = SLICE("");
        add_chip("Country", search->country, &without, path, arena, chips);
        without.country = search->country;
    }
    if (search->state.len > 0) {
        without.state = SLICE("");
        add_chip("State", search->state, &without, path, arena, chips);
        without.state = search->state;
    }
    if (search->city.len > 0) {
        without.city = SLICE("");
        add_chip("City", search->city, &without, path, arena, chips);
        without.city = search->city;
    }
    if (search->ended != SEARCH_ENDED_TOO) {
        without.ended = SEARCH_ENDED_TOO;
        add_chip("No longer supplying",
                 search->ended == SEARCH_ENDED_HIDE ? SLICE("hidden")
                                                    : SLICE("only these"),
                 &without, path, arena, chips);
    }
}

static void fill_form(const struct search_result *result, const char *path,
                      struct arena *arena, struct context *context)
{
    const struct search *search = result->search;
    bool none = snapshot_count(result->snapshot) == 0;

    context_string(context, "path", path);
    context_text(context, "text", search->text);
    context_number(context, "text_max", SEARCH_TEXT_MAX_CHARS);
    if (!search_is_all(search))
        context_string(context, "clear", url_cleared(search, path, arena));
    context_flag(context, "none_yet", none);
    context_flag(context, "none_found", !none && search_count(result) == 0);
    if (search->per != PAGING_PER_DEFAULT)
        context_number(context, "per", (int64_t)search->per);
    fill_filters(result, context);
    fill_chips(search, path, arena, context);
    fill_sorts(search, arena, context);
}

void search_context(const struct search_result *result, const char *path,
                    struct arena *arena, struct context *context)
{
    const struct paging *paging = &result->paging;
    struct context *suppliers = context_list(context, "suppliers");

    context_flag(context, "any", paging->count > 0);
    for (size_t i = paging->first; i < paging->end; i++) {
        struct context *item = context_list_object(suppliers);

        supplier_context(search_at(result, i), item);
        contact_context(search_at(result, i), "", arena, item);
    }
    fill_paging(result, path, arena, context);
    fill_print(result, arena, context);
    fill_columns(result->search, path, arena, context);
    fill_form(result, path, arena, context_object(context, "search"));
}
