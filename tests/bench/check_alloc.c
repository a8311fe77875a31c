/* tests/bench/check_alloc.c -- every contender of bench/alloc keeps what an allocator promises,
 * against a naive model. */
#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "bench/alloc/contender.h"
#include "bench/alloc/contenders/classes.h"
#include "tests/suite.h"

enum {
    KIB = 1024,
    BLOCKS = 400,
    STEPS = 4000,
    LARGEST = 256 * KIB,
    BYTES = 64 * KIB * KIB,
    THREADS = 4,
    SHELVES = 64,
    SHELF_STEPS = 4000,
};

static const struct contender_config config = {
    .block = LARGEST, .bytes = BYTES, .chunk = CONTENDER_CHUNK, .scopes = 4
};

/* Those that free single blocks and are not a library's. */
static const struct contender *const singles[] = {
    &contender_arena,
    &contender_bins,
    &contender_cmon2,
    &contender_firstfit,
    &contender_span,
};

static const struct contender *const scoped[] = {
    &contender_arena,
    &contender_bins,
    &contender_region,
    &contender_cmon2,
    &contender_bump,
};

enum {
    SINGLES = sizeof singles / sizeof singles[0],
    SCOPED = sizeof scoped / sizeof scoped[0],
};

/* The model: where blocks are, how long, and what every byte of them is. */
struct block {
    unsigned char *p;
    size_t n;
    unsigned char fill;
};

static struct block blocks[BLOCKS];
static uint64_t seed;

static uint64_t
next(void)
{
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    return seed >> 33;
}

/* Every doubling as likely as another, so that small ones are met as well. */
static size_t
any_size(size_t most)
{
    return (size_t)next() % (most >> next() % 15) + 1;
}

static void
start(const struct contender *c)
{
    seed = 1;
    ck_assert(c->open(&config));
    if (c->thread_begin != NULL)
        c->thread_begin(0);
}

static void
finish(const struct contender *c)
{
    if (c->thread_end != NULL)
        c->thread_end();
    if (c->check != NULL)
        ck_assert(c->check());
    c->close();
}

static void
check_content(const struct block *b, size_t n)
{
    ck_assert_uint_eq(b->p[0], b->fill);
    ck_assert_int_eq(memcmp(b->p, b->p + 1, n - 1), 0); /* each like the one before */
}

/* CMon's header moves a block by two bytes; nobody else's may be less aligned
 * than malloc's. */
static void
check_place(const struct contender *c, const struct block *of)
{
    bool apart = true; /* an assertion for each would take longer than all the rest */

    ck_assert_ptr_nonnull(of->p);
    ck_assert_uint_eq((uintptr_t)of->p % (c == &contender_cmon2 ? 2 : 16), 0);
    for (size_t i = 0; i < BLOCKS; i++) {
        const struct block *b = &blocks[i];

        if (b != of && b->p != NULL)
            apart = apart && (of->p + of->n <= b->p || b->p + b->n <= of->p);
    }
    ck_assert(apart);
}

static void
begin(const struct contender *c, struct block *b)
{
    b->n = any_size(LARGEST);
    b->p = c->alloc(0, b->n);
    check_place(c, b);
    b->fill = (unsigned char)next();
    memset(b->p, b->fill, b->n);
}

static void
end(const struct contender *c, struct block *b)
{
    check_content(b, b->n);
    c->free(b->p, b->n);
    b->p = NULL;
}

static void
grow(const struct contender *c, struct block *b)
{
    size_t n = b->n + any_size(LARGEST - b->n + 1);
    size_t old = b->n;
    uint64_t copied = 0;
    unsigned char *was = b->p;

    if (n > LARGEST)
        return;
    b->p = c->grow(0, b->p, old, n, &copied);
    b->n = n;
    check_place(c, b);
    check_content(b, old);
    ck_assert_uint_eq(copied, b->p == was ? 0 : old);
    memset(b->p, b->fill, n);
}

START_TEST(live_blocks_never_overlap_and_keep_their_content)
{
    const struct contender *c = singles[_i];

    start(c);
    memset(blocks, 0, sizeof blocks);
    for (unsigned i = 0; i < STEPS; i++) {
        struct block *b = &blocks[next() % BLOCKS];

        if (b->p == NULL)
            begin(c, b);
        else if (next() % 8 == 0)
            grow(c, b);
        else
            end(c, b);
    }
    for (unsigned i = 0; i < BLOCKS; i++) {
        if (blocks[i].p != NULL)
            end(c, &blocks[i]);
    }
    if (c->trim != NULL)
        c->trim();
    finish(c);
}
END_TEST

/* As many blocks of a quarter of the whole as at the beginning. */
START_TEST(what_was_given_back_is_one_piece_again)
{
    const struct contender *c = singles[_i];
    const size_t large = c == &contender_cmon2 ? LARGEST : BYTES / 4;
    void *p[BYTES / KIB];
    size_t n = 0, fit = 0;

    start(c);
    if (c == &contender_firstfit)
        goto out; /* sbrk has no end that can be reached here */
    while (n < BYTES / KIB && (p[n] = c->alloc(0, n % 3 == 0 ? 100 : 3000)) != NULL)
        n++;
    ck_assert_uint_gt(n, 100);
    for (size_t i = 0; i < n; i += 2)
        c->free(p[i], 1);
    for (size_t i = 1; i < n; i += 2)
        c->free(p[i], 1);
    if (c->thread_end != NULL) {
        c->thread_end();
        c->thread_begin(0);
    }
    while (fit < BYTES / LARGEST && (p[fit] = c->alloc(0, large)) != NULL)
        fit++;
    ck_assert_uint_ge(fit, c == &contender_cmon2 ? BYTES / LARGEST / 2 : 4);
    while (fit > 0)
        c->free(p[--fit], 0);
out:
    finish(c);
}
END_TEST

