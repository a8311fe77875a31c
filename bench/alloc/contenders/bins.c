/* bench/alloc/contenders/bins.c -- our heap with bins: runs of chunks in a cache for each thread.
 *
 * The shape of tcmalloc and of Go's allocator.  A thread's cache has for each
 * size a few blocks and needs no lock for them; what is too much for it goes to
 * a central list, which other threads take from; what is too much for that goes
 * back to the heap.  Small sizes are carved from a chunk (carve.c).  The kind of
 * a chunk stands in a table beside the heap, so blocks have no headers, and
 * blocks that nobody wrote to are not touched.
 *
 * A cache is its thread's alone, but before an allocation fails all caches are
 * emptied: busy and stop keep both apart without a locked instruction, by
 * membarrier(2) on the side that is rare.  Caches and lists lose half of what
 * was not asked for since they last looked, so an idle block does not keep its
 * neighbours from joining for good.
 */
#include "config.h"

#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arena/arena.h"
#include "bench/alloc/contender.h"
#include "bench/alloc/contenders/carve.h"
#include "bench/alloc/contenders/classes.h"
#include "bench/alloc/contenders/scopes.h"
#include "bench/alloc/contenders/tended.h"

enum {
    RUN_MAX = 16, /* chunks; longer blocks are the heap's own affair */
    BINS = CLASSES_MAX + RUN_MAX,
    CACHE_MAX = 64, /* blocks of a size in a cache */
    CENTRAL_MAX = 128,
    CACHE_CHUNKS = 64, /* chunks that a thread may keep in blocks of a size */
    AGE = 4096,        /* frees between two looks at what was not needed */
    THREADS_MAX = 64,
};

/* Out of the way of what a thread mostly does: called at its end, so that nothing has to be
 * kept for afterwards. */
#define SELDOM __attribute__((noinline, cold))

/* What a chunk is: 0 for a block of the heap's, else its bin and one. */
typedef atomic_uchar kind;

struct bin {
    unsigned n, low; /* blocks now, and the least since the last look */
    unsigned most;   /* blocks there may be */
    void *blocks[CACHE_MAX];
};

struct cache {
    atomic_bool busy;
    bool live;
    unsigned left; /* frees up to and with the next look; 1 or more */
    struct bin bins[BINS];
};

struct central {
    pthread_mutex_t lock;
    unsigned n, low, visits;
    void *blocks[CENTRAL_MAX];
};

static struct arena *heap;
static unsigned char *base; /* the first chunk */
static size_t chunk, chunks;
static unsigned shift;
static size_t small_max; /* bytes, what is carved */
static kind *kinds;
static struct cache *caches;
static struct central centrals[RUN_MAX];
static _Thread_local struct cache *mine;
static atomic_bool stop;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void
close_all(void)
{
    carve_close();
    arena_close(heap);
    heap = NULL;
    scopes_close();
    contender_unmap(caches, THREADS_MAX * sizeof *caches);
    contender_unmap(kinds, chunks * sizeof *kinds);
    caches = NULL;
    kinds = NULL;
}

static bool
open_all(const struct contender_config *config)
{
    /* Without it no thread could be kept out of its own cache. */
    if (syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) < 0)
        return false;
    heap = tended_open(config);
    if (heap == NULL)
        return false;
    chunk = config->chunk;
    chunks = config->bytes / chunk;
    shift = (unsigned)__builtin_ctzll(chunk);
    small_max = chunk / 2 < CLASSES_LARGEST ? chunk / 2 : CLASSES_LARGEST;
    base = arena_alloc(heap, 1); /* who never waited for a part takes the lowest address */
    (void)arena_free_written(heap, base, 0);
    for (unsigned i = 0; i < RUN_MAX; i++)
        centrals[i] = (struct central){ .lock = PTHREAD_MUTEX_INITIALIZER };
    caches = contender_map(THREADS_MAX * sizeof *caches);
    kinds = contender_map(chunks * sizeof *kinds);
    if (base != NULL && caches != NULL && kinds != NULL && carve_open(heap, base, chunk, chunks) &&
        scopes_open(config->scopes))
        return true;
    close_all();
    return false;
}

static size_t
index_of(const void *p)
{
    return (size_t)((const unsigned char *)p - base) >> shift;
}

/* Of a carved chunk several threads may write and read the same kind at once. */
static unsigned
kind_of(const void *p)
{
    return atomic_load_explicit(&kinds[index_of(p)], memory_order_relaxed);
}

static void
set_kind(const void *p, unsigned k)
{
    atomic_store_explicit(&kinds[index_of(p)], (unsigned char)k, memory_order_relaxed);
}

static struct central *
central_of(unsigned bin)
{
    return &centrals[bin - CLASSES_MAX];
}

