/* arena/arena.c -- a heap of chunks; contracts are in arena.h.
 *
 * Two mappings: the chunks, between two pages without access, and the books
 * (struct arena and the tables of heap.c and commit.c), in which a zero means
 * "nothing here", so that a page of them is touched when a block first needs it.
 */
#include "config.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>

#include "arena/arena.h"
#include "arena/books.h"
#include "arena/pages.h"

enum {
    WAITING = 16 * 1024 * 1024, /* bytes of freed blocks that wait, in a hardened arena */
    PIECE = 256 * 1024, /* bytes whose pages go back while others wait for the lock, about */
};

_Static_assert((int)ARENA_STEP == (int)COMMIT_STEP, "one step");
_Static_assert((int)ARENA_CHUNKS_MAX <= (int)RUNS_MAX, "the map must hold every chunk");

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
    size_t heap, commit, all;
};

static struct layout
lay_out(size_t count, size_t bytes)
{
    struct layout at;

    at.heap = round_up(sizeof(struct arena), HEAP_LINE);
    at.commit = at.heap + round_up(heap_bytes(count), HEAP_LINE);
    at.all = round_up(at.commit + commit_bytes(bytes), pages_size());
    return at;
}

/* Opens the books over fresh zero bytes. */
static void
init_books(struct arena *a, const struct arena_options *opt, size_t count, const struct layout *at)
{
    unsigned char *books = (unsigned char *)a;
    size_t unit = a->stepwise ? ARENA_STEP : a->page; /* bytes that go back together, at least */
    size_t waiting;

    set_marks(a, opt);
    heap_init(&a->heap, count, unit > a->chunk ? unit / a->chunk : 1, books + at->heap);
    commit_init(&a->commit, a->base, a->reserved, books + at->commit);
    a->guard = a->hardened && a->chunk >= unit;
    waiting = count / 8 < (size_t)WAITING >> a->shift ? count / 8 : (size_t)WAITING >> a->shift;
    harden_init(&a->waiting, waiting);
}

static int
prefault(struct arena *a)
{
    int r = a->stepwise ? commit_open(&a->commit, 0, a->reserved) : 0;

    if (r == 0)
        r = pages_populate(a, a->books);
    if (r == 0)
        r = pages_populate(a->base, a->reserved);
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
    a->prefault = opt->prefault;
    a->hardened = opt->hardened;
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
    harden_done(&a->waiting);
    heap_done(&a->heap);
    commit_done(&a->commit);
    pages_unmap_guarded(a->base, a->reserved);
    pages_unmap(a, a->books);
}

/* How many chunks hold `n` bytes. */
static size_t
chunks_of(const struct arena *a, size_t n)
{
    size_t whole = n >> a->shift;

    return n == 0 || (n & (a->chunk - 1)) != 0 ? whole + 1 : whole;
}

/* Says how many chunks `written` bytes have touched. */
static size_t
touched_by(const struct arena *a, size_t written)
{
    return written == 0 ? 0 : ((written - 1) >> a->shift) + 1;
}

static void
give_pages(void *ctx, size_t first, size_t n)
{
    struct arena *a = ctx;
    size_t from = first << a->shift, bytes = round_up(n << a->shift, a->page);

    if (a->stepwise)
        commit_close(&a->commit, from, bytes);
    else
        pages_give(a->base + from, bytes, false);
}

static void
offer_pages(void *ctx, size_t first, size_t n)
{
    struct arena *a = ctx;

    pages_give(a->base + (first << a->shift), round_up(n << a->shift, a->page), true);
}

/* Gives pages of `n` chunks back, piece by piece, so that nobody waits long. */
static void
cool(struct arena *a, size_t n)
{
    heap_cool(&a->heap, n, (size_t)PIECE >> a->shift, true, give_pages, a);
}

bool
arena_is_stepwise(const struct arena *a)
{
    return a->stepwise;
}

/* Opens bytes of a block, whose chunks then count as warm once it is free.
 *
 * What is open stays so meanwhile: steps are closed under the lock of their part,
 * when every chunk that lies in them is free, or by whoever has the block.  Nor
 * need it count as warm again: each open step has a chunk that does. */
