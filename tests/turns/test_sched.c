/* tests/turns/test_sched.c -- turns/sched.h, promise by promise, and against a plain list. */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/suite.h"
#include "turns/sched.h"

enum {
    SLOTS = 40,
    THREADS = 6,
    ROUNDS = 2000
};

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

START_TEST(as_many_run_as_the_limit_says)
{
    size_t i;

    begin(3, 10);
    for (i = 0; i < 3; i++)
        ck_assert_int_eq(sched_enter(&s, i), SCHED_RUN);
    ck_assert_int_eq(sched_enter(&s, 3), SCHED_WAIT);
    ck_assert_uint_eq(sched_running(&s), 3);
}
END_TEST

START_TEST(as_many_wait_as_the_limit_says)
{
    size_t i;

    begin(1, 5);
    ck_assert_int_eq(sched_enter(&s, 0), SCHED_RUN);
    for (i = 1; i <= 5; i++)
        ck_assert_int_eq(sched_enter(&s, i), SCHED_WAIT);
    ck_assert_int_eq(sched_enter(&s, 6), SCHED_BUSY);
    ck_assert_int_eq(sched_enter(&s, 6), SCHED_BUSY);
}
END_TEST

START_TEST(without_a_queue_nobody_waits)
{
    begin(1, 0);
    ck_assert_int_eq(sched_enter(&s, 0), SCHED_RUN);
    ck_assert_int_eq(sched_enter(&s, 1), SCHED_BUSY);
    sched_leave(&s);
    ck_assert_uint_eq(sched_next(&s), SCHED_NONE);
    ck_assert_int_eq(sched_enter(&s, 1), SCHED_RUN);
}
END_TEST

START_TEST(who_waits_is_called_in_order_of_arrival_and_once)
{
    static const size_t order[] = { 7, 3, 39, 0, 12 };
    size_t i;

    begin(1, 10);
    ck_assert_int_eq(sched_enter(&s, 5), SCHED_RUN);
    for (i = 0; i < 5; i++)
        ck_assert_int_eq(sched_enter(&s, order[i]), SCHED_WAIT);
    for (i = 0; i < 5; i++) {
        ck_assert_uint_eq(sched_next(&s), SCHED_NONE);
        sched_leave(&s);
        ck_assert_uint_eq(sched_next(&s), order[i]);
    }
    sched_leave(&s);
    ck_assert_uint_eq(sched_next(&s), SCHED_NONE);
    ck_assert_uint_eq(sched_running(&s), 0);
}
END_TEST

START_TEST(who_is_called_has_a_place)
{
    begin(2, 10);
    ck_assert_int_eq(sched_enter(&s, 0), SCHED_RUN);
    ck_assert_int_eq(sched_enter(&s, 1), SCHED_RUN);
    ck_assert_int_eq(sched_enter(&s, 2), SCHED_WAIT);
    ck_assert_int_eq(sched_enter(&s, 3), SCHED_WAIT);
    sched_leave(&s);
    sched_leave(&s);
    ck_assert_uint_eq(sched_next(&s), 2);
    ck_assert_uint_eq(sched_running(&s), 1);
    ck_assert_uint_eq(sched_next(&s), 3);
    ck_assert_uint_eq(sched_running(&s), 2);
}
END_TEST

START_TEST(whoever_waits_already_comes_first)
{
    begin(1, 10);
    ck_assert_int_eq(sched_enter(&s, 0), SCHED_RUN);
    ck_assert_int_eq(sched_enter(&s, 1), SCHED_WAIT);
    sched_leave(&s);
    ck_assert_int_eq(sched_enter(&s, 2), SCHED_WAIT); /* though a place is free */
    ck_assert_uint_eq(sched_next(&s), 1);
    sched_leave(&s);
    ck_assert_uint_eq(sched_next(&s), 2);
}
END_TEST

