/* Searches that wait for each other, on a loop and for askers of our own. */
#include <event2/event.h>
#include <unistd.h>

#include "cafe/base/form.h"
#include "search_private.h"
#include "test_index.h"
#include "test_timers.h"

enum { MANY = 50000, TURNS_MIN = 100, ASKERS_MAX = 16 };

/* A request for a list. */
struct asker {
    struct lifetime life; /* first */
    unsigned shown;
    bool found; /* was shown something */
    size_t count, page;
    struct fixture *fixture;
    const char *more; /* asked for while this one is shown */
    const struct search_result *result;
};

struct fixture {
    struct event_base *base;
    struct searcher *searcher;
    struct snapshot snapshot;
    struct asker askers[ASKERS_MAX];
    size_t count;
    unsigned turns;     /* of the loop, as another event sees them */
    const char *client; /* of those who ask */
};

/* Each look at the clock takes a third of a slice, so that what fits into one
 * doesn't depend on the machine. In place of clock_monotonic_us(). */
int64_t __wrap_clock_monotonic_us(void);
int64_t __wrap_clock_monotonic_us(void)
{
    static int64_t now_us;

    return now_us += 334;
}

static struct index *make_names(size_t count, uint64_t serial)
{
    struct row **rows = calloc(count + 1, sizeof(struct row *));
    struct index *index = NULL;
    char name[32];

    assert_non_null(rows);
    for (size_t i = 0; i < count; i++) {
        snprintf(name, sizeof(name), "beans %zu", i);
        rows[i] = row_of((int64_t)i + 1, 1, name);
    }
    assert_int_equal(index_make(rows, count, &revision, &index), OK);
    index->serial = serial;
    return index;
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    assert_non_null(fixture);
    fixture->base = event_base_new();
    assert_int_equal(searcher_open(fixture->base, &fixture->searcher), OK);
    fixture->snapshot.index = make_names(300, 1);
    *state = fixture;
    return 0;
}

static void end_askers(struct fixture *fixture)
{
    for (size_t i = 0; i < fixture->count; i++) {
        struct asker *asker = &fixture->askers[i];

        lifetime_end(&asker->life);
        arena_close(asker->life.arena);
    }
    fixture->count = 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    end_askers(fixture);
    searcher_close(fixture->searcher);
    index_unref(fixture->snapshot.index);
    event_base_free(fixture->base);
    free(fixture);
    return 0;
}

static struct asker *ask(struct fixture *fixture, const char *query);

static void show(struct lifetime *life, const struct search_result *result)
{
    struct asker *asker = (struct asker *)life;

    asker->shown++;
    asker->result = result;
    asker->found = result != NULL;
    if (result != NULL) {
        asker->count = search_count(result);
        asker->page = search_paging(result)->page;
    }
    if (asker->more != NULL)
        ask(asker->fixture, asker->more);
}

static struct asker *ask_in_order(struct fixture *fixture, const char *query,
                                  bool by_id)
{
    struct asker *asker = &fixture->askers[fixture->count++];
    struct search *search;
    struct form form;

    assert_true(fixture->count <= ASKERS_MAX);
    *asker = (struct asker){ .life = { .arena = arena_open(0),
                                       .client = fixture->client },
                             .fixture = fixture };
    search = arena_alloc(asker->life.arena, sizeof(*search));
    assert_int_equal(form_parse(asker->life.arena, slice_of(query), &form), OK);
    assert_int_equal(search_read(asker->life.arena, &form, search), OK);
    search->by_id = by_id;
    search_when_found(fixture->searcher, &fixture->snapshot, search, show,
                      &asker->life);
    return asker;
}

static struct asker *ask(struct fixture *fixture, const char *query)
{
    return ask_in_order(fixture, query, false);
}

static struct asker *ask_for(struct fixture *fixture, const char *client,
                             const char *query)
{
    struct asker *asker;

    fixture->client = client;
    asker = ask(fixture, query);
    fixture->client = NULL;
    return asker;
}

static void run(struct fixture *fixture)
{
    assert_true(event_base_dispatch(fixture->base) >= 0);
}

static void test_found_in_another_turn(void **state)
{
    struct fixture *fixture = *state;
    struct asker *asker = ask(fixture, "q=beans+29&page=9&per=5");

    assert_int_equal(asker->shown, 0);
    run(fixture);
    assert_int_equal(asker->shown, 1);
    assert_int_equal(asker->count, 13); /* 29, 129, 229, 290 to 299 */
    assert_int_equal(asker->page, 3);
}