static int
open_bytes(struct arena *a, size_t from, size_t n)
{
    size_t first = from >> a->shift;
    int r;

    if (commit_is_open(&a->commit, from, n))
        return 0;
    r = commit_open(&a->commit, from, n);
    if (r < 0) {
        cool(a, SIZE_MAX);
        r = commit_open(&a->commit, from, n);
    }
    heap_warm(&a->heap, first, ((from + n - 1) >> a->shift) - first + 1);
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

/* Makes blocks free that have waited for long enough, or all. */
static void
let_go(struct arena *a, bool all)
{
    struct harden_block b;

    while (a->hardened && harden_get(&a->waiting, all, &b)) {
        if (!harden_is_poisoned(a->base + (b.first << a->shift), b.poisoned))
            atomic_fetch_add_explicit(&a->damaged, 1, memory_order_relaxed);
        heap_give(&a->heap, b.first, touched_by(a, b.poisoned));
        harden_end(&a->waiting);
    }
}

/* Takes the access to the last chunk of a block away, or gives it back. */
static int
set_guard(struct arena *a, size_t last, bool on)
{
    size_t from = last << a->shift;

    if (a->guard == 0)
        return 0;
    if (a->stepwise) { /* closed is what it will be for the next one, too */
        if (on)
            commit_close(&a->commit, from, a->chunk);
        return 0;
    }
    return on ? pages_guard(a->base + from, a->chunk) : pages_open(a->base + from, a->chunk);
}

/* Takes a block, with its guard but without what it needs of memory. */
static size_t
take(struct arena *a, size_t chunks)
{
    size_t first = heap_take(&a->heap, chunks + a->guard);

    if (first == RUNS_NONE && a->hardened) {
        let_go(a, true);
        first = heap_take(&a->heap, chunks + a->guard);
    }
    if (first != RUNS_NONE && set_guard(a, first + chunks, true) < 0) {
        (void)heap_free(&a->heap, first, 0); /* it is ours: cannot fail */
        return RUNS_NONE;
    }
    return first;
}

void *
arena_alloc(struct arena *a, size_t n)
{
    size_t chunks = chunks_of(a, n);
    size_t bytes = chunks << a->shift;
    size_t first = take(a, chunks);

    if (first != RUNS_NONE && a->stepwise &&
        open_bytes(a, first << a->shift, bytes < ARENA_STEP ? bytes : ARENA_STEP) < 0) {
        (void)heap_free(&a->heap, first, 0); /* it is ours: cannot fail */
        first = RUNS_NONE;
    }
    if (first == RUNS_NONE) {
        atomic_fetch_add_explicit(&a->failed, 1, memory_order_relaxed);
        return NULL;
    }
    return a->base + (first << a->shift);
}

/* Finds the chunk that begins at an address. */
static int
find_chunk(const struct arena *a, const void *block, size_t *ret_first)
{
    size_t at = (uintptr_t)block - (uintptr_t)a->base;
    size_t first = at >> a->shift;

    if ((uintptr_t)block < (uintptr_t)a->base || first >= a->heap.count)
        return -EFAULT;
    if ((at & (a->chunk - 1)) != 0)
        return -EINVAL;
    *ret_first = first;
    return 0;
}

/* Counts a refusal, and says it. */
static int
refuse(struct arena *a, int r)
{
    if (r < 0)
        atomic_fetch_add_explicit(&a->refused, 1, memory_order_relaxed);
    return r;
}

/* Moves the guard of a block, which has `is` chunks, to where its end will be, before
 * what lies behind it can be anybody else's. */
static int
move_guard(struct arena *a, size_t first, size_t is, size_t chunks)
{
    int r;

    if (chunks + a->guard >= is)
        return 0;
    /* What becomes the guard was written to. */
    heap_warm(&a->heap, first + chunks, a->guard);
    /* In this order, a failure leaves at worst a block without a guard, and never one
     * with a guard in its midst. */
    r = set_guard(a, first + is - 1, false);
    if (r < 0)
        return r;
    r = set_guard(a, first + chunks, true);
    if (r < 0)
        (void)set_guard(a, first + is - 1, true);
    return r;
}

/* Fills the first bytes of a leaving block and has it wait, if it can. */
static void
put_waiting(struct arena *a, size_t first, size_t chunks, size_t written)
{
    struct harden_block b = { .first = first, .chunks = chunks, .poisoned = written };

    if (a->stepwise)
        b.poisoned = commit_reach(&a->commit, first << a->shift, b.poisoned);
    harden_poison(a->base + (first << a->shift), b.poisoned);
    if (!harden_put(&a->waiting, &b)) {
        heap_give(&a->heap, first, touched_by(a, b.poisoned));
        harden_end(&a->waiting);
    }
    let_go(a, false);
}

/* Keeps the first chunks of a block; whoever still uses the others is found out where the
 * arena is hardened. */
static int
cut(struct arena *a, size_t first, size_t keep)
{
    ptrdiff_t n;

    if (!a->hardened) {
        n = heap_cut(&a->heap, first, keep, false);
        return n < 0 ? (int)n : 0;
    }
    harden_begin(&a->waiting);
    n = heap_cut(&a->heap, first, keep, true);
    if (n > 0)
        put_waiting(a, first + keep, (size_t)n, (size_t)n << a->shift);
    else
        harden_end(&a->waiting);
    return n < 0 ? (int)n : 0;
}

int
arena_shrink(struct arena *a, void *block, size_t n)
{
    size_t chunks = chunks_of(a, n);
    size_t first;
    int r = find_chunk(a, block, &first);

    if (r == 0 && a->guard > 0) {
        ptrdiff_t is = heap_length(&a->heap, first);
        int moved = is < 0 ? 0 : move_guard(a, first, (size_t)is, chunks);

        if (moved < 0)
            return moved; /* no mistake of the caller's, as cut() tells them */
    }
    if (r == 0)
        r = cut(a, first, chunks + a->guard);
    return r == -ERANGE ? -EINVAL : refuse(a, r);
}

int
arena_free(struct arena *a, void *block)
{
    return arena_free_written(a, block, SIZE_MAX);
}

/* Frees a block so that whoever still uses it is found out. */
static int
free_hardened(struct arena *a, size_t first, size_t written)
{
    ptrdiff_t n = heap_length(&a->heap, first);
    size_t most = ((size_t)n - a->guard) << a->shift;
    int r;

    if (n < 0)
        return (int)n;
    harden_begin(&a->waiting);
    r = heap_retire(&a->heap, first);
    if (r < 0) {
        harden_end(&a->waiting);
        return r;
    }
    /* Where it fails there are too many mappings, and the chunk stays lost for
     * those who would not know: adrift for ever. */
    if (set_guard(a, first + (size_t)n - 1, false) < 0)
        return 0;
    put_waiting(a, first, (size_t)n, written < most ? written : most);
    return 0;
}

int
arena_free_written(struct arena *a, void *block, size_t written)
{
    size_t first;
    int r;

    if (block == NULL)
        return 0;
    r = find_chunk(a, block, &first);
    if (r == 0 && a->hardened)
        r = free_hardened(a, first, written);
    else if (r == 0)
        r = heap_free(&a->heap, first, touched_by(a, written));
    return refuse(a, r);
}

size_t
arena_block_size(struct arena *a, const void *block)
{
    size_t first;
    ptrdiff_t n = 0;

    if (find_chunk(a, block, &first) == 0)
        n = heap_length(&a->heap, first);
    return n > 0 ? ((size_t)n - a->guard) << a->shift : 0;
}

size_t
arena_chunks(const struct arena *a)
{
    return a->heap.count;
}

/* Tells what there is to tend. */
static struct heap_stats
look(struct arena *a, int64_t now)
{
    struct heap_stats s;

    heap_look(&a->heap, &s);
    if (s.taken != a->seen)
        a->used_at = now;
    a->seen = s.taken;
    if (s.warm <= a->warm_max) {
        a->above_at = ARENA_NEVER;
        a->offered = false;
    } else if (a->above_at == ARENA_NEVER) {
        a->above_at = now;
    }
    return s;
}

/* More than warm_max has been warm for ARENA_PATIENCE.  What was offered and is not
 * used by the next time is no loss; a charge cannot be offered. */
static void
cut_down(struct arena *a, size_t n)
{
    bool forget = a->offered || a->stepwise;

    heap_cool(&a->heap, n, (size_t)PIECE >> a->shift, forget, forget ? give_pages : offer_pages, a);
    a->offered = !forget;
}

int64_t
arena_tend(struct arena *a, int64_t now)
{
    struct heap_stats s;

    if (a->retain >= a->heap.count && !a->hardened)
        return ARENA_NEVER;
    s = look(a, now);
    if (a->hardened && s.used > 0 && now - a->used_at >= ARENA_IDLE) {
        let_go(a, true);
        s = look(a, now);
    }
    if (s.warm > a->retain && now - a->used_at >= ARENA_IDLE) {
        cool(a, s.warm - a->retain);
        s.warm = a->retain;
    }
    if (s.warm <= a->retain)
        return s.used > 0 ? now + ARENA_IDLE : ARENA_NEVER;
    if (s.warm <= a->warm_max)
        return a->used_at + ARENA_IDLE;
    if (now - a->above_at >= ARENA_PATIENCE) {
        cut_down(a, s.warm - a->warm_max);
        a->above_at = now;
    }
    return a->above_at + ARENA_PATIENCE;
}

/* Bytes in memory, of what was ever handed out. */
static size_t
resident(struct arena *a)
{
    size_t bytes = 0, first, n;

    if (a->prefault)
        return pages_resident(a->base, a->reserved);
    for (unsigned i = 0; heap_reach(&a->heap, i, &first, &n); i++) {
        if (n > 0)
            bytes +=
                pages_resident(a->base + (first << a->shift), round_up(n << a->shift, a->page));
    }
    return bytes;
}

void
arena_stats(struct arena *a, struct arena_stats *ret_stats)
{
    struct heap_stats s;

    heap_look(&a->heap, &s);
    *ret_stats = (struct arena_stats){
        .chunk_size = a->chunk,
        .chunk_count = a->heap.count,
        .reserved = a->reserved,
        .committed = a->stepwise ? commit_opened(&a->commit) : a->reserved,
        .used = s.used << a->shift,
        .blocks = s.blocks,
        .high_water = s.high << a->shift,
        .largest_free = s.longest << a->shift,
        .warm = s.warm << a->shift,
        .resident = resident(a),
        .failed = atomic_load_explicit(&a->failed, memory_order_relaxed),
        .damaged = arena_damaged(a),
        .refused = arena_refused(a),
    };
}

unsigned long
arena_damaged(const struct arena *a)
{
    return atomic_load_explicit(&a->damaged, memory_order_relaxed);
}

unsigned long
arena_refused(const struct arena *a)
{
    return atomic_load_explicit(&a->refused, memory_order_relaxed);
}

int
arena_check(struct arena *a)
{
    bool sound = heap_check(&a->heap) && commit_check(&a->commit) &&
                 harden_check(&a->waiting, &a->heap, a->chunk);

    return sound ? 0 : -EUCLEAN;
}
