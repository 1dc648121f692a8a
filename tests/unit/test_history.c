/* The change log as people read it, and forgetting. */
#include "test_store.h"

/* Read the history of a supplier (0: of all). */
/* What an entry has at least. */
#define LOGGED                                                            \
    "revision, supplier_id, action, name, address, city, state, country," \
    " email, phone, notes, writer, at"

static struct history_job read_history(const struct scratch *s, int64_t id,
                                       uint64_t before, size_t limit)
{
    struct history_job job = {
        .arena = s->arena, .supplier_id = id, .before = before, .limit = limit
    };

    assert_int_equal(history_read(s->db, &job), OK);
    return job;
}

static void test_an_empty_log(void **state)
{
    struct history_job job = read_history(*state, 0, 0, 10);

    assert_int_equal(job.count, 0);
    assert_false(job.more);
    job = read_history(*state, 4711, 0, 10);
    assert_int_equal(job.count, 0);
}

static void test_an_entry_says_who_when_and_what(void **state)
{
    const struct scratch *s = *state;
    struct store_job one = job_with(s, SLICE("Caf\u00e9 \U0001f40e"));
    struct history_job job;

    one.actor = "10.0.0.7";
    assert_int_equal(store_add(s->db, &one), OK);
    test_run(s->db, "UPDATE supplier_changes SET"
                    " at = '2026-11-23 08:43:18.000250'");
    job = read_history(s, one.id, 0, 10);
    assert_int_equal(job.count, 1);
    assert_int_equal(job.entries->action, HISTORY_ADD);
    assert_int_equal(job.entries->supplier.id, 1);
    assert_int_equal(job.entries->supplier.revision, 1);
    assert_int_equal(job.entries->before.revision, 0);
    assert_int_equal(job.entries->at_us, INT64_C(1795423398000250));
    assert_text(job.entries->actor, "10.0.0.7");
    assert_true(slice_starts(job.entries->writer, "tester@"));
    assert_true(job.entries->last);
    assert_false(job.entries->forgotten);
    for (size_t f = 0; f < SUPPLIER_FIELDS; f++)
        assert_true(slice_equal(job.entries->supplier.fields[f],
                                one.supplier.fields[f]));
}

/* One supplier added, changed, removed and restored, another one meanwhile. */
static void make_history(const struct scratch *s)
{
    struct store_job one = added(s, SLICE("One"));
    struct store_job back = { .arena = s->arena, .version = 1 };

    (void)added(s, SLICE("Other"));
    one = changed(s, &one, SUPPLIER_CITY, SLICE("Odense"));
    one = edit_of(&one);
    assert_int_equal(store_remove(s->db, &one), OK);
    assert_int_equal(store_restore(s->db, &back), OK);
}

static void test_entries_come_with_the_version_before(void **state)
{
    static const struct {
        enum history_action action;
        uint64_t revision, before;
        const char *city, *city_before;
    } expected[] = {
        { HISTORY_RESTORE, 5, 4, "K\u00f8benhavn", "Odense" },
        { HISTORY_REMOVE, 4, 3, "Odense", "Odense" },
        { HISTORY_UPDATE, 3, 1, "Odense", "K\u00f8benhavn" },
        { HISTORY_ADD, 1, 0, "K\u00f8benhavn", "" },
    };
    struct history_job job;

    make_history(*state);
    job = read_history(*state, 1, 0, 10);
    assert_int_equal(job.count, 4);
    assert_false(job.more);
    for (size_t i = 0; i < 4; i++) {
        const struct history_entry *entry = &job.entries[i];

        assert_int_equal(entry->action, expected[i].action);
        assert_int_equal(entry->supplier.revision, expected[i].revision);
        assert_int_equal(entry->before.revision, expected[i].before);
        assert_text(entry->supplier.fields[SUPPLIER_CITY], expected[i].city);
        assert_text(entry->before.fields[SUPPLIER_CITY],
                    expected[i].city_before);
        assert_int_equal(entry->last, i == 0);
    }
}

