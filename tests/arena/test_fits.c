/* tests/arena/test_fits.c -- arena/fits.h, promise by promise and against a naive model. */
#include <stdlib.h>
#include <string.h>

#include "arena/fits.h"
#include "tests/suite.h"

/* One word, the edges of each level of sets and tree. */
static const size_t words[] = { 1, 2, 8, 9, 63, 64, 65, 511, 513, 4095, 4097, FITS_WORDS_MAX };

enum {
    COUNTS = sizeof words / sizeof words[0],
    MODEL_MAX = 513, /* words */
    LENGTHS = FITS_SHORT + 20,
    STEPS = 20000,
};

static struct fits fits;
static void *memory;

/* Without room for more than one word's chunks no run is long. */
static void
open_fits(size_t n, size_t chunks)
{
    memory = calloc(1, fits_bytes(n, chunks));
    ck_assert_ptr_nonnull(memory);
    fits_init(&fits, n, chunks, memory);
}

static void
close_fits(void)
{
    free(memory);
    memory = NULL;
}

START_TEST(at_first_nothing_fits)
{
    size_t length;

    open_fits(words[_i], words[_i] * 64);
    ck_assert_uint_eq(fits_find(&fits, 1, &length), FITS_NONE);
    ck_assert_uint_eq(fits_find(&fits, FITS_SHORT + 1, &length), FITS_NONE);
    ck_assert_uint_eq(fits_longest(&fits), 0);
    ck_assert(fits_check(&fits, 0));
}
END_TEST

START_TEST(a_word_is_found_wherever_it_lies)
{
    static const size_t lengths[] = { 1, 64, 65, 128, FITS_SHORT, FITS_SHORT + 1,
        FITS_SHORT + 100 };
    size_t n = words[_i], length;
    size_t places[] = { 0, n / 3, n / 2, n - 1 };

    open_fits(n, FITS_WORDS_MAX * 64UL);
    for (size_t k = 0; k < sizeof lengths / sizeof lengths[0]; k++) {
        for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
            fits_note(&fits, places[i], lengths[k]);
            ck_assert(fits_has(&fits, places[i], lengths[k]));
            ck_assert(!fits_has(&fits, places[i], lengths[k] + 1));
            ck_assert(fits_check(&fits, 1));
            ck_assert_uint_eq(fits_longest(&fits), lengths[k]);
            ck_assert_uint_eq(fits_find(&fits, 1, &length), places[i]);
            ck_assert_uint_eq(length, lengths[k]);
            ck_assert_uint_eq(fits_find(&fits, lengths[k], &length), places[i]);
            ck_assert_uint_eq(fits_find(&fits, lengths[k] + 1, &length), FITS_NONE);
            fits_forget(&fits, places[i], lengths[k]);
            ck_assert(fits_check(&fits, 0));
        }
    }
}
END_TEST

/* As far apart as they can be: what is left is seen from the top. */
START_TEST(one_word_is_forgotten_and_another_stays)
{
    size_t last = FITS_WORDS_MAX - 1, length;

    open_fits(FITS_WORDS_MAX, FITS_WORDS_MAX * 64UL);
    for (size_t w = 1; w < last; w = w * 64 - 1) {
        fits_note(&fits, 0, 5);
        fits_note(&fits, w, 5);
        fits_note(&fits, last, 5);
        fits_forget(&fits, 0, 5);
        ck_assert_uint_eq(fits_find(&fits, 1, &length), w);
        fits_forget(&fits, w, 5);
        ck_assert_uint_eq(fits_find(&fits, 1, &length), last);
        ck_assert(fits_check(&fits, 1));
        fits_forget(&fits, last, 5);
        ck_assert(fits_check(&fits, 0));
    }
}
END_TEST

START_TEST(a_long_run_takes_the_place_of_another)
{
    open_fits(100, 6400);
    fits_note(&fits, 50, 5000);
    fits_note(&fits, 50, 4000);
    ck_assert_uint_eq(fits_longest(&fits), 4000);
    fits_forget(&fits, 50, 5000); /* is no more */
    ck_assert(fits_has(&fits, 50, 4000));
    ck_assert(fits_check(&fits, 1));
}
END_TEST

/* Of 5000 words: two where five chunks begin, one where a thousand do. */
static void
open_three(void)
{
    open_fits(5000, 320000);
    fits_note(&fits, 100, 5);
    fits_note(&fits, 4999, 5);
    fits_note(&fits, 70, 1000);
    ck_assert(fits_check(&fits, 3));
    ck_assert(!fits_check(&fits, 2));
}

START_TEST(any_wrong_bit_is_noticed)
{
    uint64_t *five = fits.sets + 4 * fits.set_size;
    const struct {
        uint64_t *bits;
        uint64_t wrong;
    } spots[] = {
        { &fits.some[0], 0 },
        { &fits.some[3], UINT64_C(1) << 63 },
        { &five[100 / 64], 0 },
        { &five[fits.summary[1]], 0 },
        { &five[fits.summary[2]], 0 },
        { &five[10], 1 }, /* one too many, on each level */
        { &five[fits.summary[1]], five[fits.summary[1]] | 1 },
        { &five[fits.summary[2]], five[fits.summary[2]] | 4 },
        { &five[5000 / 64], five[5000 / 64] | UINT64_C(1) << 63 }, /* past the end */
        { &five[5000 / 64], UINT64_C(1) << 5000 % 64 },            /* instead of the last */
        { &fits.sets[9 * fits.set_size], 1 },
    };

    for (size_t i = 0; i < sizeof spots / sizeof spots[0]; i++) {
        uint64_t was = *spots[i].bits;

        *spots[i].bits = spots[i].wrong;
        ck_assert_msg(!fits_check(&fits, 3), "spot %zu", i);
        *spots[i].bits = was;
        ck_assert(fits_check(&fits, 3));
    }
}
END_TEST

