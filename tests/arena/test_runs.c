/* tests/arena/test_runs.c -- arena/runs.h, promise by promise and against a naive model. */
#include <stdlib.h>
#include <string.h>

#include "arena/runs.h"
#include "tests/suite.h"

/* One chunk, the edges of words and of each level of the tree, and CMon's own. */
static const size_t counts[] = { 1, 2, 63, 64, 65, 512, 513, 1024, 4095, 4097, 10000, 32769, 100000,
    1000000, RUNS_MAX };

enum {
    COUNTS = sizeof counts / sizeof counts[0],
    MODEL_MAX = 4097, /* chunks: the naive model walks them all */
    STEPS = 4000,
};

/* ck_assert() writes to a pipe whenever it is passed: not in a loop of 10^6. */
#define MUST(what)                             \
    do {                                       \
        if (!(what))                           \
            ck_abort_msg("not so: %s", #what); \
    } while (0)

static struct runs map;
static void *memory;

static void
open_map(size_t count)
{
    memory = calloc(1, runs_bytes(count));
    ck_assert_ptr_nonnull(memory);
    runs_init(&map, count, memory);
}

static void
close_map(void)
{
    free(memory);
    memory = NULL;
}

static void
end_block(size_t first)
{
    runs_retire(&map, first);
    runs_give(&map, first);
}

START_TEST(a_fresh_map_is_one_free_run)
{
    open_map(counts[_i]);
    ck_assert_uint_eq(runs_longest(&map), counts[_i]);
    ck_assert_uint_eq(map.used, 0);
    ck_assert_uint_eq(map.blocks, 0);
    ck_assert_int_eq(runs_kind(&map, counts[_i] - 1), RUNS_FREE);
    ck_assert(runs_check(&map));
}
END_TEST

START_TEST(a_block_may_be_the_whole_map)
{
    size_t count = counts[_i];

    open_map(count);
    ck_assert_uint_eq(runs_take(&map, count + 1), RUNS_NONE);
    ck_assert_uint_eq(runs_take(&map, count), 0);
    ck_assert_uint_eq(runs_length(&map, 0), count);
    ck_assert_uint_eq(runs_longest(&map), 0);
    ck_assert_uint_eq(runs_take(&map, 1), RUNS_NONE);
    ck_assert(runs_check(&map));
    end_block(0);
    ck_assert_uint_eq(runs_longest(&map), count);
    ck_assert(runs_check(&map));
}
END_TEST

START_TEST(takes_less_than_sixteen_bytes_a_chunk)
{
    ck_assert_uint_le(runs_bytes(counts[_i]), 16 * counts[_i]);
}
END_TEST

START_TEST(the_only_gap_is_found_wherever_it_lies)
{
    size_t count = counts[_i];
    size_t gaps[] = { 0, count / 3, count / 2, count - 1 };

    open_map(count);
    for (size_t i = 0; i < count; i++)
        MUST(runs_take(&map, 1) == i);
    for (size_t g = 0; g < sizeof gaps / sizeof gaps[0]; g++) {
        end_block(gaps[g]);
        ck_assert_uint_eq(runs_longest(&map), 1);
        ck_assert_uint_eq(runs_take(&map, 2), RUNS_NONE);
        ck_assert_uint_eq(runs_take(&map, 1), gaps[g]);
    }
    ck_assert(runs_check(&map));
}
END_TEST

START_TEST(free_neighbours_become_one_run)
{
    static const size_t order[][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 2, 1, 0 },
        { 2, 0, 1 }, { 1, 2, 0 } };
    size_t first[3];

    open_map(1000);
    for (size_t i = 0; i < 3; i++)
        first[i] = runs_take(&map, 100);
    ck_assert_uint_eq(runs_take(&map, 700), 300);
    for (size_t i = 0; i < 3; i++)
        end_block(first[order[_i][i]]);
    ck_assert_uint_eq(runs_longest(&map), 300);
    ck_assert(runs_check(&map));
    ck_assert_uint_eq(runs_take(&map, 300), 0);
}
END_TEST

START_TEST(a_leaving_block_is_not_free_yet)
{
    open_map(10);
    ck_assert_uint_eq(runs_take(&map, 4), 0);
    runs_retire(&map, 0);
    ck_assert_int_eq(runs_kind(&map, 0), RUNS_LEAVING);
    ck_assert_int_eq(runs_kind(&map, 1), RUNS_INSIDE);
    ck_assert_uint_eq(map.used, 4);
    ck_assert_uint_eq(map.blocks, 0);
    ck_assert_uint_eq(runs_take(&map, 7), RUNS_NONE);
    ck_assert(runs_check(&map));
    runs_give(&map, 0);
    ck_assert_uint_eq(runs_take(&map, 7), 0);
}
END_TEST

START_TEST(what_is_cut_off_is_a_leaving_block)
{
    open_map(10);
    ck_assert_uint_eq(runs_take(&map, 8), 0);
    runs_cut(&map, 0, 3);
    ck_assert_uint_eq(runs_length(&map, 0), 3);
    ck_assert_int_eq(runs_kind(&map, 3), RUNS_LEAVING);
    ck_assert_uint_eq(runs_length(&map, 3), 5);
    ck_assert_uint_eq(map.blocks, 1);
    ck_assert(runs_check(&map));
    runs_give(&map, 3);
    ck_assert_uint_eq(runs_longest(&map), 7);
    ck_assert(runs_check(&map));
}
END_TEST

