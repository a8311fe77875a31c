/* tests/arena/test_heap.c -- arena/heap.h, promise by promise: what parts have to do with each
 * other. */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "arena/heap.h"
#include "tests/suite.h"

enum {
    COUNT = 1000, /* three parts of 256 chunks and one of 232 */
    PART = 256,
};

static struct heap h;
static void *books;

static void
setup(void)
{
    books = aligned_alloc(HEAP_LINE, heap_bytes(COUNT));
    ck_assert_ptr_nonnull(books);
    for (size_t i = 0; i < heap_bytes(COUNT); i++)
        ((unsigned char *)books)[i] = 0;
    heap_init(&h, COUNT, 1, books);
}

static void
teardown(void)
{
    heap_done(&h);
    free(books);
}

static struct heap_stats
look(void)
{
    struct heap_stats s;

    ck_assert(heap_check(&h));
    heap_look(&h, &s);
    return s;
}

static void
expect_empty(void)
{
    struct heap_stats s = look();

    ck_assert_uint_eq(s.used, 0);
    ck_assert_uint_eq(s.blocks, 0);
    ck_assert_uint_eq(s.longest, COUNT);
}

START_TEST(a_block_may_cross_all_parts)
{
    ck_assert_uint_eq(heap_take(&h, COUNT + 1), RUNS_NONE);
    ck_assert_uint_eq(heap_take(&h, COUNT), 0);
    ck_assert_int_eq(heap_length(&h, 0), COUNT);
    ck_assert_uint_eq(look().blocks, 1);
    ck_assert_uint_eq(look().longest, 0);
    ck_assert_uint_eq(heap_take(&h, 1), RUNS_NONE);
    ck_assert_int_eq(heap_free(&h, 0, 0), 0);
    expect_empty();
}
END_TEST

START_TEST(where_a_crossing_block_goes_on_no_block_begins)
{
    ck_assert_uint_eq(heap_take(&h, 10), 0);
    ck_assert_uint_eq(heap_take(&h, 900), 10);
    for (size_t i = PART; i < 3 * PART + 1; i += PART) {
        ck_assert_int_eq(heap_length(&h, i), -EINVAL);
        ck_assert_int_eq(heap_free(&h, i, 1), -EINVAL);
        ck_assert_int_eq(heap_retire(&h, i), -EINVAL);
        ck_assert_int_eq(heap_cut(&h, i, 1, false), -EINVAL);
    }
    ck_assert_uint_eq(look().used, 910);
    ck_assert_int_eq(heap_free(&h, 10, 0), 0);
    ck_assert_int_eq(heap_free(&h, 10, 0), -EALREADY);
    ck_assert_int_eq(heap_free(&h, PART, 0), -EALREADY);
    ck_assert_int_eq(heap_free(&h, 0, 0), 0);
    expect_empty();
}
END_TEST

START_TEST(a_part_may_be_crossed_at_both_ends)
{
    ck_assert_uint_eq(heap_take(&h, PART - 1), 0);
    ck_assert_uint_eq(heap_take(&h, 10), PART - 1);
    ck_assert_uint_eq(heap_take(&h, PART - 10), PART + 9);
    ck_assert_uint_eq(heap_take(&h, 10), 2 * PART - 1);
    ck_assert_int_eq(heap_length(&h, PART - 1), 10);
    ck_assert_int_eq(heap_length(&h, 2 * PART - 1), 10);
    ck_assert_uint_eq(look().blocks, 4);
    ck_assert_int_eq(heap_free(&h, PART - 1, 10), 0);
    ck_assert_uint_eq(look().warm, 10);
    ck_assert_int_eq(heap_length(&h, 2 * PART - 1), 10);
    ck_assert_uint_eq(heap_take(&h, 10), PART - 1);
    ck_assert_int_eq(heap_free(&h, 2 * PART - 1, 0), 0);
    ck_assert_uint_eq(look().blocks, 3);
}
END_TEST

static const size_t cuts[] = { 1, 100, PART - 51, PART - 50, PART - 49, 2 * PART - 50, 600, 699 };

