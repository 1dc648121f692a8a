/* One-time keys: whatever is sent twice is done once. */
#include <pthread.h>

#include "test_store.h"

static void test_keys_are_well_formed_and_differ(void **state)
{
    char one[FORM_KEY_CHARS + 1], two[FORM_KEY_CHARS + 1];
    bool seen[128] = { false };
    size_t letters = 0;

    (void)state;
    for (int i = 0; i < 500; i++) {
        assert_int_equal(form_key_make(one), OK);
        assert_int_equal(form_key_make(two), OK);
        assert_true(form_key_valid(slice_of(one)));
        assert_string_not_equal(one, two);
        for (size_t at = 0; at < FORM_KEY_CHARS; at++)
            seen[(unsigned char)one[at]] = true;
    }
    for (size_t i = 0; i < sizeof(seen); i++)
        letters += seen[i];
    assert_int_equal(letters, 64);
}

static void test_what_is_no_key(void **state)
{
    (void)state;
    assert_true(form_key_valid(SLICE("AZaz09-_AZaz09-_AZaz09")));
    assert_false(form_key_valid(SLICE("")));
    assert_false(form_key_valid(slice_of(NULL)));
    assert_false(form_key_valid(SLICE("AZaz09-_AZaz09-_AZaz0")));
    assert_false(form_key_valid(SLICE("AZaz09-_AZaz09-_AZaz09A")));
    assert_false(form_key_valid(SLICE("AZaz09+/AZaz09-_AZaz09")));
    assert_false(form_key_valid(SLICE("AZaz09-_AZaz09-_AZaz0=")));
    assert_false(form_key_valid(SLICE("AZaz09-_AZaz09-_AZaz0\0")));
    assert_false(form_key_valid(SLICE("AZaz09-_AZaz09-_AZaz\xc3\xb8")));
}

static void assert_changes(const struct scratch *s, const char *expected)
{
    assert_answer(s, "SELECT n FROM supplier_revision", expected);
}

static void test_an_addition_sent_twice_adds_once(void **state)
{
    const struct scratch *s = *state;
    struct store_job first = job_with(s, SLICE("One"));
    struct store_job second;

    first.form_key = KEY_ONE;
    second = first;
    assert_int_equal(store_add(s->db, &first), OK);
    assert_false(first.repeated);
    assert_int_equal(store_add(s->db, &second), OK);
    assert_true(second.repeated);
    assert_int_equal(second.id, first.id);
    assert_int_equal(second.revision, first.revision);
    assert_table(s, "1|One|" REST);
    assert_changes(s, "1|");
}

static void test_another_key_is_another_form(void **state)
{
    const struct scratch *s = *state;
    struct store_job job = job_with(s, SLICE("One"));

    job.form_key = KEY_ONE;
    assert_int_equal(store_add(s->db, &job), OK);
    job = job_with(s, SLICE("One"));
    job.form_key = KEY_TWO;
    assert_int_equal(store_add(s->db, &job), OK);
    assert_false(job.repeated);
    assert_int_equal(job.id, 2);
}

/* Also after others have changed it: it is not an edit of what is there. */
static void test_an_update_sent_twice_changes_once(void **state)
{
    const struct scratch *s = *state;
    struct store_job base = added(s, SLICE("One"));
    struct store_job first = edit_of(&base);
    struct store_job second;

    first.form_key = KEY_ONE;
    first.supplier.fields[SUPPLIER_NAME] = SLICE("Two");
    second = first;
    assert_int_equal(store_update(s->db, &first), OK);
    (void)changed(s, &first, SUPPLIER_NAME, SLICE("Three"));
    assert_int_equal(store_update(s->db, &second), OK);
    assert_true(second.repeated);
    assert_int_equal(second.revision, first.revision);
    assert_table(s, "1|Three|" REST);
    assert_changes(s, "3|");
}

