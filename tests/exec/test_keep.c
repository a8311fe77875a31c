/* tests/exec/test_keep.c -- exec/keep.h, promise by promise, beside a model that keeps all. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "arena/arena.h"
#include "exec/keep.h"
#include "tests/memory.h"
#include "tests/suite.h"

enum {
    ROOM = 300,
    MOST = 5000, /* bytes that are said */
};

static struct keep k;
static unsigned char *memory, *marks;
static unsigned char said[MOST], who[MOST];
static size_t nsaid;

/* Memory that ends where it ends, so that a sanitizer sees what is written
 * behind it. */
static void
begin(size_t max, bool marked, bool tail)
{
    memory = malloc(max);
    marks = malloc(keep_marks(max));
    ck_assert(memory != NULL && marks != NULL);
    memset(marks, 0x5a, keep_marks(max));
    keep_over(&k, memory, max, marked ? marks : NULL, tail);
    nsaid = 0;
}

static void
end(void)
{
    free(memory);
    free(marks);
}

/* Says up to `n` bytes, as one read would; returns how many there was room for. */
static size_t
say(size_t n, enum keep_stream as)
{
    struct iovec room[2];
    int pieces = keep_room(&k, room);
    size_t put = 0;
    int i;

    for (i = 0; i < pieces; i++) {
        unsigned char *p = room[i].iov_base;
        size_t at;

        ck_assert_uint_gt(room[i].iov_len, 0);
        for (at = 0; at < room[i].iov_len && put < n; at++, put++) {
            who[nsaid] = as == KEEP_ERR;
            said[nsaid] = p[at] = (unsigned char)random();
            nsaid++;
        }
    }
    if (pieces > 0)
        keep_take(&k, put, as);
    return put;
}

/* Compares what is kept of a stream with the same of all[first..]. */
static void
assert_kept(enum keep_stream as, size_t first, size_t n)
{
    unsigned char want[MOST], got[MOST];
    size_t nwant = 0, ngot = 0, at = 0, i;
    struct span piece;

    for (i = first; i < first + n; i++)
        if (as == KEEP_BOTH || who[i] == (as == KEEP_ERR))
            want[nwant++] = said[i];
    while (keep_next(&k, as, &at, &piece)) {
        ck_assert_uint_gt(piece.n, 0);
        ck_assert_uint_le(ngot + piece.n, sizeof got);
        memcpy(got + ngot, piece.p, piece.n);
        ngot += piece.n;
    }
    ck_assert_uint_eq(ngot, nwant);
    ck_assert(memcmp(got, want, nwant) == 0);
    ck_assert(!keep_next(&k, as, &at, &piece));
}

static void
assert_all_kept(size_t max, bool marked, bool tail)
{
    size_t n = nsaid < max ? nsaid : max;
    size_t first = tail ? nsaid - n : 0;

    ck_assert_uint_eq(k.len, n);
    assert_kept(KEEP_BOTH, first, n);
    if (!marked)
        return;
    assert_kept(KEEP_OUT, first, n);
    assert_kept(KEEP_ERR, first, n);
}

START_TEST(of_too_much_the_first_or_the_last_bytes_are_kept_exactly)
{
    bool marked = _i & 1, tail = _i & 2;
    unsigned round;

    srandom(7 + (unsigned)_i);
    for (round = 0; round < 400; round++) {
        size_t max = 1 + (size_t)random() % ROOM, step = 1 + (size_t)random() % (2 * ROOM);
        unsigned i;

        begin(max, marked, tail);
        for (i = 0; i < 16 && nsaid + max <= MOST; i++) {
            (void)say(1 + (size_t)random() % step, random() % 2 ? KEEP_ERR : KEEP_OUT);
            assert_all_kept(max, marked, tail);
            ck_assert(k.dropped == (nsaid > max));
        }
        end();
    }
}
END_TEST

START_TEST(a_ring_is_exact_at_its_border)
{
    static const size_t before[] = { 0, 1, 63, 64 }; /* of 64 */
    size_t next;

    for (next = 1; next <= 64; next++) {
        begin(64, true, true);
        if (before[_i] > 0)
            ck_assert_uint_eq(say(before[_i], KEEP_OUT), before[_i]);
        ck_assert_uint_eq(say(next, KEEP_ERR), next);
        assert_all_kept(64, true, true);
        ck_assert(k.dropped == (before[_i] + next > 64));
        (void)say(64, KEEP_OUT);
        assert_all_kept(64, true, true);
        (void)say(1, KEEP_ERR);
        assert_all_kept(64, true, true);
        end();
    }
}
END_TEST

START_TEST(a_ring_always_has_room_for_as_much_as_it_keeps)
{
    struct iovec room[2];
    unsigned i;

    begin(100, false, true);
    for (i = 0; i < 300; i++) {
        int n = keep_room(&k, room);

        ck_assert_uint_eq(room[0].iov_len + (n > 1 ? room[1].iov_len : 0), 100);
        (void)say(1, KEEP_OUT);
    }
    end();
}
END_TEST

START_TEST(a_full_head_has_no_room)
{
    struct iovec room[2];

    begin(100, false, false);
    ck_assert_uint_eq(say(200, KEEP_OUT), 100);
    ck_assert_int_eq(keep_room(&k, room), 0);
    ck_assert(!k.dropped);
    keep_drop(&k);
    ck_assert(k.dropped);
    assert_all_kept(100, false, false);
    end();
}
END_TEST

