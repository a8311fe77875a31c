/* tests/arena/test_arena_hardened.c -- arena/arena.h, promise by promise: who finds mistakes. */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena/arena.h"
#include "arena/harden.h"
#include "tests/arena/fixture.h"
#include "tests/memory.h"
#include "tests/suite.h"

enum {
    CHUNK = 64 * 1024,
    MIB = 1024 * 1024,
    COUNT = 320, /* an eighth of it are 40 chunks */
};

static void
open_with(size_t chunk, bool stepwise)
{
    struct arena_options opt = {
        .chunk_size = chunk, .chunk_count = COUNT, .hardened = true, .stepwise = stepwise
    };

    ck_assert_int_eq(arena_open(&opt, &a), 0);
}

/* Each test is run with and without steps. */
static void
begin(int i)
{
    open_with(CHUNK, i > 0);
}

static struct arena_stats
stats(void)
{
    struct arena_stats s;

    ck_assert_int_eq(arena_check(a), 0);
    arena_stats(a, &s);
    return s;
}

static unsigned char *
take(size_t n)
{
    unsigned char *p = arena_alloc(a, n);

    ck_assert_ptr_nonnull(p);
    ck_assert_int_eq(arena_commit(a, p, n), 0);
    memset(p, 0x11, n);
    return p;
}

static void
rest(void)
{
    (void)arena_tend(a, ARENA_IDLE);
    (void)arena_tend(a, 2 * ARENA_IDLE);
}

START_TEST(who_writes_past_the_end_of_a_block_dies)
{
    unsigned char *p, *q;

    begin(_i);
    p = take(3 * CHUNK);
    q = take(CHUNK);
    ck_assert_ptr_eq(q, p + 4 * CHUNK);
    ck_assert_uint_eq(arena_block_size(a, p), 3 * CHUNK);
    ck_assert(memory_is_deadly(p + 3 * CHUNK));
    ck_assert(memory_is_deadly(p + 4 * CHUNK - 1));
    ck_assert(memory_is_deadly(q + CHUNK));
    ck_assert_int_eq(arena_free(a, p + 3 * CHUNK), -EINVAL);
    ck_assert_uint_eq(stats().blocks, 2);
}
END_TEST

START_TEST(a_block_that_shrinks_takes_its_guard_along)
{
    unsigned char *p, *q;

    begin(_i);
    p = take(8 * CHUNK);
    ck_assert_int_eq(arena_shrink(a, p, 8 * CHUNK), 0);
    ck_assert_int_eq(arena_shrink(a, p, 9 * CHUNK), -EINVAL);
    ck_assert_int_eq(arena_shrink(a, p, 2 * CHUNK), 0);
    ck_assert_uint_eq(arena_block_size(a, p), 2 * CHUNK);
    ck_assert(memory_is_deadly(p + 2 * CHUNK));
    ck_assert_ptr_eq(arena_alloc(a, CHUNK), p + 9 * CHUNK); /* the tail waits */
    ck_assert_int_eq(arena_free_written(a, p + 9 * CHUNK, 0), 0);
    rest();
    q = take(20 * CHUNK);
    ck_assert_ptr_eq(q, p + 3 * CHUNK);
    ck_assert_uint_eq(p[2 * CHUNK - 1], 0x11);
    ck_assert_uint_eq(stats().damaged, 0);
    ck_assert_int_eq(arena_free(a, p), 0);
    ck_assert_int_eq(arena_free(a, q), 0);
    rest();
    ck_assert_uint_eq(stats().resident, 0); /* where the guard was, too */
}
END_TEST

START_TEST(a_tail_that_was_cut_off_waits_as_a_freed_block_does)
{
    unsigned char *p;

    begin(_i);
    p = take(8 * CHUNK);
    ck_assert_int_eq(arena_shrink(a, p, CHUNK), 0);
    ck_assert(harden_is_poisoned(p + 2 * CHUNK, 6 * CHUNK));
    ck_assert_int_eq(arena_free(a, p + 2 * CHUNK), -EALREADY);
    ck_assert_uint_eq(arena_block_size(a, p + 2 * CHUNK), 0);
    ck_assert_uint_eq(stats().blocks, 1);
    ck_assert_uint_eq(stats().used, 9 * CHUNK);
    p[5 * CHUNK] ^= 1;
    rest();
    ck_assert_uint_eq(stats().damaged, 1);
    ck_assert_uint_eq(stats().used, 2 * CHUNK);
    ck_assert_int_eq(arena_shrink(a, p, CHUNK), 0); /* nothing to cut */
    ck_assert_uint_eq(stats().used, 2 * CHUNK);
}
END_TEST