START_TEST(the_end_of_a_scope_is_the_end_of_its_small_things_alone)
{
    const struct contender *c = scoped[_i];
    unsigned char *other, *one = NULL;

    start(c);
    other = c->small(1, 100);
    ck_assert_ptr_nonnull(other);
    memset(other, 7, 100);
    for (unsigned round = 0; round < 1000; round++) {
        for (unsigned i = 0; i < 20; i++) {
            one = c->small(0, 200);
            if (one == NULL || (uintptr_t)one % 16 != 0)
                ck_abort_msg("a small thing is at %p", (void *)one);
            memset(one, 1, 200);
        }
        c->reset(0);
    }
    for (unsigned i = 0; i < 100; i++)
        ck_assert_uint_eq(other[i], 7);
    c->reset(1);
    finish(c);
}
END_TEST

/* Shelves on which threads leave blocks for each other. */
static _Atomic(unsigned char *) shelves[SHELVES];
static const struct contender *subject;
static atomic_uint wrong;

static void *
exchange(void *arg)
{
    unsigned index = (unsigned)(uintptr_t)arg;
    uint64_t random = index + 1;

    if (subject->thread_begin != NULL)
        subject->thread_begin(index + 1);
    for (unsigned i = 0; i < SHELF_STEPS; i++) {
        size_t n;
        unsigned char *p, *q;

        random = random * 6364136223846793005U + 1442695040888963407U;
        n = (random >> 40) % 8 == 0 ? 100 * KIB : (size_t)(random >> 33) % (4 * KIB) + 16;
        p = subject->alloc(0, n);
        if (p == NULL) {
            wrong++;
            continue;
        }
        p[0] = p[n - 1] = (unsigned char)n;
        memcpy(p + 1, &n, sizeof n);
        q = atomic_exchange(&shelves[(random >> 50) % SHELVES], p);
        if (q == NULL)
            continue;
        memcpy(&n, q + 1, sizeof n);
        wrong += q[0] != (unsigned char)n || q[n - 1] != (unsigned char)n;
        subject->free(q, n);
    }
    if (subject->thread_end != NULL)
        subject->thread_end();
    return NULL;
}

START_TEST(a_block_may_be_freed_by_another_thread)
{
    pthread_t threads[THREADS];

    subject = singles[_i];
    start(subject);
    wrong = 0;
    for (uintptr_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, exchange, (void *)i), 0);
    for (unsigned i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    for (unsigned i = 0; i < SHELVES; i++) {
        if (shelves[i] != NULL)
            subject->free(shelves[i], 16);
        shelves[i] = NULL;
    }
    ck_assert_uint_eq(wrong, 0);
    finish(subject);
}
END_TEST

/* Waits with a full cache until it has been emptied by somebody else. */
static pthread_barrier_t cached, done;

static void *
hoard(void *arg)
{
    const struct contender *c = arg;
    void *p[8];

    c->thread_begin(1);
    for (unsigned i = 0; i < 8; i++)
        p[i] = c->alloc(0, 4 * CONTENDER_CHUNK);
    for (unsigned i = 0; i < 8; i++)
        c->free(p[i], 0);
    (void)pthread_barrier_wait(&cached);
    (void)pthread_barrier_wait(&done);
    c->thread_end();
    return NULL;
}

START_TEST(bins_are_flushed_before_memory_is_said_to_be_out)
{
    const struct contender *c = &contender_bins;
    pthread_t other;
    void *p;

    start(c);
    ck_assert_int_eq(pthread_barrier_init(&cached, NULL, 2), 0);
    ck_assert_int_eq(pthread_barrier_init(&done, NULL, 2), 0);
    ck_assert_int_eq(pthread_create(&other, NULL, hoard, (void *)(uintptr_t)c), 0);
    (void)pthread_barrier_wait(&cached);
    p = c->alloc(0, BYTES); /* all there is, what the other one has in its bins too */
    ck_assert_ptr_nonnull(p);
    ck_assert_ptr_null(c->alloc(0, 16));
    c->free(p, 0);
    (void)pthread_barrier_wait(&done);
    ck_assert_int_eq(pthread_join(other, NULL), 0);
    finish(c);
}
END_TEST

START_TEST(every_class_holds_what_it_is_for_and_wastes_a_fourth_at_most)
{
    for (size_t n = 0; n <= CLASSES_LARGEST; n++) {
        unsigned class = classes_of(n);
        size_t size = class < CLASSES_MAX ? classes_size(class) : 0;

        if (size < n || (class > 0 && classes_size(class - 1) >= n) ||
            (n > 128 && size - n > n / 4))
            ck_abort_msg("%zu bytes are of class %u", n, class);
    }
    ck_assert_uint_eq(classes_size(CLASSES_MAX - 1), CLASSES_LARGEST);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("alloc");
    TCase *tc = tcase_create("contenders");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, live_blocks_never_overlap_and_keep_their_content, 0, SINGLES);
    tcase_add_loop_test(tc, what_was_given_back_is_one_piece_again, 0, SINGLES);
    tcase_add_loop_test(tc, the_end_of_a_scope_is_the_end_of_its_small_things_alone, 0, SCOPED);
    tcase_add_loop_test(tc, a_block_may_be_freed_by_another_thread, 0, SINGLES);
    tcase_add_test(tc, bins_are_flushed_before_memory_is_said_to_be_out);
    tcase_add_test(tc, every_class_holds_what_it_is_for_and_wastes_a_fourth_at_most);
    suite_add_tcase(s, tc);
    return s;
}