/* What the end of a crossing block is cut to, and what is cut off is. */
START_TEST(a_crossing_block_can_be_cut_anywhere)
{
    size_t n = cuts[_i / 2];
    bool leaving = _i % 2 > 0;
    struct heap_stats s;

    ck_assert_uint_eq(heap_take(&h, 50), 0);
    ck_assert_uint_eq(heap_take(&h, 700), 50);
    ck_assert_int_eq(heap_cut(&h, 50, 701, leaving), -ERANGE);
    ck_assert_int_eq(heap_cut(&h, 50, 700, leaving), 0);
    ck_assert_int_eq(heap_cut(&h, 50, n, leaving), (ptrdiff_t)(700 - n));
    ck_assert_int_eq(heap_length(&h, 50), (ptrdiff_t)n);
    ck_assert_uint_eq(look().blocks, 2);
    ck_assert_uint_eq(heap_leaving(&h, 50 + n), leaving ? 700 - n : 0);
    if (leaving) {
        ck_assert_uint_eq(look().used, 750);
        ck_assert_int_eq(heap_free(&h, 50 + n, 0), -EALREADY);
        heap_give(&h, 50 + n, 700 - n);
    }
    s = look();
    ck_assert_uint_eq(s.used, 50 + n);
    ck_assert_uint_eq(s.longest, COUNT - 50 - n);
    ck_assert_uint_eq(s.warm, 700 - n);
    ck_assert_uint_eq(heap_take(&h, COUNT - 50 - n), 50 + n);
    ck_assert_int_eq(heap_free(&h, 50, 0), 0);
    ck_assert_int_eq(heap_free(&h, 50 + n, 0), 0);
    ck_assert_int_eq(heap_free(&h, 0, 0), 0);
    expect_empty();
}
END_TEST

START_TEST(a_leaving_block_that_crosses_is_nobodys)
{
    ck_assert_uint_eq(heap_take(&h, 600), 0);
    ck_assert_int_eq(heap_retire(&h, 0), 0);
    ck_assert_int_eq(heap_retire(&h, 0), -EALREADY);
    ck_assert_int_eq(heap_free(&h, PART, 0), -EINVAL);
    ck_assert_uint_eq(look().used, 600);
    ck_assert_uint_eq(look().blocks, 0);
    ck_assert_uint_eq(heap_take(&h, COUNT - 599), RUNS_NONE);
    heap_give(&h, 0, 300);
    ck_assert_uint_eq(look().warm, 300);
    expect_empty();
}
END_TEST

static atomic_bool enough;

/* Is in everybody's way. */
static void *
hold_a_part(void *arg)
{
    struct heap_part *p = arg;

    while (!atomic_load(&enough)) {
        (void)pthread_mutex_lock(&p->lock);
        (void)usleep(20);
        (void)pthread_mutex_unlock(&p->lock);
    }
    return NULL;
}

/* Takes and frees a chunk again and again while the lowest part that has room is held,
 * until one is in the part behind. */
static size_t
move_behind(unsigned held)
{
    pthread_t thread;
    size_t first = 0;

    ck_assert_int_eq(pthread_create(&thread, NULL, hold_a_part, &h.parts[held]), 0);
    for (size_t i = 0; i < 20000 && first < (held + 1) * (size_t)PART; i++) {
        (void)usleep(1); /* no one who runs on before the other wakes */
        first = heap_take(&h, 1);
        ck_assert_int_eq(heap_free(&h, first, 0), 0);
    }
    atomic_store(&enough, true);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    return first;
}

/* And then until one is where it was. */
static void
come_back(unsigned held)
{
    size_t first = SIZE_MAX;

    for (size_t i = 0; i < 100000 && first > held * (size_t)PART; i++) {
        first = heap_take(&h, 1);
        ck_assert_int_eq(heap_free(&h, first, 0), 0);
    }
    ck_assert_uint_eq(first, held * (size_t)PART);
}

START_TEST(who_waits_all_the_time_takes_from_another_part)
{
    ck_assert_uint_eq(move_behind(0), PART);
    come_back(0);
    expect_empty();
}
END_TEST

START_TEST(so_it_is_when_the_parts_before_are_full)
{
    ck_assert_uint_eq(heap_take(&h, PART * (size_t)(_i + 1)), 0);
    ck_assert_uint_eq(move_behind((unsigned)_i + 1), ((size_t)_i + 2) * PART);
    come_back((unsigned)_i + 1);
    ck_assert_int_eq(heap_free(&h, 0, 0), 0);
    expect_empty();
}
END_TEST

START_TEST(who_has_moved_still_finds_every_run)
{
    ck_assert_uint_eq(heap_take(&h, 2 * PART), 0);
    ck_assert_uint_eq(move_behind(2), 3 * PART);
    ck_assert_uint_eq(heap_take(&h, COUNT - 2 * PART), 2 * PART);
    ck_assert_int_eq(heap_free(&h, 0, 0), 0);
    ck_assert_uint_eq(heap_take(&h, 1), 0);
    ck_assert_uint_eq(heap_take(&h, 2 * PART - 1), 1);
    ck_assert_uint_eq(heap_take(&h, 1), RUNS_NONE);
}
END_TEST

