/* tests/arena/test_arena.c -- arena/arena.h, promise by promise: blocks and refusals. */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "arena/arena.h"
#include "tests/arena/fixture.h"
#include "tests/suite.h"

/* CMon's configurations, cmon's default, and the ends of both ranges. */
static const struct arena_options configs[] = {
    { .chunk_size = 512, .chunk_count = 64 },
    { .chunk_size = 512, .chunk_count = 1 },
    { .chunk_size = 4096, .chunk_count = 1000 },
    { .chunk_size = 65536, .chunk_count = 1024 },
    { .chunk_size = 65536, .chunk_count = 4500 },
    { .chunk_size = 1 << 20, .chunk_count = 10000 },
    { .chunk_size = 512, .chunk_count = 1000000 },
    { .chunk_size = 4 << 20, .chunk_count = 1 },
    { .chunk_size = 4 << 20, .chunk_count = 100000 },
};

enum {
    CONFIGS = sizeof configs / sizeof configs[0],
    LARGEST = CONFIGS - 1,
    CHUNK = 4096,
    COUNT = 256,
};

static void
open_config(const struct arena_options *opt)
{
    ck_assert_int_eq(arena_open(opt, &a), 0);
}

static void
setup(void)
{
    static const struct arena_options small = { .chunk_size = CHUNK, .chunk_count = COUNT };

    open_config(&small);
}

static struct arena_stats
stats(void)
{
    struct arena_stats s;

    arena_stats(a, &s);
    return s;
}

static unsigned char *
take(size_t chunks)
{
    unsigned char *p = arena_alloc(a, chunks * stats().chunk_size);

    ck_assert_ptr_nonnull(p);
    return p;
}

START_TEST(an_option_out_of_range_is_refused)
{
    static const struct arena_options bad[] = {
        { .chunk_size = 0, .chunk_count = 64 },
        { .chunk_size = 256, .chunk_count = 64 },
        { .chunk_size = 513, .chunk_count = 64 },
        { .chunk_size = 65535, .chunk_count = 64 },
        { .chunk_size = 8 << 20, .chunk_count = 64 },
        { .chunk_size = SIZE_MAX, .chunk_count = 64 },
        { .chunk_size = 512, .chunk_count = 0 },
        { .chunk_size = 512, .chunk_count = ARENA_CHUNKS_MAX + 1 },
        { .chunk_size = 512, .chunk_count = SIZE_MAX },
    };
    struct arena *none = NULL;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_int_eq(arena_open(&bad[i], &none), -EINVAL);
    ck_assert_ptr_null(none);
}
END_TEST

START_TEST(every_configuration_opens_as_asked_and_is_empty)
{
    const struct arena_options *opt = &configs[_i];
    struct arena_stats s;

    open_config(opt);
    s = stats();
    ck_assert_uint_eq(arena_chunks(a), opt->chunk_count);
    ck_assert_uint_eq(s.chunk_size, opt->chunk_size);
    ck_assert_uint_eq(s.chunk_count, opt->chunk_count);
    ck_assert_uint_ge(s.reserved, opt->chunk_size * opt->chunk_count);
    ck_assert_uint_eq(s.largest_free, opt->chunk_size * opt->chunk_count);
    ck_assert_uint_eq(s.used + s.blocks + s.high_water + s.resident, 0);
    ck_assert_uint_eq(s.failed + s.refused, 0);
    ck_assert_int_eq(arena_check(a), 0);
}
END_TEST

START_TEST(a_block_may_be_the_whole_arena)
{
    size_t all = configs[_i].chunk_size * configs[_i].chunk_count;
    unsigned char *p;

    open_config(&configs[_i]);
    ck_assert_ptr_null(arena_alloc(a, all + 1));
    p = arena_alloc(a, all);
    ck_assert_ptr_nonnull(p);
    ck_assert_uint_eq(arena_block_size(a, p), all);
    p[0] = 1;
    p[all / 2] = 2;
    p[all - 1] = 3;
    ck_assert_ptr_null(arena_alloc(a, 1));
    ck_assert_uint_eq(stats().largest_free, 0);
    ck_assert_int_eq(arena_check(a), 0);
    ck_assert_int_eq(arena_free(a, p), 0);
    ck_assert_uint_eq(stats().largest_free, all);
    ck_assert_int_eq(arena_check(a), 0);
}
END_TEST

