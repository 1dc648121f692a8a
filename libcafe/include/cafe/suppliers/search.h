/* Finding suppliers: a query in its normal form, the list that answers it, and
 * the links on its page. */
#ifndef CAFE_SEARCH_H
#define CAFE_SEARCH_H

#include "cafe/suppliers/catalog.h"
#include "cafe/suppliers/paging.h"

enum {
    SEARCH_TEXT_MAX_CHARS = 100, /* of q=, in code points */
    SEARCH_WORDS_MAX = 8,        /* of it that count */
    SEARCH_FILTER_MAX_CHARS =
        255, /* of state=, city= and country=, as of the columns */
    SEARCH_CHOICES_MAX = 200 /* states or cities to choose from */
};

/** The customers' page with all that a search has found, for paper. */
#define SEARCH_PRINT_PATH "/suppliers/print"

/** A word that a supplier has to have, folded: any of these. */
struct search_word {
    struct slice text;  /* in any field */
    struct slice loose; /* in any field, in another spelling of it */
    /* In the phone; absent: text is enough. */
    struct slice digits;
    struct slice home;    /* of a number: phone_append_home() */
    struct slice country; /* or in this country, by its code; empty: none */
};

/** Of those that no longer supply: */
enum search_ended { SEARCH_ENDED_TOO, SEARCH_ENDED_HIDE, SEARCH_ENDED_ONLY };

/**
 * A list that somebody asks for, in its normal form: two that write the same
 * search_url() are the same page.
 */
struct search {
    struct slice text; /* what to find, as typed; empty: everything */
    struct slice state, city, country; /* filters, as typed; empty: any */
    enum search_ended ended;
    bool sorted;              /* by a column; else best match, or by name */
    enum supplier_field sort; /* when sorted; else SUPPLIER_NAME */
    bool descending;
    bool by_id;  /* in the order of ids, by which programs page; not sorted */
    size_t page; /* from 1; perhaps beyond the last one */
    size_t per;  /* 1 to PAGING_PER_MAX */

    /* What it is compared by. */
    size_t word_count; /* 0: nothing is searched for */
    struct search_word words[SEARCH_WORDS_MAX];
    struct slice state_fold, city_fold;
    struct slice country_key; /* a code of ISO 3166-1, or a fold */
};

/**
 * Read q, state, city, country, sort ("city", "-city" descending), page and per
 * of a query. What is faulty, or has nothing to compare by (a mark without a
 * letter), counts as absent, what is too large as the nearest that is not.
 *
 * A text that is too long is cut, and words beyond SEARCH_WORDS_MAX are left
 * out: that finds more, never less, and the page shows what was searched for.
 * A whole phone number is one word, however it is typed.
 *
 * arena   Holds the texts. Those of the query are read, not borrowed.
 * search  Filled completely; by_id and ended are not set.
 * Errors  ERROR_MEMORY.
 * Thread  Any.
 */
MUST_CHECK enum error search_read(struct arena *arena, const struct form *query,
                                  struct search *search);

/** Read ended ("only", "hide") of a query, too: for employees, since customers'
 * lists have none of these. Call it after search_read(). */
void search_read_ended(const struct form *query, struct search *search);

/** Set what a form offers of it: an object "ended" with the list options, each
 * with value, label, selected. */
void search_ended_context(const struct search *search, struct context *context);

/** Whether nothing is searched for or filtered: all suppliers are listed. */
bool search_is_all(const struct search *search);

/**
 * The one URL of a list: for links, redirects and as the name of a cached page.
 * Only what differs from a plain list is in it, always in the same order, and
 * only '&' needs escaping in HTML.
 *
 * path     Of the list, for instance "/suppliers"; no query.
 * Returns  NUL-terminated, in the arena; NULL when out of memory.
 */
const char *search_url(const struct search *search, const char *path,
                       struct arena *arena);

/**
 * What was found, in order. It lives until the request ends.
 *
 * Every word matches somewhere in the fields, the notes among them, or in the
 * phone's digits, which are the same with and without country code. Best match
 * first: the name begins with the first word and has all of them; has all; has
 * some; has none. Sorted by a column, those without a value come last,
 * whichever the direction. Ties are in the order of names. In the order of ids
 * there is no best match.
 */
struct search_result;

/** How many were found. */
size_t search_count(const struct search_result *result);

/** The supplier at a position, below search_count(). */
const struct supplier *search_at(const struct search_result *result,
                                 size_t position);