static void test_next_page_is_there_at_once(void **state)
{
    struct fixture *fixture = *state;
    struct asker *asker;

    ask(fixture, "q=beans+2");
    run(fixture);
    asker = ask(fixture, "q=Beans++2&page=2");
    assert_int_equal(asker->shown, 1);
    assert_int_equal(asker->page, 2);
    /* Not so another order, filter or index. */
    assert_int_equal(ask(fixture, "q=2+beans")->shown, 0);
    assert_int_equal(ask(fixture, "q=beans+2&sort=name")->shown, 0);
    assert_int_equal(ask(fixture, "q=beans+2&sort=-name")->shown, 0);
    assert_int_equal(ask(fixture, "q=beans+2&state=x")->shown, 0);
    assert_int_equal(ask(fixture, "q=beans+2&city=x")->shown, 0);
    run(fixture);
}

/* All suppliers, and those that match: "beans 2" is the third, "beans 20"
 * before "beans 3" in the order of names only. */
static void test_order_of_ids(void **state)
{
    struct fixture *fixture = *state;
    static const char *const queries[] = { "", "q=2" };

    for (size_t q = 0; q < 2; q++) {
        struct asker *asker = ask_in_order(fixture, queries[q], true);
        int64_t last = 0;
        size_t position = 0;

        run(fixture);
        assert_true(asker->count > 100);
        for (int64_t id = -1; id <= 301; id++) {
            while (position < asker->count &&
                   search_at(asker->result, position)->id <= id)
                position++;
            assert_int_equal(search_after(asker->result, id), position);
        }
        for (size_t i = 0; i < asker->count; i++) {
            assert_true(search_at(asker->result, i)->id > last);
            last = search_at(asker->result, i)->id;
        }
        assert_int_equal(search_after(asker->result, INT64_MIN), 0);
        assert_int_equal(search_after(asker->result, INT64_MAX), asker->count);
    }
}

static void test_orders_do_not_share(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(ask_in_order(fixture, "q=7", true)->shown, 0);
    assert_int_equal(ask_in_order(fixture, "q=7", false)->shown, 0);
    run(fixture);
    assert_ptr_not_equal(fixture->askers[0].result->found,
                         fixture->askers[1].result->found);
    assert_int_equal(ask_in_order(fixture, "q=7", true)->shown, 1);
}

static void test_equal_ones_share(void **state)
{
    struct fixture *fixture = *state;
    struct asker *first = ask(fixture, "q=1");
    struct asker *other = ask(fixture, "q=2");
    struct asker *second = ask(fixture, "q=1&page=2");

    run(fixture);
    assert_int_equal(first->shown + other->shown + second->shown, 3);
    assert_int_equal(first->count, second->count);
    assert_ptr_equal(first->result->found, second->result->found);
    assert_ptr_not_equal(first->result->found, other->result->found);
    assert_int_equal(second->page, 2);
}

static void test_another_index_is_searched_anew(void **state)
{
    struct fixture *fixture = *state;
    struct index *before = fixture->snapshot.index;
    struct asker *asker;

    assert_int_equal(ask(fixture, "q=beans")->shown, 0);
    run(fixture);
    fixture->snapshot.index = make_names(20, 2);
    asker = ask(fixture, "q=beans");
    assert_int_equal(asker->shown, 0);
    run(fixture);
    assert_int_equal(asker->count, 20);
    end_askers(fixture);
    index_unref(before);
}

/* What is looked through stays, also when all others have left it. */
static void test_index_stays_until_done(void **state)
{
    struct fixture *fixture = *state;
    struct index *before = fixture->snapshot.index;
    struct asker *asker = ask(fixture, "q=beans");

    fixture->snapshot.index = make_names(20, 2);
    index_unref(before);
    run(fixture);
    assert_int_equal(asker->count, 300);
}

static void test_asked_while_shown(void **state)
{
    struct fixture *fixture = *state;

    ask(fixture, "q=7")->more = "q=7&page=2";
    ask(fixture, "q=8")->more = "q=9";
    run(fixture);
    assert_int_equal(fixture->count, 4);
    for (size_t i = 0; i < fixture->count; i++)
        assert_int_equal(fixture->askers[i].shown, 1);
}

