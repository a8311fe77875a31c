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

/* Of a large map little more than one; those of one or two chunks need some words. */
START_TEST(takes_less_than_sixteen_bytes_a_chunk)
{
    size_t most = counts[_i] > 30000 ? counts[_i] * 6 / 5 : 16 * counts[_i];

    ck_assert_uint_le(runs_bytes(counts[_i]), counts[_i] < 5 ? 80 : most);
}
END_TEST

START_TEST(of_free_runs_the_tightest_is_taken)
{
    size_t first[7];

    open_map(1000);
    for (size_t i = 0; i < 7; i++) {
        first[i] = runs_take(&map, 10 * (7 - i));
        ck_assert_uint_ne(runs_take(&map, 1), RUNS_NONE);
    }
    for (size_t i = 0; i < 7; i++)
        end_block(first[i]);
    ck_assert_uint_eq(runs_take(&map, 30), first[4]);
    ck_assert_uint_eq(runs_take(&map, 25), first[3]);
    ck_assert_uint_eq(runs_take(&map, 16), first[5]);
    ck_assert_uint_eq(runs_take(&map, 15), first[3] + 25);
    ck_assert(runs_check(&map));
}
END_TEST

START_TEST(the_end_of_the_map_is_taken_last)
{
    open_map(1000);
    ck_assert_uint_eq(runs_take(&map, 900), 0);
    ck_assert_uint_eq(runs_take(&map, 90), 900);
    end_block(0);
    ck_assert_uint_eq(runs_take(&map, 10), 0); /* 10 are left there, too */
    end_block(0);
    ck_assert_uint_eq(runs_take(&map, 900), 0);
    ck_assert_uint_eq(runs_take(&map, 10), 990);
    ck_assert(runs_check(&map));
}
END_TEST

START_TEST(of_equal_runs_the_lowest_is_taken)
{
    size_t first[4];

    open_map(1000);
    for (size_t i = 0; i < 4; i++) {
        first[i] = runs_take(&map, 100);
        ck_assert_uint_ne(runs_take(&map, 1), RUNS_NONE);
    }
    for (size_t i = 4; i > 1; i--)
        end_block(first[i - 1]);
    for (size_t i = 1; i < 4; i++)
        ck_assert_uint_eq(runs_take(&map, 100), first[i]);
}
END_TEST

START_TEST(of_long_runs_the_lowest_is_taken)
{
    size_t first[3];

    open_map(10000);
    for (size_t i = 0; i < 3; i++) {
        first[i] = runs_take(&map, 1000 - 300 * i);
        ck_assert_uint_ne(runs_take(&map, 1), RUNS_NONE);
    }
    for (size_t i = 0; i < 3; i++)
        end_block(first[i]);
    ck_assert_uint_eq(runs_take(&map, FITS_SHORT + 1), first[0]);
    ck_assert_uint_eq(runs_take(&map, 750), 1000 + 700 + 400 + 3);
    ck_assert_uint_eq(runs_take(&map, 10), first[0] + FITS_SHORT + 1);
    ck_assert(runs_check(&map));
}
END_TEST

START_TEST(the_only_gap_is_found_wherever_it_lies)
{
    size_t count = counts[_i];
    size_t gaps[] = { 0, count / 3, count / 2, count - 1 };

    open_map(count);
    for (size_t i = 0; i < count; i++)
        SUITE_MUST(runs_take(&map, 1) == i);
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

/* Leaves free 50 to 60, 200 to 400, 420 to 920, and what follows 940. */
static void
open_sparse(void)
{
    open_map(1000);
    for (size_t i = 0; i < 20; i++)
        ck_assert_uint_eq(runs_take(&map, 10), i * 10);
    end_block(50);
    ck_assert_uint_eq(runs_take(&map, 200), 200);
    ck_assert_uint_eq(runs_take(&map, 20), 400);
    ck_assert_uint_eq(runs_take(&map, 500), 420);
    ck_assert_uint_eq(runs_take(&map, 20), 920);
    end_block(200);
    end_block(420);
    ck_assert(runs_check(&map));
}

START_TEST(any_wrong_bit_is_noticed)
{
    const struct {
        uint64_t *bits;
        unsigned which;
    } spots[] = {
        { &map.word[0].taken, 15 },    /* inside a block */
        { &map.word[0].begins, 15 },   /* the same */
        { &map.word[0].begins, 10 },   /* where one begins */
        { &map.word[0].begins, 54 },   /* a free run in two */
        { &map.word[0].leaving, 15 },  /* inside a block */
        { &map.word[0].leaving, 50 },  /* a free run leaves */
        { &map.word[15].taken, 60 },   /* past the end */
        { &map.word[15].begins, 60 },  /* the same */
        { &map.word[15].leaving, 60 }, /* the same */
    };

    for (size_t i = 0; i < sizeof spots / sizeof spots[0]; i++) {
        *spots[i].bits ^= UINT64_C(1) << spots[i].which;
        ck_assert_msg(!runs_check(&map), "spot %zu", i);
        *spots[i].bits ^= UINT64_C(1) << spots[i].which;
        ck_assert(runs_check(&map));
    }
}
END_TEST

START_TEST(any_wrong_number_is_noticed)
{
    uint32_t *const lengths[] = {
        &map.word[0].onward,   /* of the block at 60 */
        &map.word[3].onward,   /* of the free run at 200 */
        &map.word[6].upstream, /* where that one begins */
        &map.word[14].onward,  /* of the run that ends the map */
    };
    size_t *const counts_of[] = { &map.used, &map.blocks, &map.head, &map.tail };

    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        *lengths[i] ^= 1;
        ck_assert_msg(!runs_check(&map), "length %zu", i);
        *lengths[i] ^= 1;
    }
    for (size_t i = 0; i < sizeof counts_of / sizeof counts_of[0]; i++) {
        *counts_of[i] ^= 1;
        ck_assert_msg(!runs_check(&map), "count %zu", i);
        *counts_of[i] ^= 1;
    }
    ck_assert(runs_check(&map));
    /* Behind the map there is nothing to look at. */
    map.word[14].onward = UINT32_MAX;
    ck_assert(!runs_check(&map));
}
END_TEST

