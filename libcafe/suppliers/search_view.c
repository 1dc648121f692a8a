/* What the page of a list shows: suppliers, links, and what to choose from. */
#include "cafe/suppliers/contact.h"
#include "search_private.h"

/* Reading a result. */

size_t search_count(const struct search_result *result)
{
    return result->found->count;
}

const struct supplier *search_at(const struct search_result *result,
                                 size_t place)
{
    const uint32_t *places = result->found->places;
    struct row *const *rows =
        search_rows(result->snapshot->content, result->search);

    return &rows[places != NULL ? places[place] : place]->supplier;
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

static const char *url_of_page(const struct search *search, size_t page,
                               const char *path, struct arena *arena)
{
    struct search other = *search;

    other.page = page;
    return search_url(&other, path, arena);
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

static void view_paging(const struct search_result *result, const char *path,
                        struct arena *arena, struct view *view)
{
    const struct paging *paging = &result->paging;
    const struct search *search = result->search;

    view_string(view, "range", paging_range(paging, arena));
    if (paging->page > 1)
        view_string(view, "previous",
                    url_of_page(search, paging->page - 1, path, arena));
    if (paging->end < paging->count)
        view_string(view, "next",
                    url_of_page(search, paging->page + 1, path, arena));
}

/* Whether the list is sorted by a column, so that its header says so. */
static bool is_sorted_by(const struct search *search, enum supplier_field field)
{
    return field == search->sort && (search->sorted || search->word_count == 0);
}

static void view_columns(const struct search *search, const char *path,
                         struct arena *arena, struct view *view)
{
    struct view *columns = view_list(view, "columns");

    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        bool current = is_sorted_by(search, f);
        struct view *column;

        if (!supplier_columns[f].listed)
            continue;
        column = view_list_object(columns);
        view_string(column, "name", supplier_columns[f].name);
        view_string(column, "label", supplier_columns[f].label);
        view_string(
            column, "url",
            url_sorted(search, f, current && !search->descending, path, arena));
        if (current)
            view_string(column, "order",
                        search->descending ? "descending" : "ascending");
    }
}

/* Choosing. */

static void add_option(struct view *list, struct slice value,
                       struct slice label, bool selected)
{
    struct view *option = view_list_object(list);

    view_text(option, "value", value);
    view_text(option, "label", label);
    view_flag(option, "selected", selected);
}

static void view_sorts(const struct search *search, struct arena *arena,
                       struct view *view)
{
    struct view *sorts = view_list(view, "sorts");
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

/* States or cities. One that is chosen stays on the list where the search
 * leaves nobody with it. */
static void view_choices(const struct search_result *result,
                         const struct choices *choices,
                         enum supplier_field field, const char *name,
                         struct slice chosen, struct slice chosen_fold,
                         struct view *view)
{
    struct row *const *rows =
        search_rows(result->snapshot->content, result->search);
    bool listed = chosen.len == 0;
    struct view *list;

    if (choices->too_many)
        return;
    list = view_list(view, name);
    for (size_t i = 0; i < choices->count; i++) {
        const struct row *row = rows[choices->items[i].place];
        struct slice label = row->supplier.fields[field];
        bool selected = chosen.len > 0 &&
                        slice_equal(row_fold(row, field), chosen_fold);
        struct view *option = view_list_object(list);

        listed |= selected;
        view_text(option, "value", label);
        view_text(option, "label", label);
        view_number(option, "count", choices->items[i].count);
        view_flag(option, "selected", selected);
    }
    if (!listed) {
        struct view *option = view_list_object(list);

        view_text(option, "value", chosen);
        view_text(option, "label", chosen);
        view_number(option, "count", 0);
        view_flag(option, "selected", true);
    }
}

static void view_filters(const struct search_result *result, struct view *view)
{
    const struct search *search = result->search;
    const struct found *found = result->found;

    view_flag(view, "filtered", search->state.len > 0 || search->city.len > 0);
    view_text(view, "state", search->state);
    view_text(view, "city", search->city);
    view_flag(view, "choose_state", !found->states.too_many);
    view_flag(view, "choose_city", !found->cities.too_many);
    view_choices(result, &found->states, SUPPLIER_STATE, "states",
                 search->state, search->state_fold, view);
    view_choices(result, &found->cities, SUPPLIER_CITY, "cities", search->city,
                 search->city_fold, view);
}

static void view_form(const struct search_result *result, const char *path,
                      struct arena *arena, struct view *view)
{
    const struct search *search = result->search;
    bool none = snapshot_count(result->snapshot) == 0;

    view_string(view, "path", path);
    view_text(view, "text", search->text);
    view_number(view, "text_max", SEARCH_TEXT_MAX_CHARS);
    if (!search_is_all(search))
        view_string(view, "clear", url_cleared(search, path, arena));
    view_flag(view, "none_yet", none);
    view_flag(view, "none_found", !none && search_count(result) == 0);
    if (search->per != PAGING_PER_DEFAULT)
        view_number(view, "per", (int64_t)search->per);
    view_filters(result, view);
    view_sorts(search, arena, view);
}

void search_view(const struct search_result *result, const char *path,
                 struct arena *arena, struct view *view)
{
    const struct paging *paging = &result->paging;
    struct view *suppliers = view_list(view, "suppliers");

    view_flag(view, "any", paging->count > 0);
    for (size_t i = paging->first; i < paging->end; i++) {
        struct view *item = view_list_object(suppliers);

        supplier_view(search_at(result, i), item);
        contact_view(search_at(result, i), "", arena, item);
    }
    view_paging(result, path, arena, view);
    view_columns(result->search, path, arena, view);
    view_form(result, path, arena, view_object(view, "search"));
}