START_TEST(any_damage_is_noticed)
{
    open_map(1000);
    for (size_t i = 0; i < 20; i++)
        ck_assert_uint_eq(runs_take(&map, 10), i * 10);
    end_block(50);
    ck_assert(runs_check(&map));
    switch (_i) {
    case 0:
        map.taken[0] ^= 1U << 15; /* inside a block */
        break;
    case 1:
        map.taken[15] ^= UINT64_C(1) << 60; /* past the end */
        break;
    case 2:
        map.length[10]++;
        break;
    case 3:
        map.length[15] = 5; /* inside a block */
        break;
    case 4:
        map.length[59] = 0; /* the end of a free run */
        break;
    case 5:
        map.length[50] = 9; /* its start */
        break;
    case 6:
        map.best[0][0]++;
        break;
    case 7:
        map.best[1][1]++;
        break;
    case 8:
        map.used--;
        break;
    case 9:
        map.blocks++;
        break;
    case 10: /* a free run in two */
        map.length[50] = map.length[53] = 4;
        map.length[54] = map.length[59] = 6;
        map.best[0][0] = 6;
        break;
    default:
        ck_abort();
    }
    ck_assert(!runs_check(&map));
}
END_TEST

/* The model: owner[i] is 0 for a free chunk, else the start of its block + 1. */
static size_t owner[MODEL_MAX];

static size_t
model_find(size_t count, size_t n)
{
    size_t run = 0;

    for (size_t i = 0; i < count; i++) {
        run = owner[i] == 0 ? run + 1 : 0;
        if (run == n)
            return i + 1 - n;
    }
    return RUNS_NONE;
}

static size_t
model_longest(size_t count)
{
    size_t run = 0, longest = 0;

    for (size_t i = 0; i < count; i++) {
        run = owner[i] == 0 ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest;
}

static size_t
model_length(size_t count, size_t first)
{
    size_t n = 0;

    while (first + n < count && owner[first + n] == first + 1)
        n++;
    return n;
}

static void
model_set(size_t first, size_t n, size_t to)
{
    for (size_t i = first; i < first + n; i++)
        owner[i] = to;
}

static void
step_take(size_t count)
{
    size_t scale = rand() % 8 == 0 ? count : count / 16 + 1;
    size_t n = 1 + (size_t)rand() % scale;
    size_t at = model_find(count, n);

    MUST(runs_take(&map, n) == at);
    if (at != RUNS_NONE)
        model_set(at, n, at + 1);
}

static void
step_end(size_t count, size_t i)
{
    size_t first, n;

    if (owner[i] == 0) {
        MUST(runs_kind(&map, i) == RUNS_FREE);
        return;
    }
    first = owner[i] - 1;
    n = model_length(count, first);
    MUST(runs_kind(&map, i) == (i == first ? RUNS_BLOCK : RUNS_INSIDE));
    MUST(runs_length(&map, first) == n);
    if (n > 1 && rand() % 4 == 0) {
        size_t left = 1 + (size_t)rand() % (n - 1);

        runs_cut(&map, first, left);
        runs_give(&map, first + left);
        model_set(first + left, n - left, 0);
    } else {
        end_block(first);
        model_set(first, n, 0);
    }
}

START_TEST(random_steps_agree_with_the_naive_model)
{
    size_t count = counts[_i];

    srand((unsigned)_i);
    open_map(count);
    memset(owner, 0, sizeof owner);
    for (size_t step = 0; step < STEPS; step++) {
        if (rand() % 2 == 0)
            step_take(count);
        else
            step_end(count, (size_t)rand() % count);
        MUST(runs_longest(&map) == model_longest(count));
        MUST(step % 16 != 0 || runs_check(&map));
    }
    ck_assert(runs_check(&map));
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("runs");
    TCase *tc = tcase_create("runs");
    int modelled = 0;

    while (counts[modelled] < MODEL_MAX)
        modelled++;
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, NULL, close_map);
    tcase_add_loop_test(tc, a_fresh_map_is_one_free_run, 0, COUNTS);
    tcase_add_loop_test(tc, a_block_may_be_the_whole_map, 0, COUNTS);
    tcase_add_loop_test(tc, takes_less_than_sixteen_bytes_a_chunk, 0, COUNTS);
    tcase_add_loop_test(tc, the_only_gap_is_found_wherever_it_lies, 0, COUNTS);
    tcase_add_loop_test(tc, free_neighbours_become_one_run, 0, 6);
    tcase_add_test(tc, a_leaving_block_is_not_free_yet);
    tcase_add_test(tc, what_is_cut_off_is_a_leaving_block);
    tcase_add_loop_test(tc, any_damage_is_noticed, 0, 11);
    tcase_add_loop_test(tc, random_steps_agree_with_the_naive_model, 0, modelled + 1);
    suite_add_tcase(s, tc);
    return s;
}