static void test_stopped(void **state)
{
    struct fixture *fixture = *state;
    struct asker *first = ask(fixture, "q=1");
    struct asker *second = ask(fixture, "q=2");
    struct asker *same = ask(fixture, "q=2");

    first->more = "q=3";
    searcher_stop(fixture->searcher);
    assert_int_equal(first->shown + second->shown + same->shown, 3);
    assert_false(first->found || second->found || same->found);
    assert_int_equal(fixture->askers[3].shown, 1);
    assert_false(fixture->askers[3].found);
    first = ask(fixture, "q=4");
    assert_int_equal(first->shown, 1);
    assert_false(first->found);
    run(fixture);
}

/* Without memory for a timer nobody would ever search: 503 at once. */
static void test_no_turn_for_a_search(void **state)
{
    struct fixture *fixture = *state;
    struct asker *asker;

    timers_left = 0;
    asker = ask(fixture, "q=1");
    timers_left = -1;
    assert_int_equal(asker->shown, 1);
    assert_false(asker->found);
    asker = ask(fixture, "q=1");
    run(fixture);
    assert_true(asker->found);
}

static void test_no_turn_after_a_slice(void **state)
{
    struct fixture *fixture = *state;

    index_unref(fixture->snapshot.index);
    fixture->snapshot.index = make_names(MANY, 1);
    ask(fixture, "q=4&sort=-name")->more = "q=5";
    ask(fixture, "q=9");
    timers_left = 0;
    run(fixture);
    timers_left = -1;
    assert_int_equal(fixture->count, 3);
    for (size_t i = 0; i < fixture->count; i++) {
        assert_int_equal(fixture->askers[i].shown, 1);
        assert_false(fixture->askers[i].found);
    }
}

/* More than can be done soon is refused, but never one that is alone. */
static void test_too_many(void **state)
{
    struct fixture *fixture = *state;
    struct index large = { .references = 9, .count = 12 * 1000 * 1000 };
    struct index *before = fixture->snapshot.index;
    struct asker *refused;

    fixture->snapshot.index = &large;
    assert_int_equal(ask(fixture, "q=1")->shown, 0);
    assert_int_equal(ask(fixture, "q=1")->shown, 0); /* shares it */
    refused = ask(fixture, "q=2");
    assert_int_equal(refused->shown, 1);
    assert_false(refused->found);
    searcher_stop(fixture->searcher);
    fixture->snapshot.index = before;
}

static void on_other(evutil_socket_t fd, short what, void *argument)
{
    struct fixture *fixture = argument;

    (void)fd;
    (void)what;
    fixture->turns++;
}

/* Searches of many suppliers let the loop go on with all else. */
static void test_loop_goes_on(void **state)
{
    struct fixture *fixture = *state;
    int pair[2];
    struct event *other;

    assert_int_equal(pipe(pair), 0);
    assert_int_equal(write(pair[1], "", 1), 1); /* there is always to read */
    other = event_new(fixture->base, pair[0], EV_READ | EV_PERSIST, on_other,
                      fixture);
    index_unref(fixture->snapshot.index);
    fixture->snapshot.index = make_names(MANY, 1);
    assert_non_null(other);
    event_add(other, NULL);
    ask(fixture, "q=4&sort=-name");
    ask(fixture, "q=9");
    while (!fixture->askers[0].shown || !fixture->askers[1].shown)
        assert_true(event_base_loop(fixture->base, EVLOOP_ONCE) >= 0);
    assert_true(fixture->turns >= TURNS_MIN);
    assert_true(fixture->askers[0].count > MANY / 10);
    event_free(other);
    close(pair[0]);
    close(pair[1]);
}

/* The list of all suppliers waits for one search at most, however many there
 * are; it counts how many of them were shown by then. */
static void test_the_plain_list_comes_first(void **state)
{
    struct fixture *fixture = *state;
    struct asker *plain, *searches[10];
    char query[32];
    unsigned shown = 0;

    for (size_t i = 0; i < 10; i++) {
        snprintf(query, sizeof(query), "q=%zu", i);
        searches[i] = ask(fixture, query);
    }
    /* The first one is at work, and it takes more than a turn of the loop. */
    assert_true(event_base_loop(fixture->base, EVLOOP_ONCE) >= 0);
    plain = ask(fixture, "");
    while (!plain->shown)
        assert_true(event_base_loop(fixture->base, EVLOOP_ONCE) >= 0);
    for (size_t i = 0; i < 10; i++)
        shown += searches[i]->shown;
    assert_true(shown <= 4);
    run(fixture);
}

