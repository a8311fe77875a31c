/* tests/fcgi/test_budget.c -- fcgi/budget.h, promise by promise, and by trial. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "arena/arena.h"
#include "conf/conf.h"
#include "fcgi/budget.h"
#include "fcgi/reply.h"
#include "tests/suite.h"

static const struct route routes[] = { { .output_max = 1000 }, { .output_max = 1 << 20 },
    { .output_max = 5, .output = ROUTE_RAW } };

static struct conf conf;

static void
setup(void)
{
    conf = (struct conf){ .routes = routes, .nroutes = 3, .arena_chunk = 65536 };
}

/* Lets the address space have `bytes`, as far as getrlimit(2) tells. */
static size_t
chunks_within(rlim_t bytes, size_t runs)
{
    struct rlimit was, now;
    size_t chunks;

    ck_assert_int_eq(getrlimit(RLIMIT_AS, &was), 0);
    now = (struct rlimit){ bytes, was.rlim_max };
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &now), 0);
    chunks = budget_chunks(&conf, runs);
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &was), 0);
    return chunks;
}

START_TEST(the_wish_is_the_largest_of_all_routes)
{
    ck_assert_uint_eq(budget_output_wish(&conf), 1 << 20);
    conf.nroutes = 1;
    ck_assert_uint_eq(budget_output_wish(&conf), 1000);
    conf.nroutes = 0;
    ck_assert_uint_eq(budget_output_wish(&conf), 0);
}
END_TEST

START_TEST(what_was_configured_is_reserved)
{
    conf.arena_chunks = 12345;
    ck_assert_uint_eq(budget_chunks(&conf, 1), 12345);
    ck_assert_uint_eq(chunks_within(1 << 20, 4000), 12345);
}
END_TEST

/* Both blocks of every run, allocated for real, for the most that a request can
 * ask for. */
START_TEST(so_many_runs_have_room_at_once)
{
    static const size_t chunk[] = { 512, 4096, 65536, 4 * 1024 * 1024 };
    struct arena_options opt = { .chunk_size = chunk[_i % 4], .hardened = _i >= 4 };
    struct arena *a;
    size_t runs = 7, i;

    conf.arena_chunk = chunk[_i % 4];
    conf.arena_hardened = opt.hardened; /* guards, where chunks are pages */
    opt.chunk_count = budget_chunks(&conf, runs);
    ck_assert_int_eq(arena_open(&opt, &a), 0);
    ck_assert_uint_eq(arena_chunks(a), opt.chunk_count);
    for (i = 0; i < runs; i++) {
        ck_assert_ptr_nonnull(arena_alloc(a, budget_output_block(ROUTE_SPLIT, 1 << 20)));
        ck_assert_ptr_nonnull(arena_alloc(a, budget_answer_block(ROUTE_SPLIT, 1 << 20)));
    }
    ck_assert_uint_eq(budget_guards(&conf), opt.hardened ? 2 : 0);
    if (!opt.hardened || conf.arena_chunk >= 4096)
        ck_assert_ptr_null(arena_alloc(a, 1));
    arena_close(a);
}
END_TEST

START_TEST(at_most_half_of_the_address_space_is_reserved)
{
    ck_assert_uint_eq(chunks_within(64 << 20, 4000), (32 << 20) / 65536);
    ck_assert_uint_eq(chunks_within(1, 4000), ARENA_CHUNKS_MIN);
    ck_assert_uint_lt(chunks_within((rlim_t)1 << 40, 1), 300);
}
END_TEST

START_TEST(an_arena_has_no_more_chunks_than_it_may_have)
{
    conf.arena_chunk = 512;
    ck_assert_uint_eq(budget_chunks(&conf, 69632), ARENA_CHUNKS_MAX);
}
END_TEST

START_TEST(without_routes_there_is_an_arena_all_the_same)
{
    conf.nroutes = 0;
    ck_assert_uint_ge(budget_chunks(&conf, 1), 1);
}
END_TEST

static size_t
chunks_for(enum route_output how, size_t chunk, size_t output)
{
    return (budget_output_block(how, output) + chunk - 1) / chunk +
           (budget_answer_block(how, output) + chunk - 1) / chunk;
}