/** The first position whose supplier has an id greater than this one, in a
 * result that is by_id; search_count() if there is none. */
size_t search_after(const struct search_result *result, int64_t id);

/** The page that was asked for, or the last one there is. */
const struct paging *search_paging(const struct search_result *result);

/** What was asked for, and among which suppliers. */
const struct search *search_asked(const struct search_result *result);
const struct snapshot *search_snapshot(const struct search_result *result);

/**
 * Set what the page of a list shows. As members of the context:
 *
 *   suppliers   list: those on this page, each as of supplier_context() and
 *               contact_context(), without a map
 *   any         flag: there is at least one
 *   columns     list, in the table's order: name ("email"), label, url (sorts
 *               by it, the other way round where it does so already), order
 *               ("ascending" or "descending", for aria-sort; only the column
 *               that the list is sorted by has it)
 *   range       "1–50 of 5,213"
 *   previous, next   URLs, where there are such pages
 *   print       URL of the whole list as one page, SEARCH_PRINT_PATH; absent
 *               where that page has none of it: only what no longer supplies
 *   print_all   how many that has, where it is more than this page shows
 *   search      object:
 *     path        of the list, for the form
 *     text        what was searched for; "" for nothing
 *     text_max    how long it may be
 *     clear       URL of the list with nothing searched for or filtered;
 *                 absent when there is nothing to clear
 *     none_yet    flag: there are no suppliers at all
 *     none_found  flag: there are some, but none that match
 *     filtered    flag: by state, city, country or ended
 *     chips       list: label ("City"), value, url (the list without it) of
 * each filter that is set state, city, country  the filters; "" for any states
 * list to choose from: value, label (its spelling), count (of cities      those
 * the text, and for cities the state, leaves), selected (flag) countries   of a
 * country that is known, one for all its names choose_state, choose_country
 * flags: there are at most SEARCH_CHOICES_MAX of them; else show a text field
 *     sorts       list to choose from: value, label, selected
 *     per         as a number, when it is not the usual one
 *
 * All texts are in the request's arena, the context's, or the snapshot.
 */
void search_context(const struct search_result *result, const char *path,
                    struct arena *arena, struct context *context);

/**
 * Set what the home page shows of all suppliers. As members of the context:
 *
 *   latest      list, the newest first: each as of supplier_context()
 *   countries   lists in the order of the alphabet, of those with the most
 *   cities      suppliers: label, count ("1,024"), url (the list of them)
 *   any_countries, any_cities    flags: there is at least one
 *   more_countries, more_cities  flags: there are more than are listed
 *
 * result  Of a search for everything. Of more than SEARCH_CHOICES_MAX cities
 *         or countries, those that come later in the order of names are not
 *         considered.
 */
void overview_context(const struct search_result *result, struct arena *arena,
                      struct context *context);

/**
 * Searches at work. They take turns with everything else on the loop: all of
 * them together hold it for about a millisecond in each of its turns. Equal
 * ones share their work, and the latest results are cached, so that the next
 * page of a list costs nothing more.
 */
struct searcher;

/**
 * Make a searcher on a loop.
 *
 * Errors  ERROR_MEMORY.
 * Thread  This and all below: loop thread only.
 */
MUST_CHECK enum error searcher_open(struct event_base *base,
                                    struct searcher **searcher);

/** Show NULL to all requests that wait, and to later ones. Call it after
 * catalog_stop() and before the servers are closed. */
void searcher_stop(struct searcher *searcher);

/** Free it; no request is left. Call it before catalog_close(). */
void searcher_close(struct searcher *searcher);

/** Show a list; result is NULL when there is none to show (answer 503). */
typedef void search_show_fn(struct lifetime *life,
                            const struct search_result *result);

/**
 * Call `show` with what a search finds. The clients of the requests take turns.
 *
 * snapshot  As catalog_when_fresh() gave it to this request.
 * search    Lives until the request ends: in its arena.
 * show      Runs exactly once on the loop thread, perhaps before this returns.
 * Errors    None: out of memory, stopping, or with more searches waiting than
 *           can be done in about two seconds, or one for one client, show gets
 *           NULL.
 */
void search_when_found(struct searcher *searcher,
                       const struct snapshot *snapshot,
                       const struct search *search, search_show_fn *show,
                       struct lifetime *life);

/** Write its figures, for monitoring. */
void searcher_metrics(const struct searcher *searcher, struct text *out);

#endif
