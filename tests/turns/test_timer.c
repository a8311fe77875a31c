/* tests/turns/test_timer.c -- turns/timer.h, promise by promise, and under threads. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "tests/suite.h"
#include "turns/timer.h"

enum {
    SLOTS = 100,
    FAR = 1000, /* seconds */
    WATCHERS = 2,
    SETTERS = 3,
    OWN = 16, /* slots of a setter */
    ROUNDS = 600,
    WIDE = 200000
};

static struct timer t;
static size_t slot[SLOTS];

static void
setup(void)
{
    struct err err;

    ck_assert_int_eq(timer_open(&t, SLOTS, &err), 0);
}

static void
teardown(void)
{
    timer_close(&t);
}

static int64_t
in_msec(int64_t msec)
{
    return clock_now() + msec * CLOCK_MSEC;
}

static bool
readable_within(int msec)
{
    struct pollfd p = { .fd = t.fd, .events = POLLIN };

    return poll(&p, 1, msec) == 1;
}

START_TEST(nothing_is_due_at_first)
{
    ck_assert(!readable_within(0));
    ck_assert_uint_eq(timer_expired(&t, INT64_MAX - 1, slot, SLOTS), 0);
}
END_TEST

START_TEST(a_deadline_makes_the_descriptor_readable_when_it_has_passed)
{
    int64_t when = in_msec(30);

    timer_set(&t, 42, when);
    ck_assert(!readable_within(0));
    ck_assert(readable_within(10000));
    ck_assert_int_ge(clock_now(), when);
    ck_assert_uint_eq(timer_expired(&t, clock_now(), slot, SLOTS), 1);
    ck_assert_uint_eq(slot[0], 42);
    ck_assert(!readable_within(0));
}
END_TEST

START_TEST(a_deadline_that_has_passed_already_is_due_at_once)
{
    static const int64_t when[] = { 1, 0, -1, INT64_MIN, 5 * CLOCK_SEC };

    timer_set(&t, 3, when[_i]);
    ck_assert(readable_within(10000));
    ck_assert_uint_eq(timer_expired(&t, clock_now(), slot, SLOTS), 1);
    ck_assert_uint_eq(slot[0], 3);
}
END_TEST

START_TEST(it_is_due_at_its_time_and_not_before)
{
    int64_t when = in_msec(FAR * 1000);

    timer_set(&t, 0, when);
    ck_assert_uint_eq(timer_expired(&t, when - 1, slot, SLOTS), 0);
    ck_assert_uint_eq(timer_expired(&t, when, slot, SLOTS), 1);
}
END_TEST

START_TEST(an_expired_deadline_is_told_once)
{
    timer_set(&t, 1, 1);
    ck_assert_uint_eq(timer_expired(&t, clock_now(), slot, SLOTS), 1);
    ck_assert_uint_eq(timer_expired(&t, clock_now(), slot, SLOTS), 0);
    ck_assert(!readable_within(5));
}
END_TEST

START_TEST(a_cleared_deadline_never_fires)
{
    timer_set(&t, 1, in_msec(20));
    timer_set(&t, 2, in_msec(40));
    timer_set(&t, 1, CLOCK_NEVER);
    (void)usleep(60 * 1000);
    ck_assert(readable_within(10000));
    ck_assert_uint_eq(timer_expired(&t, clock_now(), slot, SLOTS), 1);
    ck_assert_uint_eq(slot[0], 2);
}
END_TEST

START_TEST(a_deadline_may_move_either_way)
{
    timer_set(&t, 1, in_msec(10));
    timer_set(&t, 1, in_msec(FAR * 1000));
    timer_set(&t, 2, in_msec(FAR * 1000));
    timer_set(&t, 2, in_msec(30));
    while (!readable_within(10000) || timer_expired(&t, clock_now(), slot, SLOTS) == 0)
        continue;
    ck_assert_uint_eq(slot[0], 2);
    ck_assert_uint_eq(timer_expired(&t, in_msec(FAR * 1000), slot, SLOTS), 1);
    ck_assert_uint_eq(slot[0], 1);
}
END_TEST