START_TEST(every_chunk_can_be_a_block)
{
    size_t chunk = configs[_i].chunk_size;
    size_t count = configs[_i].chunk_count < 20000 ? configs[_i].chunk_count : 20000;
    unsigned char *first = NULL;

    open_config(&configs[_i]);
    for (size_t i = 0; i < count; i++) {
        unsigned char *p = arena_alloc(a, 1);

        if (i == 0)
            first = p;
        if (p == NULL || p != first + i * chunk)
            ck_abort_msg("block %zu is at %p", i, (void *)p);
    }
    ck_assert_int_eq(arena_check(a), 0);
    ck_assert_uint_eq(stats().blocks, count);
    for (size_t i = 0; i < count; i++) {
        if (arena_free(a, first + i * chunk) != 0)
            ck_abort_msg("block %zu is refused", i);
    }
    ck_assert_uint_eq(stats().largest_free, chunk * configs[_i].chunk_count);
}
END_TEST

START_TEST(a_size_is_rounded_up_to_whole_chunks)
{
    static const size_t sizes[][2] = { { 0, CHUNK }, { 1, CHUNK }, { CHUNK, CHUNK },
        { CHUNK + 1, 2 * CHUNK }, { 65 * CHUNK - 1, 65 * CHUNK } };
    unsigned char *p = arena_alloc(a, sizes[_i][0]);

    ck_assert_ptr_nonnull(p);
    ck_assert_uint_eq(arena_block_size(a, p), sizes[_i][1]);
    ck_assert_uint_eq(stats().used, sizes[_i][1]);
    memset(p, 0xa5, sizes[_i][1]);
}
END_TEST

START_TEST(blocks_are_aligned_to_the_chunk_or_the_page)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t chunk = configs[_i].chunk_size;
    size_t align = chunk < page ? chunk : page;

    open_config(&configs[_i]);
    for (size_t n = 1; n <= 4 && n * (n + 1) / 2 <= configs[_i].chunk_count; n++)
        ck_assert_uint_eq((uintptr_t)arena_alloc(a, n * chunk) % align, 0);
}
END_TEST

START_TEST(holes_are_filled_before_what_was_never_used)
{
    unsigned char *first = take(3), *second = take(2), *third = take(5);

    ck_assert_ptr_eq(second, first + 3 * CHUNK);
    ck_assert_ptr_eq(third, second + 2 * CHUNK);
    ck_assert_int_eq(arena_free(a, third), 0);
    ck_assert_int_eq(arena_free(a, first), 0);
    ck_assert_ptr_eq(take(4), third);
    ck_assert_ptr_eq(take(2), first);
    ck_assert_ptr_eq(take(1), first + 2 * CHUNK);
}
END_TEST

START_TEST(a_run_crosses_words_of_64_chunks)
{
    unsigned char *first = take(60), *p = take(130);

    ck_assert_ptr_eq(p, first + 60 * CHUNK);
    memset(p, 1, 130 * CHUNK);
    ck_assert_int_eq(arena_free(a, first), 0);
    ck_assert_int_eq(arena_free(a, p), 0);
    ck_assert_uint_eq(stats().largest_free, COUNT * CHUNK);
}
END_TEST

START_TEST(what_does_not_fit_is_refused_and_counted)
{
    static const size_t sizes[] = { COUNT * CHUNK + 1, SIZE_MAX, SIZE_MAX - CHUNK, SIZE_MAX / 2 };

    for (size_t i = 0; i < 4; i++)
        ck_assert_ptr_null(arena_alloc(a, sizes[i]));
    ck_assert_uint_eq(stats().failed, 4);
    ck_assert_uint_eq(stats().used, 0);
    ck_assert_ptr_nonnull(arena_alloc(a, COUNT * CHUNK));
}
END_TEST