static void test_a_removal_sent_twice_is_done_once(void **state)
{
    const struct scratch *s = *state;
    struct store_job base = added(s, SLICE("One"));
    struct store_job first = edit_of(&base);
    struct store_job second;

    first.form_key = KEY_ONE;
    second = first;
    assert_int_equal(store_remove(s->db, &first), OK);
    assert_int_equal(store_remove(s->db, &second), OK);
    assert_true(second.repeated);
    assert_int_equal(second.revision, first.revision);
    assert_changes(s, "2|");
}

static void test_a_restoration_sent_twice_is_done_once(void **state)
{
    const struct scratch *s = *state;
    struct store_job base = added(s, SLICE("One"));
    struct store_job gone = edit_of(&base);
    struct store_job back = { .arena = s->arena,
                              .supplier = { .id = base.id },
                              .version = base.revision,
                              .form_key = KEY_ONE };
    struct store_job again;

    assert_int_equal(store_remove(s->db, &gone), OK);
    back.expected = gone.revision;
    again = back;
    assert_int_equal(store_restore(s->db, &back), OK);
    assert_int_equal(store_restore(s->db, &again), OK);
    assert_true(again.repeated);
    assert_int_equal(again.revision, back.revision);
    assert_changes(s, "3|");
}

static void test_another_version_is_another_text(void **state)
{
    const struct scratch *s = *state;
    struct store_job base = added(s, SLICE("One"));
    struct store_job two = changed(s, &base, SUPPLIER_NAME, SLICE("Two"));
    struct store_job back = { .arena = s->arena,
                              .supplier = { .id = base.id },
                              .version = base.revision,
                              .form_key = KEY_ONE };
    struct store_job forth = back;

    forth.version = two.revision;
    assert_int_equal(store_restore(s->db, &back), OK);
    assert_int_equal(store_restore(s->db, &forth), OK);
    assert_false(forth.repeated);
    assert_table(s, "1|Two|" REST);
}

/* Typed on after a broken connection, or after going back. */

/* A correction, or the next supplier: only the person knows. */
static void test_another_addition_is_asked_about(void **state)
{
    const struct scratch *s = *state;
    struct store_job first = job_with(s, SLICE("One"));
    struct store_job second = job_with(s, SLICE("Two"));

    first.form_key = KEY_ONE;
    second.form_key = KEY_ONE;
    assert_int_equal(store_add(s->db, &first), OK);
    (void)changed(s, &first, SUPPLIER_CITY, SLICE("Odense"));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(store_add(s->db, &second), ERROR_CONFLICT);
        assert_int_equal(second.earlier.id, 1);
        assert_int_equal(second.earlier.revision, 1);
        assert_text(second.earlier.fields[SUPPLIER_CITY], "Odense");
        assert_text(second.supplier.fields[SUPPLIER_NAME], "Two");
    }
    assert_answer(s, "SELECT name FROM suppliers", "One|");
    second.form_key = KEY_TWO;
    assert_int_equal(store_add(s->db, &second), OK);
    assert_int_equal(second.earlier.revision, 0);
    assert_answer(s, "SELECT name FROM suppliers ORDER BY id", "One|Two|");
}

/* The first text comes once more, late: it is not what was typed last. */
static void test_a_late_repetition_undoes_nothing(void **state)
{
    static const struct slice names[] = { { "Two", 3 }, { "Three", 5 } };
    const struct scratch *s = *state;
    struct store_job base = added(s, SLICE("One"));
    struct store_job late = { 0 };

    for (size_t i = 0; i < 2; i++) {
        struct store_job job = edit_of(&base);

        job.supplier.fields[SUPPLIER_NAME] = names[i];
        job.form_key = KEY_ONE;
        if (i == 0)
            late = job;
        assert_int_equal(store_update(s->db, &job), OK);
        assert_false(job.repeated);
        assert_int_equal(job.revision, i + 2);
    }
    assert_int_equal(store_update(s->db, &late), OK);
    assert_true(late.repeated);
    assert_int_equal(late.revision, 2);
    assert_table(s, "1|Three|" REST);
    assert_changes(s, "3|");
}

