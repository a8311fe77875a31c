/* tests/turns/test_coalesce.c -- turns/coalesce.h, promise by promise, and under threads. */
#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/suite.h"
#include "turns/coalesce.h"

enum {
    SLOTS = 24,
    THREADS = 8,
    ROUNDS = 1500
};

static const struct sched_want anywhere;
static const struct sched_want one = { "/one", 1, false };

static struct sched s;
static struct coalesce co;

static char deploy[] = "deploy", main_branch[] = "main", other_branch[] = "other";
static char path_main[] = "main"; /* the same word elsewhere */
static char stage[] = "STAGE=x", stage_y[] = "STAGE=y";
static char *no_env[] = { NULL };
static char *env_x[] = { stage, NULL }, *env_y[] = { stage_y, NULL };
static char *argv_main[] = { deploy, main_branch, NULL };
static char *argv_same[] = { deploy, path_main, NULL };
static char *argv_other[] = { deploy, other_branch, NULL };
static char *argv_short[] = { deploy, NULL };
static char *argv_long[] = { deploy, main_branch, other_branch, NULL };
static const int route_a, route_b;

static const struct coalesce_key key_main = { &route_a, argv_main, no_env };
static const struct coalesce_key key_same = { &route_a, argv_same, no_env };
static const struct coalesce_key others[] = {
    { &route_b, argv_main, no_env },
    { &route_a, argv_other, no_env },
    { &route_a, argv_short, no_env },
    { &route_a, argv_long, no_env },
    { &route_a, argv_main, env_x },
    { &route_a, argv_main, env_y },
};

static void
begin(size_t max_running, size_t max_waiting)
{
    ck_assert_int_eq(sched_open(&s, SLOTS, max_running, max_waiting), 0);
    ck_assert_int_eq(coalesce_open(&co, &s, SLOTS), 0);
}

static void
teardown(void)
{
    coalesce_close(&co);
    sched_close(&s);
}

static enum sched_answer
enter(size_t slot, const struct coalesce_key *key)
{
    return coalesce_enter(&co, slot, key, &anywhere, false);
}

/* A run that slot leads ends. */
static size_t
over(size_t slot)
{
    size_t joined = coalesce_over(&co, slot);

    sched_leave(&s, slot, 0);
    return joined;
}

static void
starts(size_t slot)
{
    ck_assert_uint_eq(sched_next(&s), slot);
    ck_assert(coalesce_begin(&co, slot, false));
}

/* Slot 1 starts what 2 and 3 have joined while it waited. */
static void
starts_for_three(void)
{
    begin(1, 20);
    ck_assert_int_eq(sched_enter(&s, 0, &anywhere), SCHED_RUN);
    ck_assert_int_eq(enter(1, &key_main), SCHED_WAIT);
    ck_assert_int_eq(enter(2, &key_main), SCHED_WAIT);
    ck_assert_int_eq(enter(3, &key_main), SCHED_WAIT);
    sched_leave(&s, 0, 0);
    starts(1);
}

static enum coalesce_left
leave(size_t slot, size_t deserted)
{
    size_t told;
    enum coalesce_left left = coalesce_leave(&co, slot, &told);

    ck_assert_uint_eq(told, deserted);
    return left;
}

START_TEST(at_most_one_runs_and_at_most_one_waits)
{
    size_t i;

    begin(8, 20);
    ck_assert_int_eq(enter(0, &key_main), SCHED_RUN);
    for (i = 1; i < 10; i++)
        ck_assert_int_eq(enter(i, i % 2 ? &key_main : &key_same), SCHED_WAIT);
    ck_assert_uint_eq(sched_next(&s), SCHED_NONE); /* though there are places */
    ck_assert_uint_eq(over(0), 0);
    starts(1);
    ck_assert_uint_eq(sched_next(&s), SCHED_NONE);
    ck_assert_uint_eq(over(1), 8);
    for (i = 2; i < 10; i++)
        ck_assert_uint_eq(coalesce_next(&co, 1), i);
    ck_assert_uint_eq(coalesce_next(&co, 1), SCHED_NONE);
    ck_assert_uint_eq(sched_next(&s), SCHED_NONE);
    ck_assert_uint_eq(sched_running(&s), 0);
}
END_TEST

