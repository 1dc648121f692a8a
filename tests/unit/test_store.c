/* Adding, changing, removing and restoring suppliers in a real database. */
#include "test_store.h"

/* The plain changes. */

static void test_add_writes_every_field(void **state)
{
    const struct scratch *s = *state;
    struct store_job job = job_with(s, SLICE("Ben & Jerry's \"x\" \U0001f40e"));

    assert_int_equal(store_add(s->db, &job), OK);
    assert_int_equal(job.id, 1);
    assert_int_equal(job.revision, 1);
    assert_int_equal(job.supplier.id, 1);
    assert_false(job.repeated || job.merged);
    assert_table(s, "1|Ben & Jerry's \"x\" \U0001f40e|" REST);
}

static void test_update_changes_only_its_row(void **state)
{
    const struct scratch *s = *state;
    struct store_job one = added(s, SLICE("One"));
    struct store_job two = edit_of(&one);

    two = added(s, SLICE("Two"));
    two = edit_of(&two);
    two.supplier.fields[SUPPLIER_NAME] = SLICE("Three");
    assert_int_equal(store_update(s->db, &two), OK);
    assert_int_equal(two.id, 2);
    assert_int_equal(two.revision, 3);
    assert_table(s, "1|One|" REST "2|Three|" REST);
}

static void test_saving_a_row_as_it_is_counts(void **state)
{
    const struct scratch *s = *state;
    struct store_job job = added(s, SLICE("One"));

    for (uint64_t revision = 2; revision < 4; revision++) {
        job = edit_of(&job);
        assert_int_equal(store_update(s->db, &job), OK);
        assert_int_equal(job.revision, revision);
        assert_false(job.merged);
    }
}

static void test_remove_removes_only_its_row(void **state)
{
    const struct scratch *s = *state;
    struct store_job one = added(s, SLICE("One"));

    (void)added(s, SLICE("Two"));
    one = edit_of(&one);
    assert_int_equal(store_remove(s->db, &one), OK);
    assert_int_equal(one.id, 1);
    assert_int_equal(one.revision, 3);
    assert_table(s, "2|Two|" REST);
    assert_int_equal(store_remove(s->db, &one), ERROR_NOT_FOUND);
}

static void test_a_missing_row_is_not_found(void **state)
{
    const struct scratch *s = *state;
    struct store_job job = job_with(s, SLICE("Nobody"));

    job.supplier.id = 4711;
    job.version = 1;
    assert_int_equal(store_update(s->db, &job), ERROR_NOT_FOUND);
    assert_int_equal(store_remove(s->db, &job), ERROR_NOT_FOUND);
    assert_int_equal(store_restore(s->db, &job), ERROR_NOT_FOUND);
    assert_table(s, "");
    assert_answer(s, "SELECT n FROM supplier_revision", "0|");
}

static void test_what_does_not_fit_changes_nothing(void **state)
{
    static char many[300];
    const struct scratch *s = *state;
    struct store_job job = added(s, SLICE("One"));

    memset(many, 'x', sizeof(many));
    job = edit_of(&job);
    job.form_key = KEY_ONE;
    job.supplier.fields[SUPPLIER_CITY] = (struct slice){ many, sizeof(many) };
    assert_int_equal(store_update(s->db, &job), ERROR_SYNTAX);
    assert_non_null(job.faults.messages[SUPPLIER_CITY]);
    assert_int_equal(store_add(s->db, &job), ERROR_DB_VALUE);
    assert_table(s, "1|One|" REST);
    assert_answer(s, "SELECT COUNT(*) FROM supplier_form_keys", "0|");
    assert_answer(s, "SELECT n FROM supplier_revision", "1|");
}

static void test_waiting_for_a_lock_is_bounded(void **state)
{
    const struct scratch *s = *state;
    struct store_job job = added(s, SLICE("One"));
    const struct scratch other = { connect_again(), s->arena };

    test_run(other.db, "SET SESSION innodb_lock_wait_timeout = 1");
    job = edit_of(&job);
    job.form_key = KEY_ONE;
    assert_int_equal(db_begin(s->db), OK);
    test_run(s->db, "UPDATE suppliers SET name = 'held'");
    assert_int_equal(store_update(other.db, &job), ERROR_DB_STATEMENT);
    assert_answer(&other, "SELECT @@in_transaction", "0|");
    assert_int_equal(db_rollback(s->db, OK), OK);
    assert_int_equal(store_update(other.db, &job), OK);
    db_disconnect(other.db);
}