START_TEST(who_was_dropped_is_never_called)
{
    static const size_t left[] = { 2, 3, 1 }; /* after the first, middle, last has gone */
    size_t i;

    begin(1, 10);
    ck_assert_int_eq(sched_enter(&s, 0), SCHED_RUN);
    for (i = 1; i <= 3; i++)
        ck_assert_int_eq(sched_enter(&s, i), SCHED_WAIT);
    ck_assert(sched_drop(&s, (size_t)_i + 1));
    ck_assert(!sched_drop(&s, (size_t)_i + 1));
    sched_leave(&s);
    ck_assert_uint_eq(sched_next(&s), _i == 0 ? 2 : 1);
    sched_leave(&s);
    ck_assert_uint_eq(sched_next(&s), _i == 2 ? 2 : 3);
    sched_leave(&s);
    ck_assert_uint_eq(sched_next(&s), SCHED_NONE);
    ck_assert_int_eq(sched_enter(&s, left[_i]), SCHED_RUN);
}
END_TEST

START_TEST(a_drop_makes_room_in_the_queue)
{
    begin(1, 1);
    ck_assert_int_eq(sched_enter(&s, 0), SCHED_RUN);
    ck_assert_int_eq(sched_enter(&s, 1), SCHED_WAIT);
    ck_assert_int_eq(sched_enter(&s, 2), SCHED_BUSY);
    ck_assert(sched_drop(&s, 1));
    ck_assert_int_eq(sched_enter(&s, 2), SCHED_WAIT);
    ck_assert_int_eq(sched_enter(&s, 1), SCHED_BUSY);
}
END_TEST

