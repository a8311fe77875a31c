/* tests/arena/test_arena_random.c -- random work on an arena, against a naive model and by threads.
 *
 * Each configuration has N steps against the model and N by threads: an eighth for each
 * number of them from one to eight, who share it.  N is ten million with CMON_FULL, a
 * hundred thousand in a build with sanitizers; or what CMON_ARENA_STEPS says.
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena/arena.h"
#include "arena/heap.h"
#include "tests/suite.h"

enum {
    LIVE_MAX = 400, /* blocks */
    THREADS = 8,
    MAILBOXES = 64,
    STEPS = 80000,
    STEPS_SANITIZED = 6000,
    STEPS_FULL = 10 * 1000 * 1000,
    STEPS_FULL_SANITIZED = 100 * 1000,
    TEND = 16,       /* steps of the thread that tends, between two times; more where */
    TEND_SHIFT = 29, /* there are more times 512 MiB of pages to look through */
};

static const struct arena_options configs[] = {
    { .chunk_size = 512, .chunk_count = 64 },
    { .chunk_size = 512, .chunk_count = 1000, .retain = 100000 },
    { .chunk_size = 4096, .chunk_count = 1 },
    { .chunk_size = 4096, .chunk_count = 777, .retain = SIZE_MAX },
    { .chunk_size = 65536, .chunk_count = 1024, .retain = 1 << 20 },
    { .chunk_size = 65536, .chunk_count = 4500 },
    { .chunk_size = 1 << 20, .chunk_count = 10000, .retain = 1 << 28 },
    { .chunk_size = 512, .chunk_count = 3000, .stepwise = true },
    { .chunk_size = 65536, .chunk_count = 1024, .stepwise = true },
    /* Here a freed block waits, and the model does not know where. */
    { .chunk_size = 512, .chunk_count = 3000, .hardened = true },
    { .chunk_size = 4096, .chunk_count = 1000, .hardened = true },
    { .chunk_size = 8192, .chunk_count = 1024, .stepwise = true, .hardened = true },
    { .chunk_size = 4 << 20, .chunk_count = 100000 },
};

enum {
    CONFIGS = sizeof configs / sizeof configs[0],
    LARGEST = CONFIGS - 1,
    HARDENED = LARGEST - 3, /* the first of them, which the model does not know */
};

struct block {
    unsigned char *at;
    size_t chunks;
    unsigned char tag; /* its first and last byte */
};

struct rng {
    uint64_t state;
};

static struct arena *a;
static const struct arena_options *opt;

static size_t
below(struct rng *r, size_t n)
{
    r->state ^= r->state << 13;
    r->state ^= r->state >> 7;
    r->state ^= r->state << 17;
    return (size_t)(r->state % n);
}

static size_t
steps(void)
{
    const char *wish = getenv("CMON_ARENA_STEPS");

    if (wish != NULL)
        return strtoul(wish, NULL, 10);
#ifdef SANITIZERS
    return getenv("CMON_FULL") != NULL ? STEPS_FULL_SANITIZED : STEPS_SANITIZED;
#else
    return getenv("CMON_FULL") != NULL ? STEPS_FULL : STEPS;
#endif
}

static void
open_config(int i)
{
    opt = &configs[i];
    ck_assert_int_eq(arena_open(opt, &a), 0);
    ck_assert_uint_eq(arena_chunks(a), opt->chunk_count);
}

static void
teardown(void)
{
    arena_close(a);
    a = NULL;
}

static void
mark(struct block *b, unsigned char tag)
{
    SUITE_MUST(arena_commit(a, b->at, b->chunks * opt->chunk_size) == 0);
    b->tag = tag;
    b->at[0] = tag;
    b->at[b->chunks * opt->chunk_size - 1] = tag;
}

static bool
is_marked(const struct block *b)
{
    return b->at[0] == b->tag && b->at[b->chunks * opt->chunk_size - 1] == b->tag;
}

/* Mostly small, sometimes as large as the arena. */
static size_t
random_chunks(struct rng *r, size_t count)
{
    switch (below(r, 16)) {
    case 0:
        return 1 + below(r, count + 1);
    case 1:
    case 2:
        return 1 + below(r, count / 8 + 1);
    default:
        return 1 + below(r, 9);
    }
}

