/* Pages of the history by number, with groups, against a plain model. */
#include "cafe/suppliers/groups.h"
#include "cafe/suppliers/history.h"
#include "test_store.h"

enum { KEYS = 4, LOG_MAX = 2000 };

/* What was written: the group of each revision, -1: none. */
struct model {
    int groups[LOG_MAX + 1];
    int64_t newest;
};

static const char *const model_keys[KEYS] = { "AAAAAAAAAAAAAAAAAAAAA1",
                                              "AAAAAAAAAAAAAAAAAAAAA2",
                                              "AAAAAAAAAAAAAAAAAAAAA3",
                                              "AAAAAAAAAAAAAAAAAAAAA4" };

/* Suppliers in one transaction, of a group or on their own. */
static void write_some(const struct scratch *s, struct model *model, int group,
                       int64_t count)
{
    char sql[400];

    test_run(s->db, "START TRANSACTION");
    snprintf(sql, sizeof(sql), "SET @cafe_form_key = %s%s%s",
             group < 0 ? "NULL" : "'", group < 0 ? "" : model_keys[group],
             group < 0 ? "" : "'");
    test_run(s->db, sql);
    snprintf(sql, sizeof(sql),
             "INSERT INTO suppliers (name, address, city, state, email, phone)"
             " SELECT CONCAT('%s', seq), '', '', '', '', ''"
             " FROM seq_1_to_%lld",
             group < 0 ? "single" : "grouped", (long long)count);
    test_run(s->db, sql);
    if (group >= 0)
        assert_int_equal(groups_note(s->db, model_keys[group],
                                     (uint64_t)model->newest + 1,
                                     (uint64_t)(model->newest + count)),
                         OK);
    test_run(s->db, "COMMIT");
    for (int64_t i = 0; i < count; i++)
        model->groups[++model->newest] = group;
}

/* The revisions that entries stand for, the newest first; a group's is that of
 * its first change, or with a filter that of its last one. */
static size_t model_entries(const struct model *model, bool filtered,
                            uint64_t *entries)
{
    bool shown[KEYS] = { false };
    size_t count = 0;

    for (int64_t r = model->newest; r > 0; r--) {
        int group = model->groups[r];
        bool leads = group >= 0 && !shown[group];

        if (group >= 0 && !filtered)
            for (int64_t before = r - 1; before > 0; before--)
                leads = leads && model->groups[before] != group;
        if (group < 0 || leads)
            entries[count++] = (uint64_t)r;
        if (leads)
            shown[group] = true;
    }
    return count;
}

static void expect_pages(const struct scratch *s, struct history_job asked,
                         const uint64_t *expected, size_t count)
{
    size_t pages = (count + HISTORY_PAGE_ENTRIES - 1) / HISTORY_PAGE_ENTRIES;

    for (size_t page = 1; page <= pages + 1; page++) {
        size_t shown = page > pages ? pages : page;
        size_t first = (shown - 1) * HISTORY_PAGE_ENTRIES;
        struct history_job job = asked;

        job.arena = arena_open(0);
        job.page = page;
        assert_int_equal(history_read_page(s->db, &job), OK);
        assert_int_equal(job.page, shown);
        assert_int_equal(job.pages, pages);
        assert_int_equal(job.count, count - first < HISTORY_PAGE_ENTRIES
                                        ? count - first
                                        : HISTORY_PAGE_ENTRIES);
        for (size_t i = 0; i < job.count; i++)
            assert_int_equal(job.entries[i].supplier.revision,
                             expected[first + i]);
        arena_close(job.arena);
    }
}