START_TEST(any_wrong_node_is_noticed)
{
    unsigned top = fits.tree_levels - 1;
    const struct {
        uint32_t *node;
        uint32_t wrong;
    } spots[] = {
        { &fits.longest[0][70], 999 },
        { &fits.longest[0][71], 500 },
        { &fits.longest[0][71], 5 }, /* a short one has no place there */
        { &fits.longest[1][8], 0 },
        { &fits.longest[top][0], 1001 },
    };

    for (size_t i = 0; i < sizeof spots / sizeof spots[0]; i++) {
        uint32_t was = *spots[i].node;

        *spots[i].node = spots[i].wrong;
        ck_assert_msg(!fits_check(&fits, 3), "spot %zu", i);
        *spots[i].node = was;
        ck_assert(fits_check(&fits, 3));
    }
    /* And when all agree. */
    for (unsigned level = 0; level <= top; level++)
        fits.longest[level][70 >> 3 * level] = FITS_SHORT;
    ck_assert(!fits_check(&fits, 3));
}
END_TEST

START_TEST(where_no_run_is_long_no_set_is_that_of_a_longer_one)
{
    size_t length;

    open_fits(2, 100);
    fits_note(&fits, 0, 100);
    ck_assert_uint_eq(fits_find(&fits, 100, &length), 0);
    ck_assert_uint_eq(fits_find(&fits, 101, &length), FITS_NONE);
    ck_assert_uint_eq(fits_longest(&fits), 100);
    fits.some[100 / 64] |= UINT64_C(1) << 100 % 64;
    ck_assert(!fits_check(&fits, 1));
}
END_TEST

/* The model: whether a run of a length begins in a word; the last one for all long ones. */
static bool begins[MODEL_MAX][FITS_SHORT + 1];
static size_t long_one[MODEL_MAX];

static size_t
model_find(size_t n, size_t want, size_t *ret_length)
{
    for (size_t length = want; length <= FITS_SHORT; length++) {
        for (size_t w = 0; w < n; w++) {
            if (begins[w][length]) {
                *ret_length = length;
                return w;
            }
        }
    }
    for (size_t w = 0; w < n; w++) {
        if (long_one[w] >= want) {
            *ret_length = long_one[w];
            return w;
        }
    }
    return FITS_NONE;
}

static size_t
model_longest(size_t n)
{
    size_t most = 0;

    for (size_t w = 0; w < n; w++) {
        most = long_one[w] > most ? long_one[w] : most;
        for (size_t length = FITS_SHORT; length > most; length--)
            most = begins[w][length] ? length : most;
    }
    return most;
}

/* Notes or forgets; returns how many pairs that are more. */
static int
step(size_t w, size_t length)
{
    bool had = fits_has(&fits, w, length);
    bool replaced = length > FITS_SHORT && long_one[w] > 0;

    SUITE_MUST(had == (length > FITS_SHORT ? long_one[w] == length : begins[w][length]));
    if (had)
        fits_forget(&fits, w, length);
    else
        fits_note(&fits, w, length);
    if (length > FITS_SHORT)
        long_one[w] = had ? 0 : length;
    else
        begins[w][length] = !had;
    return had ? -1 : replaced ? 0 : 1;
}

START_TEST(random_steps_agree_with_the_naive_model)
{
    size_t n = words[_i], pairs = 0;
    size_t spread = 1 + (size_t)_i % 3 * 40; /* few lengths, and many */

    srand((unsigned)_i);
    open_fits(n, 64UL * FITS_WORDS_MAX);
    memset(begins, 0, sizeof begins);
    memset(long_one, 0, sizeof long_one);
    for (size_t i = 0; i < STEPS; i++) {
        size_t length = 1 + ((size_t)rand() % LENGTHS / spread) * spread % LENGTHS;
        size_t want = 1 + (size_t)rand() % LENGTHS, is = 0, should = 0;

        pairs += (size_t)step((size_t)rand() % n, length);
        if (i % 16 != 0)
            continue;
        SUITE_MUST(fits_find(&fits, want, &is) == model_find(n, want, &should));
        SUITE_MUST(is == should);
        SUITE_MUST(fits_longest(&fits) == model_longest(n));
        SUITE_MUST(fits_check(&fits, pairs));
    }
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("fits");
    TCase *tc = tcase_create("fits");
    int modelled = 0;

    while (words[modelled] < MODEL_MAX)
        modelled++;
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, NULL, close_fits);
    tcase_add_loop_test(tc, at_first_nothing_fits, 0, COUNTS);
    tcase_add_loop_test(tc, a_word_is_found_wherever_it_lies, 0, COUNTS);
    tcase_add_test(tc, one_word_is_forgotten_and_another_stays);
    tcase_add_test(tc, a_long_run_takes_the_place_of_another);
    tcase_add_test(tc, where_no_run_is_long_no_set_is_that_of_a_longer_one);
    tcase_add_loop_test(tc, random_steps_agree_with_the_naive_model, 0, modelled + 1);
    suite_add_tcase(s, tc);
    tc = tcase_create("damage");
    tcase_add_checked_fixture(tc, open_three, close_fits);
    tcase_add_test(tc, any_wrong_bit_is_noticed);
    tcase_add_test(tc, any_wrong_node_is_noticed);
    suite_add_tcase(s, tc);
    return s;
}