/* The model: live blocks in order of address, and what lies between them. */
static struct block live[LIVE_MAX];
static size_t lives;
static unsigned char *base; /* the first chunk */

static size_t
gap_before(size_t i)
{
    unsigned char *from = i == 0 ? base : live[i - 1].at + live[i - 1].chunks * opt->chunk_size;
    unsigned char *to = i == lives ? base + opt->chunk_count * opt->chunk_size : live[i].at;

    return (size_t)(to - from) / opt->chunk_size;
}

/* What a part of the heap (arena/heap.h) has for a block, in chunks: SIZE_MAX is nothing. */
struct offer {
    size_t tight, tight_length; /* the tightest of its short free runs, the lowest of equal ones */
    size_t longer;              /* the lowest of its long ones */
    size_t last;                /* the one that ends it */
    size_t crossing;            /* one that goes on in the next part */
};

static size_t
part_shift(void)
{
    size_t shift = 0;

    while ((size_t)HEAP_PART_MIN > (size_t)1 << shift || opt->chunk_count > (size_t)HEAP_PARTS
                                                                                << shift)
        shift++;
    return shift;
}

/* Enters a gap from chunk `from` to `to` with each part it lies in. */
static void
offer_gap(struct offer *offers, size_t shift, size_t from, size_t to, size_t n)
{
    for (size_t i = from >> shift; i << shift < to; i++) {
        size_t lo = from > i << shift ? from : i << shift;
        size_t end = (i + 1) << shift;
        size_t here = (to < end ? to : end) - lo;
        struct offer *o = &offers[i];

        if (here >= n && (lo + here == end || lo + here == opt->chunk_count)) {
            o->last = lo;
        } else if (here >= n && here <= FITS_SHORT && here < o->tight_length) {
            o->tight_length = here;
            o->tight = lo;
        } else if (here >= n && here > FITS_SHORT && o->longer == SIZE_MAX) {
            o->longer = lo;
        }
        if (to > end && to - lo >= n)
            o->crossing = lo;
    }
}

/* Where a block is to lie when one thread works alone; SIZE_MAX: nowhere. */
static size_t
model_place(size_t n)
{
    struct offer offers[HEAP_PARTS];
    size_t at = 0, place = SIZE_MAX;

    memset(offers, 0xff, sizeof offers);
    for (size_t i = 0; i <= lives; i++) {
        size_t gap = gap_before(i);

        if (gap > 0)
            offer_gap(offers, part_shift(), at, at + gap, n);
        at += gap + (i < lives ? live[i].chunks : 0);
    }
    for (size_t i = 0; i < HEAP_PARTS && place == SIZE_MAX; i++) {
        place = offers[i].tight;
        if (place == SIZE_MAX)
            place = offers[i].longer;
        if (place == SIZE_MAX)
            place = offers[i].last;
        if (place == SIZE_MAX)
            place = offers[i].crossing;
    }
    return place;
}

static void
step_alloc(struct rng *r)
{
    size_t n = random_chunks(r, opt->chunk_count);
    unsigned char *p = arena_alloc(a, n * opt->chunk_size - below(r, opt->chunk_size));
    size_t place = model_place(n);
    size_t i = lives;

    if (place == SIZE_MAX) {
        SUITE_MUST(p == NULL);
        return;
    }
    SUITE_MUST(p == base + place * opt->chunk_size);
    for (; i > 0 && live[i - 1].at > p; i--)
        live[i] = live[i - 1];
    live[i] = (struct block){ .at = p, .chunks = n };
    lives++;
    mark(&live[i], (unsigned char)below(r, 256));
}

static void
step_free(size_t i)
{
    SUITE_MUST(is_marked(&live[i]));
    SUITE_MUST(arena_free(a, live[i].at) == 0);
    SUITE_MUST(arena_free(a, live[i].at) == -EALREADY);
    lives--;
    memmove(&live[i], &live[i + 1], (lives - i) * sizeof live[0]);
}