START_TEST(room_in_pieces_is_no_room_for_a_longer_run)
{
    unsigned char *p[COUNT / 2];

    for (size_t i = 0; i < COUNT / 2; i++)
        p[i] = take(2);
    for (size_t i = 0; i < COUNT / 2; i += 2)
        ck_assert_int_eq(arena_free(a, p[i]), 0);
    ck_assert_uint_eq(stats().used, COUNT / 2 * CHUNK);
    ck_assert_uint_eq(stats().largest_free, 2 * CHUNK);
    ck_assert_ptr_null(arena_alloc(a, 3 * CHUNK));
    ck_assert_ptr_eq(arena_alloc(a, 2 * CHUNK), p[0]);
}
END_TEST

START_TEST(freeing_null_does_nothing)
{
    ck_assert_int_eq(arena_free(a, NULL), 0);
    ck_assert_uint_eq(stats().refused, 0);
}
END_TEST

/* Three neighbours, of which the middle one is freed; p[3] is past them. */
static unsigned char *p[4];

static void
setup_hole(void)
{
    setup();
    p[0] = take(2);
    p[1] = take(3);
    p[2] = take(4);
    p[3] = p[2] + 4 * CHUNK;
    memset(p[0], 1, 2 * CHUNK);
    memset(p[2], 3, 4 * CHUNK);
    ck_assert_int_eq(arena_free(a, p[1]), 0);
}

static void
check_hole_unharmed(unsigned long refused)
{
    ck_assert_uint_eq(stats().refused, refused);
    ck_assert_uint_eq(stats().blocks, 2);
    ck_assert_uint_eq(stats().used, 6 * CHUNK);
    ck_assert_uint_eq(arena_block_size(a, p[0]), 2 * CHUNK);
    ck_assert_uint_eq(arena_block_size(a, p[2]), 4 * CHUNK);
    for (size_t i = 0; i < 2 * CHUNK; i += CHUNK - 1)
        ck_assert_uint_eq(p[0][i], 1);
    for (size_t i = 0; i < 4 * CHUNK; i += CHUNK - 1)
        ck_assert_uint_eq(p[2][i], 3);
    ck_assert_int_eq(arena_check(a), 0);
}

START_TEST(a_double_free_is_refused_without_harm)
{
    ck_assert_int_eq(arena_free(a, p[1]), -EALREADY);
    ck_assert_int_eq(arena_free(a, p[1] + CHUNK), -EALREADY);
    ck_assert_int_eq(arena_free(a, p[3]), -EALREADY);
    ck_assert_int_eq(arena_free(a, p[0] + (COUNT - 1) * CHUNK), -EALREADY);
    check_hole_unharmed(4);
}
END_TEST

START_TEST(a_double_free_is_refused_after_neighbours_have_joined)
{
    ck_assert_int_eq(arena_free(a, p[2]), 0);
    ck_assert_int_eq(arena_free(a, p[2]), -EALREADY);
    ck_assert_int_eq(arena_free(a, p[1]), -EALREADY);
    ck_assert_int_eq(arena_free(a, p[0]), 0);
    ck_assert_int_eq(arena_free(a, p[0]), -EALREADY);
    ck_assert_int_eq(arena_free(a, p[2]), -EALREADY);
    ck_assert_uint_eq(stats().largest_free, COUNT * CHUNK);
    ck_assert_int_eq(arena_check(a), 0);
}
END_TEST

START_TEST(an_interior_free_is_refused_without_harm)
{
    ck_assert_int_eq(arena_free(a, p[0] + CHUNK), -EINVAL);
    ck_assert_int_eq(arena_free(a, p[0] + 1), -EINVAL);
    ck_assert_int_eq(arena_free(a, p[2] + 3 * CHUNK), -EINVAL);
    ck_assert_int_eq(arena_free(a, p[2] + 4 * CHUNK - 1), -EINVAL);
    ck_assert_int_eq(arena_free(a, p[1] + 8), -EINVAL); /* in a free chunk */
    check_hole_unharmed(5);
}
END_TEST