/* A table whose triggers are gone would change unnoticed. */
static void test_nothing_is_saved_that_is_not_logged(void **state)
{
    const struct scratch *s = *state;
    struct store_job job = added(s, SLICE("One"));

    test_run(s->db, "DROP TRIGGER suppliers_changed");
    job = edit_of(&job);
    job.supplier.fields[SUPPLIER_NAME] = SLICE("Two");
    assert_int_equal(store_update(s->db, &job), ERROR_DB_TRIGGERS);
    assert_table(s, "1|One|" REST);
}

static void test_the_log_says_who_and_by_which_form(void **state)
{
    const struct scratch *s = *state;
    struct store_job job = job_with(s, SLICE("One"));

    job.actor = "10.0.0.7";
    job.form_key = KEY_ONE;
    assert_int_equal(store_add(s->db, &job), OK);
    job = edit_of(&job);
    job.actor = NULL;
    assert_int_equal(store_update(s->db, &job), OK);
    job = edit_of(&job);
    job.version = 1;
    assert_int_equal(store_restore(s->db, &job), OK);
    job = edit_of(&job);
    assert_int_equal(store_update(s->db, &job), OK);
    assert_answer(s,
                  "SELECT action, COALESCE(actor, '-'),"
                  " COALESCE(form_key, '-') FROM supplier_changes"
                  " ORDER BY revision",
                  "add|10.0.0.7|" KEY_ONE "|update|-|-|restore|-|-|"
                  "update|-|-|");
}

/* Versions. */

static void test_other_fields_are_merged(void **state)
{
    const struct scratch *s = *state;
    struct store_job base = added(s, SLICE("One"));
    struct store_job mine = edit_of(&base);

    (void)changed(s, &base, SUPPLIER_CITY, SLICE("Odense"));
    mine.supplier.fields[SUPPLIER_NAME] = SLICE("Mine");
    assert_int_equal(store_update(s->db, &mine), OK);
    assert_true(mine.merged);
    assert_int_equal(mine.revision, 3);
    assert_int_equal(mine.clash.count, 0);
    assert_int_equal(mine.clash.was.revision, 1);
    assert_int_equal(mine.clash.theirs.supplier.revision, 2);
    assert_text(mine.clash.theirs.actor, "somebody else");
    assert_text(mine.supplier.fields[SUPPLIER_CITY], "Odense");
    assert_text(mine.supplier.fields[SUPPLIER_NAME], "Mine");
    assert_answer(s, "SELECT name, city FROM suppliers", "Mine|Odense|");
}

static void test_a_clash_tells_all_three_and_writes_nothing(void **state)
{
    const struct scratch *s = *state;
    struct store_job base = added(s, SLICE("One"));
    struct store_job mine = edit_of(&base);
    struct store_job theirs;

    theirs = changed(s, &base, SUPPLIER_CITY, SLICE("Odense"));
    theirs = changed(s, &theirs, SUPPLIER_NAME, SLICE("Theirs"));
    mine.supplier.fields[SUPPLIER_NAME] = SLICE("Mine");
    mine.supplier.fields[SUPPLIER_PHONE] = SLICE("+45 44 00 00 00");
    mine.form_key = KEY_ONE;
    assert_int_equal(store_update(s->db, &mine), ERROR_CONFLICT);
    assert_int_equal(mine.clash.count, 1);
    assert_true(mine.clash.fields[SUPPLIER_NAME]);
    assert_false(mine.clash.fields[SUPPLIER_CITY]);
    assert_false(mine.clash.fields[SUPPLIER_PHONE]);
    assert_text(mine.clash.was.fields[SUPPLIER_NAME], "One");
    assert_text(mine.clash.theirs.supplier.fields[SUPPLIER_NAME], "Theirs");
    assert_int_equal(mine.clash.theirs.supplier.revision, theirs.revision);
    assert_int_equal(mine.clash.theirs.action, HISTORY_UPDATE);
    assert_true(mine.clash.theirs.last);
    assert_true(mine.clash.theirs.at_us > INT64_C(1700000000000000));
    assert_text(mine.supplier.fields[SUPPLIER_NAME], "Mine");
    assert_text(mine.supplier.fields[SUPPLIER_CITY], "Odense");
    assert_text(mine.supplier.fields[SUPPLIER_PHONE], "+45 44 00 00 00");
    assert_answer(s, "SELECT name, city FROM suppliers", "Theirs|Odense|");
    assert_answer(s, "SELECT COUNT(*) FROM supplier_form_keys", "0|");

    /* The resolved form, with the same key. */
    mine.expected = mine.clash.theirs.supplier.revision;
    assert_int_equal(store_update(s->db, &mine), OK);
    assert_false(mine.merged);
    assert_answer(s, "SELECT name, city, phone FROM suppliers",
                  "Mine|Odense|+45 44 00 00 00|");
}

