/* arena/arena.c -- a heap of chunks; contracts are in arena.h.
 *
 * Two mappings: the chunks, between two pages without access, and the books
 * (struct arena and the tables of runs.c and warm.c), in which a zero means
 * "nothing here", so that a page of them is touched when a block first needs it.
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "arena/arena.h"
#include "arena/pages.h"
#include "arena/runs.h"
#include "arena/warm.h"

enum {
    LINE = 64,          /* bytes in a cache line */
    PIECE = 256 * 1024, /* bytes whose pages go back while others wait for the lock, about */
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
    size_t retain;       /* chunks */
    size_t warm_max;     /* chunks */
    struct runs runs;
    struct warm warm;
    size_t high;         /* chunks, the most that were ever in blocks */
    size_t top;          /* chunks from base on that were ever handed out */
    unsigned long taken; /* allocations that were not refused */
    unsigned long failed;
    unsigned long refused;
    /* arena_tend()'s own. */
    unsigned long seen; /* `taken`, at the last look */
    int64_t used_at;    /* ns, the last look that found it grown */
    int64_t above_at;   /* ns, the look since which more than warm_max is warm; or never */
};

static size_t
round_up(size_t n, size_t power)
{
    return (n + power - 1) & ~(power - 1);
}

/* Says how many chunks may stay warm. */
static void
set_marks(struct arena *a, const struct arena_options *opt)
{
    size_t most = opt->warm_max > opt->retain ? opt->warm_max : opt->retain;

    a->retain = opt->prefault ? SIZE_MAX : opt->retain >> a->shift;
    a->warm_max = opt->prefault ? SIZE_MAX : most >> a->shift;
    a->above_at = ARENA_NEVER;
}

/* Lays the books out in fresh zero bytes and adds the chunks. */
static int
open_with(const struct arena_options *opt, size_t count, struct arena **ret_arena)
{
    size_t page = pages_size();
    size_t runs_at = round_up(sizeof(struct arena), LINE);
    size_t warm_at = round_up(runs_at + runs_bytes(count), LINE);
    size_t books = round_up(warm_at + warm_bytes(count), page);
    size_t bytes;
    struct arena *a;

    if (__builtin_mul_overflow(count, opt->chunk_size, &bytes) || bytes > SIZE_MAX / 2)
        return -ENOMEM;
    bytes = round_up(bytes, page);
    a = pages_map(books);
    if (a == NULL)
        return -ENOMEM;
    a->chunk = opt->chunk_size;
    a->shift = (unsigned)__builtin_ctzll(opt->chunk_size);
    a->page = page;
    a->books = books;
    a->reserved = bytes;
    set_marks(a, opt);
    runs_init(&a->runs, count, (unsigned char *)a + runs_at);
    warm_init(
        &a->warm, &a->runs, page > a->chunk ? page / a->chunk : 1, (unsigned char *)a + warm_at);
    a->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    a->base = pages_map_guarded(bytes);
    if (a->base == NULL)
        goto undo;
    if (opt->prefault) {
        if (pages_populate(a, books) < 0 || pages_populate(a->base, bytes) < 0)
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
        pages_unmap_guarded(a->base, a->reserved);
    pages_unmap(a, a->books);
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
    a->taken++;
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

/* Ends a leaving block. */
static void
give(struct arena *a, size_t first, size_t written)
{
    size_t n = runs_length(&a->runs, first);
    size_t used = written >> a->shift < n ? chunks_of(a, written) : n;

    if (written > 0)
        warm_note(&a->warm, first, used);
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

/* Gives pages of `n` chunks back, piece by piece, so that nobody waits long. */
static void
cool(struct arena *a, size_t n, bool lazy)
{
    size_t piece = (size_t)PIECE >> a->shift;
    size_t first = a->runs.count;
    size_t left = n;

    while (left > 0) {
        size_t found, cooled = 0;

        enter(a);
        found = warm_find(&a->warm, first, left < piece ? left : piece, &first);
        if (found > 0) {
            pages_give(a->base + (first << a->shift), round_up(found << a->shift, a->page), lazy);
            cooled = lazy ? found : warm_clear(&a->warm, first, found);
        }
        leave(a);
        if (found == 0)
            return;
        left -= cooled < left ? cooled : left;
    }
}

/* Tells what there is to tend. */
static size_t
look(struct arena *a, int64_t now, bool *ret_live)
{
    size_t warm;

    enter(a);
    warm = warm_free(&a->warm);
    *ret_live = a->runs.used > 0;
    if (a->taken != a->seen)
        a->used_at = now;
    a->seen = a->taken;
    leave(a);
    if (warm <= a->warm_max)
        a->above_at = ARENA_NEVER;
    else if (a->above_at == ARENA_NEVER)
        a->above_at = now;
    return warm;
}

int64_t
arena_tend(struct arena *a, int64_t now)
{
    bool live;
    size_t warm;

    if (a->retain >= a->runs.count)
        return ARENA_NEVER;
    warm = look(a, now, &live);
    if (warm > a->retain && now - a->used_at >= ARENA_IDLE) {
        cool(a, warm - a->retain, false);
        warm = a->retain;
    }
    if (warm <= a->retain)
        return live ? now + ARENA_IDLE : ARENA_NEVER;
    if (warm <= a->warm_max)
        return a->used_at + ARENA_IDLE;
    if (now - a->above_at >= ARENA_PATIENCE) {
        cool(a, warm - a->warm_max, true);
        a->above_at = now;
    }
    return a->above_at + ARENA_PATIENCE;
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
        .warm = warm_free(&a->warm) << a->shift,
        .failed = a->failed,
        .refused = a->refused,
    };
    touched = round_up(a->top << a->shift, a->page);
    leave(a);
    ret_stats->resident = pages_resident(a->base, touched);
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
