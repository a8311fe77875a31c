/* tests/exec/test_roster.c -- exec/roster.h, promise by promise: no process is needed. */
#include "config.h"

#include "exec/roster.h"
#include "exec/tree.h"
#include "tests/suite.h"

enum {
    OUR_SESSION = 100,
    OPENED = 1000, /* ticks */
};

static struct roster r;
static struct roster_member a;
static struct roster_member b;
static struct roster_member *owner;

static void
setup(void)
{
    roster_init(&r, OUR_SESSION, OPENED);
    owner = NULL;
}

static void
enter(struct roster_member *m, enum roster_kind kind, unsigned long long born, pid_t pid)
{
    roster_add(&r, m, kind, born, 10 + born);
    if (pid != 0)
        roster_name(&r, m, pid);
}

static enum roster_verdict
judge_proc(const struct tree_proc *p)
{
    enum roster_verdict whose = roster_by_session(&r, p, &owner);

    return whose != ROSTER_UNSURE ? whose : roster_by_birth(&r, p->born, &owner);
}

/* Whose a living orphan of this session and birth is, when it has no mark. */
static enum roster_verdict
judge(pid_t session, unsigned long long born)
{
    struct tree_proc p = {
        .pid = 7777, .session = session, .state = 'S', .threads = 1, .born = born
    };

    return judge_proc(&p);
}

START_TEST(members_come_and_go)
{
    ck_assert(roster_empty(&r));
    enter(&a, ROSTER_RUNNING, 2000, 5);
    enter(&b, ROSTER_RUNNING, 2000, 5 + ROSTER_BUCKETS); /* the same bucket */
    ck_assert(!roster_empty(&r));
    ck_assert_ptr_eq(roster_find(&r, 5), &a);
    ck_assert_ptr_eq(roster_find(&r, 5 + ROSTER_BUCKETS), &b);
    ck_assert_ptr_null(roster_find(&r, 6));
    roster_remove(&a);
    ck_assert_ptr_null(roster_find(&r, 5));
    ck_assert_ptr_eq(roster_find(&r, 5 + ROSTER_BUCKETS), &b);
    roster_remove(&b);
    ck_assert(roster_empty(&r));
}
END_TEST

START_TEST(member_without_a_pid_is_not_found)
{
    enter(&a, ROSTER_RUNNING, 2000, 0);
    ck_assert_ptr_null(roster_find(&r, 0));
    roster_name(&r, &a, 9);
    ck_assert_ptr_eq(roster_find(&r, 9), &a);
}
END_TEST

START_TEST(newest_member_has_the_number)
{
    enter(&a, ROSTER_DETACHED, 2000, 5);
    enter(&b, ROSTER_RUNNING, 3000, 5);
    ck_assert_ptr_eq(roster_find(&r, 5), &b);
    ck_assert_int_eq(judge(5, 3100), ROSTER_OWNED);
    ck_assert_ptr_eq(owner, &b);
}
END_TEST

START_TEST(session_decides)
{
    enter(&a, ROSTER_RUNNING, 2000, 5);
    enter(&b, ROSTER_RUNNING, 2000, 6);
    ck_assert_int_eq(judge(5, 2100), ROSTER_OWNED);
    ck_assert_ptr_eq(owner, &a);
    ck_assert_int_eq(judge(6, 2100), ROSTER_OWNED);
    ck_assert_ptr_eq(owner, &b);
}
END_TEST

START_TEST(own_session_and_those_before_us_are_ours)
{
    enter(&a, ROSTER_RUNNING, 2000, 5);
    ck_assert_int_eq(judge(OUR_SESSION, 2100), ROSTER_OURS);
    ck_assert_int_eq(judge(77, OPENED - 1), ROSTER_OURS);
}
END_TEST

START_TEST(member_itself_is_ours_while_it_lives)
{
    static const enum roster_kind alive[] = { ROSTER_RUNNING, ROSTER_ABANDONED, ROSTER_GUEST };
    struct tree_proc p = { .pid = 5, .session = 5, .born = 2000 };

    enter(&a, alive[_i], 2000, 5);
    ck_assert_int_eq(judge_proc(&p), ROSTER_OURS);
}
END_TEST