static void
step_shrink(struct rng *r, struct block *b)
{
    size_t n = 1 + below(r, b->chunks);

    SUITE_MUST(is_marked(b));
    SUITE_MUST(arena_shrink(a, b->at, b->chunks * opt->chunk_size + 1) == -EINVAL);
    SUITE_MUST(arena_shrink(a, b->at, n * opt->chunk_size) == 0);
    SUITE_MUST(b->at[0] == b->tag);
    b->chunks = n;
    mark(b, b->tag);
}

static void
step_wrong(struct rng *r, const struct block *b)
{
    size_t at = 1 + below(r, b->chunks * opt->chunk_size - 1);

    SUITE_MUST(arena_free(a, b->at + at) == -EINVAL);
    SUITE_MUST(arena_free(a, base - 1 - at) == -EFAULT);
    SUITE_MUST(arena_block_size(a, b->at + at) == 0);
    SUITE_MUST(arena_block_size(a, b->at) == b->chunks * opt->chunk_size);
}

static void
compare_statistics(void)
{
    struct arena_stats s;
    size_t used = 0, longest = 0;

    for (size_t i = 0; i <= lives; i++) {
        used += i < lives ? live[i].chunks : 0;
        longest = gap_before(i) > longest ? gap_before(i) : longest;
    }
    arena_stats(a, &s);
    SUITE_MUST(s.used == used * opt->chunk_size);
    SUITE_MUST(s.blocks == lives);
    SUITE_MUST(s.largest_free == longest * opt->chunk_size);
    SUITE_MUST(s.used <= s.high_water);
    SUITE_MUST(arena_check(a) == 0);
}

START_TEST(random_work_agrees_with_the_naive_model)
{
    struct rng r = { 88172645463325252 + (uint64_t)_i };
    size_t n = steps();

    open_config(_i);
    base = arena_alloc(a, 1);
    ck_assert_int_eq(arena_free(a, base), 0);
    for (size_t step = 0; step < n; step++) {
        size_t what = below(&r, 16);

        if (lives == 0 || (what < 8 && lives < LIVE_MAX))
            step_alloc(&r);
        else if (what < 13)
            step_free(below(&r, lives));
        else if (what < 15)
            step_shrink(&r, &live[below(&r, lives)]);
        else
            step_wrong(&r, &live[below(&r, lives)]);
        if (step % (n / 4 + 1) == 0)
            compare_statistics();
    }
    while (lives > 0)
        step_free(below(&r, lives));
    compare_statistics();
}
END_TEST

/* Blocks on their way from the thread that took them to the one that frees. */
static struct block mail[MAILBOXES];
static pthread_mutex_t mail_lock[MAILBOXES];

static size_t nthreads;

/* Puts a block into a box and takes out what was there. */
static struct block
swap(size_t box, struct block b)
{
    struct block got;

    (void)pthread_mutex_lock(&mail_lock[box]);
    got = mail[box];
    mail[box] = b;
    (void)pthread_mutex_unlock(&mail_lock[box]);
    return got;
}

static int64_t now; /* ns, of the thread that tends */

/* One of the threads, the first one, tends while the others go on. */
static void
tend(struct rng *r)
{
    now += (int64_t)below(r, ARENA_IDLE);
    (void)arena_tend(a, now);
}

/* Says what a thread found wrong, or NULL. */
static void *
work(void *arg)
{
    struct rng r = { (uint64_t)(uintptr_t)arg };
    size_t n = steps() / THREADS / nthreads;
    size_t pause = TEND + ((opt->chunk_size * opt->chunk_count) >> TEND_SHIFT);

    pause = pause < n ? pause : n;
    for (size_t step = 0; step < n; step++) {
        struct block b = { .chunks = random_chunks(&r, opt->chunk_count / 8 + 1) };

        if ((uintptr_t)arg == 1 && step % pause == pause - 1)
            tend(&r);
        b.at = arena_alloc(a, b.chunks * opt->chunk_size);
        if (b.at != NULL)
            mark(&b, (unsigned char)below(&r, 256));
        b = swap(below(&r, MAILBOXES), b);
        if (b.at == NULL)
            continue;
        if (!is_marked(&b))
            return "a block was written by someone else";
        if (below(&r, 4) == 0 && arena_shrink(a, b.at, 1) != 0)
            return "a block was not shrunk";
        if (arena_free(a, b.at + 1) != -EINVAL)
            return "an interior free was not refused";
        if (arena_free(a, b.at) != 0)
            return "a block was not freed";
        if (step % (n / 4 + 1) == 0 && arena_check(a) != 0)
            return "the books are wrong";
    }
    return NULL;
}