START_TEST(who_comes_while_one_runs_is_not_told_of_that_one)
{
    begin(8, 20);
    ck_assert_int_eq(enter(0, &key_main), SCHED_RUN);
    ck_assert_int_eq(enter(1, &key_main), SCHED_WAIT);
    ck_assert_uint_eq(over(0), 0);
    starts(1);
    ck_assert_int_eq(enter(2, &key_main), SCHED_WAIT);
    ck_assert_uint_eq(over(1), 0);
    starts(2);
    ck_assert_uint_eq(over(2), 0);
}
END_TEST

START_TEST(what_differs_in_a_word_shares_nothing)
{
    begin(8, 20);
    ck_assert_int_eq(enter(0, &key_main), SCHED_RUN);
    ck_assert_int_eq(enter(1, &others[_i]), SCHED_RUN);
    ck_assert_int_eq(enter(2, &key_main), SCHED_WAIT);
    ck_assert_int_eq(enter(3, &others[_i]), SCHED_WAIT);
    ck_assert_uint_eq(over(1), 0);
    starts(3);
    ck_assert_uint_eq(sched_next(&s), SCHED_NONE);
    ck_assert_uint_eq(over(0), 0);
    starts(2);
}
END_TEST

START_TEST(who_waits_for_a_place_is_joined_too)
{
    begin(1, 20);
    ck_assert_int_eq(sched_enter(&s, 0, &anywhere), SCHED_RUN);
    ck_assert_int_eq(enter(1, &key_main), SCHED_WAIT);
    ck_assert_int_eq(sched_enter(&s, 2, &anywhere), SCHED_WAIT);
    ck_assert_int_eq(enter(3, &key_main), SCHED_WAIT);
    sched_leave(&s, 0, 0);
    starts(1);
    ck_assert_uint_eq(over(1), 1);
    ck_assert_uint_eq(coalesce_next(&co, 1), 3);
    ck_assert_uint_eq(coalesce_next(&co, 1), SCHED_NONE);
    ck_assert_uint_eq(sched_next(&s), 2);
}
END_TEST

START_TEST(whoever_joins_counts_as_one_who_waits_until_told)
{
    begin(2, 3);
    ck_assert_int_eq(enter(0, &key_main), SCHED_RUN);
    ck_assert_int_eq(enter(1, &key_main), SCHED_WAIT);
    ck_assert_int_eq(enter(2, &key_main), SCHED_WAIT);
    ck_assert_int_eq(enter(3, &key_main), SCHED_WAIT);
    ck_assert_int_eq(enter(4, &key_main), SCHED_BUSY);
    ck_assert_uint_eq(over(0), 0);
    starts(1);
    ck_assert_int_eq(enter(4, &key_main), SCHED_WAIT);
    ck_assert_int_eq(enter(5, &key_main), SCHED_BUSY);
    ck_assert_uint_eq(over(1), 2);
    ck_assert_uint_eq(coalesce_next(&co, 1), 2);
    ck_assert_int_eq(enter(5, &key_main), SCHED_WAIT);
}
END_TEST

START_TEST(a_leader_that_leaves_hands_its_turn_to_the_next)
{
    begin(1, 20);
    ck_assert_int_eq(sched_enter(&s, 0, &anywhere), SCHED_RUN);
    ck_assert_int_eq(coalesce_enter(&co, 1, &key_main, &one, false), SCHED_WAIT);
    ck_assert_int_eq(sched_enter(&s, 2, &anywhere), SCHED_WAIT);
    ck_assert_int_eq(coalesce_enter(&co, 3, &key_same, &one, false), SCHED_WAIT);
    ck_assert_int_eq(coalesce_enter(&co, 4, &key_main, &one, false), SCHED_WAIT);
    if (_i == 0)
        ck_assert_int_eq(leave(1, SCHED_NONE), COALESCE_OUT);
    else
        ck_assert_int_eq(coalesce_quit(&co, 1), COALESCE_OUT);
    sched_leave(&s, 0, 0);
    starts(3); /* before 2, as 1 was */
    ck_assert_uint_eq(over(3), 1);
    ck_assert_uint_eq(coalesce_next(&co, 3), 4);
    ck_assert_uint_eq(coalesce_next(&co, 3), SCHED_NONE);
}
END_TEST

