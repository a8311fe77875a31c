/* tests/arena/test_region.c -- arena/region.h, promise by promise. */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena/region.h"
#include "tests/memory.h"
#include "tests/suite.h"

enum {
    MAX = 64 * 1024,
    OVER = 1000,
};

static struct region r;
static alignas(max_align_t) unsigned char own[OVER];

static void
setup(void)
{
    ck_assert_int_eq(region_init(&r, MAX), 0);
}

static void
teardown(void)
{
    region_done(&r);
}

static void
check_empty(void)
{
    ck_assert_ptr_null(region_alloc(&r, 0));
    ck_assert_ptr_null(region_alloc(&r, 1));
    ck_assert_ptr_null(region_zalloc(&r, 0, 0));
    ck_assert_ptr_null(region_strndup(&r, "x", 1));
    ck_assert_ptr_null(region_strdup(&r, ""));
    ck_assert_ptr_null(region_printf(&r, "%d", 1));
    ck_assert_uint_eq(region_used(&r), 0);
    region_reset(&r);
    region_done(&r);
}

START_TEST(an_empty_region_is_safe_and_allocates_nothing)
{
    r = (struct region){ 0 };
    check_empty();
    setup();
    region_done(&r);
    check_empty();
}
END_TEST

START_TEST(a_failed_init_leaves_an_empty_region)
{
    static const struct {
        size_t max;
        int rc;
    } bad[] = { { 0, -EINVAL }, { SIZE_MAX, -ENOMEM }, { SIZE_MAX / 2, -ENOMEM } };

    memset(&r, 0xff, sizeof r);
    ck_assert_int_eq(region_init(&r, bad[_i].max), bad[_i].rc);
    check_empty();
}
END_TEST

START_TEST(the_maximum_is_rounded_up_to_a_page)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    ck_assert_int_eq(region_init(&r, page + 1), 0);
    ck_assert_ptr_nonnull(region_alloc(&r, 2 * page));
    ck_assert_ptr_null(region_alloc(&r, 1));
}
END_TEST

START_TEST(nothing_is_touched_by_init)
{
    unsigned char in[MAX / 4096];

    setup();
    ck_assert_int_eq(mincore(region_alloc(&r, MAX), MAX, in), 0);
    for (size_t i = 0; i < MAX / (size_t)sysconf(_SC_PAGESIZE); i++)
        ck_assert_uint_eq(in[i] & 1, 0);
}
END_TEST

START_TEST(pieces_are_aligned_for_any_type_and_do_not_overlap)
{
    unsigned char *before = region_alloc(&r, 0);

    for (size_t n = 0; n < 100; n++) {
        unsigned char *p = region_alloc(&r, n);

        ck_assert_ptr_nonnull(p);
        ck_assert_uint_eq((uintptr_t)p % alignof(max_align_t), 0);
        ck_assert(p >= before);
        memset(p, (int)n, n);
        before = p + n;
    }
}
END_TEST

START_TEST(a_region_over_unaligned_memory_is_aligned_too)
{
    unsigned char *p;

    region_over(&r, own + 1, OVER - 1);
    for (size_t i = 0; i < 10; i++) {
        p = region_alloc(&r, 5);
        ck_assert_uint_eq((uintptr_t)p % alignof(max_align_t), 0);
        ck_assert(p > own && p + 5 <= own + OVER);
    }
}
END_TEST

START_TEST(the_whole_maximum_can_be_used)
{
    unsigned char *p = region_alloc(&r, MAX);

    ck_assert_ptr_nonnull(p);
    memset(p, 1, MAX);
    ck_assert_uint_eq(region_used(&r), MAX);
    ck_assert_ptr_null(region_alloc(&r, 1));
}
END_TEST

