/* tests/turns/test_sched.c -- turns/sched.h, promise by promise. */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "tests/suite.h"
#include "turns/sched.h"

enum {
    SLOTS = 40
};

static const struct sched_want anywhere;
static const struct sched_want at_once = { .now = true };
static const struct sched_want two = { "/two", 2, false };
static const struct sched_want one = { "/one", 1, false };
static const struct sched_want one_now = { "/one", 1, true };

static struct sched s;

static void
begin(size_t max_running, size_t max_waiting)
{
    ck_assert_int_eq(sched_open(&s, SLOTS, max_running, max_waiting), 0);
}

static void
teardown(void)
{
    sched_close(&s);
}

static enum sched_answer
enter(size_t slot)
{
    return sched_enter(&s, slot, &anywhere);
}

static void
runs(size_t slot, const struct sched_want *want)
{
    ck_assert_int_eq(sched_enter(&s, slot, want), SCHED_RUN);
}

static void
queues(size_t slot, const struct sched_want *want)
{
    ck_assert_int_eq(sched_enter(&s, slot, want), SCHED_WAIT);
}

START_TEST(as_many_run_as_the_limit_says)
{
    size_t i;

    begin(3, 10);
    for (i = 0; i < 3; i++)
        ck_assert_int_eq(enter(i), SCHED_RUN);
    ck_assert_int_eq(enter(3), SCHED_WAIT);
    ck_assert_uint_eq(sched_running(&s), 3);
}
END_TEST

START_TEST(as_many_wait_as_the_limit_says)
{
    size_t i;

    begin(1, 5);
    ck_assert_int_eq(enter(0), SCHED_RUN);
    for (i = 1; i <= 5; i++)
        ck_assert_int_eq(enter(i), SCHED_WAIT);
    ck_assert_int_eq(enter(6), SCHED_BUSY);
    ck_assert_int_eq(enter(6), SCHED_BUSY);
}
END_TEST

START_TEST(without_a_queue_nobody_waits)
{
    begin(1, 0);
    ck_assert_int_eq(enter(0), SCHED_RUN);
    ck_assert_int_eq(enter(1), SCHED_BUSY);
    ck_assert(!sched_park(&s, 2, &anywhere));
    sched_leave(&s, 0, 0);
    ck_assert_uint_eq(sched_next(&s), SCHED_NONE);
    ck_assert_int_eq(enter(1), SCHED_RUN);
}
END_TEST

START_TEST(who_waits_is_called_in_order_of_arrival_and_once)
{
    static const size_t order[] = { 7, 3, 39, 0, 12 };
    size_t i;

    begin(1, 10);
    ck_assert_int_eq(enter(5), SCHED_RUN);
    for (i = 0; i < 5; i++)
        ck_assert_int_eq(enter(order[i]), SCHED_WAIT);
    for (i = 0; i < 5; i++) {
        ck_assert_uint_eq(sched_next(&s), SCHED_NONE);
        sched_leave(&s, i == 0 ? 5 : order[i - 1], 0);
        ck_assert_uint_eq(sched_next(&s), order[i]);
    }
    sched_leave(&s, order[4], 0);
    ck_assert_uint_eq(sched_next(&s), SCHED_NONE);
    ck_assert_uint_eq(sched_running(&s), 0);
}
END_TEST

START_TEST(who_is_called_has_a_place)
{
    begin(2, 10);
    ck_assert_int_eq(enter(0), SCHED_RUN);
    ck_assert_int_eq(enter(1), SCHED_RUN);
    ck_assert_int_eq(enter(2), SCHED_WAIT);
    ck_assert_int_eq(enter(3), SCHED_WAIT);
    sched_leave(&s, 0, 0);
    sched_leave(&s, 1, 0);
    ck_assert_uint_eq(sched_next(&s), 2);
    ck_assert_uint_eq(sched_running(&s), 1);
    ck_assert_uint_eq(sched_next(&s), 3);
    ck_assert_uint_eq(sched_running(&s), 2);
}
END_TEST

START_TEST(whoever_waits_already_comes_first)
{
    begin(1, 10);
    ck_assert_int_eq(enter(0), SCHED_RUN);
    ck_assert_int_eq(enter(1), SCHED_WAIT);
    sched_leave(&s, 0, 0);
    ck_assert_int_eq(enter(2), SCHED_WAIT); /* though a place is free */
    ck_assert_uint_eq(sched_next(&s), 1);
    sched_leave(&s, 1, 0);
    ck_assert_uint_eq(sched_next(&s), 2);
}
END_TEST