START_TEST(a_leader_that_leaves_while_another_run_is_under_way_does_too)
{
    begin(8, 20);
    ck_assert_int_eq(enter(0, &key_main), SCHED_RUN);
    ck_assert_int_eq(enter(1, &key_main), SCHED_WAIT);
    ck_assert_int_eq(enter(2, &key_main), SCHED_WAIT);
    ck_assert_int_eq(leave(1, SCHED_NONE), COALESCE_OUT);
    ck_assert_uint_eq(sched_next(&s), SCHED_NONE);
    ck_assert_int_eq(enter(1, &key_main), SCHED_WAIT); /* comes back, and joins */
    ck_assert_uint_eq(over(0), 0);
    starts(2);
    ck_assert_uint_eq(over(2), 1);
    ck_assert_uint_eq(coalesce_next(&co, 2), 1);
}
END_TEST

START_TEST(a_party_that_everybody_has_left_is_never_called)
{
    begin(8, 20);
    ck_assert_int_eq(enter(0, &key_main), SCHED_RUN);
    ck_assert_int_eq(enter(1, &key_main), SCHED_WAIT);
    ck_assert_int_eq(enter(2, &key_main), SCHED_WAIT);
    ck_assert_int_eq(leave(2, SCHED_NONE), COALESCE_OUT);
    ck_assert_int_eq(leave(1, SCHED_NONE), COALESCE_OUT);
    ck_assert_uint_eq(over(0), 0);
    ck_assert_uint_eq(sched_next(&s), SCHED_NONE);
    ck_assert_int_eq(enter(2, &key_main), SCHED_RUN);
}
END_TEST

START_TEST(the_run_is_deserted_when_the_last_one_leaves)
{
    starts_for_three();
    ck_assert_int_eq(leave(2, SCHED_NONE), COALESCE_OUT);
    if (_i == 0) {
        ck_assert_int_eq(leave(1, SCHED_NONE), COALESCE_CALLED);
        ck_assert(!coalesce_deserted(&co, 1));
        ck_assert_int_eq(leave(3, 1), COALESCE_OUT);
    } else {
        ck_assert_int_eq(leave(3, SCHED_NONE), COALESCE_OUT);
        ck_assert(!coalesce_deserted(&co, 1));
        ck_assert_int_eq(leave(1, 1), COALESCE_CALLED);
    }
    ck_assert(coalesce_deserted(&co, 1));
    ck_assert(!coalesce_deserted(&co, 3));
    ck_assert_uint_eq(over(1), 0);
    ck_assert(!coalesce_deserted(&co, 1));
}
END_TEST

START_TEST(not_when_somebody_wanted_it_to_go_on)
{
    begin(1, 20);
    ck_assert_int_eq(sched_enter(&s, 0, &anywhere), SCHED_RUN);
    ck_assert_int_eq(coalesce_enter(&co, 1, &key_main, &anywhere, _i == 0), SCHED_WAIT);
    ck_assert_int_eq(coalesce_enter(&co, 2, &key_main, &anywhere, _i == 1), SCHED_WAIT);
    sched_leave(&s, 0, 0);
    starts(1);
    ck_assert_int_eq(leave(2, SCHED_NONE), COALESCE_OUT);
    ck_assert_int_eq(leave(1, SCHED_NONE), COALESCE_CALLED);
    ck_assert(!coalesce_deserted(&co, 1));
    ck_assert_uint_eq(over(1), 0);
}
END_TEST