START_TEST(a_failed_allocation_changes_nothing)
{
    static const size_t too_big[] = { MAX - 99, MAX + 1, SIZE_MAX - 7, SIZE_MAX };
    size_t before;

    ck_assert_ptr_nonnull(region_alloc(&r, 100));
    before = region_used(&r);
    ck_assert_ptr_null(region_alloc(&r, too_big[_i]));
    ck_assert_ptr_null(region_zalloc(&r, 1, too_big[_i]));
    ck_assert_ptr_null(region_strndup(&r, "", too_big[_i]));
    ck_assert_uint_eq(region_used(&r), before);
}
END_TEST

START_TEST(no_piece_begins_past_the_end_for_alignment)
{
    region_over(&r, own, 17);
    ck_assert_ptr_nonnull(region_alloc(&r, 17));
    ck_assert_ptr_null(region_alloc(&r, 0));
    ck_assert_ptr_null(region_alloc(&r, 1));
    ck_assert_ptr_null(region_printf(&r, "x"));
    ck_assert_uint_eq(region_used(&r), 17);
}
END_TEST

START_TEST(used_counts_alignment)
{
    ck_assert_uint_eq(region_used(&r), 0);
    ck_assert_ptr_nonnull(region_alloc(&r, 1));
    ck_assert_uint_eq(region_used(&r), 1);
    ck_assert_ptr_nonnull(region_alloc(&r, 1));
    ck_assert_uint_eq(region_used(&r), alignof(max_align_t) + 1);
}
END_TEST

START_TEST(zalloc_zeroes_memory_that_was_used)
{
    unsigned char *p = region_alloc(&r, 4000);

    memset(p, 0xff, 4000);
    region_reset(&r);
    ck_assert_ptr_eq(region_zalloc(&r, 40, 100), p);
    for (size_t i = 0; i < 4000; i++)
        ck_assert_uint_eq(p[i], 0);
}
END_TEST

START_TEST(zalloc_refuses_a_product_that_overflows)
{
    ck_assert_ptr_null(region_zalloc(&r, SIZE_MAX / 2 + 1, 2));
    ck_assert_ptr_null(region_zalloc(&r, SIZE_MAX, SIZE_MAX));
    ck_assert_uint_eq(region_used(&r), 0);
}
END_TEST

START_TEST(strndup_copies_bytes_and_adds_a_nul)
{
    char *s = region_strndup(&r, "ab\0cd", 5);

    ck_assert_ptr_nonnull(s);
    ck_assert_mem_eq(s, "ab\0cd", 6);
    region_reset(&r); /* what was there before is not zero */
    ck_assert_str_eq(region_strndup(&r, "xyz", 1), "x");
    ck_assert_str_eq(region_strndup(&r, "abc", 2), "ab");
    ck_assert_str_eq(region_strndup(&r, "abc", 0), "");
}
END_TEST

START_TEST(strdup_copies_a_string)
{
    static const char text[] = "text";
    char *s = region_strdup(&r, text);

    ck_assert_str_eq(s, text);
    ck_assert_ptr_ne(s, text);
}
END_TEST

START_TEST(printf_formats_as_printf_does)
{
    ck_assert_str_eq(region_printf(&r, "%s=%05d", "x", 42), "x=00042");
    ck_assert_str_eq(region_printf(&r, "%s", ""), "");
}
END_TEST

START_TEST(printf_past_the_maximum_is_refused)
{
    size_t before;

    region_over(&r, own, 32);
    ck_assert_str_eq(region_printf(&r, "%s", "fifteen letters"), "fifteen letters");
    before = region_used(&r);
    ck_assert_ptr_null(region_printf(&r, "%s", "sixteen letters!"));
    ck_assert_uint_eq(region_used(&r), before);
    ck_assert_uint_eq(own[32], 0);
    ck_assert_str_eq(region_printf(&r, "%s", "fifteen letters"), "fifteen letters");
    ck_assert_ptr_null(region_printf(&r, "%s", ""));
}
END_TEST