START_TEST(nothing_is_kept_in_no_memory)
{
    struct iovec room[2];
    struct span piece;
    size_t at = 0;

    keep_over(&k, NULL, 0, NULL, _i > 0);
    ck_assert_int_eq(keep_room(&k, room), 0);
    ck_assert(!keep_next(&k, KEEP_BOTH, &at, &piece));
    ck_assert(keep_whole(&k, &piece));
    ck_assert_uint_eq(piece.n, 0);
}
END_TEST

START_TEST(what_is_in_one_piece_is_told_as_one)
{
    struct span all;

    begin(100, false, true);
    (void)say(100, KEEP_OUT);
    ck_assert(keep_whole(&k, &all));
    ck_assert_uint_eq(all.n, 100);
    ck_assert(memcmp(all.p, said, 100) == 0);
    (void)say(30, KEEP_OUT);
    ck_assert(!keep_whole(&k, &all));
    (void)say(70, KEEP_OUT);
    ck_assert(keep_whole(&k, &all));
    ck_assert(memcmp(all.p, said + 100, 100) == 0);
    end();
}
END_TEST

START_TEST(without_marks_all_is_of_stdout)
{
    struct span piece;
    size_t at = 0;

    begin(100, false, false);
    (void)say(10, KEEP_ERR);
    ck_assert(!keep_next(&k, KEEP_ERR, &at, &piece));
    at = 0;
    ck_assert(keep_next(&k, KEEP_OUT, &at, &piece));
    ck_assert_uint_eq(piece.n, 10);
    end();
}
END_TEST

/* Fills a keep of 4 MiB that lies in an arena, as fast as it gets room; says how
 * much fitted. */
static size_t
fill_arena(bool tail)
{
    struct arena_options opt = { .chunk_size = 65536, .chunk_count = 128, .stepwise = true };
    size_t max = 4 << 20, sum = 0, step = 0;
    struct iovec room[2];
    unsigned char *block;
    struct arena *a;

    if (arena_open(&opt, &a) < 0)
        _exit(10);
    block = arena_alloc(a, max + keep_marks(max));
    keep_over(&k, block, max, block + max, tail);
    keep_commit(&k, a);
    while (sum < max && keep_room(&k, room) > 0 && room[0].iov_base == block + sum) {
        step = room[0].iov_len;
        memset(room[0].iov_base, 'x', step);
        keep_take(&k, step, KEEP_ERR);
        sum += step;
    }
    if (k.dropped || k.len != sum)
        _exit(11);
    return sum;
}

START_TEST(memory_of_an_arena_is_committed_in_doubling_steps)
{
    struct arena_options opt = { .chunk_size = 65536, .chunk_count = 128, .stepwise = true };
    struct iovec room[2];
    unsigned char *block;
    struct arena *a;

    ck_assert_int_eq(arena_open(&opt, &a), 0);
    block = arena_alloc(a, 1 << 20);
    keep_over(&k, block, 1 << 20, NULL, false);
    keep_commit(&k, a);
    for (size_t n = 65536; n < 1 << 20; n += k.len) {
        ck_assert_int_eq(keep_room(&k, room), 1);
        ck_assert_uint_eq(room[0].iov_len, n - k.len);
        keep_take(&k, room[0].iov_len, KEEP_OUT);
        ck_assert_uint_eq(k.len, n);
    }
    arena_close(a);
    ck_assert_uint_eq(fill_arena(_i > 0), 4 << 20);
}
END_TEST

/* With less than it wants a keep is a smaller one, and loses nothing in silence. */
static void
fill_with_little(void)
{
    struct iovec room[2];
    size_t n;

    memory_limit_data((size_t)1500 * 1024);
    n = fill_arena(k.tail);
    if (n != 1 << 20)
        _exit(13);
    if (k.tail) {
        if (keep_room(&k, room) != 1 || room[0].iov_len != n)
            _exit(14);
        memset(room[0].iov_base, 'y', 100);
        keep_take(&k, 100, KEEP_OUT);
        if (!k.dropped || k.len != n)
            _exit(15);
    } else if (keep_room(&k, room) != 0) {
        _exit(16);
    }
}

START_TEST(when_no_more_is_committed_what_there_is_is_kept)
{
    int status;

#ifdef SANITIZERS
    SUITE_SKIP("a sanitizer's shadow needs more than RLIMIT_DATA leaves");
#endif
    k.tail = _i > 0;
    status = memory_in_child(fill_with_little);
    ck_assert_msg(status == 0, "wait status %#x", (unsigned)status);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("exec/keep");
    TCase *tc = tcase_create("keep");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, of_too_much_the_first_or_the_last_bytes_are_kept_exactly, 0, 4);
    tcase_add_loop_test(tc, a_ring_is_exact_at_its_border, 0, 4);
    tcase_add_test(tc, a_ring_always_has_room_for_as_much_as_it_keeps);
    tcase_add_test(tc, a_full_head_has_no_room);
    tcase_add_loop_test(tc, nothing_is_kept_in_no_memory, 0, 2);
    tcase_add_test(tc, what_is_in_one_piece_is_told_as_one);
    tcase_add_test(tc, without_marks_all_is_of_stdout);
    tcase_add_loop_test(tc, memory_of_an_arena_is_committed_in_doubling_steps, 0, 2);
    suite_add_tcase(s, tc);
    tc = tcase_create("as the kernel has it");
    tcase_set_tags(tc, SUITE_NATIVE);
    tcase_add_loop_test(tc, when_no_more_is_committed_what_there_is_is_kept, 0, 2);
    suite_add_tcase(s, tc);
    return s;
}