START_TEST(number_of_a_member_that_was_reaped_may_be_anybodys)
{
    struct tree_proc p = { .pid = 5, .session = 5, .state = 'S', .threads = 1, .born = 3000 };

    enter(&a, _i == 0 ? ROSTER_DETACHED : ROSTER_SWEEPING, 2000, 5);
    enter(&b, ROSTER_RUNNING, 2000, 6);
    ck_assert_int_eq(judge_proc(&p), ROSTER_UNSURE);
    roster_remove(&b);
    enter(&b, ROSTER_RUNNING, 3000, 0); /* for one that is being started */
    ck_assert_int_eq(judge_proc(&p), ROSTER_OURS);
}
END_TEST

START_TEST(birth_decides_when_the_session_does_not)
{
    enter(&a, ROSTER_RUNNING, 2000, 5);
    enter(&b, ROSTER_RUNNING, 3000, 6);
    ck_assert_int_eq(judge(77, 1999), ROSTER_NOBODYS);
    ck_assert_int_eq(judge(77, 2500), ROSTER_OWNED);
    ck_assert_ptr_eq(owner, &a);
    ck_assert_int_eq(judge(77, 2000), ROSTER_OWNED); /* the same tick */
    ck_assert_int_eq(judge(77, 3000), ROSTER_UNSURE);
    ck_assert_int_eq(judge(77, 9000), ROSTER_UNSURE);
    roster_remove(&a);
    ck_assert_int_eq(judge(77, 9000), ROSTER_OWNED);
    ck_assert_ptr_eq(owner, &b);
    roster_remove(&b);
    ck_assert_int_eq(judge(77, 9000), ROSTER_NOBODYS);
}
END_TEST

START_TEST(one_that_is_being_started_may_be_the_child_in_question)
{
    enter(&a, ROSTER_SWEEPING, 2000, 5);
    enter(&b, ROSTER_RUNNING, 3000, 0);
    ck_assert_int_eq(judge(77, 3000), ROSTER_OURS);
    ck_assert_int_eq(judge(77, 2999), ROSTER_OWNED);
    ck_assert_int_eq(judge(5, 3000), ROSTER_OWNED); /* the session is certain */
}
END_TEST

START_TEST(detached_ones_are_told_apart_from_others_only)
{
    struct roster_member c;

    enter(&a, ROSTER_DETACHED, 2000, 5);
    enter(&b, ROSTER_DETACHED, 3000, 6);
    ck_assert_int_eq(judge(77, 9000), ROSTER_OWNED); /* it stays whosever it is */
    ck_assert_ptr_eq(owner, &b);
    ck_assert_int_eq(judge(77, 2999), ROSTER_OWNED);
    ck_assert_ptr_eq(owner, &a);
    enter(&c, ROSTER_RUNNING, 4000, 7);
    ck_assert_int_eq(judge(77, 9000), ROSTER_UNSURE);
    ck_assert_int_eq(judge(77, 3999), ROSTER_OWNED);
}
END_TEST

START_TEST(member_is_found_by_its_number)
{
    enter(&a, ROSTER_RUNNING, 2000, 5);
    enter(&b, ROSTER_RUNNING, 3000, 6);
    ck_assert_ptr_eq(roster_numbered(&r, 2010), &a);
    ck_assert_ptr_eq(roster_numbered(&r, 3010), &b);
    ck_assert_ptr_null(roster_numbered(&r, 4010));
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("exec/roster");
    TCase *tc = tcase_create("roster");

    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, members_come_and_go);
    tcase_add_test(tc, member_without_a_pid_is_not_found);
    tcase_add_test(tc, newest_member_has_the_number);
    tcase_add_test(tc, session_decides);
    tcase_add_test(tc, own_session_and_those_before_us_are_ours);
    tcase_add_loop_test(tc, member_itself_is_ours_while_it_lives, 0, 3);
    tcase_add_loop_test(tc, number_of_a_member_that_was_reaped_may_be_anybodys, 0, 2);
    tcase_add_test(tc, birth_decides_when_the_session_does_not);
    tcase_add_test(tc, one_that_is_being_started_may_be_the_child_in_question);
    tcase_add_test(tc, detached_ones_are_told_apart_from_others_only);
    tcase_add_test(tc, member_is_found_by_its_number);
    suite_add_tcase(s, tc);
    return s;
}