START_TEST(a_foreign_free_is_refused_without_harm)
{
    unsigned char here;

    ck_assert_int_eq(arena_free(a, &here), -EFAULT);
    ck_assert_int_eq(arena_free(a, a), -EFAULT);
    ck_assert_int_eq(arena_free(a, p[0] - 1), -EFAULT);
    ck_assert_int_eq(arena_free(a, p[0] - CHUNK), -EFAULT);
    ck_assert_int_eq(arena_free(a, p[0] + COUNT * CHUNK), -EFAULT);
    ck_assert_int_eq(arena_free(a, (void *)1), -EFAULT);
    ck_assert_int_eq(arena_free(a, (void *)UINTPTR_MAX), -EFAULT);
    check_hole_unharmed(7);
}
END_TEST

START_TEST(a_block_of_another_arena_is_foreign)
{
    struct arena *mine = a;
    unsigned char *other;

    setup();
    other = take(1);
    ck_assert_int_eq(arena_free(mine, other), -EFAULT);
    ck_assert_int_eq(arena_free(a, other), 0);
    fixture_close();
    a = mine;
    check_hole_unharmed(1);
}
END_TEST

START_TEST(what_is_no_block_has_no_size)
{
    ck_assert_uint_eq(arena_block_size(a, NULL), 0);
    ck_assert_uint_eq(arena_block_size(a, &a), 0);
    ck_assert_uint_eq(arena_block_size(a, p[1]), 0);
    ck_assert_uint_eq(arena_block_size(a, p[0] + CHUNK), 0);
    ck_assert_uint_eq(arena_block_size(a, p[0] + 1), 0);
    check_hole_unharmed(0);
}
END_TEST

START_TEST(a_shrunk_block_keeps_its_start_and_content)
{
    ck_assert_int_eq(arena_shrink(a, p[2], CHUNK + 1), 0);
    ck_assert_uint_eq(arena_block_size(a, p[2]), 2 * CHUNK);
    for (size_t i = 0; i < 2 * CHUNK; i++) {
        if (p[2][i] != 3)
            ck_abort_msg("byte %zu changed", i);
    }
    ck_assert_uint_eq(stats().used, 4 * CHUNK);
    ck_assert_uint_eq(stats().blocks, 2);
    ck_assert_uint_eq(stats().largest_free, (COUNT - 7) * CHUNK);
    ck_assert_int_eq(arena_check(a), 0);
    ck_assert_int_eq(arena_free(a, p[2]), 0);
    ck_assert_int_eq(arena_check(a), 0);
}
END_TEST

START_TEST(a_block_shrinks_to_one_chunk_at_least)
{
    ck_assert_int_eq(arena_shrink(a, p[2], 0), 0);
    ck_assert_uint_eq(arena_block_size(a, p[2]), CHUNK);
}
END_TEST

START_TEST(a_shrink_to_the_same_size_changes_nothing)
{
    ck_assert_int_eq(arena_shrink(a, p[2], 3 * CHUNK + 1), 0);
    check_hole_unharmed(0);
}
END_TEST

START_TEST(a_wrong_shrink_is_refused_without_harm)
{
    ck_assert_int_eq(arena_shrink(a, p[0], 2 * CHUNK + 1), -EINVAL);
    ck_assert_int_eq(arena_shrink(a, p[0], SIZE_MAX), -EINVAL);
    check_hole_unharmed(0);
    ck_assert_int_eq(arena_shrink(a, p[1], 1), -EALREADY);
    ck_assert_int_eq(arena_shrink(a, p[2] + CHUNK, 1), -EINVAL);
    ck_assert_int_eq(arena_shrink(a, &a, 1), -EFAULT);
    ck_assert_int_eq(arena_shrink(a, NULL, 1), -EFAULT);
    check_hole_unharmed(4);
}
END_TEST

