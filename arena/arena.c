/* arena/arena.c -- a heap of chunks; contracts are in arena.h.
 *
 * Two mappings: the chunks, between two pages without access, and the books
 * (struct arena and runs.c's tables), in which a zero means "nothing here", so
 * that a page of them is touched when a block first needs it.
 *
 * A freed block is a leaving one until its pages have gone back, which happens
 * without the lock; only then its chunks are free for others.
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arena/arena.h"
#include "arena/runs.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14, glibc 2.35 */
#endif

enum {
    LINE = 64,     /* bytes in a cache line */
    WINDOW = 4096, /* pages that one mincore(2) looks at */
};

_Static_assert((int)ARENA_CHUNKS_MAX <= (int)RUNS_MAX, "the map must hold every chunk");

struct arena {
    pthread_mutex_t lock;
    unsigned char *base; /* the first chunk */
    size_t chunk;        /* bytes, a power of two */
    unsigned shift;      /* its logarithm */
    size_t page;         /* bytes */
    size_t reserved;     /* bytes from base on, whole pages */
    size_t books;        /* bytes of this mapping */
    size_t retain;       /* bytes from base on whose pages stay, whole pages */
    struct runs runs;
    size_t high; /* chunks, the most that were ever in blocks */
    size_t top;  /* chunks from base on that were ever handed out */
    unsigned long failed;
    unsigned long refused;
};

static size_t
round_up(size_t n, size_t power)
{
    return (n + power - 1) & ~(power - 1);
}

static void *
map(size_t bytes)
{
    void *p = mmap(
        NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return p == MAP_FAILED ? NULL : p;
}

/* A block overrun meets a fault and not whatever the kernel put next to us. */
static unsigned char *
map_guarded(size_t bytes, size_t page)
{
    unsigned char *p = map(bytes + 2 * page);

    if (p == NULL)
        return NULL;
    if (mprotect(p, page, PROT_NONE) < 0 || mprotect(p + page + bytes, page, PROT_NONE) < 0) {
        (void)munmap(p, bytes + 2 * page); /* it is ours and whole: cannot fail */
        return NULL;
    }
    /* A core of the reservation would be large and could hold secrets.  A
     * kernel that does not know the advice only dumps more. */
    (void)madvise(p + page, bytes, MADV_DONTDUMP);
    return p + page;
}

static void
unmap_guarded(unsigned char *p, size_t bytes, size_t page)
{
    (void)munmap(p - page, bytes + 2 * page); /* it is ours and whole: cannot fail */
}

static int
populate(void *p, size_t bytes, size_t page)
{
    volatile unsigned char *byte = p;

    if (madvise(p, bytes, MADV_POPULATE_WRITE) == 0)
        return 0;
    if (errno != EINVAL)
        return -errno;
    for (size_t i = 0; i < bytes; i += page) /* Linux before 5.14 */
        byte[i] = byte[i];
    return 0;
}

/* Lays the books out in fresh zero bytes and adds the chunks. */
static int
open_with(const struct arena_options *opt, size_t count, struct arena **ret_arena)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t runs_at = round_up(sizeof(struct arena), LINE);
    size_t books = round_up(runs_at + runs_bytes(count), page);
    size_t bytes;
    struct arena *a;

    if (__builtin_mul_overflow(count, opt->chunk_size, &bytes) || bytes > SIZE_MAX / 2)
        return -ENOMEM;
    bytes = round_up(bytes, page);
    a = map(books);
    if (a == NULL)
        return -ENOMEM;
    a->chunk = opt->chunk_size;
    a->shift = (unsigned)__builtin_ctzll(opt->chunk_size);
    a->page = page;
    a->books = books;
    a->reserved = bytes;
    a->retain = opt->prefault || opt->retain >= bytes ? bytes : round_up(opt->retain, page);
    runs_init(&a->runs, count, (unsigned char *)a + runs_at);
    a->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    a->base = map_guarded(bytes, page);
    if (a->base == NULL)
        goto undo;
    if (opt->prefault) {
        if (populate(a, books, page) < 0 || populate(a->base, bytes, page) < 0)
            goto undo;
        a->top = count;
    }
    *ret_arena = a;
    return 0;

undo:
    arena_close(a);
    return -ENOMEM;
}

int
arena_open(const struct arena_options *opt, struct arena **ret_arena)
{
    size_t chunk = opt->chunk_size;
    int r = -ENOMEM;

    if (chunk < ARENA_CHUNK_MIN || chunk > ARENA_CHUNK_MAX || (chunk & (chunk - 1)) != 0)
        return -EINVAL;
    if (opt->chunk_count < ARENA_CHUNKS_MIN || opt->chunk_count > ARENA_CHUNKS_MAX)
        return -EINVAL;
    for (size_t count = opt->chunk_count; count > 0 && r < 0; count /= 2)
        r = open_with(opt, count, ret_arena);
    return r;
}

void
arena_close(struct arena *a)
{
    if (a == NULL)
        return;
    (void)pthread_mutex_destroy(&a->lock); /* nobody holds it, or the caller broke the contract */
    if (a->base != NULL)
        unmap_guarded(a->base, a->reserved, a->page);
    (void)munmap(a, a->books); /* ours and whole: cannot fail */
}

static void
enter(struct arena *a)
{
    (void)pthread_mutex_lock(&a->lock); /* of a kind that cannot fail */
}

static void
leave(struct arena *a)
{
    (void)pthread_mutex_unlock(&a->lock);
}

/* How many chunks hold `n` bytes. */
static size_t
chunks_of(const struct arena *a, size_t n)
{
    size_t whole = n >> a->shift;

    return n == 0 || (n & (a->chunk - 1)) != 0 ? whole + 1 : whole;
}

