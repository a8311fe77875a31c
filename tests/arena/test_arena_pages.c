/* tests/arena/test_arena_pages.c -- arena/arena.h, promise by promise: address space and pages. */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena/arena.h"
#include "tests/arena/fixture.h"
#include "tests/memory.h"
#include "tests/suite.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

enum {
    KIB = 1024,
    MIB = 1024 * KIB,
    CHUNK = 64 * KIB,
    COUNT = 64,
};

static void
setup(void)
{
    fixture_open(CHUNK, COUNT, 0, false);
}

/* Page faults until now.  A sanitizer's shadow has its own: there, none count. */
static long
faults(void)
{
    struct rusage u = { 0 };

#ifndef SANITIZERS
    ck_assert_int_eq(getrusage(RUSAGE_SELF, &u), 0);
#endif
    return u.ru_minflt;
}

START_TEST(opening_costs_a_few_pages_and_no_more_for_400_gigabytes)
{
    static const struct {
        size_t chunk, count;
        long faults; /* a mapping's page and what the kernel and we touch around it */
    } cases[] = { { 512, 64, 6 }, { 64 * KIB, 4500, 6 }, { MIB, 10000, 12 },
        { 4 * MIB, 100000, 12 } };
    long before;

#ifdef SANITIZERS
    SUITE_SKIP("a sanitizer's shadow faults too");
#endif
    setup(); /* what the first call costs is not what an arena costs */
    fixture_close();
    before = faults();
    fixture_open(cases[_i].chunk, cases[_i].count, 0, false);
    ck_assert_int_le(faults() - before, cases[_i].faults);
    ck_assert_uint_eq(fixture_resident(), 0);
}
END_TEST

START_TEST(only_touched_pages_are_resident)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *p = arena_alloc(a, 10 * CHUNK);

    ck_assert_uint_eq(fixture_resident(), 0);
    p[0] = 1;
    p[9 * CHUNK] = 1;
    ck_assert_uint_eq(fixture_resident(), 2 * page);
}
END_TEST

START_TEST(retaining_more_than_there_is_keeps_everything)
{
    fixture_open(CHUNK, COUNT, SIZE_MAX - (size_t)_i * SIZE_MAX / 2, false);
    ck_assert_int_eq(arena_free(a, fixture_touch(COUNT * CHUNK)), 0);
    ck_assert_uint_eq(fixture_resident(), COUNT * CHUNK);
}
END_TEST

START_TEST(a_warm_block_costs_no_fault)
{
    unsigned char *p;
    long before;

    fixture_open(CHUNK, COUNT, 4 * CHUNK, false);
    ck_assert_int_eq(arena_free(a, fixture_touch(4 * CHUNK)), 0);
    before = faults();
    for (size_t i = 0; i < 100; i++) {
        p = arena_alloc(a, 4 * CHUNK);
        memset(p, 1, 4 * CHUNK);
        (void)arena_free(a, p);
    }
    ck_assert_int_le(faults() - before, 4);
}
END_TEST

START_TEST(a_prefaulted_arena_never_faults_again)
{
    unsigned char *p;
    long before;

    fixture_open(CHUNK, COUNT, 0, true);
    ck_assert_uint_eq(fixture_resident(), COUNT * CHUNK);
    before = faults();
    for (size_t i = 0; i < 4; i++) {
        p = arena_alloc(a, COUNT * CHUNK);
        memset(p, 1, COUNT * CHUNK);
        (void)arena_free(a, p);
    }
    ck_assert_int_le(faults() - before, 4);
    ck_assert_uint_eq(fixture_resident(), COUNT * CHUNK);
}
END_TEST

START_TEST(no_core_dump_contains_a_chunk)
{
    ck_assert(memory_has_flag(arena_alloc(a, 1), "dd"));
}
END_TEST

START_TEST(spoiled_books_are_noticed)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    /* The arena's own mapping begins with the struct; what is known of 4500 chunks
     * goes on in its fourth page, where no block has come yet. */
    fixture_open(CHUNK, 4500, 0, false);
    ck_assert_int_eq(arena_check(a), 0);
    ((unsigned char *)a)[3 * page] = 1;
    ck_assert_int_eq(arena_check(a), -EUCLEAN);
}
END_TEST

static unsigned char *block; /* the first chunk, touched */

static void
setup_block(void)
{
    setup();
    block = fixture_touch(CHUNK);
}

static void
write_before_the_first(void)
{
    ((volatile unsigned char *)block)[-1] = 1;
}

static void
write_after_the_last(void)
{
    ((volatile unsigned char *)block)[COUNT * CHUNK] = 1;
}

START_TEST(a_page_without_access_stands_at_either_end)
{
    int before = memory_in_child(write_before_the_first);
    int after = memory_in_child(write_after_the_last);

    ck_assert(WIFSIGNALED(before) && WTERMSIG(before) == SIGSEGV);
    ck_assert(WIFSIGNALED(after) && WTERMSIG(after) == SIGSEGV);
}
END_TEST