static inline bool
try_enter(struct cache *c)
{
    atomic_store_explicit(&c->busy, true, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst); /* membarrier(2) does the rest */
    return !atomic_load_explicit(&stop, memory_order_acquire);
}

static inline void
leave(struct cache *c)
{
    atomic_store_explicit(&c->busy, false, memory_order_release);
}

static SELDOM void
enter_later(struct cache *c)
{
    do {
        leave(c);
        (void)pthread_mutex_lock(&gate); /* until whoever stopped us is through */
        (void)pthread_mutex_unlock(&gate);
    } while (!try_enter(c));
}

static inline void
enter(struct cache *c)
{
    if (!try_enter(c))
        enter_later(c);
}

/* A block that leaves the bins; nobody knows how much of it was written. */
static void
to_heap(void *p)
{
    set_kind(p, 0);
    (void)arena_free(heap, p);
}

/* Takes what fits into the central list, and gives the rest to the heap; now
 * and then also half of what nobody took. */
static void
to_central(unsigned bin, void **blocks, unsigned n)
{
    struct central *c = central_of(bin);
    unsigned old = 0;
    void *idle[CENTRAL_MAX / 2];

    (void)pthread_mutex_lock(&c->lock);
    while (n > 0 && c->n < CENTRAL_MAX)
        c->blocks[c->n++] = blocks[--n];
    if (++c->visits % CACHE_MAX == 0) {
        for (unsigned i = c->low / 2; i > 0; i--)
            idle[old++] = c->blocks[--c->n];
        c->low = c->n;
    }
    (void)pthread_mutex_unlock(&c->lock);
    while (n > 0)
        to_heap(blocks[--n]);
    while (old > 0)
        to_heap(idle[--old]);
}

/* Gives `n` blocks of a bin back, the oldest first. */
static void
shed(struct bin *b, unsigned bin, unsigned n)
{
    if (n == 0)
        return;
    if (bin < CLASSES_MAX)
        carve_give(bin, b->blocks, n);
    else
        to_central(bin, b->blocks, n);
    b->n -= n;
    for (unsigned i = 0; i < b->n; i++)
        b->blocks[i] = b->blocks[i + n];
    if (b->low > b->n)
        b->low = b->n;
}

static void
empty_cache(struct cache *c)
{
    for (unsigned i = 0; i < BINS; i++)
        shed(&c->bins[i], i, c->bins[i].n);
}

static void
empty_centrals(void)
{
    for (unsigned i = 0; i < RUN_MAX; i++) {
        struct central *c = &centrals[i];

        (void)pthread_mutex_lock(&c->lock);
        while (c->n > 0)
            to_heap(c->blocks[--c->n]);
        c->low = 0;
        (void)pthread_mutex_unlock(&c->lock);
    }
}

/* Empties every cache and list; the caller is in none. */
static void
flush(void)
{
    (void)pthread_mutex_lock(&gate);
    atomic_store(&stop, true);
    (void)syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0); /* registered */
    for (unsigned i = 0; i < THREADS_MAX; i++) {
        while (atomic_load_explicit(&caches[i].busy, memory_order_acquire))
            (void)sched_yield();
        if (caches[i].live)
            empty_cache(&caches[i]);
    }
    empty_centrals();
    atomic_store(&stop, false);
    (void)pthread_mutex_unlock(&gate);
}

static void
thread_begin(unsigned index)
{
    mine = &caches[index % THREADS_MAX];
    mine->left = AGE;
    for (unsigned i = 0; i < BINS; i++)
        mine->bins[i].most = i < CLASSES_MAX ? CACHE_MAX : CACHE_CHUNKS / (i - CLASSES_MAX + 1U);
    mine->live = true;
}

static void
thread_end(void)
{
    enter(mine);
    empty_cache(mine);
    leave(mine);
    mine = NULL;
}

/* Fills an empty bin from what stands behind it, half way. */
static SELDOM void
refill(struct bin *b, unsigned bin)
{
    unsigned want = (b->most + 1) / 2;
    struct central *c;

    if (bin < CLASSES_MAX) {
        b->n = carve_take(bin, b->blocks, want);
        for (unsigned i = 0; i < b->n; i++)
            set_kind(b->blocks[i], bin + 1);
        return;
    }
    c = central_of(bin);
    (void)pthread_mutex_lock(&c->lock);
    while (b->n < want && c->n > 0)
        b->blocks[b->n++] = c->blocks[--c->n];
    if (c->low > c->n)
        c->low = c->n;
    (void)pthread_mutex_unlock(&c->lock);
    if (b->n > 0)
        return;
    b->blocks[0] = arena_alloc(heap, (size_t)(bin - CLASSES_MAX + 1) << shift);
    if (b->blocks[0] == NULL)
        return;
    set_kind(b->blocks[0], bin + 1);
    b->n = 1;
}