/* Takes `n` chunks without the first part; or waits for itself. */
static size_t
take_elsewhere(size_t n)
{
    size_t first;

    (void)pthread_mutex_lock(&h.parts[0].lock);
    first = heap_take(&h, n);
    (void)pthread_mutex_unlock(&h.parts[0].lock);
    return first;
}

START_TEST(nobody_waits_for_a_part_that_was_found_too_full)
{
    ck_assert_uint_eq(heap_take(&h, 10), 0);
    ck_assert_uint_eq(heap_take(&h, 100), 10);
    ck_assert_uint_eq(heap_take(&h, PART - 110), 110);
    ck_assert_uint_eq(heap_take(&h, 1), PART); /* found: nothing there */
    ck_assert_uint_eq(take_elsewhere(1), PART + 1);
    ck_assert_int_eq(heap_free(&h, 0, 0), 0);
    ck_assert_uint_eq(take_elsewhere(11), PART + 2); /* ten are */
    ck_assert_int_eq(heap_free(&h, 10, 0), 0);
    ck_assert_uint_eq(heap_take(&h, 105), 0);
    ck_assert_uint_eq(heap_take(&h, 50), PART + 13); /* found: five are left */
    ck_assert_uint_eq(take_elsewhere(6), PART + 63);
    ck_assert_uint_eq(heap_take(&h, 5), 105);
}
END_TEST

/* Of parts 1 and 2 the ends that meet are free, too short each; 0 and 3 have room. */
START_TEST(who_has_moved_lets_a_run_that_crosses_be)
{
    static const size_t lengths[] = { 226, 30, 246, 10, 10, 246, 100 };
    size_t at = 0;

    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        ck_assert_uint_eq(heap_take(&h, lengths[i]), at);
        at += lengths[i];
    }
    ck_assert_int_eq(heap_free(&h, 226, 0), 0);
    ck_assert_int_eq(heap_free(&h, 502, 0), 0);
    ck_assert_int_eq(heap_free(&h, 512, 0), 0);
    ck_assert_uint_eq(move_behind(0), 502);
    ck_assert_uint_eq(heap_take(&h, 15), at);
}
END_TEST

static void
note_given(void *ctx, size_t first, size_t n)
{
    size_t *given = ctx;

    ck_assert_uint_le(n, 100);
    ck_assert_uint_le(first + n, COUNT);
    *given += n;
}

START_TEST(what_is_cooled_is_what_is_warm_and_highest)
{
    size_t given = 0;

    ck_assert_uint_eq(heap_take(&h, COUNT), 0);
    ck_assert_int_eq(heap_free(&h, 0, 800), 0);
    ck_assert_uint_eq(look().warm, 800);
    heap_cool(&h, 500, 100, false, note_given, &given);
    ck_assert_uint_eq(given, 500);
    ck_assert_uint_eq(look().warm, 800);
    heap_cool(&h, 500, 100, true, note_given, &given);
    ck_assert_uint_eq(given, 1000);
    ck_assert_uint_eq(look().warm, 300);
    ck_assert_uint_eq(heap_take(&h, 290), 0);
    ck_assert_uint_eq(look().warm, 10);
    heap_cool(&h, SIZE_MAX, 100, true, note_given, &given);
    ck_assert_uint_eq(given, 1010);
    ck_assert_uint_eq(look().warm, 0);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("heap");
    TCase *tc = tcase_create("parts");

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_block_may_cross_all_parts);
    tcase_add_test(tc, where_a_crossing_block_goes_on_no_block_begins);
    tcase_add_test(tc, a_part_may_be_crossed_at_both_ends);
    tcase_add_loop_test(
        tc, a_crossing_block_can_be_cut_anywhere, 0, 2 * (int)(sizeof cuts / sizeof cuts[0]));
    tcase_add_test(tc, a_leaving_block_that_crosses_is_nobodys);
    tcase_add_test(tc, who_waits_all_the_time_takes_from_another_part);
    tcase_add_loop_test(tc, so_it_is_when_the_parts_before_are_full, 0, 2);
    tcase_add_test(tc, who_has_moved_still_finds_every_run);
    tcase_add_test(tc, nobody_waits_for_a_part_that_was_found_too_full);
    tcase_add_test(tc, who_has_moved_lets_a_run_that_crosses_be);
    tcase_add_test(tc, what_is_cooled_is_what_is_warm_and_highest);
    suite_add_tcase(s, tc);
    return s;
}
