/* One question at a time, for all who came before it was sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cafe/base/inquiry.h"

enum { COUNT = 4 };

struct fixture {
    struct inquiry inquiry;
    struct waiters answered;
    struct waiter all[COUNT];
};

static void set_up(struct fixture *f)
{
    *f = (struct fixture){ 0 };
    inquiry_init(&f->inquiry);
    waiters_init(&f->answered);
}

static void assert_answered(struct fixture *f, size_t first, size_t count)
{
    for (size_t i = first; i < first + count; i++)
        assert_ptr_equal(waiters_take(&f->answered), &f->all[i]);
    assert_null(waiters_take(&f->answered));
}

static void test_who_comes_meanwhile_shares_the_next_one(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f);
    inquiry_join(&f.inquiry, &f.all[0]);
    inquiry_join(&f.inquiry, &f.all[1]);
    assert_true(inquiry_begin(&f.inquiry));
    inquiry_join(&f.inquiry, &f.all[2]);
    assert_false(inquiry_begin(&f.inquiry));
    inquiry_join(&f.inquiry, &f.all[3]);
    inquiry_end(&f.inquiry, &f.answered);
    assert_answered(&f, 0, 2);
    assert_true(inquiry_wanted(&f.inquiry));
    assert_true(inquiry_begin(&f.inquiry));
    inquiry_end(&f.inquiry, &f.answered);
    assert_answered(&f, 2, 2);
    assert_false(inquiry_wanted(&f.inquiry));
}

/* The answer to the first one brings the next request: it joins and asks,
 * while others of the same question still wait for theirs. */
static void test_asked_again_while_answering(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f);
    for (size_t i = 0; i < 2; i++)
        inquiry_join(&f.inquiry, &f.all[i]);
    assert_true(inquiry_begin(&f.inquiry));
    inquiry_end(&f.inquiry, &f.answered);
    assert_ptr_equal(waiters_take(&f.answered), &f.all[0]);
    inquiry_join(&f.inquiry, &f.all[2]);
    assert_true(inquiry_begin(&f.inquiry));
    inquiry_join(&f.inquiry, &f.all[0]);
    assert_false(inquiry_begin(&f.inquiry));
    assert_answered(&f, 1, 1);
    inquiry_end(&f.inquiry, &f.answered);
    assert_answered(&f, 2, 1);
    assert_true(inquiry_begin(&f.inquiry));
    inquiry_end(&f.inquiry, &f.answered);
    assert_answered(&f, 0, 1);
}

static void test_unanswered_ones_wait_in_front(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f);
    inquiry_join(&f.inquiry, &f.all[0]);
    inquiry_join(&f.inquiry, &f.all[1]);
    assert_true(inquiry_begin(&f.inquiry));
    inquiry_join(&f.inquiry, &f.all[2]);
    assert_ptr_equal(inquiry_oldest(&f.inquiry), &f.all[0]);
    inquiry_fail(&f.inquiry);
    assert_ptr_equal(inquiry_oldest(&f.inquiry), &f.all[0]);
    assert_true(inquiry_begin(&f.inquiry));
    inquiry_end(&f.inquiry, &f.answered);
    assert_answered(&f, 0, 3);
    assert_null(inquiry_oldest(&f.inquiry));
}

static void test_anybody_may_leave(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f);
    for (size_t i = 0; i < 3; i++)
        inquiry_join(&f.inquiry, &f.all[i]);
    waiters_leave(&f.all[3]); /* never waited */
    waiters_leave(&f.all[1]);
    assert_true(inquiry_begin(&f.inquiry));
    waiters_leave(&f.all[0]);
    waiters_leave(&f.all[0]);
    inquiry_join(&f.inquiry, &f.all[3]);
    inquiry_leave_all(&f.inquiry, &f.answered);
    assert_answered(&f, 2, 2);
    assert_false(inquiry_begin(&f.inquiry)); /* it goes on for nobody */
    inquiry_end(&f.inquiry, &f.answered);
    assert_null(waiters_take(&f.answered));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_comes_meanwhile_shares_the_next_one),
        cmocka_unit_test(test_asked_again_while_answering),
        cmocka_unit_test(test_unanswered_ones_wait_in_front),
        cmocka_unit_test(test_anybody_may_leave),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