/* What the form saved is its own: only what others did can clash. */
static void test_an_update_typed_on_is_based_on_what_it_saved(void **state)
{
    const struct scratch *s = *state;
    struct store_job base = added(s, SLICE("One"));
    struct store_job first = edit_of(&base);
    struct store_job second;

    first.form_key = KEY_ONE;
    first.supplier.fields[SUPPLIER_NAME] = SLICE("Two");
    second = first;
    assert_int_equal(store_update(s->db, &first), OK);
    (void)changed(s, &first, SUPPLIER_CITY, SLICE("Odense"));
    second.supplier.fields[SUPPLIER_NAME] = SLICE("Three");
    assert_int_equal(store_update(s->db, &second), OK);
    assert_true(second.merged);
    assert_int_equal(second.clash.was.revision, first.revision);
    assert_answer(s, "SELECT name, city FROM suppliers", "Three|Odense|");
}

/*
 * What others had changed before the first save was merged, but the form still
 * shows the old text: sending that again takes nothing back.
 */
static void test_an_update_typed_on_keeps_what_was_merged(void **state)
{
    const struct scratch *s = *state;
    struct store_job base = added(s, SLICE("One"));
    struct store_job form = edit_of(&base);
    struct store_job sent;

    form.form_key = KEY_ONE;
    (void)changed(s, &base, SUPPLIER_CITY, SLICE("Odense"));
    for (int i = 0; i < 3; i++) {
        static const struct slice names[] = { { "Two", 3 },
                                              { "Three", 5 },
                                              { "One", 3 } };

        form.supplier.fields[SUPPLIER_NAME] = names[i];
        sent = form;
        assert_int_equal(store_update(s->db, &sent), OK);
        assert_true(sent.merged);
        assert_text(sent.supplier.fields[SUPPLIER_CITY], "Odense");
        assert_text(sent.supplier.fields[SUPPLIER_NAME], names[i].data);
    }
    assert_answer(s, "SELECT name, city FROM suppliers", "One|Odense|");
}

static void test_an_update_typed_on_can_clash(void **state)
{
    const struct scratch *s = *state;
    struct store_job base = added(s, SLICE("One"));
    struct store_job first = edit_of(&base);
    struct store_job second;

    first.form_key = KEY_ONE;
    first.supplier.fields[SUPPLIER_NAME] = SLICE("Two");
    second = first;
    assert_int_equal(store_update(s->db, &first), OK);
    (void)changed(s, &first, SUPPLIER_NAME, SLICE("Theirs"));
    second.supplier.fields[SUPPLIER_NAME] = SLICE("Mine");
    assert_int_equal(store_update(s->db, &second), ERROR_CONFLICT);
    assert_true(second.clash.fields[SUPPLIER_NAME]);
    assert_int_equal(second.clash.count, 1);
    assert_text(second.clash.was.fields[SUPPLIER_NAME], "Two");
    assert_table(s, "1|Theirs|" REST);
}

static void test_another_addition_after_the_first_was_removed(void **state)
{
    const struct scratch *s = *state;
    struct store_job first = job_with(s, SLICE("One"));
    struct store_job second = job_with(s, SLICE("Two"));

    first.form_key = KEY_ONE;
    second.form_key = KEY_ONE;
    assert_int_equal(store_add(s->db, &first), OK);
    test_run(s->db, "DELETE FROM suppliers");
    assert_int_equal(store_add(s->db, &second), ERROR_NOT_FOUND);
    assert_table(s, "");
}

/* A key says nothing about suppliers that its form has not saved. */
static void test_a_key_leads_to_no_other_supplier(void **state)
{
    const struct scratch *s = *state;
    struct store_job one = added(s, SLICE("One"));
    struct store_job two = added(s, SLICE("Two"));

    one = edit_of(&one);
    one.form_key = KEY_ONE;
    assert_int_equal(store_update(s->db, &one), OK);
    two = edit_of(&two);
    two.form_key = KEY_ONE;
    two.supplier.fields[SUPPLIER_NAME] = SLICE("Two, changed");
    assert_int_equal(store_update(s->db, &two), OK);
    assert_false(two.repeated);
    assert_table(s, "1|One|" REST "2|Two, changed|" REST);
}