static void test_the_same_text_from_both_is_no_clash(void **state)
{
    const struct scratch *s = *state;
    struct store_job base = added(s, SLICE("One"));
    struct store_job mine = edit_of(&base);

    (void)changed(s, &base, SUPPLIER_NAME, SLICE("Same"));
    mine.supplier.fields[SUPPLIER_NAME] = SLICE("Same");
    assert_int_equal(store_update(s->db, &mine), OK);
    assert_false(mine.merged);
}

/* The column's collation takes them for equal, people do not. */
static void test_case_and_accents_make_a_clash(void **state)
{
    const struct scratch *s = *state;
    struct store_job base = added(s, SLICE("cafe"));
    struct store_job mine = edit_of(&base);

    (void)changed(s, &base, SUPPLIER_NAME, SLICE("Cafe"));
    mine.supplier.fields[SUPPLIER_NAME] = SLICE("caf\u00e9");
    assert_int_equal(store_update(s->db, &mine), ERROR_CONFLICT);
    assert_true(mine.clash.fields[SUPPLIER_NAME]);
}

static void test_without_a_version_whatever_is_there_is_written(void **state)
{
    const struct scratch *s = *state;
    struct store_job base = added(s, SLICE("One"));
    struct store_job mine = edit_of(&base);

    (void)changed(s, &base, SUPPLIER_NAME, SLICE("Theirs"));
    mine.expected = 0;
    mine.supplier.fields[SUPPLIER_NAME] = SLICE("Mine");
    assert_int_equal(store_update(s->db, &mine), OK);
    assert_answer(s, "SELECT name FROM suppliers", "Mine|");
}

/* A version of another supplier, or of a database before a restored backup. */
static void test_an_unknown_version_makes_each_difference_a_clash(void **state)
{
    const struct scratch *s = *state;
    struct store_job base = added(s, SLICE("One"));
    struct store_job other = added(s, SLICE("Two"));
    const uint64_t versions[] = { other.revision, 4711, INT64_MAX };

    for (size_t i = 0; i < 3; i++) {
        struct store_job mine = edit_of(&base);

        mine.expected = versions[i];
        mine.supplier.fields[SUPPLIER_NAME] = SLICE("Mine");
        assert_int_equal(store_update(s->db, &mine), ERROR_CONFLICT);
        assert_int_equal(mine.clash.was.revision, 0);
        assert_int_equal(mine.clash.count, 1);
        assert_true(mine.clash.fields[SUPPLIER_NAME]);
        mine.supplier.fields[SUPPLIER_NAME] = SLICE("One");
        assert_int_equal(store_update(s->db, &mine), OK);
    }
}

/* Not even an empty field is then like one that was not touched. */
static void test_an_unknown_version_and_empty_fields(void **state)
{
    const struct scratch *s = *state;
    struct store_job base = added(s, SLICE("One"));
    struct store_job mine = edit_of(&base);

    (void)changed(s, &base, SUPPLIER_EMAIL, SLICE(""));
    mine.expected = 4711;
    mine.supplier.fields[SUPPLIER_STATE] = SLICE("");
    assert_int_equal(store_update(s->db, &mine), ERROR_CONFLICT);
    assert_int_equal(mine.clash.count, 2);
    assert_true(mine.clash.fields[SUPPLIER_STATE]);
    assert_true(mine.clash.fields[SUPPLIER_EMAIL]);
}

static void test_a_change_by_sql_is_seen(void **state)
{
    const struct scratch *s = *state;
    struct store_job base = added(s, SLICE("One"));
    struct store_job mine = edit_of(&base);

    test_run(s->db, "SET @cafe_actor = NULL");
    test_run(s->db, "UPDATE suppliers SET name = 'By SQL'");
    mine.supplier.fields[SUPPLIER_NAME] = SLICE("Mine");
    assert_int_equal(store_update(s->db, &mine), ERROR_CONFLICT);
    assert_null(mine.clash.theirs.actor.data);
    assert_text(mine.clash.theirs.supplier.fields[SUPPLIER_NAME], "By SQL");
}

