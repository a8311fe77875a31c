/* tests/turns/test_sched_random.c -- turns/sched.h against a plain list, and under threads. */
#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/suite.h"
#include "turns/sched.h"

enum {
    SLOTS = 60,
    LANES = 4, /* the first has no limit */
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

/* The same, as one would write it down: a list in order of arrival. */
struct model {
    size_t max_running, max_waiting, running, waiting;
    size_t max[LANES]; /* 0: no limit */
    size_t busy[LANES];
    size_t queue[SLOTS];
    size_t lane[SLOTS];
    bool parked[SLOTS];
    enum {
        OUT,
        WAITS,
        RUNS
    } state[SLOTS];
};

static const char *const names[LANES] = { NULL, "/a", "/b", "/c" };

static bool
may_start(const struct model *m, size_t lane)
{
    return m->running < m->max_running && (m->max[lane] == 0 || m->busy[lane] < m->max[lane]);
}

/* Where in the list the next one is. */
static size_t
first_of(const struct model *m)
{
    size_t at;

    for (at = 0; at < m->waiting; at++)
        if (!m->parked[m->queue[at]] && may_start(m, m->lane[m->queue[at]]))
            break;
    return at;
}

static size_t
place_of(const struct model *m, size_t slot)
{
    size_t at = 0;

    while (at < m->waiting && m->queue[at] != slot)
        at++;
    return at;
}

static void
model_remove(struct model *m, size_t at)
{
    m->state[m->queue[at]] = OUT;
    m->waiting--;
    memmove(&m->queue[at], &m->queue[at + 1], (m->waiting - at) * sizeof m->queue[0]);
}

static void
model_add(struct model *m, size_t slot, size_t lane, bool parked)
{
    m->queue[m->waiting++] = slot;
    m->state[slot] = WAITS;
    m->lane[slot] = lane;
    m->parked[slot] = parked;
}

static void
model_start(struct model *m, size_t slot, size_t lane)
{
    m->state[slot] = RUNS;
    m->lane[slot] = lane;
    m->busy[lane]++;
    m->running++;
}

static void
step_enter(struct model *m, size_t slot)
{
    size_t lane = (size_t)random() % LANES;
    struct sched_want want = { names[lane], 7, random() % 8 == 0 };
    enum sched_answer answer = SCHED_BUSY;

    if (may_start(m, lane) && first_of(m) == m->waiting) {
        answer = SCHED_RUN;
        model_start(m, slot, lane);
    } else if (!want.now && m->waiting < m->max_waiting) {
        answer = SCHED_WAIT;
        model_add(m, slot, lane, false);
    }
    ck_assert_int_eq(sched_enter(&s, slot, &want), answer);
}

static void
step_park(struct model *m, size_t slot)
{
    size_t lane = (size_t)random() % LANES;
    struct sched_want want = { names[lane], 7, false };
    bool in = m->waiting < m->max_waiting;

    if (in)
        model_add(m, slot, lane, true);
    ck_assert_int_eq(sched_park(&s, slot, &want), in);
}

static void
step_next(struct model *m)
{
    size_t at = first_of(m);
    size_t slot = SCHED_NONE;

    if (at < m->waiting) {
        slot = m->queue[at];
        model_remove(m, at);
        model_start(m, slot, m->lane[slot]);
    }
    ck_assert_uint_eq(sched_next(&s), slot);
}

static void
step_leave(struct model *m, size_t slot)
{
    m->state[slot] = OUT;
    m->busy[m->lane[slot]]--;
    m->running--;
    sched_leave(&s, slot, 1 + random() % 1000);
}

static void
step_drop(struct model *m, size_t slot)
{
    bool there = m->state[slot] == WAITS;

    ck_assert_int_eq(sched_drop(&s, slot), there);
    if (there)
        model_remove(m, place_of(m, slot));
}

/* `by` stands where `slot` stood, and where it stood itself nobody does. */
static void
model_take_turn(struct model *m, size_t slot, size_t by)
{
    bool parked = m->parked[slot];
    size_t lane = m->lane[slot];

    model_remove(m, place_of(m, by));
    m->queue[place_of(m, slot)] = by;
    m->state[slot] = OUT;
    m->state[by] = WAITS;
    m->lane[by] = lane;
    m->parked[by] = parked;
}

/* Some parked one of the same lane takes the turn. */
static void
step_replace(struct model *m, size_t slot)
{
    size_t by;

    for (by = 0; by < SLOTS; by++)
        if (by != slot && m->state[by] == WAITS && m->parked[by] && m->lane[by] == m->lane[slot])
            break;
    if (by == SLOTS)
        return;
    ck_assert_int_eq(sched_replace(&s, slot, by), m->state[slot] == WAITS);
    if (m->state[slot] != WAITS)
        return;
    model_take_turn(m, slot, by);
}

static void
set_limits(struct model *m)
{
    struct sched_limit limits[LANES];
    size_t n = 0;
    size_t i;

    m->max_running = 1 + (size_t)random() % 8;
    m->max_waiting = (size_t)random() % 20;
    for (i = 1; i < LANES; i++) {
        m->max[i] = 1 + (size_t)random() % 3;
        limits[n++] = (struct sched_limit){ names[i], m->max[i] };
    }
    ck_assert_int_eq(sched_set_limits(&s, m->max_running, m->max_waiting, limits, n), 0);
}

static void
step(struct model *m)
{
    size_t slot = (size_t)random() % SLOTS;

    switch (random() % 16) {
    case 0:
        if (random() % 8 == 0)
            set_limits(m);
        break;
    case 1:
        step_drop(m, slot);
        break;
    case 2:
        if (m->state[slot] == WAITS && m->parked[slot]) {
            m->parked[slot] = false;
            sched_ready(&s, slot);
        }
        break;
    case 3:
        step_replace(m, slot);
        break;
    case 4:
    case 5:
    case 6:
        step_next(m);
        break;
    default:
        if (m->state[slot] == RUNS)
            step_leave(m, slot);
        else if (m->state[slot] == OUT && random() % 4 == 0)
            step_park(m, slot);
        else if (m->state[slot] == OUT)
            step_enter(m, slot);
    }
}

START_TEST(whatever_happens_it_is_a_list_with_limits)
{
    struct model m = { .max_running = 3, .max_waiting = 8 };
    unsigned i;

    srandom(1000 + (unsigned)_i);
    begin(m.max_running, m.max_waiting);
    set_limits(&m);
    for (i = 0; i < 20000; i++) {
        step(&m);
        ck_assert_uint_eq(sched_running(&s), m.running);
    }
}
END_TEST

/* A slot's life under threads: free, or waiting until somebody calls it.  Even
 * slots go through a lane of two. */
static atomic_uint called[THREADS], at_once[2], ran, refused, dropped;
static atomic_uint crowds, calls_too_many; /* libcheck's assertions are for one thread */

static const struct sched_want wants[2] = { { "/two", 2, false }, { NULL, 0, false } };

static void
run_and_leave(size_t slot)
{
    do {
        if (atomic_fetch_add(&at_once[slot % 2], 1) >= 2 + slot % 2)
            atomic_fetch_add(&crowds, 1);
        atomic_fetch_add(&ran, 1);
        atomic_fetch_sub(&at_once[slot % 2], 1);
        sched_leave(&s, slot, 1);
        atomic_fetch_add(&called[slot], 1);
        slot = sched_next(&s);
    } while (slot != SCHED_NONE);
}

static void *
come_and_go(void *arg)
{
    size_t slot = (size_t)(uintptr_t)arg;
    unsigned i, before;

    for (i = 0; i < ROUNDS; i++) {
        before = atomic_load(&called[slot]);
        switch (sched_enter(&s, slot, &wants[slot % 2])) {
        case SCHED_RUN:
            run_and_leave(slot);
            break;
        case SCHED_WAIT:
            if (i % 4 == 0 && sched_drop(&s, slot)) {
                atomic_fetch_add(&dropped, 1);
                break;
            }
            while (atomic_load(&called[slot]) == before)
                (void)usleep(1);
            break;
        case SCHED_BUSY:
            atomic_fetch_add(&refused, 1);
            break;
        }
        if (atomic_load(&called[slot]) > before + 1)
            atomic_fetch_add(&calls_too_many, 1);
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
    Suite *all = suite_create("sched_random");
    TCase *tc = tcase_create("sched_random");

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, NULL, teardown);
    tcase_add_loop_test(tc, whatever_happens_it_is_a_list_with_limits, 0, 8);
    tcase_add_test(tc, threads_lose_no_place_and_nobody_who_waits);
    suite_add_tcase(all, tc);
    return all;
}