/* What stands in one field can't be told apart from the next by its text. */
static void test_fields_do_not_run_into_each_other(void **state)
{
    const struct scratch *s = *state;
    struct store_job one = job_with(s, SLICE("ab"));
    struct store_job two = job_with(s, SLICE("a"));

    one.form_key = KEY_ONE;
    two.form_key = KEY_ONE;
    one.supplier.fields[SUPPLIER_ADDRESS] = SLICE("c");
    two.supplier.fields[SUPPLIER_ADDRESS] = SLICE("bc");
    assert_int_equal(store_add(s->db, &one), OK);
    assert_int_equal(store_add(s->db, &two), ERROR_CONFLICT);
    assert_false(two.repeated);
}

static void test_another_action_is_another_text(void **state)
{
    const struct scratch *s = *state;
    struct store_job base = added(s, SLICE("One"));
    struct store_job save = edit_of(&base);
    struct store_job gone = edit_of(&base);

    save.form_key = KEY_ONE;
    gone.form_key = KEY_ONE;
    assert_int_equal(store_update(s->db, &save), OK);
    assert_int_equal(store_remove(s->db, &gone), OK);
    assert_false(gone.repeated);
    assert_table(s, "");
}

/* The key's row. */

static void test_the_row_has_a_sha256_and_the_revision(void **state)
{
    const struct scratch *s = *state;
    struct store_job job = job_with(s, SLICE("One"));

    for (size_t f = 0; f < SUPPLIER_FIELDS; f++)
        job.supplier.fields[f] = supplier_columns[f].since > 2 ? SLICE("")
                                                               : SLICE("x");
    job.form_key = KEY_ONE;
    assert_int_equal(store_add(s->db, &job), OK);
    assert_answer(s,
                  "SELECT form_key, supplier_id, revision,"
                  " digest = UNHEX(SHA2('3:add0,0,"
                  "1:x1:x1:x1:x1:x1:x1:x1:x', 256)),"
                  " ABS(TIMESTAMPDIFF(SECOND, at, UTC_TIMESTAMP(6))) < 60"
                  " FROM supplier_form_keys",
                  KEY_ONE "|1|1|1|1|");
}

/* A version that does not know the website makes the same text of a form that
 * has none. */
static void test_a_later_field_counts_where_it_is_filled(void **state)
{
    const struct scratch *s = *state;
    struct store_job job = job_with(s, SLICE("One"));
    struct store_job again = job;

    job.supplier.fields[SUPPLIER_WEBSITE] = SLICE("https://x.example");
    job.form_key = again.form_key = KEY_ONE;
    assert_int_equal(store_add(s->db, &job), OK);
    assert_int_equal(store_add(s->db, &again), ERROR_CONFLICT);
    again.supplier.fields[SUPPLIER_WEBSITE] = SLICE("https://x.example");
    assert_int_equal(store_add(s->db, &again), OK);
    assert_true(again.repeated);
}

static void test_a_failed_change_leaves_its_key_free(void **state)
{
    const struct scratch *s = *state;
    struct store_job job = job_with(s, SLICE("One"));

    job.supplier.id = 1;
    job.form_key = KEY_ONE;
    assert_int_equal(store_update(s->db, &job), ERROR_NOT_FOUND);
    (void)added(s, SLICE("One"));
    assert_int_equal(store_update(s->db, &job), OK);
    assert_false(job.repeated);
}

