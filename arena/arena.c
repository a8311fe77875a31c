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
#include "arena/commit.h"
#include "arena/pages.h"
#include "arena/runs.h"
#include "arena/warm.h"

enum {
    LINE = 64,          /* bytes in a cache line */
    PIECE = 256 * 1024, /* bytes whose pages go back while others wait for the lock, about */
};

_Static_assert((int)ARENA_STEP == (int)COMMIT_STEP, "one step");
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
    bool stepwise; /* only what `commit` says may be written to */
    struct commit commit;
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

/* Where the parts of the books lie, in bytes. */
struct layout {
    size_t runs, warm, commit, all;
};

static struct layout
lay_out(size_t count, size_t bytes)
{
    struct layout at;

    at.runs = round_up(sizeof(struct arena), LINE);
    at.warm = round_up(at.runs + runs_bytes(count), LINE);
    at.commit = round_up(at.warm + warm_bytes(count), LINE);
    at.all = round_up(at.commit + commit_bytes(bytes), pages_size());
    return at;
}

/* Opens the books over fresh zero bytes. */
static void
init_books(struct arena *a, const struct arena_options *opt, size_t count, const struct layout *at)
{
    unsigned char *books = (unsigned char *)a;
    size_t unit = a->stepwise ? ARENA_STEP : a->page; /* bytes that go back together, at least */

    set_marks(a, opt);
    runs_init(&a->runs, count, books + at->runs);
    warm_init(&a->warm, &a->runs, unit > a->chunk ? unit / a->chunk : 1, books + at->warm);
    commit_init(&a->commit, a->base, a->reserved, books + at->commit);
    a->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
}

static int
prefault(struct arena *a)
{
    int r = a->stepwise ? commit_open(&a->commit, 0, a->reserved) : 0;

    if (r == 0)
        r = pages_populate(a, a->books);
    if (r == 0)
        r = pages_populate(a->base, a->reserved);
    a->top = a->runs.count;
    return r;
}

static int
open_with(const struct arena_options *opt, size_t count, bool stepwise, struct arena **ret_arena)
{
    size_t page = pages_size();
    struct layout at;
    size_t bytes;
    struct arena *a;

    if (__builtin_mul_overflow(count, opt->chunk_size, &bytes) || bytes > SIZE_MAX / 2)
        return -ENOMEM;
    bytes = round_up(bytes, page);
    at = lay_out(count, bytes);
    a = pages_map(at.all);
    if (a == NULL)
        return -ENOMEM;
    a->chunk = opt->chunk_size;
    a->shift = (unsigned)__builtin_ctzll(opt->chunk_size);
    a->page = page;
    a->books = at.all;
    a->reserved = bytes;
    a->stepwise = stepwise;
    a->base = pages_map_guarded(bytes, stepwise);
    if (a->base == NULL) {
        pages_unmap(a, a->books);
        return -ENOMEM;
    }
    init_books(a, opt, count, &at);
    if (opt->prefault && prefault(a) < 0) {
        arena_close(a);
        return -ENOMEM;
    }
    *ret_arena = a;
    return 0;
}

int
arena_open(const struct arena_options *opt, struct arena **ret_arena)
{
    bool stepwise = opt->stepwise || pages_counted();
    size_t chunk = opt->chunk_size;
    int r = -ENOMEM;

    if (chunk < ARENA_CHUNK_MIN || chunk > ARENA_CHUNK_MAX || (chunk & (chunk - 1)) != 0)
        return -EINVAL;
    if (opt->chunk_count < ARENA_CHUNKS_MIN || opt->chunk_count > ARENA_CHUNKS_MAX)
        return -EINVAL;
    for (size_t count = opt->chunk_count; count > 0 && r < 0; count /= 2)
        r = open_with(opt, count, stepwise, ret_arena);
    return r;
}

void
arena_close(struct arena *a)
{
    if (a == NULL)
        return;
    (void)pthread_mutex_destroy(&a->lock); /* nobody holds it, or the caller broke the contract */
    commit_done(&a->commit);
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

static void
give_pages(struct arena *a, size_t from, size_t n, bool lazy)
{
    if (a->stepwise && !lazy)
        commit_close(&a->commit, from, n);
    else
        pages_give(a->base + from, n, lazy);
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
            give_pages(a, first << a->shift, round_up(found << a->shift, a->page), lazy);
            cooled = lazy ? found : warm_clear(&a->warm, first, found);
        }
        leave(a);
        if (found == 0)
            return;
        left -= cooled < left ? cooled : left;
    }
}

/* Takes a run of free chunks; RUNS_NONE when there is none. */
static size_t
take(struct arena *a, size_t chunks)
{
    size_t first;

    enter(a);
    first = runs_take(&a->runs, chunks);
    if (first == RUNS_NONE) {
        a->failed++;
        leave(a);
        return RUNS_NONE;
    }
    a->taken++;
    if (a->runs.used > a->high)
        a->high = a->runs.used;
    if (first + chunks > a->top)
        a->top = first + chunks;
    leave(a);
    return first;
}

bool
arena_is_stepwise(const struct arena *a)
{
    return a->stepwise;
}

/* Opens bytes of a block, whose chunks then count as warm once it is free. */
static int
open_bytes(struct arena *a, size_t from, size_t n)
{
    size_t first = from >> a->shift;
    int r = commit_open(&a->commit, from, n);

    if (r < 0) {
        cool(a, SIZE_MAX, false);
        r = commit_open(&a->commit, from, n);
    }
    enter(a);
    warm_note(&a->warm, first, ((from + n - 1) >> a->shift) - first + 1);
    leave(a);
    return r;
}

int
arena_commit(struct arena *a, const void *at, size_t n)
{
    size_t from = (uintptr_t)at - (uintptr_t)a->base;

    if (!a->stepwise || n == 0)
        return 0;
    if ((uintptr_t)at < (uintptr_t)a->base || from >= a->reserved || n > a->reserved - from)
        return -EFAULT;
    return open_bytes(a, from, n);
}

void *
arena_alloc(struct arena *a, size_t n)
{
    size_t chunks = chunks_of(a, n);
    size_t first = take(a, chunks);

    if (first == RUNS_NONE)
        return NULL;
    if (a->stepwise) {
        size_t bytes = chunks << a->shift;

        if (open_bytes(a, first << a->shift, bytes < ARENA_STEP ? bytes : ARENA_STEP) < 0) {
            enter(a);
            runs_retire(&a->runs, first);
            give(a, first, 0);
            a->failed++;
            leave(a);
            return NULL;
        }
    }
    return a->base + (first << a->shift);
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
    ret_stats->committed = a->stepwise ? commit_opened(&a->commit) : a->reserved;
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