static void test_a_changed_supplier_is_not_removed(void **state)
{
    const struct scratch *s = *state;
    struct store_job base = added(s, SLICE("One"));
    struct store_job job = { .arena = s->arena,
                             .supplier = { .id = base.id },
                             .expected = base.revision };

    (void)changed(s, &base, SUPPLIER_CITY, SLICE("Odense"));
    assert_int_equal(store_remove(s->db, &job), ERROR_CONFLICT);
    assert_int_equal(job.clash.count, 0);
    assert_text(job.clash.was.fields[SUPPLIER_CITY], "K\u00f8benhavn");
    assert_text(job.clash.theirs.supplier.fields[SUPPLIER_CITY], "Odense");
    assert_text(job.supplier.fields[SUPPLIER_CITY], "Odense");
    job.expected = job.clash.theirs.supplier.revision;
    assert_int_equal(store_remove(s->db, &job), OK);
    assert_table(s, "");
}

static void test_an_update_of_a_removed_supplier_is_not_found(void **state)
{
    const struct scratch *s = *state;
    struct store_job base = added(s, SLICE("One"));
    struct store_job mine = edit_of(&base);

    test_run(s->db, "DELETE FROM suppliers");
    assert_int_equal(store_update(s->db, &mine), ERROR_NOT_FOUND);
}

/* Going back. */

static void test_an_earlier_version_comes_back(void **state)
{
    const struct scratch *s = *state;
    struct store_job base = added(s, SLICE("One"));
    struct store_job now = changed(s, &base, SUPPLIER_NAME, SLICE("Two"));
    struct store_job back = { .arena = s->arena,
                              .supplier = { .id = base.id },
                              .expected = now.revision,
                              .version = base.revision };

    assert_int_equal(store_restore(s->db, &back), OK);
    assert_int_equal(back.id, base.id);
    assert_int_equal(back.revision, 3);
    assert_text(back.supplier.fields[SUPPLIER_NAME], "One");
    assert_table(s, "1|One|" REST);
    assert_answer(s, "SELECT action FROM supplier_changes WHERE revision = 3",
                  "restore|");
}

static void test_a_removed_supplier_comes_back_under_its_id(void **state)
{
    const struct scratch *s = *state;
    struct store_job base = added(s, SLICE("One"));
    struct store_job gone = edit_of(&base);
    struct store_job back = { .arena = s->arena };

    (void)added(s, SLICE("Two"));
    assert_int_equal(store_remove(s->db, &gone), OK);
    back.supplier.id = gone.id;
    back.expected = gone.revision;
    back.version = gone.revision; /* of a removal: the last fields */
    assert_int_equal(store_restore(s->db, &back), OK);
    assert_table(s, "1|One|" REST "2|Two|" REST);
    assert_answer(s,
                  "SELECT action, supplier_id FROM supplier_changes"
                  " ORDER BY revision DESC LIMIT 1",
                  "restore|1|");
    assert_int_equal(added(s, SLICE("Three")).id, 3);
}

/* The entry knows whose it is; whose it is not is not found. */
static void test_the_entry_names_the_supplier(void **state)
{
    const struct scratch *s = *state;
    struct store_job one = added(s, SLICE("One"));
    struct store_job two = added(s, SLICE("Two"));
    struct store_job back = { .arena = s->arena, .version = two.revision };

    assert_int_equal(store_restore(s->db, &back), OK);
    assert_int_equal(back.id, two.id);
    back.supplier.id = one.id;
    assert_int_equal(store_restore(s->db, &back), ERROR_NOT_FOUND);
}

static void test_a_changed_supplier_is_not_restored(void **state)
{
    const struct scratch *s = *state;
    struct store_job base = added(s, SLICE("One"));
    struct store_job seen = changed(s, &base, SUPPLIER_NAME, SLICE("Two"));
    struct store_job back = { .arena = s->arena,
                              .supplier = { .id = base.id },
                              .expected = seen.revision,
                              .version = base.revision };

    (void)changed(s, &seen, SUPPLIER_NAME, SLICE("Three"));
    assert_int_equal(store_restore(s->db, &back), ERROR_CONFLICT);
    assert_text(back.clash.theirs.supplier.fields[SUPPLIER_NAME], "Three");
    assert_answer(s, "SELECT name FROM suppliers", "Three|");
}