static void test_old_keys_are_cleaned_a_thousand_at_a_time(void **state)
{
    const struct scratch *s = *state;

    test_run(s->db, "INSERT INTO supplier_form_keys SELECT LPAD(seq, 22, '0'),"
                    " UNHEX(SHA2(seq, 256)), 1, 1, UTC_TIMESTAMP(6) - INTERVAL"
                    " IF(seq > 1500, 6, 8) DAY FROM seq_1_to_1510");
    assert_int_equal(store_clean_keys(s->db, NULL), OK);
    assert_answer(s, "SELECT COUNT(*) FROM supplier_form_keys", "510|");
    assert_int_equal(store_clean_keys(s->db, NULL), OK);
    assert_int_equal(store_clean_keys(s->db, NULL), OK);
    assert_answer(s, "SELECT COUNT(*) FROM supplier_form_keys", "10|");
}

/* At the same time. */

enum { SENDERS = 8 };

struct sender {
    pthread_t thread;
    struct scratch scratch;
    struct store_job job;
    enum error outcome;
};

/* As the database threads do with what is rolled back. */
static void *send_form(void *argument)
{
    struct sender *sender = argument;

    do
        sender->outcome = store_add(sender->scratch.db, &sender->job);
    while (sender->outcome == ERROR_DB_RETRY);
    return NULL;
}

/* Half of them send another text: one is added, the others are asked. */
static void test_many_at_once_add_one(void **state)
{
    const struct scratch *s = *state;
    struct sender senders[SENDERS];
    size_t repeated = 0, asked = 0;

    for (size_t i = 0; i < SENDERS; i++) {
        senders[i].scratch = (struct scratch){ connect_again(), arena_open(0) };
        senders[i].job =
            job_with(&senders[i].scratch, i % 2 ? SLICE("Odd") : SLICE("Even"));
        senders[i].job.form_key = KEY_ONE;
        pthread_create(&senders[i].thread, NULL, send_form, &senders[i]);
    }
    for (size_t i = 0; i < SENDERS; i++) {
        const struct store_job *job = &senders[i].job;

        pthread_join(senders[i].thread, NULL);
        asked += senders[i].outcome == ERROR_CONFLICT && job->earlier.id == 1;
        repeated += senders[i].outcome == OK && job->id == 1 && job->repeated;
        db_disconnect(senders[i].scratch.db);
        arena_close(senders[i].scratch.arena);
    }
    assert_int_equal(repeated, SENDERS / 2 - 1);
    assert_int_equal(asked, SENDERS / 2);
    assert_answer(s, "SELECT action FROM supplier_changes ORDER BY revision",
                  "add|");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_are_well_formed_and_differ),
        cmocka_unit_test(test_what_is_no_key),
        WITH_SCRATCH(test_an_addition_sent_twice_adds_once),
        WITH_SCRATCH(test_another_key_is_another_form),
        WITH_SCRATCH(test_an_update_sent_twice_changes_once),
        WITH_SCRATCH(test_a_removal_sent_twice_is_done_once),
        WITH_SCRATCH(test_a_restoration_sent_twice_is_done_once),
        WITH_SCRATCH(test_another_version_is_another_text),
        WITH_SCRATCH(test_another_addition_is_asked_about),
        WITH_SCRATCH(test_a_late_repetition_undoes_nothing),
        WITH_SCRATCH(test_an_update_typed_on_is_based_on_what_it_saved),
        WITH_SCRATCH(test_an_update_typed_on_keeps_what_was_merged),
        WITH_SCRATCH(test_an_update_typed_on_can_clash),
        WITH_SCRATCH(test_another_addition_after_the_first_was_removed),
        WITH_SCRATCH(test_a_key_leads_to_no_other_supplier),
        WITH_SCRATCH(test_fields_do_not_run_into_each_other),
        WITH_SCRATCH(test_another_action_is_another_text),
        WITH_SCRATCH(test_the_row_has_a_sha256_and_the_revision),
        WITH_SCRATCH(test_a_later_field_counts_where_it_is_filled),
        WITH_SCRATCH(test_a_failed_change_leaves_its_key_free),
        WITH_SCRATCH(test_old_keys_are_cleaned_a_thousand_at_a_time),
        WITH_SCRATCH(test_many_at_once_add_one),
    };

    (void)test_database();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