START_TEST(after_one_the_next_is_armed)
{
    int64_t when[5], now;
    bool told[5] = { false };
    unsigned i;

    for (i = 0; i < 5; i++)
        timer_set(&t, i, when[i] = in_msec(60 - 10 * (int)i));
    for (i = 0; i < 5; i++) {
        do {
            ck_assert(readable_within(10000));
            now = clock_now();
        } while (timer_expired(&t, now, slot, 1) == 0);
        ck_assert_uint_lt(slot[0], 5);
        ck_assert(!told[slot[0]] && now >= when[slot[0]]);
        told[slot[0]] = true;
    }
    ck_assert_uint_eq(timer_expired(&t, clock_now(), slot, 1), 0);
    ck_assert(!readable_within(0));
}
END_TEST

START_TEST(more_than_fit_come_with_the_next_calls)
{
    static const size_t max[] = { 1, 7, SLOTS - 1, SLOTS };
    bool seen[SLOTS] = { false };
    size_t n, i, all = 0;

    for (i = 0; i < SLOTS; i++)
        timer_set(&t, i, 1);
    do {
        n = timer_expired(&t, clock_now(), slot, max[_i]);
        ck_assert_uint_le(n, max[_i]);
        for (i = 0; i < n; i++) {
            ck_assert_uint_lt(slot[i], SLOTS);
            ck_assert(!seen[slot[i]]);
            seen[slot[i]] = true;
        }
        all += n;
    } while (n == max[_i]);
    ck_assert_uint_eq(all, SLOTS);
}
END_TEST

START_TEST(what_did_not_fit_keeps_the_descriptor_readable)
{
    timer_set(&t, 0, 1);
    timer_set(&t, 99, 1);
    ck_assert_uint_eq(timer_expired(&t, clock_now(), slot, 1), 1);
    ck_assert(readable_within(10000));
    ck_assert_uint_eq(timer_expired(&t, clock_now(), slot, 1), 1);
    ck_assert_uint_eq(slot[0], 99);
}
END_TEST

START_TEST(the_descriptor_is_not_inherited_and_does_not_block)
{
    ck_assert_int_ne(fcntl(t.fd, F_GETFD) & FD_CLOEXEC, 0);
    ck_assert_uint_eq(timer_expired(&t, clock_now(), slot, SLOTS), 0);
}
END_TEST

START_TEST(a_failed_open_is_told_and_can_be_closed)
{
    struct rlimit given, none;
    struct timer other;
    struct err err;
    int rc;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &given), 0);
    none = (struct rlimit){ 0, given.rlim_max };
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    rc = timer_open(&other, SLOTS, &err);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &given), 0);
    ck_assert_int_eq(rc, -EMFILE);
    ck_assert_str_eq(err.text, "timerfd_create: Too many open files");
    timer_close(&other);
}
END_TEST

/* Setters set deadlines on slots of their own and wait until a watcher tells
 * of them; watchers look only when the descriptor says so. */
static atomic_uint fired[SLOTS];
static _Atomic int64_t due[SLOTS];
static atomic_uint early, missed, ghosts;
static atomic_bool stop;

static void *
watch(void *arg)
{
    size_t got[4], n, i;

    (void)arg;
    while (!atomic_load(&stop)) {
        if (!readable_within(20))
            continue;
        do {
            int64_t now = clock_now();

            n = timer_expired(&t, now, got, 4);
            for (i = 0; i < n; i++) {
                if (now < atomic_load(&due[got[i]]))
                    atomic_fetch_add(&early, 1);
                atomic_fetch_add(&fired[got[i]], 1);
            }
        } while (n == 4);
    }
    return NULL;
}

static void *
watch_wide(void *arg)
{
    size_t got[4], n, i;

    (void)arg;
    while (!atomic_load(&stop))
        if (readable_within(20))
            for (n = timer_expired(&t, clock_now(), got, 4), i = 0; i < n; i++)
                atomic_fetch_add(&fired[got[i] > 0], 1);
    return NULL;
}

static void
expect_fire(size_t i, int64_t when)
{
    unsigned before = atomic_load(&fired[i]);

    atomic_store(&due[i], when);
    timer_set(&t, i, when);
    while (atomic_load(&fired[i]) == before) {
        if (clock_now() > when + 5 * CLOCK_SEC) {
            atomic_fetch_add(&missed, 1);
            return;
        }
        (void)usleep(20);
    }
}