void *
arena_alloc(struct arena *a, size_t n)
{
    size_t chunks = chunks_of(a, n);
    size_t first;

    enter(a);
    first = runs_take(&a->runs, chunks);
    if (first == RUNS_NONE) {
        a->failed++;
        leave(a);
        return NULL;
    }
    if (a->runs.used > a->high)
        a->high = a->runs.used;
    if (first + chunks > a->top)
        a->top = first + chunks;
    leave(a);
    return a->base + (first << a->shift);
}

/* Finds the block that begins at an address, or says what is wrong with it. */
static int
find_block(const struct arena *a, const void *block, size_t *ret_first)
{
    size_t at = (uintptr_t)block - (uintptr_t)a->base;
    size_t first = at >> a->shift;

    if ((uintptr_t)block < (uintptr_t)a->base || first >= a->runs.count)
        return -EFAULT;
    if ((at & (a->chunk - 1)) != 0)
        return -EINVAL;
    switch (runs_kind(&a->runs, first)) {
    case RUNS_INSIDE:
        return -EINVAL;
    case RUNS_FREE:
    case RUNS_LEAVING:
        return -EALREADY;
    case RUNS_BLOCK:
        break;
    }
    *ret_first = first;
    return 0;
}

static bool
all_free(const struct arena *a, size_t first, size_t end)
{
    for (size_t i = first; i < end && i < a->runs.count; i++) {
        if (runs_kind(&a->runs, i) != RUNS_FREE)
            return false;
    }
    return true;
}

/* Finds the pages that go back when a block goes: above what is retained, and
 * its alone.  Chunks smaller than a page share one with their neighbours: it
 * goes when the last of them is free. */
static size_t
pages_to_give(const struct arena *a, size_t first, size_t chunks, size_t *ret_begin)
{
    size_t begin = first << a->shift;
    size_t end = (first + chunks) << a->shift;
    size_t low = begin & ~(a->page - 1);
    size_t high = round_up(end, a->page);

    begin = all_free(a, low >> a->shift, first) ? low : round_up(begin, a->page);
    end = all_free(a, first + chunks, high >> a->shift) ? high : end & ~(a->page - 1);
    if (begin < a->retain)
        begin = a->retain;
    *ret_begin = begin;
    return begin < end ? end - begin : 0;
}

/* Ends a leaving block.  Chunks of whole pages are nobody else's until
 * runs_give(), so their pages go back while other threads work. */
static void
give(struct arena *a, size_t first, size_t written)
{
    bool apart = a->chunk >= a->page;
    size_t begin, bytes = 0;

    if (written > ARENA_WARM)
        bytes = pages_to_give(a, first, runs_length(&a->runs, first), &begin);
    if (bytes > 0) {
        if (apart)
            leave(a);
        /* Where it fails (pages locked in memory) they just stay. */
        (void)madvise(a->base + begin, bytes, MADV_DONTNEED);
        if (apart)
            enter(a);
    }
    runs_give(&a->runs, first);
}

int
arena_shrink(struct arena *a, void *block, size_t n)
{
    size_t chunks = chunks_of(a, n);
    size_t first;
    int r;

    enter(a);
    r = find_block(a, block, &first);
    if (r < 0) {
        a->refused++;
    } else if (chunks > runs_length(&a->runs, first)) {
        r = -EINVAL;
    } else if (chunks < runs_length(&a->runs, first)) {
        runs_cut(&a->runs, first, chunks);
        give(a, first + chunks, SIZE_MAX);
    }
    leave(a);
    return r;
}

int
arena_free(struct arena *a, void *block)
{
    return arena_free_written(a, block, SIZE_MAX);
}

int
arena_free_written(struct arena *a, void *block, size_t written)
{
    size_t first;
    int r;

    if (block == NULL)
        return 0;
    enter(a);
    r = find_block(a, block, &first);
    if (r < 0) {
        a->refused++;
    } else {
        runs_retire(&a->runs, first);
        give(a, first, written);
    }
    leave(a);
    return r;
}

size_t
arena_block_size(struct arena *a, const void *block)
{
    size_t first, size = 0;

    enter(a);
    if (find_block(a, block, &first) == 0)
        size = runs_length(&a->runs, first) << a->shift;
    leave(a);
    return size;
}

size_t
arena_chunks(const struct arena *a)
{
    return a->runs.count;
}

/* Pages in memory among the first `bytes` of the reservation. */
static size_t
resident(const struct arena *a, size_t bytes)
{
    unsigned char in[WINDOW];
    size_t pages = 0;

    for (size_t at = 0; at < bytes; at += WINDOW * a->page) {
        size_t n = bytes - at < WINDOW * a->page ? bytes - at : WINDOW * a->page;

        if (mincore(a->base + at, n, in) < 0)
            break;
        for (size_t i = 0; i < n / a->page; i++)
            pages += in[i] & 1;
    }
    return pages * a->page;
}

void
arena_stats(struct arena *a, struct arena_stats *ret_stats)
{
    size_t touched;

    enter(a);
    *ret_stats = (struct arena_stats){
        .chunk_size = a->chunk,
        .chunk_count = a->runs.count,
        .reserved = a->reserved,
        .used = a->runs.used << a->shift,
        .blocks = a->runs.blocks,
        .high_water = a->high << a->shift,
        .largest_free = runs_longest(&a->runs) << a->shift,
        .failed = a->failed,
        .refused = a->refused,
    };
    touched = round_up(a->top << a->shift, a->page);
    leave(a);
    ret_stats->resident = resident(a, touched);
}

int
arena_check(struct arena *a)
{
    bool sound;

    enter(a);
    sound = runs_check(&a->runs) && a->runs.used <= a->high && a->high <= a->top;
    leave(a);
    return sound ? 0 : -EUCLEAN;
}