static void expect_model(const struct scratch *s, const struct model *model)
{
    static uint64_t expected[LOG_MAX];
    size_t count = model_entries(model, false, expected);

    expect_pages(s, (struct history_job){ 0 }, expected, count);
    count = model_entries(model, true, expected);
    expect_pages(s, (struct history_job){ .filter.action = SLICE("add") },
                 expected, count);
    for (int group = 0; group < KEYS; group++) {
        struct history_job asked = { .filter.group =
                                         slice_of(model_keys[group]) };

        count = 0;
        for (int64_t r = model->newest; r > 0; r--)
            if (model->groups[r] == group)
                expected[count++] = (uint64_t)r;
        if (count == 0)
            continue;
        expect_pages(s, asked, expected, count);
        asked.filter.supplier = SLICE("grouped");
        expect_pages(s, asked, expected, count);
    }
}

static void test_pages_are_those_of_a_model(void **state)
{
    const struct scratch *s = *state;
    static struct model model;
    unsigned random = 11;

    model = (struct model){ .newest = 0 };
    for (int round = 0; round < 90; round++) {
        random = random * 1103515245u + 12345u;
        write_some(s, &model, (int)(random >> 16) % (KEYS + 3) - 3,
                   1 + (random >> 24) % 12);
    }
    expect_model(s, &model);
}

static void test_a_group_that_begins_and_ends_the_log(void **state)
{
    const struct scratch *s = *state;
    static struct model model;

    model = (struct model){ .newest = 0 };
    write_some(s, &model, 0, 300);
    expect_model(s, &model);
    write_some(s, &model, 0, 300);
    assert_answer(s,
                  "SELECT COUNT(*), MAX(last_revision), MAX(leads) FROM"
                  " supplier_change_groups",
                  "1|600|1|");
    write_some(s, &model, -1, 1);
    write_some(s, &model, 0, 1);
    expect_model(s, &model);
}

static void test_an_entry_knows_its_group(void **state)
{
    const struct scratch *s = *state;
    static struct model model;
    struct history_job job = { .arena = s->arena };

    model = (struct model){ .newest = 0 };
    write_some(s, &model, 0, 3);
    write_some(s, &model, -1, 1);
    write_some(s, &model, 0, 4);
    test_run(s->db, "INSERT INTO supplier_imports (import_key, undo_key, state,"
                    " file_name, settings, clear_empty, remove_missing,"
                    " created, changed) VALUES ('AAAAAAAAAAAAAAAAAAAAA1',"
                    " 'AAAAAAAAAAAAAAAAAAAAA2', 'done', 'list.csv', '', 0, 0,"
                    " UTC_TIMESTAMP(6), UTC_TIMESTAMP(6))");
    write_some(s, &model, 1, 2);
    assert_int_equal(history_read_page(s->db, &job), OK);
    assert_int_equal(job.count, 3);
    assert_int_equal(job.entries[0].group.kind, HISTORY_IMPORT_UNDONE);
    assert_int_equal(job.entries[0].group.changes, 2);
    assert_false(job.entries[1].leads);
    assert_true(job.entries[2].leads);
    assert_int_equal(job.entries[2].group.kind, HISTORY_IMPORT);
    assert_int_equal(job.entries[2].group.changes, 7);
    assert_text(job.entries[2].group.file_name, "list.csv");
}

/* Whose oldest entries somebody has removed. */
static void test_pages_of_a_shortened_log(void **state)
{
    const struct scratch *s = *state;
    static struct model model;
    struct history_job job = { .arena = s->arena, .page = 9 };

    model = (struct model){ .newest = 0 };
    write_some(s, &model, 0, 30);
    write_some(s, &model, -1, 60);
    test_run(s->db, "DELETE FROM supplier_changes WHERE revision <= 40");
    assert_int_equal(history_read_page(s->db, &job), OK);
    assert_int_equal(job.pages, 2);
    assert_int_equal(job.page, 2);
    assert_int_equal(job.count, 25);
    assert_int_equal(job.entries[24].supplier.revision, 41);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SCRATCH(test_pages_are_those_of_a_model),
        WITH_SCRATCH(test_a_group_that_begins_and_ends_the_log),
        WITH_SCRATCH(test_an_entry_knows_its_group),
        WITH_SCRATCH(test_pages_of_a_shortened_log),
    };

    (void)test_database();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