/* Removed by somebody, then asked to go back to a version before. */
static void test_a_supplier_that_was_removed_meanwhile(void **state)
{
    const struct scratch *s = *state;
    struct store_job base = added(s, SLICE("One"));
    struct store_job back = { .arena = s->arena,
                              .supplier = { .id = base.id },
                              .expected = base.revision,
                              .version = base.revision };

    test_run(s->db, "DELETE FROM suppliers");
    assert_int_equal(store_restore(s->db, &back), ERROR_CONFLICT);
    assert_int_equal(back.clash.theirs.action, HISTORY_REMOVE);
    assert_text(back.clash.theirs.supplier.fields[SUPPLIER_NAME], "One");
    assert_table(s, "");
}

/* While it is gone there is no row to lock: the log shows who came first. */
static void test_a_restoration_that_others_overtake(void **state)
{
    const struct scratch *s = *state;
    struct store_job base = added(s, SLICE("One"));
    struct store_job back = { .arena = s->arena,
                              .supplier = { .id = base.id },
                              .version = base.revision };

    test_run(s->db, "DELETE FROM suppliers");
    test_run(s->db,
             "CREATE TRIGGER others BEFORE INSERT ON suppliers FOR EACH ROW"
             " BEGIN"
             "  INSERT INTO supplier_changes (revision, supplier_id, action,"
             "   name, address, city, state, country, email, phone, notes,"
             "   writer, at) SELECT n + 1, 1, 'remove', 'n', '', '', '', '',"
             "   '', '', '', 'x@y', at FROM supplier_revision;"
             "  UPDATE supplier_revision SET n = n + 1;"
             " END");
    assert_int_equal(store_restore(s->db, &back), ERROR_DB_RETRY);
    assert_table(s, "");
    assert_answer(s, "SELECT n FROM supplier_revision", "2|");
    test_run(s->db, "DROP TRIGGER others");
    assert_int_equal(store_restore(s->db, &back), OK);
}

static void test_what_was_forgotten_does_not_come_back(void **state)
{
    const struct scratch *s = *state;
    struct store_job base = added(s, SLICE("One"));
    struct store_job now = changed(s, &base, SUPPLIER_NAME, SLICE("Two"));
    struct store_job back = { .arena = s->arena,
                              .supplier = { .id = base.id },
                              .version = base.revision };
    struct store_job mine = edit_of(&now);
    int64_t entries;

    assert_int_equal(history_forget(s->db, base.id, &entries), OK);
    assert_int_equal(store_restore(s->db, &back), ERROR_NOT_FOUND);
    mine.expected = base.revision;
    mine.supplier.fields[SUPPLIER_NAME] = SLICE("Mine");
    assert_int_equal(store_update(s->db, &mine), ERROR_CONFLICT);
    assert_int_equal(mine.clash.was.revision, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SCRATCH(test_add_writes_every_field),
        WITH_SCRATCH(test_update_changes_only_its_row),
        WITH_SCRATCH(test_saving_a_row_as_it_is_counts),
        WITH_SCRATCH(test_remove_removes_only_its_row),
        WITH_SCRATCH(test_a_missing_row_is_not_found),
        WITH_SCRATCH(test_what_does_not_fit_changes_nothing),
        WITH_SCRATCH(test_waiting_for_a_lock_is_bounded),
        WITH_SCRATCH(test_nothing_is_saved_that_is_not_logged),
        WITH_SCRATCH(test_the_log_says_who_and_by_which_form),
        WITH_SCRATCH(test_other_fields_are_merged),
        WITH_SCRATCH(test_a_clash_tells_all_three_and_writes_nothing),
        WITH_SCRATCH(test_the_same_text_from_both_is_no_clash),
        WITH_SCRATCH(test_case_and_accents_make_a_clash),
        WITH_SCRATCH(test_without_a_version_whatever_is_there_is_written),
        WITH_SCRATCH(test_an_unknown_version_makes_each_difference_a_clash),
        WITH_SCRATCH(test_an_unknown_version_and_empty_fields),
        WITH_SCRATCH(test_a_change_by_sql_is_seen),
        WITH_SCRATCH(test_a_changed_supplier_is_not_removed),
        WITH_SCRATCH(test_an_update_of_a_removed_supplier_is_not_found),
        WITH_SCRATCH(test_an_earlier_version_comes_back),
        WITH_SCRATCH(test_a_removed_supplier_comes_back_under_its_id),
        WITH_SCRATCH(test_the_entry_names_the_supplier),
        WITH_SCRATCH(test_a_changed_supplier_is_not_restored),
        WITH_SCRATCH(test_a_supplier_that_was_removed_meanwhile),
        WITH_SCRATCH(test_a_restoration_that_others_overtake),
        WITH_SCRATCH(test_what_was_forgotten_does_not_come_back),
    };

    (void)test_database();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
