/* tests/arena/test_arena_tend.c -- arena/arena.h, promise by promise: when pages go back. */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "arena/arena.h"
#include "tests/arena/fixture.h"
#include "tests/suite.h"

enum {
    KIB = 1024,
    CHUNK = 64 * KIB,
    COUNT = 64,
};

static void
setup(void)
{
    fixture_open(CHUNK, COUNT, 0, false);
}

static size_t
warm(void)
{
    struct arena_stats s;

    arena_stats(a, &s);
    return s.warm;
}

static int64_t now; /* ns */

/* Tends as a responder would until there is nothing left to do, or for ten
 * times as long as that may take. */
static int64_t
rest(void)
{
    int64_t end = now + 10 * (ARENA_PATIENCE + ARENA_IDLE);
    int64_t next = arena_tend(a, now);

    while (next < end) {
        ck_assert_int_gt(next, now);
        now = next;
        next = arena_tend(a, now);
    }
    return next;
}

static bool
is_zero(const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] != 0)
            return false;
    }
    return true;
}

START_TEST(a_free_gives_nothing_back)
{
    unsigned char *p = fixture_touch(10 * CHUNK);

    ck_assert_int_eq(arena_free(a, p), 0);
    ck_assert_uint_eq(fixture_resident(), 10 * CHUNK);
    ck_assert_uint_eq(warm(), 10 * CHUNK);
    ck_assert_ptr_eq(arena_alloc(a, 4 * CHUNK), p);
    ck_assert_uint_eq(warm(), 6 * CHUNK);
}
END_TEST

START_TEST(when_idle_nothing_stays_but_what_is_retained)
{
    unsigned char *p = fixture_touch(10 * CHUNK);

    ck_assert_int_eq(arena_free(a, p), 0);
    ck_assert_int_eq(rest(), ARENA_NEVER);
    ck_assert_int_le(now, 2 * ARENA_IDLE);
    ck_assert_uint_eq(fixture_resident(), 0);
    ck_assert_uint_eq(warm(), 0);
    ck_assert_ptr_eq(arena_alloc(a, 10 * CHUNK), p);
    ck_assert(is_zero(p, 10 * CHUNK));
}
END_TEST

START_TEST(who_allocates_is_not_idle)
{
    struct arena_options opt = {
        .chunk_size = CHUNK, .chunk_count = COUNT, .warm_max = 10 * CHUNK
    };

    fixture_close();
    ck_assert_int_eq(arena_open(&opt, &a), 0);
    (void)arena_free(a, fixture_touch(10 * CHUNK));
    for (int i = 0; i < 20; i++) {
        ck_assert_int_le(arena_tend(a, now), now + ARENA_IDLE);
        now += ARENA_IDLE - 1;
        ck_assert_int_eq(arena_free(a, arena_alloc(a, 1)), 0);
    }
    ck_assert_uint_eq(fixture_resident(), 10 * CHUNK);
}
END_TEST

START_TEST(live_blocks_keep_their_pages_and_their_content)
{
    unsigned char *low = fixture_touch(4 * CHUNK), *live = fixture_touch(4 * CHUNK);
    unsigned char *high = fixture_touch(4 * CHUNK);

    (void)arena_free(a, low);
    (void)arena_free(a, high);
    ck_assert_int_ne(rest(), ARENA_NEVER); /* its end will leave something to do */
    ck_assert_uint_eq(fixture_resident(), 4 * CHUNK);
    for (size_t i = 0; i < 4 * CHUNK; i++)
        ck_assert_msg(live[i] == 0x5a, "byte %zu is lost", i);
    (void)arena_free(a, live);
    ck_assert_int_eq(rest(), ARENA_NEVER);
    ck_assert_uint_eq(fixture_resident(), 0);
}
END_TEST