START_TEST(shrink_takes_back_what_the_latest_piece_does_not_need)
{
    unsigned char *first = region_alloc(&r, 100);
    unsigned char *last = region_alloc(&r, 5000);
    size_t before = region_used(&r);

    ck_assert(first != NULL && last != NULL);
    memset(last, 7, 5000);
    region_shrink(&r, last, 32);
    ck_assert_uint_eq(region_used(&r), before - 5000 + 32);
    ck_assert_int_eq(last[31], 7);
    ck_assert_ptr_eq(region_alloc(&r, 1), last + 32);
    region_shrink(&r, last + 32, 1);
    ck_assert_uint_eq(region_used(&r), before - 5000 + 33);
    region_shrink(&r, last, 0);
    ck_assert_ptr_eq(region_alloc(&r, 1), last);
}
END_TEST

START_TEST(reset_ends_every_allocation_and_stays_warm)
{
    unsigned char *p = region_alloc(&r, 5000);
    unsigned char in[2] = { 0 };

    memset(p, 1, 5000);
    region_reset(&r);
    ck_assert_uint_eq(region_used(&r), 0);
    ck_assert_int_eq(mincore(p, 5000, in), 0);
    ck_assert_uint_eq(in[0] & 1, 1);
    ck_assert_ptr_eq(region_alloc(&r, MAX), p);
}
END_TEST

START_TEST(done_unmaps_what_init_mapped)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *p = region_alloc(&r, 1);
    unsigned char in;

    region_done(&r);
    for (size_t at = 0; at < MAX; at += page)
        ck_assert_int_eq(mincore(p + at, page, &in), -1);
}
END_TEST

START_TEST(done_leaves_the_memory_of_its_owner)
{
    region_over(&r, own, OVER);
    ck_assert_str_eq(region_strdup(&r, "mine"), "mine");
    region_done(&r);
    own[0]++;
    check_empty();
}
END_TEST

START_TEST(no_core_dump_contains_a_region)
{
    ck_assert(memory_has_flag(region_alloc(&r, 1), "dd"));
}
END_TEST

static void
add_made(TCase *tc)
{
    tcase_add_test(tc, pieces_are_aligned_for_any_type_and_do_not_overlap);
    tcase_add_test(tc, the_whole_maximum_can_be_used);
    tcase_add_loop_test(tc, a_failed_allocation_changes_nothing, 0, 4);
    tcase_add_test(tc, used_counts_alignment);
    tcase_add_test(tc, zalloc_zeroes_memory_that_was_used);
    tcase_add_test(tc, zalloc_refuses_a_product_that_overflows);
    tcase_add_test(tc, strndup_copies_bytes_and_adds_a_nul);
    tcase_add_test(tc, strdup_copies_a_string);
    tcase_add_test(tc, printf_formats_as_printf_does);
    tcase_add_test(tc, shrink_takes_back_what_the_latest_piece_does_not_need);
    tcase_add_test(tc, reset_ends_every_allocation_and_stays_warm);
    tcase_add_test(tc, done_unmaps_what_init_mapped);
}

Suite *
suite(void)
{
    Suite *s = suite_create("region");
    TCase *tc = tcase_create("making");

    tcase_add_checked_fixture(tc, NULL, teardown);
    tcase_add_test(tc, an_empty_region_is_safe_and_allocates_nothing);
    tcase_add_loop_test(tc, a_failed_init_leaves_an_empty_region, 0, 3);
    tcase_add_test(tc, the_maximum_is_rounded_up_to_a_page);
    tcase_add_test(tc, nothing_is_touched_by_init);
    tcase_add_test(tc, a_region_over_unaligned_memory_is_aligned_too);
    tcase_add_test(tc, no_piece_begins_past_the_end_for_alignment);
    tcase_add_test(tc, printf_past_the_maximum_is_refused);
    tcase_add_test(tc, done_leaves_the_memory_of_its_owner);
    suite_add_tcase(s, tc);
    tc = tcase_create("made");
    tcase_add_checked_fixture(tc, setup, teardown);
    add_made(tc);
    suite_add_tcase(s, tc);
    tc = tcase_create("as the kernel has it");
    tcase_set_tags(tc, SUITE_NATIVE);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, no_core_dump_contains_a_region);
    suite_add_tcase(s, tc);
    return s;
}