START_TEST(who_would_wait_no_longer_stays_when_its_run_is_under_way)
{
    begin(1, 20);
    ck_assert_int_eq(sched_enter(&s, 0, &anywhere), SCHED_RUN);
    ck_assert_int_eq(enter(1, &key_main), SCHED_WAIT);
    ck_assert_int_eq(enter(2, &key_main), SCHED_WAIT);
    ck_assert_int_eq(enter(3, &key_main), SCHED_WAIT);
    ck_assert_int_eq(coalesce_quit(&co, 2), COALESCE_OUT);
    sched_leave(&s, 0, 0);
    ck_assert_uint_eq(sched_next(&s), 1);
    ck_assert_int_eq(coalesce_quit(&co, 1), COALESCE_CALLED);
    ck_assert(coalesce_begin(&co, 1, false));
    ck_assert_int_eq(coalesce_quit(&co, 3), COALESCE_SERVED);
    ck_assert_int_eq(coalesce_quit(&co, 1), COALESCE_CALLED);
    ck_assert_uint_eq(over(1), 1);
    ck_assert_uint_eq(coalesce_next(&co, 1), 3);
    ck_assert_int_eq(coalesce_quit(&co, 3), COALESCE_CALLED); /* about to be told */
    ck_assert_int_eq(leave(3, SCHED_NONE), COALESCE_CALLED);
}
END_TEST

START_TEST(a_leader_gone_between_call_and_start_runs_for_the_others_alone)
{
    begin(1, 20);
    ck_assert_int_eq(sched_enter(&s, 0, &anywhere), SCHED_RUN);
    ck_assert_int_eq(enter(1, &key_main), SCHED_WAIT);
    if (_i == 0)
        ck_assert_int_eq(enter(2, &key_main), SCHED_WAIT);
    sched_leave(&s, 0, 0);
    ck_assert_uint_eq(sched_next(&s), 1);
    ck_assert_int_eq(leave(1, SCHED_NONE), COALESCE_CALLED);
    ck_assert_int_eq(coalesce_begin(&co, 1, true), _i == 0);
    if (_i == 0) {
        ck_assert_int_eq(leave(2, 1), COALESCE_OUT);
        ck_assert_uint_eq(over(1), 0);
    } else {
        sched_leave(&s, 1, 0);
    }
    ck_assert_int_eq(enter(1, &key_main), SCHED_RUN);
}
END_TEST

START_TEST(who_leaves_while_others_are_told_is_not_told)
{
    starts_for_three();
    ck_assert_uint_eq(over(1), 2);
    ck_assert_uint_eq(coalesce_next(&co, 1), 2);
    ck_assert_int_eq(leave(3, SCHED_NONE), COALESCE_OUT);
    ck_assert_uint_eq(coalesce_next(&co, 1), SCHED_NONE);
}
END_TEST

/* Every thread is a client: it asks, waits until it is told, or leaves.  Who
 * is told, is told of a run that began after it had asked. */
static atomic_uint told[THREADS]; /* how often this one was answered */
static atomic_uint asked_at[THREADS], clock_ticks, runs, early, crowds, at_once[2];

static void
answer(size_t slot, unsigned began)
{
    if (atomic_load(&asked_at[slot]) > began)
        atomic_fetch_add(&early, 1);
    atomic_fetch_add(&told[slot], 1);
}

/* Runs what `slot` leads, and whatever may start then. */
static void
run_and_tell(size_t slot)
{
    unsigned began, key;
    size_t joined, next;

    do {
        key = slot % 2;
        if (atomic_fetch_add(&at_once[key], 1) > 0)
            atomic_fetch_add(&crowds, 1);
        began = atomic_fetch_add(&clock_ticks, 1);
        atomic_fetch_add(&runs, 1);
        if (began % 16 == 0)
            (void)usleep(10);
        atomic_fetch_sub(&at_once[key], 1);
        joined = coalesce_over(&co, slot);
        sched_leave(&s, slot, 0);
        while (joined > 0 && (next = coalesce_next(&co, slot)) != SCHED_NONE)
            answer(next, began);
        answer(slot, began);
        slot = sched_next(&s);
        if (slot != SCHED_NONE)
            (void)!coalesce_begin(&co, slot, false);
    } while (slot != SCHED_NONE);
}