/* What no bin is for. */
static void *
take_long(size_t n)
{
    void *p = arena_alloc(heap, n);

    if (p != NULL)
        set_kind(p, 0); /* it may have been a carved chunk */
    return p;
}

/* The bin of blocks of `n` bytes; BINS: there is none. */
static inline unsigned
bin_of(size_t n)
{
    if (n <= small_max)
        return classes_of(n);
    return (n - 1) >> shift < RUN_MAX ? CLASSES_MAX + (unsigned)((n - 1) >> shift) : BINS;
}

/* From a bin that has one. */
static inline void *
pop(struct bin *b)
{
    unsigned n = b->n - 1;

    b->n = n;
    if (b->low > n)
        b->low = n;
    return b->blocks[n];
}

static void *
take_once(size_t n)
{
    unsigned bin = bin_of(n);
    struct cache *c = mine;
    void *p = NULL;

    if (bin == BINS)
        return take_long(n);
    enter(c);
    if (c->bins[bin].n == 0)
        refill(&c->bins[bin], bin);
    if (c->bins[bin].n > 0)
        p = pop(&c->bins[bin]);
    leave(c);
    return p;
}

static SELDOM void *
take_slowly(size_t n)
{
    void *p = take_once(n);

    if (p == NULL) {
        flush();
        p = take_once(n);
    }
    return p;
}

static void *
take(size_t scope, size_t n)
{
    unsigned bin = bin_of(n);
    struct cache *c = mine;
    struct bin *b;
    void *p;

    (void)scope;
    if (bin == BINS)
        return take_slowly(n);
    b = &c->bins[bin];
    if (!try_enter(c) || b->n == 0) {
        leave(c);
        return take_slowly(n);
    }
    p = pop(b);
    leave(c);
    return p;
}

/* Makes room in a full bin; now and then gives back half of what no one took
 * since the last look. */
static void
tidy(struct cache *c, unsigned bin)
{
    struct bin *b = &c->bins[bin];

    if (b->n == b->most)
        shed(b, bin, (b->n + 1) / 2);
    if (c->left > 1)
        return;
    c->left = AGE;
    for (unsigned i = 0; i < BINS; i++) {
        shed(&c->bins[i], i, c->bins[i].low / 2);
        c->bins[i].low = c->bins[i].n;
    }
}

static inline void
push(struct cache *c, struct bin *b, void *p)
{
    unsigned n = b->n;

    c->left--;
    b->n = n + 1;
    b->blocks[n] = p;
}

static SELDOM void
give_slowly(void *p, size_t written)
{
    struct cache *c = mine;
    unsigned bin;

    if (p == NULL)
        return;
    bin = kind_of(p);
    if (bin-- == 0) {
        (void)arena_free_written(heap, p, written);
        return;
    }
    enter(c);
    if (c->left == 1 || c->bins[bin].n == c->bins[bin].most)
        tidy(c, bin);
    push(c, &c->bins[bin], p);
    leave(c);
}

static void
give(void *p, size_t written)
{
    unsigned bin = p != NULL ? kind_of(p) : 0;
    struct cache *c = mine;
    struct bin *b;

    if (bin == 0) {
        give_slowly(p, written);
        return;
    }
    b = &c->bins[bin - 1];
    if (!try_enter(c) || c->left == 1 || b->n == b->most) {
        leave(c);
        give_slowly(p, written);
        return;
    }
    push(c, b, p);
    leave(c);
}

static size_t
size_of(void *p)
{
    unsigned bin = kind_of(p);

    if (bin == 0)
        return arena_block_size(heap, p);
    return bin <= CLASSES_MAX ? classes_size(bin - 1) : (size_t)(bin - CLASSES_MAX) << shift;
}

static void *
grow(size_t scope, void *p, size_t used, size_t n, uint64_t *copied)
{
    return size_of(p) >= n ? p : contender_move(&contender_bins, scope, p, used, n, copied);
}

static void
trim(void)
{
    flush();
    tended_trim(heap);
}

static bool
check(void)
{
    return tended_check(heap);
}

const struct contender contender_bins = {
    .name = "bins",
    .what = "the arena's heap with bins of runs for each thread",
    .single = true,
    .in_place = true,
    .own = true,
    .version = tended_version,
    .open = open_all,
    .close = close_all,
    .thread_begin = thread_begin,
    .thread_end = thread_end,
    .alloc = take,
    .free = give,
    .grow = grow,
    .small = scopes_small,
    .reset = scopes_reset,
    .trim = trim,
    .check = check,
};