START_TEST(a_run_keeps_as_much_as_fits_and_not_a_byte_more)
{
    unsigned i;

    srandom(99);
    for (i = 0; i < 20000; i++) {
        size_t chunk = (size_t)512 << random() % 14;
        size_t chunks = 1 + (size_t)random() % (i % 2 == 0 ? 1000 : ARENA_CHUNKS_MAX);
        size_t running = 1 + (size_t)random() % (i % 3 == 0 ? 4096 : 8);
        enum route_output how = i % ROUTE_OUTPUT_MAX;
        size_t output = budget_output(how, chunk, chunks, running);

        ck_assert_uint_ge(output, BUDGET_OUTPUT_MIN);
        ck_assert_uint_gt(chunks_for(how, chunk, output + 1), chunks / running);
        if (output > BUDGET_OUTPUT_MIN)
            ck_assert_uint_le(chunks_for(how, chunk, output), chunks / running);
    }
}
END_TEST

START_TEST(what_was_reserved_for_the_wish_allows_the_wish)
{
    static const size_t running[] = { 1, 8, 100 };
    size_t chunks = budget_chunks(&conf, running[_i]);
    unsigned how;

    for (how = 0; how < ROUTE_OUTPUT_MAX; how++)
        ck_assert_uint_ge(budget_output(how, conf.arena_chunk, chunks, running[_i]), 1 << 20);
}
END_TEST

/* All places that the run may write to, written to: a sanitizer and malloc(3)
 * know where each block ends. */
START_TEST(what_a_run_writes_to_lies_in_its_block)
{
    static const size_t max[] = { 1, 1023, 1 << 16, 100000, 1 << 20 };
    unsigned how;

    for (how = 0; how < ROUTE_OUTPUT_MAX; how++) {
        size_t size = budget_output_block(how, max[_i]);
        unsigned char *block = malloc(size);
        struct run_spec spec = { .path = NULL };

        ck_assert_ptr_nonnull(block);
        budget_place(how, block, max[_i], &spec);
        ck_assert_uint_eq(spec.out_max, max[_i]);
        memset(spec.out, 1, spec.out_max);
        if (spec.output == RUN_MARKED)
            memset(spec.marks, 2, keep_marks(max[_i]));
        if (spec.output == RUN_APART)
            memset(spec.err, 2, spec.err_max);
        ck_assert_uint_eq(spec.out[max[_i] - 1], 1);
        if (spec.output == RUN_APART)
            ck_assert_ptr_eq(spec.err + spec.err_max, block + size);
        free(block);
    }
    ck_assert_uint_eq(budget_output_block(ROUTE_JOINED, max[_i]), max[_i]);
}
END_TEST

START_TEST(a_raw_answer_needs_no_second_copy_of_it)
{
    ck_assert_uint_le(budget_answer_block(ROUTE_RAW, 1 << 30), reply_max(BUDGET_ERRORS_MAX));
    ck_assert_uint_ge(budget_answer_block(ROUTE_RAW, 1 << 30), reply_max(BUDGET_ERRORS_MAX));
    ck_assert_uint_eq(budget_answer_block(ROUTE_RAW, 100), reply_max(100));
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("budget");
    TCase *tc = tcase_create("budget");

    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, the_wish_is_the_largest_of_all_routes);
    tcase_add_test(tc, what_was_configured_is_reserved);
    tcase_add_loop_test(tc, so_many_runs_have_room_at_once, 0, 8);
    tcase_add_test(tc, an_arena_has_no_more_chunks_than_it_may_have);
    tcase_add_test(tc, without_routes_there_is_an_arena_all_the_same);
    tcase_add_test(tc, a_run_keeps_as_much_as_fits_and_not_a_byte_more);
    tcase_add_loop_test(tc, what_was_reserved_for_the_wish_allows_the_wish, 0, 3);
    tcase_add_loop_test(tc, what_a_run_writes_to_lies_in_its_block, 0, 5);
    tcase_add_test(tc, a_raw_answer_needs_no_second_copy_of_it);
    suite_add_tcase(s, tc);
    tc = tcase_create("limited");
    tcase_set_tags(tc, SUITE_NATIVE);
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, at_most_half_of_the_address_space_is_reserved);
    suite_add_tcase(s, tc);
    return s;
}