START_TEST(a_freed_block_waits_and_is_poisoned)
{
    unsigned char *p;

    begin(_i);
    p = take(2 * CHUNK);
    ck_assert_int_eq(arena_free_written(a, p, CHUNK + 5), 0);
    ck_assert(harden_is_poisoned(p, CHUNK + 5));
    ck_assert_uint_eq(p[CHUNK + 5], 0x11);
    ck_assert_int_eq(arena_free(a, p), -EALREADY);
    ck_assert_int_eq(arena_shrink(a, p, 1), -EALREADY);
    ck_assert_uint_eq(arena_block_size(a, p), 0);
    ck_assert_uint_eq(stats().blocks, 0);
    ck_assert_uint_eq(stats().used, 3 * CHUNK);
    ck_assert_ptr_ne(take(2 * CHUNK), p);
    ck_assert_uint_eq(stats().damaged, 0);
}
END_TEST

START_TEST(nothing_waits_for_ever)
{
    unsigned char *p;

    begin(_i);
    p = take(2 * CHUNK);
    ck_assert_int_eq(arena_free(a, p), 0);
    rest();
    ck_assert_uint_eq(stats().used, 0);
    ck_assert_uint_eq(stats().warm, 0);
    /* Nor for more than an eighth of the arena. */
    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(arena_free(a, take(2 * CHUNK)), 0);
        ck_assert_uint_le(stats().used, 40 * CHUNK);
    }
    /* Nor as long as somebody needs the room. */
    p = arena_alloc(a, (COUNT - 1) * (size_t)CHUNK);
    ck_assert_ptr_nonnull(p);
    ck_assert_ptr_null(arena_alloc(a, 1));
    ck_assert_uint_eq(stats().damaged, 0);
}
END_TEST

START_TEST(a_write_to_a_freed_block_is_counted)
{
    unsigned char *p, *q;

    begin(_i);
    p = take(2 * CHUNK);
    q = take(CHUNK);
    ck_assert_int_eq(arena_free(a, p), 0);
    ck_assert_int_eq(arena_free(a, q), 0);
    p[2 * CHUNK - 1] ^= 1;
    ck_assert_uint_eq(arena_damaged(a), 0); /* not yet */
    rest();
    ck_assert_uint_eq(arena_damaged(a), 1);
    ck_assert_uint_eq(stats().damaged, 1);
    ck_assert_uint_eq(stats().used, 0);
}
END_TEST

START_TEST(many_small_blocks_wait_as_well)
{
    unsigned char *p[COUNT];

    open_with(512, _i > 0);
    for (size_t round = 0; round < 20; round++) {
        for (size_t i = 0; i < COUNT / 2; i++) {
            p[i] = take(512);
            ck_assert_uint_eq(arena_block_size(a, p[i]), 512); /* no guard */
        }
        for (size_t i = 0; i < COUNT / 2; i++)
            ck_assert_int_eq(arena_free(a, p[i]), 0);
    }
    rest();
    ck_assert_uint_eq(stats().used, 0);
    ck_assert_uint_eq(stats().damaged, 0);
}
END_TEST

START_TEST(no_more_than_sixteen_megabytes_wait)
{
    struct arena_options opt = { .chunk_size = MIB, .chunk_count = 400, .hardened = true };

    ck_assert_int_eq(arena_open(&opt, &a), 0);
    for (int i = 0; i < 50; i++) {
        ck_assert_int_eq(arena_free_written(a, arena_alloc(a, MIB), 0), 0); /* and a guard */
        ck_assert_uint_le(stats().used, 16 * MIB);
    }
    ck_assert_uint_eq(stats().used, 16 * MIB);
}
END_TEST

static unsigned char *block;
static size_t size;

static bool
is_as_it_was(unsigned long failed, unsigned long refused)
{
    struct arena_stats s;

    arena_stats(a, &s);
    return arena_check(a) == 0 && s.blocks == 1 && s.used == size + CHUNK && s.failed == failed &&
           s.refused == refused && arena_block_size(a, block) == size;
}

static void
work_without_guards(void)
{
    fixture_forbid(SYS_mprotect, PROT_NONE, ENOMEM);
    if (arena_alloc(a, CHUNK) != NULL || !is_as_it_was(1, 0))
        _exit(1);
    if (arena_shrink(a, block, CHUNK) != -ENOMEM || !is_as_it_was(1, 0))
        _exit(2);
    if (arena_shrink(a, block, size + 1) != -EINVAL || !is_as_it_was(1, 0))
        _exit(3);
    memset(block, 1, size);
    if (arena_free(a, block) != 0)
        _exit(4);
}