static void *
set(void *arg)
{
    size_t first = (size_t)(uintptr_t)arg * OWN;
    unsigned seed = (unsigned)(uintptr_t)arg, round;

    for (round = 0; round < ROUNDS; round++) {
        size_t i = first + (size_t)rand_r(&seed) % OWN;
        unsigned before = atomic_load(&fired[i]);

        /* What is cleared long before its time stays quiet. */
        atomic_store(&due[i], INT64_MAX);
        timer_set(&t, i, clock_now() + FAR * CLOCK_SEC - rand_r(&seed) % 1000);
        if (rand_r(&seed) % 2 == 0)
            timer_set(&t, i, CLOCK_NEVER);
        if (atomic_load(&fired[i]) != before)
            atomic_fetch_add(&ghosts, 1);
        expect_fire(i, clock_now() + rand_r(&seed) % 1000 * 1000);
        if (atomic_load(&fired[i]) != before + 1)
            atomic_fetch_add(&ghosts, 1);
    }
    return NULL;
}

START_TEST(under_threads_no_deadline_is_missed_early_or_told_twice)
{
    pthread_t watcher[WATCHERS], setter[SETTERS];
    size_t i;

    for (i = 0; i < WATCHERS; i++)
        ck_assert_int_eq(pthread_create(&watcher[i], NULL, watch, NULL), 0);
    for (i = 0; i < SETTERS; i++)
        ck_assert_int_eq(pthread_create(&setter[i], NULL, set, (void *)(uintptr_t)i), 0);
    for (i = 0; i < SETTERS; i++)
        ck_assert_int_eq(pthread_join(setter[i], NULL), 0);
    atomic_store(&stop, true);
    for (i = 0; i < WATCHERS; i++)
        ck_assert_int_eq(pthread_join(watcher[i], NULL), 0);
    ck_assert_uint_eq(atomic_load(&missed), 0);
    ck_assert_uint_eq(atomic_load(&early), 0);
    ck_assert_uint_eq(atomic_load(&ghosts), 0);
}
END_TEST

/* One looks over many slots because the last is due, while the first is set to
 * a time that the timer was armed for before: nobody else would wake it. */
START_TEST(a_deadline_set_while_others_are_looked_over_is_not_missed)
{
    pthread_t watcher;
    unsigned round, before;
    int64_t when;

    timer_close(&t);
    ck_assert_int_eq(timer_open(&t, WIDE, &(struct err){ 0 }), 0);
    ck_assert_int_eq(pthread_create(&watcher, NULL, watch_wide, NULL), 0);
    for (round = 0; round < ROUNDS && atomic_load(&missed) == 0; round++) {
        before = atomic_load(&fired[0]);
        when = clock_now() + 20 * 1000;
        timer_set(&t, WIDE - 1, when);
        while (clock_now() < when + round % 300 * 1000)
            continue;
        timer_set(&t, 0, when + 1);
        while (atomic_load(&fired[0]) == before && atomic_load(&missed) == 0) {
            if (clock_now() > when + 5 * CLOCK_SEC)
                atomic_fetch_add(&missed, 1);
            (void)usleep(20);
        }
    }
    atomic_store(&stop, true);
    ck_assert_int_eq(pthread_join(watcher, NULL), 0);
    ck_assert_uint_eq(atomic_load(&missed), 0);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("timer");
    TCase *tc = tcase_create("timer");

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, nothing_is_due_at_first);
    tcase_add_test(tc, a_deadline_makes_the_descriptor_readable_when_it_has_passed);
    tcase_add_loop_test(tc, a_deadline_that_has_passed_already_is_due_at_once, 0, 5);
    tcase_add_test(tc, it_is_due_at_its_time_and_not_before);
    tcase_add_test(tc, an_expired_deadline_is_told_once);
    tcase_add_test(tc, a_cleared_deadline_never_fires);
    tcase_add_test(tc, a_deadline_may_move_either_way);
    tcase_add_test(tc, after_one_the_next_is_armed);
    tcase_add_loop_test(tc, more_than_fit_come_with_the_next_calls, 0, 4);
    tcase_add_test(tc, what_did_not_fit_keeps_the_descriptor_readable);
    tcase_add_test(tc, the_descriptor_is_not_inherited_and_does_not_block);
    tcase_add_test(tc, a_failed_open_is_told_and_can_be_closed);
    tcase_add_test(tc, a_deadline_set_while_others_are_looked_over_is_not_missed);
    tcase_add_test(tc, under_threads_no_deadline_is_missed_early_or_told_twice);
    suite_add_tcase(s, tc);
    return s;
}