static void
read_and_write_blocks(void)
{
    if (block[CHUNK - 1] != 0x5a)
        _exit(1);
    memset(block, 9, CHUNK);
}

START_TEST(a_child_may_use_blocks_and_its_parent_does_not_see_it)
{
    int status = memory_in_child(read_and_write_blocks);

    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ck_assert_uint_eq(block[0], 0x5a);
    ck_assert_int_eq(arena_check(a), 0);
}
END_TEST

static void
open_more_than_allowed(void)
{
    static const struct arena_options opt = { .chunk_size = 65536, .chunk_count = 16384 };
    size_t chunks;
    unsigned char *all;

    memory_limit_space(200 << 20);
    if (arena_open(&opt, &a) != 0)
        _exit(1);
    chunks = arena_chunks(a); /* 1024 MiB were asked for, 128 are what fits */
    if (chunks != 2048)
        _exit(2);
    all = arena_alloc(a, chunks * 65536);
    if (all == NULL)
        _exit(3);
    all[chunks * 65536 - 1] = 1;
    if (arena_free(a, all) != 0 || arena_check(a) != 0)
        _exit(4);
}

static void
open_with_no_room_at_all(void)
{
    static const struct arena_options opt = { .chunk_size = 4 << 20, .chunk_count = 1000 };
    size_t before;

    memory_limit_space(2 << 20);
    before = memory_space();
    if (arena_open(&opt, &a) != -ENOMEM)
        _exit(1);
    if (memory_space() != before)
        _exit(2);
}

START_TEST(a_limit_on_address_space_makes_a_smaller_arena)
{
    int status;

#ifdef SANITIZERS
    SUITE_SKIP("a sanitizer's shadow needs more than RLIMIT_AS leaves");
#endif
    status = memory_in_child(open_more_than_allowed);
    ck_assert_msg(status == 0, "wait status %#x", (unsigned)status);
}
END_TEST

START_TEST(not_one_chunk_is_enomem_and_leaves_nothing)
{
    int status;

#ifdef SANITIZERS
    SUITE_SKIP("a sanitizer's shadow needs more than RLIMIT_AS leaves");
#endif
    status = memory_in_child(open_with_no_room_at_all);
    ck_assert_msg(status == 0, "wait status %#x", (unsigned)status);
}
END_TEST

static void
prefault_on_an_old_kernel(void)
{
    fixture_forbid(SYS_madvise, MADV_POPULATE_WRITE, EINVAL);
    fixture_close();
    fixture_open(CHUNK, COUNT, 0, true);
    if (fixture_resident() != COUNT * CHUNK)
        _exit(1);
}

START_TEST(prefault_works_before_linux_5_14)
{
    int status = memory_in_child(prefault_on_an_old_kernel);

    if (WIFEXITED(status) && WEXITSTATUS(status) == FIXTURE_NO_FILTER)
        SUITE_SKIP("seccomp filters are not to be had");
    ck_assert_msg(status == 0, "wait status %#x", (unsigned)status);
}
END_TEST

START_TEST(closing_unmaps_everything)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *books = (unsigned char *)a;
    unsigned char in;
    bool gone;

    ck_assert_int_eq(mincore(block - page, page, &in), 0);
    ck_assert_int_eq(mincore(books, page, &in), 0);
    fixture_close();
    /* Before anybody, like libcheck, maps something there. */
    gone = mincore(books, page, &in) == -1;
    for (size_t at = 0; at < COUNT * CHUNK + 2 * page; at += page)
        gone = gone && mincore(block - page + at, page, &in) == -1;
    ck_assert(gone);
    arena_close(NULL);
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

Suite *
suite(void)
{
    Suite *s = suite_create("arena pages");
    TCase *tc = add_case(s, "opening", NULL);

    tcase_add_loop_test(tc, opening_costs_a_few_pages_and_no_more_for_400_gigabytes, 0, 4);
    tcase_add_loop_test(tc, retaining_more_than_there_is_keeps_everything, 0, 2);
    tcase_add_test(tc, a_warm_block_costs_no_fault);
    tcase_add_test(tc, a_prefaulted_arena_never_faults_again);
    tcase_add_test(tc, spoiled_books_are_noticed);
    tcase_add_test(tc, a_limit_on_address_space_makes_a_smaller_arena);
    tcase_add_test(tc, not_one_chunk_is_enomem_and_leaves_nothing);
    tc = add_case(s, "nothing retained", setup);
    tcase_add_test(tc, only_touched_pages_are_resident);
    tcase_add_test(tc, no_core_dump_contains_a_chunk);
    tc = add_case(s, "a touched block", setup_block);
    tcase_add_test(tc, a_page_without_access_stands_at_either_end);
    tcase_add_test(tc, a_child_may_use_blocks_and_its_parent_does_not_see_it);
    tcase_add_test(tc, prefault_works_before_linux_5_14);
    tcase_add_test(tc, closing_unmaps_everything);
    return s;
}