START_TEST(who_was_called_is_not_there_to_drop)
{
    begin(1, 1);
    ck_assert(!sched_drop(&s, 0));
    ck_assert_int_eq(sched_enter(&s, 0), SCHED_RUN);
    ck_assert(!sched_drop(&s, 0));
    ck_assert_int_eq(sched_enter(&s, 1), SCHED_WAIT);
    sched_leave(&s);
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
        ck_assert_int_eq(sched_enter(&s, i), i < 4 ? SCHED_RUN : SCHED_WAIT);
    sched_set_limits(&s, 1, 1);
    ck_assert_uint_eq(sched_running(&s), 4);
    ck_assert_int_eq(sched_enter(&s, 8), SCHED_BUSY);
    for (i = 0; i < 3; i++) {
        sched_leave(&s);
        ck_assert_uint_eq(sched_next(&s), SCHED_NONE);
    }
    for (i = 4; i < 8; i++) {
        sched_leave(&s);
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
        ck_assert_int_eq(sched_enter(&s, i), i < 1 ? SCHED_RUN : SCHED_WAIT);
    sched_set_limits(&s, 3, 6);
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

/* The same, as one would write it down: a list. */
struct model {
    size_t max_running, max_waiting, running, waiting;
    size_t queue[SLOTS];
    bool inside[SLOTS]; /* waits or runs */
};

static void
model_remove(struct model *m, size_t at)
{
    m->waiting--;
    memmove(&m->queue[at], &m->queue[at + 1], (m->waiting - at) * sizeof m->queue[0]);
}

static void
step_enter(struct model *m, size_t slot)
{
    enum sched_answer answer = SCHED_BUSY;

    if (m->inside[slot])
        return;
    if (m->running < m->max_running && m->waiting == 0) {
        answer = SCHED_RUN;
        m->running++;
    } else if (m->waiting < m->max_waiting) {
        answer = SCHED_WAIT;
        m->queue[m->waiting++] = slot;
        m->inside[slot] = true;
    }
    ck_assert_int_eq(sched_enter(&s, slot), answer);
}

static void
step_next(struct model *m)
{
    size_t slot = SCHED_NONE;

    if (m->running < m->max_running && m->waiting > 0) {
        slot = m->queue[0];
        m->inside[slot] = false;
        model_remove(m, 0);
        m->running++;
    }
    ck_assert_uint_eq(sched_next(&s), slot);
}

static void
step_drop(struct model *m, size_t slot)
{
    size_t at = 0;

    while (at < m->waiting && m->queue[at] != slot)
        at++;
    ck_assert_int_eq(sched_drop(&s, slot), at < m->waiting);
    if (at < m->waiting) {
        model_remove(m, at);
        m->inside[slot] = false;
    }
}

START_TEST(whatever_happens_it_is_a_queue_with_limits)
{
    struct model m = { .max_running = 3, .max_waiting = 8 };
    unsigned i;

    begin(m.max_running, m.max_waiting);
    srandom(1000 + (unsigned)_i);
    for (i = 0; i < 20000; i++) {
        size_t slot = (size_t)random() % SLOTS;

        switch (random() % 16) {
        case 0:
            m.max_running = 1 + (size_t)random() % 6;
            m.max_waiting = (size_t)random() % 12;
            sched_set_limits(&s, m.max_running, m.max_waiting);
            break;
        case 1:
        case 2:
            step_drop(&m, slot);
            break;
        case 3:
        case 4:
        case 5:
        case 6:
            if (m.running > 0) {
                sched_leave(&s);
                m.running--;
            }
            break;
        case 7:
        case 8:
        case 9:
            step_next(&m);
            break;
        default:
            step_enter(&m, slot);
        }
        ck_assert_uint_eq(sched_running(&s), m.running);
    }
}
END_TEST

/* A slot's life under threads: free, or waiting until somebody calls it. */
static atomic_uint called[THREADS], at_once, ran, refused, dropped;
static atomic_uint crowds, calls_too_many; /* libcheck's assertions are for one thread */

static void
run_and_leave(void)
{
    size_t slot;

    do {
        if (atomic_fetch_add(&at_once, 1) >= 3)
            atomic_fetch_add(&crowds, 1);
        atomic_fetch_add(&ran, 1);
        atomic_fetch_sub(&at_once, 1);
        sched_leave(&s);
        slot = sched_next(&s);
        if (slot != SCHED_NONE)
            atomic_fetch_add(&called[slot], 1);
    } while (slot != SCHED_NONE);
}

static void *
come_and_go(void *arg)
{
    size_t slot = (size_t)(uintptr_t)arg;
    unsigned i, before;

    for (i = 0; i < ROUNDS; i++) {
        before = atomic_load(&called[slot]);
        switch (sched_enter(&s, slot)) {
        case SCHED_RUN:
            run_and_leave();
            break;
        case SCHED_WAIT:
            if (i % 4 == 0 && sched_drop(&s, slot)) {
                atomic_fetch_add(&dropped, 1);
                break;
            }
            while (atomic_load(&called[slot]) == before)
                (void)usleep(1);
            if (atomic_load(&called[slot]) != before + 1)
                atomic_fetch_add(&calls_too_many, 1);
            break;
        case SCHED_BUSY:
            atomic_fetch_add(&refused, 1);
        }
    }
    return NULL;
}

START_TEST(threads_lose_no_place_and_nobody_who_waits)
{
    pthread_t thread[THREADS];
    size_t i;

    begin(3, 2);
    for (i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, come_and_go, (void *)(uintptr_t)i), 0);
    for (i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(thread[i], NULL), 0);
    ck_assert_uint_eq(atomic_load(&crowds), 0);
    ck_assert_uint_eq(atomic_load(&calls_too_many), 0);
    ck_assert_uint_eq(sched_running(&s), 0);
    ck_assert_uint_eq(sched_next(&s), SCHED_NONE);
    ck_assert_uint_eq(
        atomic_load(&ran) + atomic_load(&refused) + atomic_load(&dropped), THREADS * ROUNDS);
}
END_TEST

Suite *
suite(void)
{
    Suite *all = suite_create("sched");
    TCase *tc = tcase_create("sched");

    tcase_set_timeout(tc, 60);
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
    tcase_add_loop_test(tc, whatever_happens_it_is_a_queue_with_limits, 0, 8);
    tcase_add_test(tc, threads_lose_no_place_and_nobody_who_waits);
    suite_add_tcase(all, tc);
    return all;
}
