/* What a search costs: its CPU time and its longest step, which with a slice
 * is how long it holds the event loop. Prints a table; nothing can fail.
 *
 *     build/release/bin/bench_search [SUPPLIERS…]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "search_private.h"

enum { ROUNDS = 9 };

static const char *const queries[] = {
    "",
    "q=finca",
    "q=a",
    "q=nowhere",
    "q=04711",
    "q=armenia+sons+nandu",
    "q=%2B57+606+555+0118",
    "state=Quind%C3%ADo+7",
    "q=nandu&city=Armenia+7",
    "sort=-name",
    "sort=city",
    "sort=-email",
    "q=sons&sort=phone",
};

static double cpu_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static struct slice print(struct arena *arena, const char *format, size_t seq)
{
    char text[128];
    int len = snprintf(text, sizeof(text), "%.*s %zu", 90, format, seq);

    return (struct slice){ arena_copy(arena, text, (size_t)len), (size_t)len };
}

/* As ./cafe bench has them: about 300 bytes each. */
static struct row *make_row(struct arena *arena, size_t seq)
{
    const struct supplier supplier = {
        .id = (int64_t)seq,
        .revision = 1,
        .fields = {
            [SUPPLIER_NAME] = print(arena, "Finca Ñandú & Sons", seq),
            [SUPPLIER_ADDRESS] =
                print(arena, "Calle de los Cafetales, Bodega", seq % 4000),
            [SUPPLIER_CITY] = print(arena, "Armenia", seq * 7919 % 300),
            [SUPPLIER_STATE] = print(arena, "Quindío", seq * 31 % 32),
            [SUPPLIER_COUNTRY] = SLICE("Colombia"),
            [SUPPLIER_EMAIL] =
                print(arena, "orders@finca-nandu.example.", seq * 7919),
            [SUPPLIER_PHONE] = print(arena, "+57 606 555", seq % 10000),
            [SUPPLIER_NOTES] = print(
                arena, "Delivers on Monday, in sacks of 60 kg; roasts on "
                       "demand. Customer number:", seq),
        },
    };
    struct row *row = NULL;

    return row_make(&supplier, &row) == OK ? row : NULL;
}

/* Rows lie in memory in about the order of names, as those of the feed do. */
static struct index *make_content(size_t count)
{
    struct row **rows = calloc(count + 1, sizeof(struct row *));
    const struct revision revision = { 1, 0 };
    struct index *index = NULL;
    struct arena *arena = arena_open(0);

    if (rows == NULL || arena == NULL)
        exit(1);
    for (size_t i = 0; i < count; i++) {
        rows[i] = make_row(arena, i);
        if (rows[i] == NULL)
            exit(1);
    }
    arena_close(arena);
    if (index_make(rows, count, &revision, &index) != OK)
        exit(1);
    return index;
}

struct figures {
    double total_us, step_us; /* of CPU */
    size_t found;
};

/* Reading the clock at each step costs as much as the step: so either. */
static struct figures measure_one(const struct index *index,
                                  const struct search *search, bool steps)
{
    struct figures figures = { 0 };
    double start_us = cpu_us();
    struct scan *scan = scan_open(index, search);
    struct found *found;
    bool done = false;

    while (scan != NULL && !done) {
        double before_us = steps ? cpu_us() : 0;

        if (scan_step(scan, &done) != OK)
            exit(1);
        if (steps && cpu_us() - before_us > figures.step_us)
            figures.step_us = cpu_us() - before_us;
    }
    if ((found = scan != NULL ? scan_take(scan) : NULL) == NULL)
        exit(1);
    scan_close(scan);
    figures.total_us = cpu_us() - start_us;
    figures.found = found->count;
    found_unref(found);
    return figures;
}

/* The best of some rounds: what others do on the machine only adds. */
static void measure(const struct index *index, const char *query)
{
    struct arena *arena = arena_open(0);
    struct figures best = { 1e12, 1e12, 0 };
    struct search search;
    struct form form;

    if (form_parse(arena, slice_of(query), &form) != OK ||
        search_read(arena, &form, &search) != OK)
        exit(1);
    for (int round = 0; round < ROUNDS; round++) {
        struct figures whole = measure_one(index, &search, false);
        struct figures steps = measure_one(index, &search, true);

        if (whole.total_us < best.total_us)
            best.total_us = whole.total_us;
        if (steps.step_us < best.step_us)
            best.step_us = steps.step_us;
        best.found = whole.found;
    }
    printf("%9zu  %-26s %9zu %10.3f %12.3f\n", index->count,
           query[0] ? query : "(everybody)", best.found, best.total_us / 1e3,
           best.step_us / 1e3);
    arena_close(arena);
}

static void measure_all(size_t count)
{
    struct index *index = make_content(count);

    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++)
        measure(index, queries[i]);
    printf("%9zu  %.1f MiB of suppliers\n", count,
           (double)index->bytes / 1048576);
    index_discard(index);
}

int main(int argc, char **argv)
{
    printf("suppliers  query                          found     CPU ms"
           "  longest step ms\n");
    for (int i = 1; i < argc; i++)
        measure_all((size_t)strtoul(argv[i], NULL, 10));
    if (argc == 1) {
        measure_all(10000);
        measure_all(100000);
    }
    return 0;
}