START_TEST(who_was_dropped_is_never_called)
{
    static const size_t left[] = { 2, 3, 1 }; /* after the first, middle, last has gone */
    size_t next;
    size_t i;

    begin(1, 10);
    ck_assert_int_eq(enter(0), SCHED_RUN);
    for (i = 1; i <= 3; i++)
        ck_assert_int_eq(enter(i), SCHED_WAIT);
    ck_assert(sched_drop(&s, (size_t)_i + 1));
    ck_assert(!sched_drop(&s, (size_t)_i + 1));
    sched_leave(&s, 0, 0);
    next = _i == 0 ? 2 : 1;
    ck_assert_uint_eq(sched_next(&s), next);
    sched_leave(&s, next, 0);
    next = _i == 2 ? 2 : 3;
    ck_assert_uint_eq(sched_next(&s), next);
    sched_leave(&s, next, 0);
    ck_assert_uint_eq(sched_next(&s), SCHED_NONE);
    ck_assert_int_eq(enter(left[_i]), SCHED_RUN);
}
END_TEST

START_TEST(a_drop_makes_room_in_the_queue)
{
    begin(1, 1);
    ck_assert_int_eq(enter(0), SCHED_RUN);
    ck_assert_int_eq(enter(1), SCHED_WAIT);
    ck_assert_int_eq(enter(2), SCHED_BUSY);
    ck_assert(sched_drop(&s, 1));
    ck_assert_int_eq(enter(2), SCHED_WAIT);
    ck_assert_int_eq(enter(1), SCHED_BUSY);
}
END_TEST

START_TEST(who_was_called_is_not_there_to_drop)
{
    begin(1, 1);
    ck_assert(!sched_drop(&s, 0));
    ck_assert_int_eq(enter(0), SCHED_RUN);
    ck_assert(!sched_drop(&s, 0));
    ck_assert_int_eq(enter(1), SCHED_WAIT);
    sched_leave(&s, 0, 0);
    ck_assert_uint_eq(sched_next(&s), 1);
    ck_assert(!sched_drop(&s, 1));
    ck_assert_uint_eq(sched_running(&s), 1);
}
END_TEST

START_TEST(lower_limits_leave_what_runs_and_waits)
{
    size_t i;

    begin(4, 4);
    for (i = 0; i < 8; i++)
        ck_assert_int_eq(enter(i), i < 4 ? SCHED_RUN : SCHED_WAIT);
    ck_assert_int_eq(sched_set_limits(&s, 1, 1, NULL, 0), 0);
    ck_assert_uint_eq(sched_running(&s), 4);
    ck_assert_int_eq(enter(8), SCHED_BUSY);
    for (i = 0; i < 3; i++) {
        sched_leave(&s, i, 0);
        ck_assert_uint_eq(sched_next(&s), SCHED_NONE);
    }
    for (i = 4; i < 8; i++) {
        sched_leave(&s, i - 1, 0);
        ck_assert_uint_eq(sched_next(&s), i);
        ck_assert_uint_eq(sched_next(&s), SCHED_NONE);
    }
}
END_TEST

START_TEST(higher_limits_let_who_waits_run)
{
    size_t i;

    begin(1, 5);
    for (i = 0; i < 6; i++)
        ck_assert_int_eq(enter(i), i < 1 ? SCHED_RUN : SCHED_WAIT);
    ck_assert_int_eq(sched_set_limits(&s, 3, 6, NULL, 0), 0);
    ck_assert_uint_eq(sched_next(&s), 1);
    ck_assert_uint_eq(sched_next(&s), 2);
    ck_assert_uint_eq(sched_next(&s), SCHED_NONE);
}
END_TEST

START_TEST(a_failed_open_can_be_closed)
{
#ifdef SANITIZERS
    SUITE_SKIP("a sanitizer does not let an allocation fail");
#endif
    ck_assert_int_eq(sched_open(&s, SIZE_MAX / 2, 1, 1), -ENOMEM);
}
END_TEST

START_TEST(of_a_lane_as_many_run_as_its_limit_says)
{
    begin(10, 10);
    runs(0, &two);
    runs(1, &two);
    queues(2, &two);
    runs(3, &one);
    queues(4, &one);
    sched_leave(&s, 3, 0);
    ck_assert_uint_eq(sched_next(&s), 4);
    ck_assert_uint_eq(sched_next(&s), SCHED_NONE);
    sched_leave(&s, 1, 0);
    ck_assert_uint_eq(sched_next(&s), 2);
    ck_assert_uint_eq(sched_next(&s), SCHED_NONE);
}
END_TEST

START_TEST(who_waits_for_a_full_lane_is_in_nobodys_way)
{
    begin(2, 10);
    runs(0, &one);
    queues(1, &one);
    queues(2, &one);
    runs(3, &anywhere); /* though others came before */
    queues(4, &anywhere);
    sched_leave(&s, 3, 0);
    ck_assert_uint_eq(sched_next(&s), 4);
    sched_leave(&s, 4, 0);
    ck_assert_uint_eq(sched_next(&s), SCHED_NONE);
}
END_TEST