START_TEST(an_overrun_spoils_the_neighbour_and_not_the_books)
{
    memset(p[0], 0xff, 9 * CHUNK); /* 2 of them are its own */
    ck_assert_int_eq(arena_check(a), 0);
    ck_assert_uint_eq(arena_block_size(a, p[2]), 4 * CHUNK);
    ck_assert_int_eq(arena_free(a, p[2]), 0);
    ck_assert_int_eq(arena_free(a, p[0]), 0);
    ck_assert_uint_eq(stats().largest_free, COUNT * CHUNK);
    ck_assert_int_eq(arena_check(a), 0);
}
END_TEST

START_TEST(statistics_tell_what_was_done)
{
    struct arena_stats s;

    ck_assert_int_eq(arena_free(a, p[0]), 0);
    ck_assert_ptr_nonnull(arena_alloc(a, CHUNK));
    ck_assert_int_eq(arena_free(a, p[1]), -EALREADY);
    ck_assert_ptr_null(arena_alloc(a, COUNT * CHUNK));
    s = stats();
    ck_assert_uint_eq(s.used, 5 * CHUNK);
    ck_assert_uint_eq(s.blocks, 2);
    ck_assert_uint_eq(s.high_water, 9 * CHUNK);
    ck_assert_uint_eq(s.largest_free, (COUNT - 9) * CHUNK);
    ck_assert_uint_eq(s.failed, 1);
    ck_assert_uint_eq(s.refused, 1);
}
END_TEST

static TCase *
add_case(Suite *s, const char *name, SFun before)
{
    TCase *tc = tcase_create(name);

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, before, fixture_close);
    suite_add_tcase(s, tc);
    return tc;
}

static void
add_holes(TCase *tc)
{
    tcase_add_test(tc, a_double_free_is_refused_without_harm);
    tcase_add_test(tc, a_double_free_is_refused_after_neighbours_have_joined);
    tcase_add_test(tc, an_interior_free_is_refused_without_harm);
    tcase_add_test(tc, a_foreign_free_is_refused_without_harm);
    tcase_add_test(tc, a_block_of_another_arena_is_foreign);
    tcase_add_test(tc, what_is_no_block_has_no_size);
    tcase_add_test(tc, a_shrunk_block_keeps_its_start_and_content);
    tcase_add_test(tc, a_block_shrinks_to_one_chunk_at_least);
    tcase_add_test(tc, a_shrink_to_the_same_size_changes_nothing);
    tcase_add_test(tc, a_wrong_shrink_is_refused_without_harm);
    tcase_add_test(tc, an_overrun_spoils_the_neighbour_and_not_the_books);
    tcase_add_test(tc, statistics_tell_what_was_done);
}

static void
add_configurations(TCase *tc, int from, int to)
{
    tcase_add_loop_test(tc, every_configuration_opens_as_asked_and_is_empty, from, to);
    tcase_add_loop_test(tc, a_block_may_be_the_whole_arena, from, to);
    tcase_add_loop_test(tc, every_chunk_can_be_a_block, from, to);
    tcase_add_loop_test(tc, blocks_are_aligned_to_the_chunk_or_the_page, from, to);
}

Suite *
suite(void)
{
    Suite *s = suite_create("arena");
    TCase *tc = add_case(s, "configurations", NULL);

    tcase_add_test(tc, an_option_out_of_range_is_refused);
    add_configurations(tc, 0, LARGEST);
    tc = add_case(s, "the largest configuration", NULL);
    tcase_set_tags(tc, SUITE_NATIVE);
    add_configurations(tc, LARGEST, CONFIGS);
    tc = add_case(s, "blocks", setup);
    tcase_add_loop_test(tc, a_size_is_rounded_up_to_whole_chunks, 0, 5);
    tcase_add_test(tc, holes_are_filled_before_what_was_never_used);
    tcase_add_test(tc, a_run_crosses_words_of_64_chunks);
    tcase_add_test(tc, what_does_not_fit_is_refused_and_counted);
    tcase_add_test(tc, room_in_pieces_is_no_room_for_a_longer_run);
    tcase_add_test(tc, freeing_null_does_nothing);
    add_holes(add_case(s, "a hole between two blocks", setup_hole));
    return s;
}
