/* tests/arena/test_warm.c -- arena/warm.h, promise by promise. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>

#include "arena/runs.h"
#include "arena/warm.h"
#include "tests/suite.h"

enum {
    COUNT = 1000, /* the last word is not a whole one, nor is the last unit of 16 */
};

static struct runs runs;
static struct warm w;
static void *books, *bits;

static void
make(size_t unit)
{
    books = calloc(1, runs_bytes(COUNT));
    bits = calloc(1, warm_bytes(COUNT));
    ck_assert(books != NULL && bits != NULL);
    runs_init(&runs, COUNT, books);
    warm_init(&w, &runs, unit, bits);
}

static void
setup(void)
{
    make(1);
}

static void
teardown(void)
{
    free(books);
    free(bits);
    books = bits = NULL;
}

static void
expect(size_t below, size_t most, size_t n, size_t first)
{
    size_t at = SIZE_MAX;

    ck_assert_uint_eq(warm_find(&w, below, most, &at), n);
    if (n > 0)
        ck_assert_uint_eq(at, first);
}

START_TEST(fresh_chunks_are_not_warm)
{
    ck_assert_uint_eq(warm_free(&w), 0);
    expect(COUNT, COUNT, 0, 0);
}
END_TEST

START_TEST(warm_chunks_that_are_taken_do_not_count)
{
    size_t first = runs_take(&runs, 200);

    warm_note(&w, 0, COUNT);
    ck_assert_uint_eq(first, 0);
    ck_assert_uint_eq(warm_free(&w), COUNT - 200);
    expect(COUNT, COUNT, COUNT - 200, 200);
    expect(200, COUNT, 0, 0);
}
END_TEST

START_TEST(the_highest_are_found_first_and_no_more_than_asked_for)
{
    warm_note(&w, 10, 100);
    warm_note(&w, 500, 130);
    warm_note(&w, 999, 1);
    expect(COUNT, COUNT, 1, 999);
    expect(999, 70, 70, 560);
    expect(560, COUNT, 60, 500);
    expect(500, 1, 1, 109);
    expect(109, 0, 1, 108);
    expect(10, COUNT, 0, 0);
    ck_assert_uint_eq(warm_free(&w), 231);
}
END_TEST

START_TEST(what_is_cleared_is_counted)
{
    warm_note(&w, 60, 10);
    ck_assert_uint_eq(warm_clear(&w, 0, 65), 5);
    ck_assert_uint_eq(warm_free(&w), 5);
    ck_assert_uint_eq(warm_clear(&w, 0, COUNT), 5);
    ck_assert_uint_eq(warm_clear(&w, 0, COUNT), 0);
}
END_TEST

START_TEST(a_unit_goes_as_a_whole)
{
    static const size_t units[] = { 2, 16, 64, 128 };
    size_t u = units[_i];
    size_t tail = (COUNT - 1) / u * u;

    teardown();
    make(u);
    ck_assert_uint_eq(runs_take(&runs, u + 1), 0);
    warm_note(&w, 0, 2 * u); /* the second unit is partly taken */
    expect(COUNT, COUNT, 0, 0);
    warm_note(&w, 3 * u + 1, 1);
    warm_note(&w, 5 * u - 1, 1);
    warm_note(&w, COUNT - 1, 1);
    expect(COUNT, COUNT, COUNT - tail, tail);
    expect(tail, COUNT, 2 * u, 3 * u);
    expect(tail, u, u, 4 * u);
    expect(3 * u, COUNT, 0, 0);
}
END_TEST

/* Words of chunks that nobody came to are passed over as a whole. */
START_TEST(below_untouched_words_the_highest_unit_is_found)
{
    static const size_t units[] = { 1, 2, 16, 64 };
    size_t u = units[_i];

    teardown();
    make(u);
    warm_note(&w, 127, 1); /* the last chunk of a word */
    expect(COUNT, COUNT, u, 128 - u);
    expect(128, COUNT, u, 128 - u);
    expect(128 - u, COUNT, 0, 0);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("warm");
    TCase *tc = tcase_create("promises");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, fresh_chunks_are_not_warm);
    tcase_add_test(tc, warm_chunks_that_are_taken_do_not_count);
    tcase_add_test(tc, the_highest_are_found_first_and_no_more_than_asked_for);
    tcase_add_test(tc, what_is_cleared_is_counted);
    tcase_add_loop_test(tc, a_unit_goes_as_a_whole, 0, 4);
    tcase_add_loop_test(tc, below_untouched_words_the_highest_unit_is_found, 0, 4);
    suite_add_tcase(s, tc);
    return s;
}