START_TEST(and_keeps_its_turn)
{
    begin(2, 10);
    runs(0, &one);
    runs(1, &anywhere);
    queues(2, &one);
    queues(3, &anywhere);
    queues(4, &anywhere);
    sched_leave(&s, 0, 0);
    ck_assert_uint_eq(sched_next(&s), 2); /* it came before them */
    sched_leave(&s, 1, 0);
    ck_assert_uint_eq(sched_next(&s), 3);
}
END_TEST

START_TEST(no_lane_starves_another)
{
    size_t order[6];
    size_t i, slot;

    begin(1, 10);
    runs(0, &anywhere);
    queues(1, &two);
    queues(2, &anywhere);
    queues(3, &one);
    queues(4, &two);
    queues(5, &anywhere);
    queues(6, &one);
    for (slot = 0, i = 0; i < 6; i++) {
        sched_leave(&s, slot, 0);
        order[i] = slot = sched_next(&s);
    }
    for (i = 0; i < 6; i++)
        ck_assert_uint_eq(order[i], i + 1);
}
END_TEST

START_TEST(who_will_not_wait_is_sent_away_when_the_lane_is_full_or_all_is)
{
    begin(2, 10);
    runs(0, &one_now);
    ck_assert_int_eq(sched_enter(&s, 1, &one_now), SCHED_BUSY);
    runs(1, &at_once);
    ck_assert_int_eq(sched_enter(&s, 2, &at_once), SCHED_BUSY);
    sched_leave(&s, 0, 0);
    runs(2, &one_now);
}
END_TEST

START_TEST(a_parked_one_counts_and_is_not_called_before_it_is_ready)
{
    begin(2, 2);
    ck_assert(sched_park(&s, 1, &two));
    runs(2, &anywhere); /* it is in nobody's way either */
    runs(3, &two);
    queues(4, &two);
    ck_assert_int_eq(enter(5), SCHED_BUSY);
    sched_leave(&s, 2, 0);
    ck_assert_uint_eq(sched_next(&s), 4);
    sched_ready(&s, 1);
    ck_assert_uint_eq(sched_next(&s), SCHED_NONE); /* the lane is full */
    sched_leave(&s, 3, 0);
    ck_assert_uint_eq(sched_next(&s), 1);
}
END_TEST

START_TEST(once_ready_its_turn_is_that_of_its_arrival)
{
    begin(1, 10);
    runs(0, &two);
    queues(1, &two);
    ck_assert(sched_park(&s, 2, &two));
    queues(3, &two);
    queues(4, &anywhere);
    sched_leave(&s, 0, 0);
    ck_assert_uint_eq(sched_next(&s), 1);
    sched_ready(&s, 2);
    sched_leave(&s, 1, 0);
    ck_assert_uint_eq(sched_next(&s), 2);
    sched_leave(&s, 2, 0);
    ck_assert_uint_eq(sched_next(&s), 3);
}
END_TEST

START_TEST(a_parked_one_can_be_dropped)
{
    begin(1, 1);
    ck_assert(sched_park(&s, 1, &one));
    ck_assert(!sched_park(&s, 2, &one));
    ck_assert(sched_drop(&s, 1));
    ck_assert(!sched_drop(&s, 1));
    ck_assert(sched_park(&s, 2, &one));
}
END_TEST

START_TEST(who_is_replaced_leaves_its_turn)
{
    begin(1, 10);
    runs(0, &anywhere);
    queues(1, &two);
    queues(2, &anywhere);
    ck_assert(sched_park(&s, 3, &two));
    ck_assert(sched_replace(&s, 1, 3));
    ck_assert(!sched_drop(&s, 1));
    sched_leave(&s, 0, 0);
    ck_assert_uint_eq(sched_next(&s), 3);
    sched_leave(&s, 3, 0);
    ck_assert_uint_eq(sched_next(&s), 2);
    sched_leave(&s, 2, 0);
    ck_assert_uint_eq(sched_next(&s), SCHED_NONE);
    runs(1, &two);
}
END_TEST

START_TEST(who_was_called_cannot_be_replaced)
{
    begin(1, 10);
    runs(0, &anywhere);
    queues(1, &two);
    ck_assert(sched_park(&s, 3, &two));
    sched_leave(&s, 0, 0);
    ck_assert_uint_eq(sched_next(&s), 1);
    ck_assert(!sched_replace(&s, 1, 3));
    sched_leave(&s, 1, 0);
    ck_assert_uint_eq(sched_next(&s), SCHED_NONE);
    ck_assert(sched_drop(&s, 3));
}
END_TEST