START_TEST(what_was_not_written_is_not_warm)
{
    unsigned char *p = arena_alloc(a, 10 * CHUNK);

    ck_assert_ptr_nonnull(p);
    memset(p, 1, CHUNK + 1);
    ck_assert_int_eq(arena_free_written(a, p, CHUNK + 1), 0);
    ck_assert_uint_eq(warm(), 2 * CHUNK);
    ck_assert_int_eq(arena_free_written(a, p, 100), -EALREADY);
    ck_assert_ptr_eq(arena_alloc(a, 10 * CHUNK), p);
    ck_assert_int_eq(arena_free_written(a, p, 0), 0);
    ck_assert_uint_eq(warm(), 2 * CHUNK);
    ck_assert_int_eq(arena_free(a, arena_alloc(a, 10 * CHUNK)), 0);
    ck_assert_uint_eq(warm(), 10 * CHUNK);
}
END_TEST

START_TEST(what_is_retained_lies_at_the_low_end)
{
    unsigned char *low, *across, *above;

    fixture_open(CHUNK, COUNT, 6 * CHUNK, false);
    low = fixture_touch(4 * CHUNK);
    across = fixture_touch(4 * CHUNK);
    above = fixture_touch(4 * CHUNK);
    ck_assert_int_eq(arena_free(a, low), 0);
    ck_assert_int_eq(arena_free(a, across), 0);
    (void)rest();
    ck_assert_uint_eq(fixture_resident(), 10 * CHUNK);
    ck_assert_uint_eq(above[0], 0x5a);
    ck_assert_int_eq(arena_free(a, above), 0);
    ck_assert_int_eq(rest(), ARENA_NEVER);
    ck_assert_uint_eq(fixture_resident(), 6 * CHUNK);
    ck_assert_uint_eq(low[0], 0x5a);
    ck_assert_uint_eq(low[6 * CHUNK - 1], 0x5a);
}
END_TEST

START_TEST(a_shrunk_tail_is_warm_too)
{
    unsigned char *p;

    fixture_open(CHUNK, COUNT, 2 * CHUNK, false);
    p = fixture_touch(8 * CHUNK);
    ck_assert_int_eq(arena_shrink(a, p, 4 * CHUNK), 0);
    ck_assert_uint_eq(warm(), 4 * CHUNK);
    (void)rest();
    ck_assert_uint_eq(fixture_resident(), 6 * CHUNK);
    ck_assert_uint_eq(p[4 * CHUNK - 1], 0x5a);
}
END_TEST

/* Pages that the kernel may take whenever it likes, in bytes. */
static size_t
lazy(void)
{
    FILE *f = fopen("/proc/self/smaps", "r");
    char line[4096];
    unsigned long from, to, kib, sum = 0;
    bool here = false;
    struct arena_stats s;
    unsigned char *p = arena_alloc(a, 1);

    arena_stats(a, &s);
    (void)arena_free_written(a, p, 0);
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            here = from < (uintptr_t)p + s.reserved && to > (uintptr_t)p;
        else if (here && sscanf(line, "LazyFree: %lu kB", &kib) == 1)
            sum += kib * KIB;
    }
    if (f != NULL)
        (void)fclose(f);
    return sum;
}

/* One step of a load that takes 40 chunks at once and leaves them. */
static int64_t
burst(unsigned char *ret_blocks[10])
{
    for (size_t i = 0; i < 10; i++)
        ret_blocks[i] = fixture_touch(4 * CHUNK);
    for (size_t i = 0; i < 10; i++)
        (void)arena_free(a, ret_blocks[i]);
    return arena_tend(a, now);
}

START_TEST(under_use_the_kernel_may_have_what_is_above_the_mark_for_a_while)
{
    struct arena_options opt = {
        .chunk_size = CHUNK, .chunk_count = COUNT, .retain = 2 * CHUNK, .warm_max = 8 * CHUNK
    };
    unsigned char *p[10];

    ck_assert_int_eq(arena_open(&opt, &a), 0);
    ck_assert_int_eq(burst(p), now + ARENA_PATIENCE);
    now += ARENA_PATIENCE - 1;
    ck_assert_int_eq(burst(p), now + 1);
    ck_assert_uint_eq(lazy(), 0); /* not yet */
    now += 1;
    (void)burst(p);
    ck_assert_uint_eq(fixture_resident(), 40 * CHUNK);
    ck_assert_uint_gt(lazy(), 30 * CHUNK); /* each CPU keeps a few for later */
    ck_assert_uint_le(lazy(), 32 * CHUNK);
    ck_assert_uint_eq(p[0][0], 0x5a);
    ck_assert_uint_eq(p[1][4 * CHUNK - 1], 0x5a);
    /* Who comes back has its pages and keeps what it writes. */
    p[2] = fixture_touch(20 * CHUNK);
    ck_assert_uint_eq(p[2][20 * CHUNK - 1], 0x5a);
    (void)arena_free(a, p[2]);
    ck_assert_int_eq(rest(), ARENA_NEVER);
    ck_assert_uint_eq(fixture_resident(), 2 * CHUNK);
}
END_TEST

