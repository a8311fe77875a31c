/* tests/arena/test_arena_check.c -- arena_check() finds what is wrong in each of the tables. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "arena/arena.h"
#include "arena/books.h"
#include "tests/arena/fixture.h"
#include "tests/suite.h"

enum {
    CHUNK = 64 * 1024,
    COUNT = 1000, /* three parts of 256 chunks and one of 232 */
    PART = 256,
};

static unsigned char *crossing;

/* Makes a block, one that crosses from the first part into the second and waits, and
 * one more. */
static void
setup(void)
{
    struct arena_options opt = {
        .chunk_size = CHUNK, .chunk_count = COUNT, .hardened = true, .stepwise = true
    };

    ck_assert_int_eq(arena_open(&opt, &a), 0);
    ck_assert_uint_eq(arena_chunks(a), COUNT);
    ck_assert_ptr_nonnull(arena_alloc(a, 239 * (size_t)CHUNK)); /* and a guard */
    crossing = arena_alloc(a, 40 * (size_t)CHUNK);
    ck_assert_ptr_nonnull(crossing);
    ck_assert_ptr_nonnull(arena_alloc(a, 5 * (size_t)CHUNK));
    ck_assert_int_eq(arena_free(a, crossing), 0);
    ck_assert_int_eq(arena_check(a), 0);
    ck_assert(a->heap.parts[0].crossed && a->waiting.n == 1);
}

/* A place and what to overwrite it with. */
struct spot {
    const char *what;
    void *at;
    size_t bytes;
    unsigned char with;
};

static void
expect_found(const struct spot *spots, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char was[sizeof(uint64_t)];

        memcpy(was, spots[i].at, spots[i].bytes);
        memset(spots[i].at, spots[i].with, spots[i].bytes);
        ck_assert_msg(arena_check(a) == -EUCLEAN, "%s: wrong, and not found", spots[i].what);
        memcpy(spots[i].at, was, spots[i].bytes);
        ck_assert_int_eq(arena_check(a), 0);
    }
}

#define SPOT(field, with)                     \
    {                                         \
#field, &(field), sizeof(field), with \
    }
#define EXPECT_FOUND(spots) expect_found(spots, sizeof(spots) / sizeof(spots)[0])

START_TEST(what_runs_say_of_chunks)
{
    struct runs *r = &a->heap.parts[0].runs, *last = &a->heap.parts[3].runs;
    const struct spot spots[] = {
        SPOT(r->word[0].taken, 0x7f),
        SPOT(last->word[last->count / RUNS_WORD].taken, 0xff), /* past the end, too */
        SPOT(r->word[0].begins, 0),
        SPOT(r->word[0].begins, 3),
        SPOT(last->word[last->count / RUNS_WORD].begins, 0x80),
        SPOT(r->word[0].leaving, 2),
        SPOT(r->word[0].onward, 0),
        SPOT(r->word[0].onward, 0x55),
        SPOT(last->fits.some[0], 1),
        SPOT(last->fits.sets[0], 1),
        SPOT(r->used, 1),
        SPOT(r->blocks, 0),
        SPOT(last->head, 0),
        SPOT(last->tail, 0),
    };

    EXPECT_FOUND(spots);
    /* A bit past the end alone. */
    last->word[last->count / RUNS_WORD].taken |= UINT64_C(1) << last->count % RUNS_WORD;
    ck_assert_int_eq(arena_check(a), -EUCLEAN);
}
END_TEST

START_TEST(what_parts_say_of_runs_and_of_each_other)
{
    struct heap_part *p = a->heap.parts;
    const struct spot spots[] = {
        SPOT(p[0].high, 0),
        SPOT(p[1].top, 0),
        SPOT(p[1].head, 1),
        SPOT(p[1].tail, 0),
        SPOT(p[3].longest, 0),
        SPOT(p[0].crossed, 0),
        SPOT(p[1].crossed, 1),
        SPOT(p[3].crossed, 1),
        SPOT(p[0].continues, 1),
        SPOT(p[1].continues, 0),
        SPOT(p[2].continues, 1),
    };

    EXPECT_FOUND(spots);
}
END_TEST

START_TEST(a_block_that_crosses_leaves_as_a_whole)
{
    struct runs *r = &a->heap.parts[1].runs;

    r->word[0].leaving &= ~UINT64_C(1);
    r->blocks++;
    ck_assert(runs_check(r));
    ck_assert_int_eq(arena_check(a), -EUCLEAN);
}
END_TEST

START_TEST(what_is_warm_lies_in_the_arena)
{
    const struct warm *w = &a->heap.parts[3].warm;

    w->touched[w->runs->count / RUNS_WORD] |= UINT64_C(1) << w->runs->count % RUNS_WORD;
    ck_assert_int_eq(arena_check(a), -EUCLEAN);
}
END_TEST

START_TEST(what_is_committed_is_counted)
{
    struct commit *c = &a->commit;
    const struct spot spots[] = {
        SPOT(c->open, 0), SPOT(c->is_open[0], 0),
        SPOT(c->is_open[COUNT / 64], 0x80), /* past the end, too */
    };

    EXPECT_FOUND(spots);
    c->is_open[COUNT / 64] |= UINT64_C(1) << COUNT % 64;
    ck_assert_int_eq(arena_check(a), -EUCLEAN);
}
END_TEST

START_TEST(what_waits_is_what_leaves)
{
    struct harden *q = &a->waiting;
    const struct spot spots[] = {
        SPOT(q->n, 0),
        SPOT(q->n, 0x55),
        SPOT(q->oldest, 0x55),
        SPOT(q->oldest, 1),
        SPOT(q->chunks, 0),
        SPOT(q->queue[0].first, 0),
        SPOT(q->queue[0].first, 0x55),
        SPOT(q->queue[0].chunks, 0),
        SPOT(q->queue[0].poisoned, 0x55),
    };

    EXPECT_FOUND(spots);
    /* One block twice. */
    q->queue[1] = q->queue[0];
    q->n = 2;
    q->chunks *= 2;
    ck_assert_int_eq(arena_check(a), -EUCLEAN);
}
END_TEST

START_TEST(a_block_that_no_queue_knows_of)
{
    ck_assert_int_eq(heap_retire(&a->heap, 0), 0);
    ck_assert_int_eq(arena_check(a), -EUCLEAN);
    harden_begin(&a->waiting);
    ck_assert_int_eq(arena_check(a), 0); /* as if it were being freed */
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("arena check");
    TCase *tc = tcase_create("finds");

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, fixture_close);
    tcase_add_test(tc, what_runs_say_of_chunks);
    tcase_add_test(tc, what_parts_say_of_runs_and_of_each_other);
    tcase_add_test(tc, a_block_that_crosses_leaves_as_a_whole);
    tcase_add_test(tc, what_is_warm_lies_in_the_arena);
    tcase_add_test(tc, what_is_committed_is_counted);
    tcase_add_test(tc, what_waits_is_what_leaves);
    tcase_add_test(tc, a_block_that_no_queue_knows_of);
    suite_add_tcase(s, tc);
    return s;
}