static void
run_threads(void *(*fn)(void *), size_t n)
{
    pthread_t threads[THREADS];
    void *wrong;

    nthreads = n;
    for (size_t i = 0; i < nthreads; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, fn, (void *)(i + 1)), 0);
    for (size_t i = 0; i < nthreads; i++) {
        ck_assert_int_eq(pthread_join(threads[i], &wrong), 0);
        ck_assert_msg(wrong == NULL, "%s", (const char *)wrong);
    }
}

START_TEST(threads_share_an_arena_and_free_each_others_blocks)
{
    struct arena_stats s;

    open_config(_i / THREADS);
    for (size_t i = 0; i < MAILBOXES; i++)
        ck_assert_int_eq(pthread_mutex_init(&mail_lock[i], NULL), 0);
    run_threads(work, 1 + (size_t)_i % THREADS);
    for (size_t i = 0; i < MAILBOXES; i++)
        ck_assert_int_eq(arena_free(a, mail[i].at), 0);
    (void)arena_tend(a, now + ARENA_IDLE);
    (void)arena_tend(a, now + 2 * ARENA_IDLE);
    arena_stats(a, &s);
    ck_assert_uint_eq(s.damaged, 0);
    ck_assert_uint_eq(s.used, 0);
    ck_assert_uint_eq(s.blocks, 0);
    ck_assert_uint_eq(s.largest_free, opt->chunk_count * opt->chunk_size);
    ck_assert_int_eq(arena_check(a), 0);
}
END_TEST

enum {
    ROUNDS = 500,
};

static unsigned char *contested[ROUNDS];
static unsigned freed[ROUNDS];
static pthread_barrier_t start;

static void *
free_contested(void *arg)
{
    (void)arg;
    for (size_t i = 0; i < ROUNDS; i++) {
        int rc;

        (void)pthread_barrier_wait(&start);
        rc = arena_free(a, contested[i]);
        if (rc != 0 && rc != -EALREADY)
            return "a double free was called something else";
        if (rc == 0)
            (void)__atomic_add_fetch(&freed[i], 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

START_TEST(of_many_frees_at_once_one_is_right)
{
    open_config(5);
    for (size_t i = 0; i < ROUNDS; i++) {
        contested[i] = arena_alloc(a, 4 * opt->chunk_size);
        ck_assert_ptr_nonnull(contested[i]);
        memset(contested[i], 1, 4 * opt->chunk_size);
    }
    ck_assert_int_eq(pthread_barrier_init(&start, NULL, THREADS), 0);
    run_threads(free_contested, THREADS);
    for (size_t i = 0; i < ROUNDS; i++)
        ck_assert_uint_eq(freed[i], 1);
    ck_assert_int_eq(arena_check(a), 0);
}
END_TEST

static TCase *
add_case(Suite *s, const char *name, int from, int models, int to)
{
    TCase *tc = tcase_create(name);

    tcase_set_timeout(tc, 600);
    tcase_add_checked_fixture(tc, NULL, teardown);
    tcase_add_loop_test(tc, random_work_agrees_with_the_naive_model, from, models);
    tcase_add_loop_test(
        tc, threads_share_an_arena_and_free_each_others_blocks, THREADS * from, THREADS * to);
    suite_add_tcase(s, tc);
    return tc;
}

Suite *
suite(void)
{
    Suite *s = suite_create("arena at random");
    TCase *tc = add_case(s, "random", 0, HARDENED, LARGEST);

    tcase_add_test(tc, of_many_frees_at_once_one_is_right);
    tc = add_case(s, "random in the largest", LARGEST, CONFIGS, CONFIGS);
    tcase_set_tags(tc, SUITE_NATIVE);
    return s;
}