START_TEST(what_is_above_the_mark_for_twice_as_long_is_gone)
{
    struct arena_options opt = {
        .chunk_size = CHUNK, .chunk_count = COUNT, .retain = 2 * CHUNK, .warm_max = 8 * CHUNK
    };
    unsigned char *p[10];

    ck_assert_int_eq(arena_open(&opt, &a), 0);
    if (arena_is_stepwise(a))
        SUITE_SKIP("this system counts what is committed");
    (void)burst(p);
    for (int i = 0; i < 3; i++) { /* and again for the next burst */
        now += ARENA_PATIENCE;
        (void)burst(p);
        ck_assert_uint_eq(fixture_resident(), 40 * CHUNK);
        ck_assert_uint_eq(warm(), 40 * CHUNK);
        now += ARENA_PATIENCE;
        /* A small request, which keeps it from being idle. */
        (void)arena_free_written(a, arena_alloc(a, 1), 1);
        ck_assert_int_gt(arena_tend(a, now), now);
        ck_assert_uint_eq(warm(), 8 * CHUNK);
        ck_assert_uint_eq(fixture_resident(), 8 * CHUNK);
        ck_assert_int_eq(arena_tend(a, now), now + ARENA_IDLE);
        ck_assert_int_eq(burst(p), now + ARENA_PATIENCE);
    }
}
END_TEST

START_TEST(what_was_offered_and_used_again_is_offered_again)
{
    struct arena_options opt = { .chunk_size = CHUNK, .chunk_count = COUNT, .warm_max = 8 * CHUNK };
    unsigned char *p[10], *all;

    ck_assert_int_eq(arena_open(&opt, &a), 0);
    if (arena_is_stepwise(a))
        SUITE_SKIP("this system counts what is committed");
    (void)burst(p);
    now += ARENA_PATIENCE;
    (void)burst(p);
    all = fixture_touch(36 * CHUNK);
    now += ARENA_PATIENCE - 1;
    (void)arena_tend(a, now); /* below the mark */
    (void)arena_free(a, all);
    now += 1;
    ck_assert_int_eq(arena_tend(a, now), now + ARENA_PATIENCE);
    now += ARENA_PATIENCE;
    ck_assert_int_eq(arena_free(a, arena_alloc(a, 1)), 0);
    (void)arena_tend(a, now);
    ck_assert_uint_eq(fixture_resident(), 40 * CHUNK);
    ck_assert_uint_eq(warm(), 40 * CHUNK);
}
END_TEST

START_TEST(where_it_is_charged_what_is_above_the_mark_goes_under_use)
{
    struct arena_options opt = {
        .chunk_size = CHUNK, .chunk_count = COUNT, .stepwise = true, .warm_max = 8 * CHUNK
    };
    struct arena_stats s;
    unsigned char *p;

    ck_assert_int_eq(arena_open(&opt, &a), 0);
    p = arena_alloc(a, 40 * CHUNK);
    ck_assert_int_eq(arena_commit(a, p, 40 * CHUNK), 0);
    memset(p, 1, 40 * CHUNK);
    (void)arena_free(a, p);
    ck_assert_int_eq(arena_tend(a, now), now + ARENA_PATIENCE);
    for (int i = 0; i < 2; i++) {
        arena_stats(a, &s);
        ck_assert_uint_eq(s.committed, 40 * CHUNK); /* not yet */
        now += ARENA_PATIENCE / 2;
        ck_assert_int_eq(arena_free(a, arena_alloc(a, 1)), 0);
        (void)arena_tend(a, now);
    }
    arena_stats(a, &s);
    ck_assert_uint_eq(s.committed, 8 * CHUNK);
    ck_assert_uint_eq(s.warm, 8 * CHUNK);
    ck_assert_uint_eq(s.resident, 8 * CHUNK);
    ck_assert_int_eq(arena_tend(a, now), now + ARENA_IDLE);
}
END_TEST