static void test_all_suppliers_and_pages_of_them(void **state)
{
    struct history_job job;
    uint64_t before = 0;
    uint64_t next = 5;

    make_history(*state);
    for (size_t page = 0; page < 3; page++) {
        job = read_history(*state, 0, before, 2);
        assert_int_equal(job.count, page < 2 ? 2 : 1);
        assert_int_equal(job.more, page < 2);
        for (size_t i = 0; i < job.count; i++) {
            assert_int_equal(job.entries[i].supplier.revision, next--);
            assert_int_equal(job.entries[i].last,
                             job.entries[i].supplier.revision == 5 ||
                                 job.entries[i].supplier.id == 2);
        }
        before = job.entries[job.count - 1].supplier.revision;
    }
    job = read_history(*state, 1, 4, 10);
    assert_int_equal(job.count, 2);
    assert_int_equal(job.entries[0].supplier.revision, 3);
}

static void test_adopted_and_outside_changes(void **state)
{
    const struct scratch *s = *state;
    struct history_job job;

    (void)added(s, SLICE("One"));
    test_run(s->db, "UPDATE supplier_changes SET action = 'adopt'");
    test_run(s->db, "SET @cafe_actor = NULL, @cafe_form_key = NULL");
    test_run(s->db, "UPDATE suppliers SET name = 'By SQL'");
    job = read_history(s, 1, 0, 10);
    assert_int_equal(job.count, 2);
    assert_null(job.entries[0].actor.data);
    assert_true(slice_starts(job.entries[0].writer, "tester@"));
    assert_text(job.entries[0].before.fields[SUPPLIER_NAME], "One");
    assert_int_equal(job.entries[1].action, HISTORY_ADOPT);
    assert_int_equal(job.entries[1].before.revision, 0);
}

/* A row that takes the id of a removed one is another supplier. */
static void test_nothing_was_before_an_addition(void **state)
{
    const struct scratch *s = *state;
    struct history_job job;

    (void)added(s, SLICE("One"));
    test_run(s->db, "DELETE FROM suppliers");
    test_run(s->db, "INSERT INTO suppliers (id, name, address, city, state,"
                    " email, phone) VALUES (1, 'n', 'a', 'c', 's', 'e', 'p')");
    job = read_history(s, 1, 0, 1);
    assert_int_equal(job.entries->action, HISTORY_ADD);
    assert_int_equal(job.entries->before.revision, 0);
    assert_true(job.more);
}

static void test_limits(void **state)
{
    const struct scratch *s = *state;
    struct history_job job;

    (void)added(s, SLICE("One"));
    test_run(s->db, "INSERT INTO supplier_changes (" LOGGED
                    ") SELECT seq, 1, 'update',"
                    " 'n', '', '', '', '', '', '', '', 'x@y',"
                    " UTC_TIMESTAMP(6) FROM seq_2_to_300");
    job = read_history(s, 1, 0, 1000);
    assert_int_equal(job.count, HISTORY_ENTRIES_MAX);
    assert_true(job.more);
    job = read_history(s, 1, 0, HISTORY_ENTRIES_MAX);
    assert_int_equal(job.count, HISTORY_ENTRIES_MAX);
    job = read_history(s, 1, 101, 100);
    assert_int_equal(job.count, 100);
    assert_false(job.more);
}

/* The arena of a request is bounded: large notes come in smaller helpings. */
static void test_large_texts_fit_into_a_request(void **state)
{
    const struct scratch *s = *state;
    struct arena *arena = arena_open(4 * 1024 * 1024);
    struct history_job job = { .arena = arena, .supplier_id = 1 };
    size_t count = 0;

    (void)added(s, SLICE("One"));
    test_run(s->db, "INSERT INTO supplier_changes (" LOGGED
                    ") SELECT seq, 1, 'update',"
                    " 'n', '', '', '', '', '', '', REPEAT('x', 16384),"
                    " 'x@y', UTC_TIMESTAMP(6) FROM seq_2_to_200");
    job.limit = HISTORY_ENTRIES_MAX;
    do {
        assert_int_equal(history_read(s->db, &job), OK);
        assert_true(job.count > 10 || !job.more);
        count += job.count;
        job.before = job.entries[job.count - 1].supplier.revision;
        arena_reset(arena);
    } while (job.more);
    assert_int_equal(count, 200);
    arena_close(arena);
}

/* Its newest entries take a number of steps that has nothing to do with the
 * length of the log. */