/* The one from 200 to 400, and nothing else contradicts. */
START_TEST(two_free_runs_side_by_side_are_noticed)
{
    map.word[4].begins |= UINT64_C(1) << (300 - 4 * 64);
    map.word[3].onward = map.word[4].onward = 100;
    map.word[4].upstream = 200;
    map.word[6].upstream = 300;
    fits_forget(&map.fits, 3, 200);
    fits_note(&map.fits, 3, 100);
    fits_note(&map.fits, 4, 100);
    ck_assert(!runs_check(&map));
}
END_TEST

START_TEST(where_a_run_fits_is_compared_with_where_runs_are)
{
    static const struct {
        size_t word, n;
        bool is_there;
    } fits[] = {
        { 0, 10, true }, { 0, 9, false }, { 3, 200, true }, { 6, 500, true }, { 7, 300, false },
        { 14, 60, false }, /* that which ends the map is not among them */
    };

    for (size_t i = 0; i < sizeof fits / sizeof fits[0]; i++) {
        (fits[i].is_there ? fits_forget : fits_note)(&map.fits, fits[i].word, fits[i].n);
        ck_assert_msg(!runs_check(&map), "run %zu", i);
        (fits[i].is_there ? fits_note : fits_forget)(&map.fits, fits[i].word, fits[i].n);
        ck_assert(runs_check(&map));
    }
}
END_TEST

/* The model: owner[i] is 0 for a free chunk, else the start of its block + 1. */
static size_t owner[MODEL_MAX];

/* The tightest free run, the lowest of equal ones; of long ones the lowest; at last that
 * which ends the map. */
static size_t
model_find(size_t count, size_t n)
{
    size_t found = RUNS_NONE, least = SIZE_MAX, run = 0;

    for (size_t end = 1; end <= count; end++) {
        size_t counts_as;

        run = owner[end - 1] == 0 ? run + 1 : 0;
        if (run < n || (end < count && owner[end] == 0))
            continue; /* too short, or not its end */
        counts_as = end == count ? FITS_SHORT + 2 : run > FITS_SHORT ? FITS_SHORT + 1 : run;
        if (counts_as < least) {
            least = counts_as;
            found = end - run;
        }
    }
    return found;
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

    SUITE_MUST(runs_take(&map, n) == at);
    if (at != RUNS_NONE)
        model_set(at, n, at + 1);
}

static size_t
model_free_around(size_t count, size_t i)
{
    size_t first = i, end = i;

    while (first > 0 && owner[first - 1] == 0)
        first--;
    while (end < count && owner[end] == 0)
        end++;
    return end - first;
}

static void
step_end(size_t count, size_t i)
{
    size_t first, n;

    if (owner[i] == 0) {
        SUITE_MUST(runs_kind(&map, i) == RUNS_FREE);
        return;
    }
    first = owner[i] - 1;
    n = model_length(count, first);
    SUITE_MUST(runs_kind(&map, i) == (i == first ? RUNS_BLOCK : RUNS_INSIDE));
    SUITE_MUST(runs_length(&map, first) == n);
    if (n > 1 && rand() % 4 == 0) {
        size_t left = 1 + (size_t)rand() % (n - 1);

        runs_cut(&map, first, left);
        first += left;
        n -= left;
    } else {
        runs_retire(&map, first);
    }
    model_set(first, n, 0);
    SUITE_MUST(runs_give(&map, first) == model_free_around(count, first));
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
        SUITE_MUST(runs_longest(&map) == model_longest(count));
        SUITE_MUST(step % 16 != 0 || runs_check(&map));
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
    tcase_add_test(tc, of_free_runs_the_tightest_is_taken);
    tcase_add_test(tc, the_end_of_the_map_is_taken_last);
    tcase_add_test(tc, of_equal_runs_the_lowest_is_taken);
    tcase_add_test(tc, of_long_runs_the_lowest_is_taken);
    tcase_add_loop_test(tc, the_only_gap_is_found_wherever_it_lies, 0, COUNTS);
    tcase_add_loop_test(tc, free_neighbours_become_one_run, 0, 6);
    tcase_add_test(tc, a_leaving_block_is_not_free_yet);
    tcase_add_test(tc, what_is_cut_off_is_a_leaving_block);
    tcase_add_loop_test(tc, random_steps_agree_with_the_naive_model, 0, modelled + 1);
    suite_add_tcase(s, tc);
    tc = tcase_create("damage");
    tcase_add_checked_fixture(tc, open_sparse, close_map);
    tcase_add_test(tc, any_wrong_bit_is_noticed);
    tcase_add_test(tc, any_wrong_number_is_noticed);
    tcase_add_test(tc, two_free_runs_side_by_side_are_noticed);
    tcase_add_test(tc, where_a_run_fits_is_compared_with_where_runs_are);
    suite_add_tcase(s, tc);
    return s;
}