START_TEST(a_lanes_limit_changes_under_those_who_wait)
{
    static const struct sched_limit more[] = { { "/one", 3 }, { "/two", 2 } };
    static const struct sched_limit less[] = { { "/one", 1 } };
    size_t i;

    begin(10, 10);
    for (i = 0; i < 6; i++)
        ck_assert_int_eq(sched_enter(&s, i, &one), i < 1 ? SCHED_RUN : SCHED_WAIT);
    ck_assert_int_eq(sched_set_limits(&s, 10, 10, more, 2), 0);
    ck_assert_uint_eq(sched_next(&s), 1);
    ck_assert_uint_eq(sched_next(&s), 2);
    ck_assert_uint_eq(sched_next(&s), SCHED_NONE);
    ck_assert_int_eq(sched_set_limits(&s, 10, 10, less, 1), 0);
    sched_leave(&s, 0, 0);
    sched_leave(&s, 1, 0);
    ck_assert_uint_eq(sched_next(&s), SCHED_NONE);
    sched_leave(&s, 2, 0);
    ck_assert_uint_eq(sched_next(&s), 3);
    /* Gone from the configuration, it has no limit. */
    ck_assert_int_eq(sched_set_limits(&s, 10, 10, NULL, 0), 0);
    ck_assert_uint_eq(sched_next(&s), 4);
    ck_assert_uint_eq(sched_next(&s), 5);
}
END_TEST

START_TEST(what_a_late_comer_of_the_old_configuration_thinks_changes_no_limit)
{
    static const struct sched_limit new[] = { { "/two", 1 } };

    begin(10, 10);
    ck_assert_int_eq(sched_set_limits(&s, 10, 10, new, 1), 0);
    runs(0, &two);
    queues(1, &two);
}
END_TEST

START_TEST(retry_is_what_those_before_may_take)
{
    size_t i;

    begin(2, 10);
    ck_assert_int_eq(sched_retry(&s, &anywhere), 1); /* nothing is known */
    runs(0, &one);
    ck_assert_int_eq(sched_retry(&s, &one), 1);
    sched_leave(&s, 0, 20 * CLOCK_SEC);
    runs(0, &one);
    ck_assert_int_eq(sched_retry(&s, &one), 20);
    queues(1, &one);
    ck_assert_int_eq(sched_retry(&s, &one), 40);
    ck_assert_int_eq(sched_retry(&s, &anywhere), 1); /* there is a place */
    runs(2, &anywhere);
    ck_assert_int_eq(sched_retry(&s, &anywhere), 20);
    for (i = 3; i < 12; i++)
        queues(i, &anywhere);
    ck_assert_int_eq(sched_retry(&s, &anywhere), SCHED_RETRY_MAX);
}
END_TEST

Suite *
suite(void)
{
    Suite *all = suite_create("sched");
    TCase *tc = tcase_create("sched");

    tcase_add_checked_fixture(tc, NULL, teardown);
    tcase_add_test(tc, as_many_run_as_the_limit_says);
    tcase_add_test(tc, as_many_wait_as_the_limit_says);
    tcase_add_test(tc, without_a_queue_nobody_waits);
    tcase_add_test(tc, who_waits_is_called_in_order_of_arrival_and_once);
    tcase_add_test(tc, who_is_called_has_a_place);
    tcase_add_test(tc, whoever_waits_already_comes_first);
    tcase_add_loop_test(tc, who_was_dropped_is_never_called, 0, 3);
    tcase_add_test(tc, a_drop_makes_room_in_the_queue);
    tcase_add_test(tc, who_was_called_is_not_there_to_drop);
    tcase_add_test(tc, lower_limits_leave_what_runs_and_waits);
    tcase_add_test(tc, higher_limits_let_who_waits_run);
    tcase_add_test(tc, a_failed_open_can_be_closed);
    tcase_add_test(tc, of_a_lane_as_many_run_as_its_limit_says);
    tcase_add_test(tc, who_waits_for_a_full_lane_is_in_nobodys_way);
    tcase_add_test(tc, and_keeps_its_turn);
    tcase_add_test(tc, no_lane_starves_another);
    tcase_add_test(tc, who_will_not_wait_is_sent_away_when_the_lane_is_full_or_all_is);
    tcase_add_test(tc, a_parked_one_counts_and_is_not_called_before_it_is_ready);
    tcase_add_test(tc, once_ready_its_turn_is_that_of_its_arrival);
    tcase_add_test(tc, a_parked_one_can_be_dropped);
    tcase_add_test(tc, who_is_replaced_leaves_its_turn);
    tcase_add_test(tc, who_was_called_cannot_be_replaced);
    tcase_add_test(tc, a_lanes_limit_changes_under_those_who_wait);
    tcase_add_test(tc, what_a_late_comer_of_the_old_configuration_thinks_changes_no_limit);
    tcase_add_test(tc, retry_is_what_those_before_may_take);
    suite_add_tcase(all, tc);
    return all;
}
