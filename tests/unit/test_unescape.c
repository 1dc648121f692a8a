/* Repairing what the first application has escaped. */
#include "cafe/suppliers/unescape.h"
#include "test_store.h"

/* Texts. */

static void assert_unescaped(const char *text, const char *expected)
{
    struct arena *arena = arena_open(0);
    struct slice result;

    assert_int_equal(unescape_text(arena, slice_of(text), &result), OK);
    assert_text(result, expected);
    arena_close(arena);
}

static void test_texts(void **state)
{
    static const char *const rows[][2] = {
        { "", "" },
        { "Ben & Jerry's", "Ben & Jerry's" },
        { "&amp;&lt;&gt;&quot;&#x27;&#x2F;&#x5C;&#96;", "&<>\"'/\\`" },
        { "Ben &amp;amp; Jerry&amp;#x27;s", "Ben & Jerry's" },
        { "&amp;amp;amp;amp;amp;lt;", "<" },
        { "&amp;quot;a&amp;quot; &lt;b&gt;", "\"a\" <b>" },
        { "&am&amp;p;", "&am&p;" },
        /* What the first application never wrote stays as it is. */
        { "&AMP; &#39; &nbsp; &eacute; &#x2f; &amp",
          "&AMP; &#39; &nbsp; &eacute; &#x2f; &amp" },
        { "&", "&" },
        { "&&amp;;", "&&;" },
        { "\u2615 &amp; \u00e9", "\u2615 & \u00e9" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_unescaped(rows[i][0], rows[i][1]);
}

/* As the first application did it, each pass from left to right. */
static void escape(const char *text, char *out)
{
    static const char plain[] = "&<>\"'/\\`";
    static const char *const escaped[] = { "&amp;",  "&lt;",   "&gt;",
                                           "&quot;", "&#x27;", "&#x2F;",
                                           "&#x5C;", "&#96;" };

    for (; *text; text++) {
        const char *found = strchr(plain, *text);

        if (found != NULL)
            out += sprintf(out, "%s", escaped[found - plain]);
        else
            *out++ = *text;
    }
    *out = '\0';
}

static void test_however_often_it_was_escaped(void **state)
{
    char texts[2][4096] = { "Ben & Jerry's \"x\" <a/b> \\`" };

    (void)state;
    for (int times = 0; times < 6; times++) {
        assert_unescaped(texts[times % 2], "Ben & Jerry's \"x\" <a/b> \\`");
        escape(texts[times % 2], texts[(times + 1) % 2]);
    }
}

/* Suppliers. */

static void add_three(const struct scratch *s)
{
    test_run(s->db, "SET @cafe_actor = NULL");
    test_run(s->db,
             "INSERT INTO suppliers (id, name, address, city, state, email,"
             " phone, country, notes) VALUES"
             " (7, 'Ben &amp;amp; Jerry&amp;#x27;s', 'A&#x2F;B', 'c', 's',"
             "  'e', 'p', '&amp;', '&amp;'),"
             " (3, 'fine & good;', 'a', 'c', 's', 'e', 'p', '', ''),"
             " (5, 'n', 'a', 'c', 's', '&lt;e\n\xc2\x85', '1&#x2F;2', '', '')");
}

#define REPORT                                                 \
    "supplier 5, email: \"&lt;e??\" -> \"<e??\"\n"             \
    "supplier 5, phone: \"1&#x2F;2\" -> \"1/2\"\n"             \
    "supplier 7, name: \"Ben &amp;amp; Jerry&amp;#x27;s\" -> " \
    "\"Ben & Jerry's\"\n"                                      \
    "supplier 7, address: \"A&#x2F;B\" -> \"A/B\"\n"           \
    "2 suppliers with escaped text: "

static void assert_report(const struct scratch *s, bool dry_run,
                          const char *expected)
{
    struct text report;

    text_init(&report, 0);
    assert_int_equal(unescape_suppliers(s->db, dry_run, &report), OK);
    assert_string_equal(text_string(&report), expected);
    text_free(&report);
}

static void test_a_dry_run_shows_the_same_and_changes_nothing(void **state)
{
    const struct scratch *s = *state;

    add_three(s);
    assert_report(s, true, REPORT "nothing was changed\n");
    assert_answer(s, "SELECT n FROM supplier_revision", "3|");
    assert_answer(s, "SELECT name FROM suppliers WHERE id = 7",
                  "Ben &amp;amp; Jerry&amp;#x27;s|");
}

static void test_repairs_are_changes_like_any_other(void **state)
{
    const struct scratch *s = *state;
    struct store_job back = { .arena = s->arena, .supplier = { .id = 7 } };

    add_three(s);
    assert_report(s, false, REPORT "repaired\n");
    assert_answer(s,
                  "SELECT id, name, address, email, phone, country, notes"
                  " FROM suppliers ORDER BY id",
                  "3|fine & good;|a|e|p|||5|n|a|<e\n\xc2\x85|1/2|||"
                  "7|Ben & Jerry's|A/B|e|p|&amp;|&amp;|");
    assert_answer(s,
                  "SELECT supplier_id, action, actor FROM supplier_changes"
                  " WHERE revision > 3 ORDER BY revision",
                  "5|update|employee --migrate --unescape|"
                  "7|update|employee --migrate --unescape|");
    assert_report(s, false, "0 suppliers with escaped text: repaired\n");
    assert_answer(s, "SELECT n FROM supplier_revision", "5|");
    back.version = 1;
    assert_int_equal(store_restore(s->db, &back), OK);
    assert_answer(s, "SELECT name FROM suppliers WHERE id = 7",
                  "Ben &amp;amp; Jerry&amp;#x27;s|");
}

/* An adopted table may allow NULL, which is not a text. */
static void test_what_is_null_stays_null(void **state)
{
    const struct scratch *s = *state;

    test_run(s->db, "ALTER TABLE suppliers MODIFY city VARCHAR(255) NULL");
    test_run(s->db, "INSERT INTO suppliers (name, address, city, state, email,"
                    " phone) VALUES ('&amp;', '', NULL, '', '', '')");
    assert_report(s, false,
                  "supplier 1, name: \"&amp;\" -> \"&\"\n"
                  "1 supplier with escaped text: repaired\n");
    assert_answer(s, "SELECT name, city IS NULL FROM suppliers", "&|1|");
}

/* What was repaired before stays, and the rest comes with the next run. */
static void test_a_failure_names_the_supplier(void **state)
{
    const struct scratch *s = *state;
    struct db_connection *other = connect_again();
    struct text report;

    text_init(&report, 0);
    add_three(s);
    test_run(s->db, "SET SESSION innodb_lock_wait_timeout = 1");
    assert_int_equal(db_begin(other), OK);
    test_run(other, "SELECT id FROM suppliers WHERE id = 7 FOR UPDATE");
    assert_int_equal(unescape_suppliers(s->db, false, &report),
                     ERROR_DB_STATEMENT);
    assert_non_null(strstr(text_string(&report), "supplier 5, phone: "));
    assert_non_null(strstr(text_string(&report), "\nsupplier 7: "));
    assert_non_null(strstr(text_string(&report), " (1205)\n"));
    assert_null(strstr(text_string(&report), "repaired"));
    assert_answer(s,
                  "SELECT phone, @@in_transaction FROM suppliers"
                  " WHERE id = 5",
                  "1/2|0|");
    db_disconnect(other);
    text_free(&report);
}

/* Too long can't happen, and would be said. */
static void test_a_refused_row_is_said(void **state)
{
    const struct scratch *s = *state;
    struct text report;

    text_init(&report, 0);
    add_three(s);
    test_run(s->db, "CREATE TRIGGER refuse BEFORE UPDATE ON suppliers"
                    " FOR EACH ROW SIGNAL SQLSTATE '45000' SET"
                    " MYSQL_ERRNO = 1406, MESSAGE_TEXT = 'Data too long'");
    assert_int_equal(unescape_suppliers(s->db, false, &report), ERROR_DB_VALUE);
    assert_string_equal(text_string(&report),
                        "supplier 5: the table does not accept a value: Data "
                        "too long (1406)\n");
    assert_answer(s, "SELECT n FROM supplier_revision", "3|");
    text_free(&report);
}

static void test_without_a_table(void **state)
{
    const struct scratch *s = *state;
    struct text report;

    text_init(&report, 0);
    test_run(s->db, "DROP TABLE suppliers");
    assert_report(s, true,
                  "0 suppliers with escaped text: nothing was changed\n");
    assert_int_equal(unescape_suppliers(s->db, false, &report),
                     ERROR_DB_SCHEMA);
    text_free(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_however_often_it_was_escaped),
        WITH_SCRATCH(test_a_dry_run_shows_the_same_and_changes_nothing),
        WITH_SCRATCH(test_repairs_are_changes_like_any_other),
        WITH_SCRATCH(test_what_is_null_stays_null),
        WITH_SCRATCH(test_a_failure_names_the_supplier),
        WITH_SCRATCH(test_a_refused_row_is_said),
        WITH_SCRATCH(test_without_a_table),
    };

    (void)test_database();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