/* Somebody's only search does not wait for all of another client. */
static void test_clients_take_turns(void **state)
{
    struct fixture *fixture = *state;
    struct asker *greedy[10], *modest, *another;
    char query[32];

    for (size_t i = 0; i < 10; i++) {
        snprintf(query, sizeof(query), "q=%zu", i);
        greedy[i] = ask_for(fixture, "192.0.2.1", query);
    }
    modest = ask_for(fixture, "192.0.2.2", "q=beans+1");
    another = ask_for(fixture, "192.0.2.3", "q=beans+2");
    while (!modest->shown || !another->shown)
        assert_true(event_base_loop(fixture->base, EVLOOP_ONCE) >= 0);
    assert_true(greedy[0]->shown);
    assert_false(greedy[4]->shown);
    run(fixture);
    for (size_t i = 0; i < 10; i++)
        assert_true(greedy[i]->found);
}

/* Also where the results are cached: what doesn't fit into a slice waits. */
static void test_cached_results_share_a_slice(void **state)
{
    struct fixture *fixture = *state;
    struct asker *greedy[10], *modest;
    unsigned shown = 0;

    ask(fixture, "q=beans+2");
    run(fixture);
    for (size_t i = 0; i < 10; i++) {
        greedy[i] = ask_for(fixture, "192.0.2.1", "q=beans+2");
        shown += greedy[i]->shown;
    }
    assert_int_equal(shown, 3);
    modest = ask_for(fixture, "192.0.2.2", "q=beans+2");
    assert_false(modest->shown);
    while (!modest->shown)
        assert_true(event_base_loop(fixture->base, EVLOOP_ONCE) >= 0);
    assert_true(modest->count > 10 && !greedy[9]->shown);
    run(fixture);
    for (size_t i = 0; i < 10; i++)
        assert_true(greedy[i]->shown == 1 && greedy[i]->count == modest->count);
    assert_int_equal(ask(fixture, "q=beans+2")->shown, 1);
    run(fixture);
}

/* Nor is it refused because another client has filled the queue. */
static void test_a_client_has_half_of_the_queue(void **state)
{
    struct fixture *fixture = *state;
    struct index large = { .references = 99, .count = 1000 * 1000 };
    struct index *before = fixture->snapshot.index;
    unsigned refused = 0;
    char query[32];

    fixture->snapshot.index = &large;
    for (size_t i = 0; i < 12; i++) {
        snprintf(query, sizeof(query), "q=%zu", i);
        refused += ask_for(fixture, "192.0.2.1", query)->shown;
    }
    assert_in_range(refused, 6, 7);
    assert_int_equal(ask_for(fixture, "192.0.2.2", "q=beans")->shown, 0);
    searcher_stop(fixture->searcher);
    fixture->snapshot.index = before;
}

/* However many searches are cached after it. */
static void test_the_plain_list_stays(void **state)
{
    struct fixture *fixture = *state;
    char query[32];

    ask(fixture, "");
    ask(fixture, "q=none");
    run(fixture);
    for (size_t i = 0; i < 100; i++) {
        end_askers(fixture);
        snprintf(query, sizeof(query), "q=%zu", i);
        ask(fixture, query);
        run(fixture);
    }
    assert_int_equal(ask(fixture, "q=none")->shown, 0);
    assert_int_equal(ask(fixture, "")->shown, 1);
    run(fixture);
}

#define ALL(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ALL(test_found_in_another_turn),
        ALL(test_next_page_is_there_at_once),
        ALL(test_order_of_ids),
        ALL(test_orders_do_not_share),
        ALL(test_equal_ones_share),
        ALL(test_another_index_is_searched_anew),
        ALL(test_index_stays_until_done),
        ALL(test_asked_while_shown),
        ALL(test_stopped),
        ALL(test_no_turn_for_a_search),
        ALL(test_no_turn_after_a_slice),
        ALL(test_too_many),
        ALL(test_loop_goes_on),
        ALL(test_the_plain_list_comes_first),
        ALL(test_clients_take_turns),
        ALL(test_cached_results_share_a_slice),
        ALL(test_a_client_has_half_of_the_queue),
        ALL(test_the_plain_list_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
