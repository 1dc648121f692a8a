/* Writes that wait for a lock leave threads to all others. */
#include "test_db_pool.h"

enum { THREADS = 4, HELD_MAX = THREADS };

/* A pool, and writes that hold its threads until they are let go. */
struct rows {
    struct fixture f;
    sem_t begun, go;
    struct probe held[HELD_MAX];
    int count;
};

static void open_rows(struct rows *rows, int threads)
{
    memset(rows, 0, sizeof(*rows));
    setup(&rows->f);
    rows->f.config.threads = threads;
    start(&rows->f);
    sem_init(&rows->begun, 0, 0);
    sem_init(&rows->go, 0, 0);
}

static void write_row(struct rows *rows, uint64_t row, db_work_fn *work,
                      struct probe *probe)
{
    probe->fixture = &rows->f;
    db_submit_call(rows->f.db,
                   &(struct db_call){
                       .operation = "test", .repeatable = true, .row = row },
                   work, on_done, probe);
}

static void hold_row(struct rows *rows, uint64_t row)
{
    struct probe *held = &rows->held[rows->count++];

    do {
        *held = (struct probe){ .begun = &rows->begun, .go = &rows->go };
        write_row(rows, row, hold, held);
    } while (!has_begun(&rows->f, held));
}

static void close_rows(struct rows *rows)
{
    for (int i = 0; i < rows->count; i++)
        sem_post(&rows->go);
    for (int i = 0; i < rows->count; i++)
        await(&rows->f, &rows->held[i]);
    teardown(&rows->f);
}

static void test_a_locked_row_holds_one_thread(void **state)
{
    struct probe same[2 * THREADS] = { { 0 } }, other = { 0 }, unknown = { 0 };
    struct probe read;
    struct rows rows;

    (void)state;
    open_rows(&rows, THREADS);
    hold_row(&rows, 1);
    for (int i = 0; i < 2 * THREADS; i++)
        write_row(&rows, 1, ask_id, &same[i]);
    write_row(&rows, 2, ask_id, &other);
    write_row(&rows, 0, ask_id, &unknown);
    await(&rows.f, &other);
    await(&rows.f, &unknown);
    assert_int_equal(finish(&rows.f, ask_id, &read), OK);
    for (int i = 0; i < 2 * THREADS; i++)
        assert_int_equal(same[i].runs + same[i].done, 0);
    sem_post(&rows.go);
    for (int i = 0; i < 2 * THREADS; i++) {
        await(&rows.f, &same[i]);
        assert_int_equal(same[i].outcome, OK);
    }
    close_rows(&rows);
}

static void test_a_thread_is_left_for_reading(void **state)
{
    struct probe waits = { 0 }, read;
    struct rows rows;

    (void)state;
    open_rows(&rows, 3);
    hold_row(&rows, 1);
    hold_row(&rows, 2);
    write_row(&rows, 3, ask_id, &waits);
    assert_int_equal(finish(&rows.f, ask_id, &read), OK);
    assert_int_equal(waits.runs + waits.done, 0);
    sem_post(&rows.go);
    await(&rows.f, &waits);
    assert_int_equal(waits.outcome, OK);
    close_rows(&rows);
}

static void test_few_threads_write_too(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 2; threads++) {
        struct rows rows;

        open_rows(&rows, threads);
        for (int i = 1; i <= threads; i++)
            hold_row(&rows, (uint64_t)i);
        close_rows(&rows);
    }
}

static void test_who_waits_for_a_row_has_a_deadline(void **state)
{
    struct probe late = { 0 };
    struct rows rows;

    (void)state;
    open_rows(&rows, THREADS);
    rows.f.config.queue_ms = 50;
    db_close(rows.f.db);
    start(&rows.f);
    hold_row(&rows, 1);
    write_row(&rows, 1, ask_id, &late);
    await(&rows.f, &late);
    assert_int_equal(late.outcome, ERROR_DEADLINE);
    assert_int_equal(late.runs, 0);
    close_rows(&rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_locked_row_holds_one_thread),
        cmocka_unit_test(test_a_thread_is_left_for_reading),
        cmocka_unit_test(test_few_threads_write_too),
        cmocka_unit_test(test_who_waits_for_a_row_has_a_deadline),
    };

    (void)test_database();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