static void
keep_guards_for_ever(void)
{
    struct arena_stats s;

    fixture_forbid(SYS_mprotect, PROT_READ | PROT_WRITE, ENOMEM);
    if (arena_shrink(a, block, CHUNK) != -ENOMEM || !is_as_it_was(0, 0))
        _exit(1);
    memset(block, 1, size);
    if (arena_free(a, block) != 0)
        _exit(2);
    (void)arena_tend(a, ARENA_IDLE);
    (void)arena_tend(a, 2 * ARENA_IDLE);
    arena_stats(a, &s);
    /* It is nobody's, so that nobody meets the guard. */
    if (s.blocks != 0 || s.used != size + CHUNK || arena_check(a) != 0)
        _exit(3);
    if (arena_alloc(a, CHUNK) < (void *)(block + size + CHUNK))
        _exit(4);
}

START_TEST(a_guard_that_cannot_be_moved_is_told)
{
    static void (*const work[])(void) = { work_without_guards, keep_guards_for_ever };
    int status;

    begin(0);
    if (arena_is_stepwise(a))
        SUITE_SKIP("this system counts what is committed, and guards are not mprotect(2)'s");
    size = 3 * CHUNK;
    block = take(size);
    status = memory_in_child(work[_i]);
    if (WIFEXITED(status) && WEXITSTATUS(status) == FIXTURE_NO_FILTER)
        SUITE_SKIP("seccomp filters are not to be had");
    ck_assert_msg(status == 0, "wait status %#x", (unsigned)status);
}
END_TEST

START_TEST(a_full_queue_takes_no_more)
{
    static struct harden q;
    struct harden_block b = { .first = 0, .chunks = 1 }, got;

    harden_init(&q, 1000);
    for (; b.first < HARDEN_QUEUE; b.first++) {
        harden_begin(&q);
        ck_assert(harden_put(&q, &b));
    }
    harden_begin(&q);
    ck_assert(!harden_put(&q, &b));
    ck_assert(harden_get(&q, false, &got));
    ck_assert_uint_eq(got.first, 0);
    ck_assert(!harden_get(&q, false, &got));
    ck_assert(harden_put(&q, &b));
    for (size_t i = 1; i <= HARDEN_QUEUE; i++) {
        ck_assert(harden_get(&q, true, &got));
        ck_assert_uint_eq(got.first, i);
    }
    ck_assert(!harden_get(&q, true, &got));
    harden_done(&q);
}
END_TEST

START_TEST(poison_is_told_from_anything_else)
{
    unsigned char p[1000];

    for (size_t n = 1; n <= sizeof p; n += n < 20 ? 1 : 49) {
        harden_poison(p, n);
        ck_assert(harden_is_poisoned(p, n));
        for (size_t i = 0; i < n; i++) {
            p[i] ^= 0x80;
            ck_assert_msg(!harden_is_poisoned(p, n), "byte %zu of %zu", i, n);
            p[i] ^= 0x80;
        }
        memset(p, 0, n);
        ck_assert(!harden_is_poisoned(p, n));
    }
    ck_assert(harden_is_poisoned(p, 0));
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("arena hardened");
    TCase *tc = tcase_create("hardened");

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, NULL, fixture_close);
    tcase_add_loop_test(tc, who_writes_past_the_end_of_a_block_dies, 0, 2);
    tcase_add_loop_test(tc, a_block_that_shrinks_takes_its_guard_along, 0, 2);
    tcase_add_loop_test(tc, a_tail_that_was_cut_off_waits_as_a_freed_block_does, 0, 2);
    tcase_add_loop_test(tc, a_freed_block_waits_and_is_poisoned, 0, 2);
    tcase_add_loop_test(tc, nothing_waits_for_ever, 0, 2);
    tcase_add_loop_test(tc, a_write_to_a_freed_block_is_counted, 0, 2);
    tcase_add_loop_test(tc, many_small_blocks_wait_as_well, 0, 2);
    tcase_add_test(tc, no_more_than_sixteen_megabytes_wait);
    tcase_add_loop_test(tc, a_guard_that_cannot_be_moved_is_told, 0, 2);
    tcase_add_test(tc, a_full_queue_takes_no_more);
    tcase_add_test(tc, poison_is_told_from_anything_else);
    suite_add_tcase(s, tc);
    return s;
}