static void test_one_supplier_is_read_by_its_index(void **state)
{
    const struct scratch *s = *state;

    test_run(s->db,
             "INSERT INTO supplier_changes (" LOGGED ") SELECT seq, seq % 100,"
             " 'update', 'n', '', '', '', '', '', '', '', 'x@y',"
             " UTC_TIMESTAMP(6) FROM seq_1_to_20000");
    test_run(s->db, "FLUSH STATUS");
    assert_int_equal(read_history(s, 7, 0, 50).count, 50);
    assert_answer(s,
                  "SELECT SUM(VARIABLE_VALUE) < 6000 FROM"
                  " information_schema.SESSION_STATUS WHERE VARIABLE_NAME IN"
                  " ('Handler_read_first', 'Handler_read_key',"
                  " 'Handler_read_last', 'Handler_read_next',"
                  " 'Handler_read_prev', 'Handler_read_rnd',"
                  " 'Handler_read_rnd_next')",
                  "1|");
}

/* Forgetting. */

static void test_forgetting_leaves_the_present_version(void **state)
{
    const struct scratch *s = *state;
    struct history_job job;
    int64_t entries = 0;

    make_history(s);
    assert_int_equal(history_forget(s->db, 1, &entries), OK);
    assert_int_equal(entries, 3);
    job = read_history(s, 1, 0, 10);
    assert_int_equal(job.count, 4);
    assert_false(job.entries[0].forgotten);
    assert_text(job.entries[0].supplier.fields[SUPPLIER_NAME], "One");
    assert_int_equal(job.entries[0].before.revision, 0);
    for (size_t i = 1; i < 4; i++) {
        const struct history_entry *entry = &job.entries[i];

        assert_true(entry->forgotten);
        assert_null(entry->actor.data);
        assert_int_equal(entry->writer.len, 0);
        for (size_t f = 0; f < SUPPLIER_FIELDS; f++)
            assert_int_equal(entry->supplier.fields[f].len, 0);
    }
    assert_int_equal(job.entries[2].action, HISTORY_UPDATE);
    assert_int_equal(job.entries[2].supplier.revision, 3);
    assert_true(job.entries[2].at_us > INT64_C(1700000000000000));
    assert_text(read_history(s, 2, 0, 1).entries->supplier.fields[0], "Other");
    assert_answer(s, "SELECT name FROM suppliers ORDER BY id", "One|Other|");
    assert_answer(s, "SELECT n FROM supplier_revision", "5|");
}

static void test_forgetting_a_removed_supplier_leaves_nothing(void **state)
{
    const struct scratch *s = *state;
    int64_t entries = 0;

    make_history(s);
    test_run(s->db, "DELETE FROM suppliers WHERE id = 1");
    assert_int_equal(history_forget(s->db, 1, &entries), OK);
    assert_int_equal(entries, 5);
    assert_answer(s,
                  "SELECT COUNT(*) FROM supplier_changes WHERE supplier_id = 1"
                  " AND CONCAT(name, address, city, state, country, email,"
                  " phone, notes, COALESCE(actor, ''), writer) <> ''",
                  "0|");
    assert_int_equal(history_forget(s->db, 1, &entries), OK);
    assert_int_equal(entries, 0);
}

static void test_nobody_to_forget(void **state)
{
    const struct scratch *s = *state;
    int64_t entries = 4711;

    assert_int_equal(history_forget(s->db, 1, &entries), ERROR_NOT_FOUND);
    assert_int_equal(entries, 4711);
    assert_answer(s, "SELECT @@in_transaction", "0|");
}

/* An empty row that somebody has made by SQL is not forgotten. */
static void test_empty_texts_alone_are_not_forgotten(void **state)
{
    const struct scratch *s = *state;

    test_run(s->db, "INSERT INTO suppliers (name, address, city, state,"
                    " email, phone) VALUES ('', '', '', '', '', '')");
    assert_false(read_history(s, 1, 0, 1).entries->forgotten);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SCRATCH(test_an_empty_log),
        WITH_SCRATCH(test_an_entry_says_who_when_and_what),
        WITH_SCRATCH(test_entries_come_with_the_version_before),
        WITH_SCRATCH(test_all_suppliers_and_pages_of_them),
        WITH_SCRATCH(test_adopted_and_outside_changes),
        WITH_SCRATCH(test_nothing_was_before_an_addition),
        WITH_SCRATCH(test_limits),
        WITH_SCRATCH(test_large_texts_fit_into_a_request),
        WITH_SCRATCH(test_one_supplier_is_read_by_its_index),
        WITH_SCRATCH(test_forgetting_leaves_the_present_version),
        WITH_SCRATCH(test_forgetting_a_removed_supplier_leaves_nothing),
        WITH_SCRATCH(test_nobody_to_forget),
        WITH_SCRATCH(test_empty_texts_alone_are_not_forgotten),
    };

    (void)test_database();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