START_TEST(a_short_burst_costs_no_page)
{
    struct arena_options opt = { .chunk_size = CHUNK, .chunk_count = COUNT, .warm_max = 8 * CHUNK };
    unsigned char *p[10];

    ck_assert_int_eq(arena_open(&opt, &a), 0);
    (void)burst(p);
    ck_assert_ptr_eq(arena_alloc(a, 36 * CHUNK), p[0]); /* 4 are left warm */
    now += ARENA_PATIENCE - 1;
    (void)arena_tend(a, now);
    (void)arena_free(a, p[0]);
    now += 1;
    ck_assert_int_eq(arena_tend(a, now), now + ARENA_PATIENCE);
    ck_assert_uint_eq(lazy(), 0);
}
END_TEST

START_TEST(one_who_retains_everything_has_nothing_to_tend)
{
    fixture_open(CHUNK, COUNT, SIZE_MAX, false);
    (void)arena_free(a, fixture_touch(COUNT * CHUNK));
    ck_assert_int_eq(rest(), ARENA_NEVER);
    ck_assert_uint_eq(fixture_resident(), COUNT * CHUNK);
}
END_TEST

START_TEST(a_page_of_small_chunks_goes_when_all_of_them_are_free)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *p[3];

    fixture_open(512, 10 * page / 512, 0, false);
    p[0] = fixture_touch(page + 512);
    ck_assert_uint_eq(fixture_resident(), 2 * page);
    p[1] = fixture_touch(512);
    p[2] = fixture_touch(3 * page - 1024);
    ck_assert_uint_eq(fixture_resident(), 4 * page);
    ck_assert_int_eq(arena_free(a, p[0]), 0);
    (void)rest();
    ck_assert_uint_eq(fixture_resident(), 3 * page);
    ck_assert_int_eq(arena_free(a, p[2]), 0);
    (void)rest();
    ck_assert_uint_eq(fixture_resident(), page);
    ck_assert_uint_eq(p[1][0], 0x5a);
    ck_assert_uint_eq(p[1][511], 0x5a);
    ck_assert_int_eq(arena_free(a, p[1]), 0);
    ck_assert_int_eq(rest(), ARENA_NEVER);
    ck_assert_uint_eq(fixture_resident(), 0);
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
    Suite *s = suite_create("arena tend");
    TCase *tc = add_case(s, "nothing retained", setup);

    tcase_add_test(tc, a_free_gives_nothing_back);
    tcase_add_test(tc, when_idle_nothing_stays_but_what_is_retained);
    tcase_add_test(tc, who_allocates_is_not_idle);
    tcase_add_test(tc, live_blocks_keep_their_pages_and_their_content);
    tcase_add_test(tc, what_was_not_written_is_not_warm);
    tc = add_case(s, "marks", NULL);
    tcase_add_test(tc, what_is_retained_lies_at_the_low_end);
    tcase_add_test(tc, a_shrunk_tail_is_warm_too);
    tcase_add_test(tc, under_use_the_kernel_may_have_what_is_above_the_mark_for_a_while);
    tcase_add_test(tc, what_is_above_the_mark_for_twice_as_long_is_gone);
    tcase_add_test(tc, what_was_offered_and_used_again_is_offered_again);
    tcase_add_test(tc, where_it_is_charged_what_is_above_the_mark_goes_under_use);
    tcase_add_test(tc, a_short_burst_costs_no_page);
    tcase_add_test(tc, one_who_retains_everything_has_nothing_to_tend);
    tcase_add_test(tc, a_page_of_small_chunks_goes_when_all_of_them_are_free);
    return s;
}