static void *
ask_again_and_again(void *arg)
{
    size_t slot = (size_t)(uintptr_t)arg;
    const struct coalesce_key *key = slot % 2 ? &key_main : &others[1];
    unsigned i, before;
    size_t deserted;

    for (i = 0; i < ROUNDS; i++) {
        before = atomic_load(&told[slot]);
        atomic_store(&asked_at[slot], atomic_load(&clock_ticks));
        switch (coalesce_enter(&co, slot, key, &anywhere, false)) {
        case SCHED_RUN:
            run_and_tell(slot);
            break;
        case SCHED_WAIT:
            if (i % 5 == 0 && coalesce_quit(&co, slot) == COALESCE_OUT)
                continue;
            if (i % 7 == 0 && coalesce_leave(&co, slot, &deserted) == COALESCE_OUT)
                continue;
            while (atomic_load(&told[slot]) == before)
                (void)usleep(1);
            break;
        case SCHED_BUSY:
            break;
        }
    }
    return NULL;
}

START_TEST(under_threads_everybody_is_told_once_of_a_run_that_began_later)
{
    pthread_t thread[THREADS];
    size_t i;

    begin(2, 5);
    for (i = 0; i < THREADS; i++)
        ck_assert_int_eq(
            pthread_create(&thread[i], NULL, ask_again_and_again, (void *)(uintptr_t)i), 0);
    for (i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(thread[i], NULL), 0);
    ck_assert_uint_eq(atomic_load(&early), 0);
    ck_assert_uint_eq(atomic_load(&crowds), 0);
    ck_assert_uint_gt(atomic_load(&runs), 0);
    ck_assert_uint_eq(sched_running(&s), 0);
    ck_assert_uint_eq(sched_next(&s), SCHED_NONE);
    /* And nothing is left of all the parties: each key can lead again. */
    ck_assert_int_eq(enter(THREADS, &key_main), SCHED_RUN);
    ck_assert_int_eq(enter(THREADS + 1, &others[1]), SCHED_RUN);
}
END_TEST

Suite *
suite(void)
{
    Suite *all = suite_create("coalesce");
    TCase *tc = tcase_create("coalesce");

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, NULL, teardown);
    tcase_add_test(tc, at_most_one_runs_and_at_most_one_waits);
    tcase_add_test(tc, who_comes_while_one_runs_is_not_told_of_that_one);
    tcase_add_loop_test(tc, what_differs_in_a_word_shares_nothing, 0, 6);
    tcase_add_test(tc, who_waits_for_a_place_is_joined_too);
    tcase_add_test(tc, whoever_joins_counts_as_one_who_waits_until_told);
    tcase_add_loop_test(tc, a_leader_that_leaves_hands_its_turn_to_the_next, 0, 2);
    tcase_add_test(tc, a_leader_that_leaves_while_another_run_is_under_way_does_too);
    tcase_add_test(tc, a_party_that_everybody_has_left_is_never_called);
    tcase_add_loop_test(tc, the_run_is_deserted_when_the_last_one_leaves, 0, 2);
    tcase_add_loop_test(tc, not_when_somebody_wanted_it_to_go_on, 0, 2);
    tcase_add_test(tc, who_would_wait_no_longer_stays_when_its_run_is_under_way);
    tcase_add_loop_test(tc, a_leader_gone_between_call_and_start_runs_for_the_others_alone, 0, 2);
    tcase_add_test(tc, who_leaves_while_others_are_told_is_not_told);
    tcase_add_test(tc, under_threads_everybody_is_told_once_of_a_run_that_began_later);
    suite_add_tcase(all, tc);
    return all;
}
