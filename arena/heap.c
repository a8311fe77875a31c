/* arena/heap.c -- contracts are in heap.h.
 *
 * A block that crosses is one block of each part it lies in, marked by `crossed`
 * and `continues`, which change only under all locks.  All locks are taken in the
 * order of the parts.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>

#include "arena/heap.h"

/* A thread moves on only when it is in others' way all the time: every part that
 * is used has pages of its own. */
enum {
    WINDOW = 4096,      /* allocations that are looked at together */
    BUSY = WINDOW / 32, /* of them, that found the lock held: too many */
    STAY = 16 * WINDOW, /* allocations after which the first part is tried again */
};

/* Which part a thread takes from; how often it has, and how often it waited. */
static _Thread_local unsigned home, taken, waited;

static size_t
round_up(size_t n, size_t power)
{
    return (n + power - 1) & ~(power - 1);
}

static unsigned
shift_of(size_t count)
{
    unsigned shift = (unsigned)__builtin_ctz(HEAP_PART_MIN);

    while (count > (size_t)HEAP_PARTS << shift)
        shift++;
    return shift;
}

static size_t
part_count(size_t count, unsigned shift, unsigned i)
{
    size_t left = count - ((size_t)i << shift);

    return left >> shift > 0 ? (size_t)1 << shift : left;
}

size_t
heap_bytes(size_t count)
{
    unsigned shift = shift_of(count);
    unsigned n = (unsigned)((count - 1) >> shift) + 1;
    size_t bytes = n * sizeof(struct heap_part);

    for (unsigned i = 0; i < n; i++) {
        size_t part = part_count(count, shift, i);

        bytes += round_up(runs_bytes(part), HEAP_LINE) + round_up(warm_bytes(part), HEAP_LINE);
    }
    return bytes;
}

static void
publish(struct heap_part *p)
{
    atomic_store_explicit(&p->head, p->runs.head, memory_order_relaxed);
    atomic_store_explicit(&p->tail, p->runs.tail, memory_order_relaxed);
}

/* No free run of the part is longer. */
static void
limit(struct heap_part *p, size_t n)
{
    atomic_store_explicit(&p->longest, n, memory_order_relaxed);
}

static size_t
limit_of(const struct heap_part *p)
{
    return atomic_load_explicit(&p->longest, memory_order_relaxed);
}

static void
init_lock(pthread_mutex_t *lock)
{
    pthread_mutexattr_t attr;

    /* Of a kind that spins before it sleeps, because nobody has it for long. */
    (void)pthread_mutexattr_init(&attr);
#ifdef PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP
    (void)pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ADAPTIVE_NP);
#endif
    (void)pthread_mutex_init(lock, &attr);
    (void)pthread_mutexattr_destroy(&attr);
}

void
heap_init(struct heap *h, size_t count, size_t unit, void *zeroed)
{
    unsigned char *next = zeroed;

    h->count = count;
    h->shift = shift_of(count);
    h->nparts = (unsigned)((count - 1) >> h->shift) + 1;
    h->parts = zeroed;
    next += h->nparts * sizeof(struct heap_part);
    for (unsigned i = 0; i < h->nparts; i++) {
        struct heap_part *p = &h->parts[i];
        size_t n = part_count(count, h->shift, i);

        init_lock(&p->lock);
        runs_init(&p->runs, n, next);
        next += round_up(runs_bytes(n), HEAP_LINE);
        warm_init(&p->warm, &p->runs, unit, next);
        next += round_up(warm_bytes(n), HEAP_LINE);
        publish(p);
        limit(p, n);
    }
}

void
heap_done(struct heap *h)
{
    for (unsigned i = 0; i < h->nparts; i++)
        (void)pthread_mutex_destroy(&h->parts[i].lock);
}

static void
enter(struct heap_part *p)
{
    (void)pthread_mutex_lock(&p->lock); /* of a kind that cannot fail */
}

static void
leave(struct heap_part *p)
{
    (void)pthread_mutex_unlock(&p->lock);
}

void
heap_enter_all(struct heap *h)
{
    for (unsigned i = 0; i < h->nparts; i++)
        enter(&h->parts[i]);
}

void
heap_leave_all(struct heap *h)
{
    for (unsigned i = h->nparts; i > 0; i--)
        leave(&h->parts[i - 1]);
}

static size_t
begin_of(const struct heap *h, unsigned i)
{
    return (size_t)i << h->shift;
}

/* The next part; the first one comes behind the last. */
static unsigned
behind(const struct heap *h, unsigned i)
{
    return i + 1 < h->nparts ? i + 1 : 0;
}

static void
count_taken(struct heap_part *p, size_t end)
{
    if (p->runs.used > p->high)
        p->high = p->runs.used;
    if (end > p->top)
        p->top = end;
}

static size_t
take_within(struct heap *h, unsigned i, size_t n)
{
    struct heap_part *p = &h->parts[i];
    size_t first = runs_take(&p->runs, n);

    if (first == RUNS_NONE) {
        limit(p, runs_longest(&p->runs));
        return RUNS_NONE;
    }
    p->taken++;
    count_taken(p, first + n);
    publish(p);
    return begin_of(h, i) + first;
}

/* Whether a free run of `n` chunks begins in part `i` and ends in a later one; by
 * what is published, which is true under all locks. */
static bool
may_cross(struct heap *h, unsigned i, size_t n)
{
    size_t run = atomic_load_explicit(&h->parts[i].tail, memory_order_relaxed);
    size_t head = SIZE_MAX;

    if (run == 0)
        return false;
    while (run < n && head > 0 && ++i < h->nparts) {
        head = atomic_load_explicit(&h->parts[i].head, memory_order_relaxed);
        run += head;
        if (head < h->parts[i].runs.count)
            break;
    }
    return run >= n;
}

/* Under all locks. */
static size_t
take_across(struct heap *h, unsigned i, size_t n)
{
    struct heap_part *p = &h->parts[i];
    size_t first = begin_of(h, i) + p->runs.count - p->runs.tail;
    size_t at = first;

    p->taken++;
    for (size_t left = n; left > 0; p++) {
        size_t local = at & (((size_t)1 << h->shift) - 1);
        size_t most = p->runs.count - local;
        size_t here = left < most ? left : most;

        runs_take_at(&p->runs, local, here);
        if (at != first)
            p->continues = true;
        if (here < left)
            p->crossed = true;
        count_taken(p, local + here);
        publish(p);
        left -= here;
        at += here;
    }
    return first;
}

/* From the first part that has room, or out of which a run crosses; under all locks. */
static size_t
take_under_all(struct heap *h, size_t n)
{
    size_t first = RUNS_NONE;

    heap_enter_all(h);
    for (unsigned i = 0; i < h->nparts && first == RUNS_NONE; i++) {
        first = take_within(h, i, n);
        if (first == RUNS_NONE && may_cross(h, i, n))
            first = take_across(h, i, n);
    }
    heap_leave_all(h);
    return first;
}

/* Begins an allocation; whoever has moved comes back now and then. */
static void
count_allocation(const struct heap *h)
{
    if (++taken % WINDOW == 0)
        waited = 0;
    if (taken % STAY == 0 || home >= h->nparts)
        home = 0;
}

/* Locks a part to take from.  Whoever waits too often, for whichever, begins
 * behind that one from then on. */
static void
enter_to_take(struct heap *h, unsigned i)
{
    if (pthread_mutex_trylock(&h->parts[i].lock) == 0)
        return;
    if (++waited >= BUSY) {
        waited = 1;
        home = behind(h, i);
    }
    enter(&h->parts[i]);
}

/* Whether it is worth a part's lock to look for a run of `n` chunks in it. */
static bool
may_hold(struct heap *h, unsigned i, size_t n)
{
    return limit_of(&h->parts[i]) >= n;
}

size_t
heap_take(struct heap *h, size_t n)
{
    size_t first = RUNS_NONE;
    bool alone, cross = false;
    unsigned i;

    count_allocation(h);
    /* A run that crosses keeps blocks together, but makes everybody wait. */
    alone = home == 0 && waited == 0;
    i = home;
    for (unsigned k = 0; k < h->nparts && first == RUNS_NONE && !(cross && alone); k++) {
        if (may_hold(h, i, n)) {
            enter_to_take(h, i);
            first = take_within(h, i, n);
            leave(&h->parts[i]);
        }
        cross = cross || (first == RUNS_NONE && may_cross(h, i, n));
        i = behind(h, i);
    }
    return first == RUNS_NONE ? take_under_all(h, n) : first;
}

static struct heap_part *
part_of(struct heap *h, size_t first, size_t *ret_local)
{
    *ret_local = first & (((size_t)1 << h->shift) - 1);
    return &h->parts[first >> h->shift];
}

/* Whether the block or the leaving one there goes on in the next part. */
static bool
crosses(const struct heap_part *p, size_t local)
{
    return p->crossed && local + runs_length(&p->runs, local) == p->runs.count;
}

/* Says what is wrong with a chunk that is to begin a block. */
static int
judge(const struct heap_part *p, size_t local)
{
    if (local == 0 && p->continues)
        return -EINVAL;
    switch (runs_kind(&p->runs, local)) {
    case RUNS_BLOCK:
        return 0;
    case RUNS_FREE:
    case RUNS_LEAVING:
        return -EALREADY;
    case RUNS_INSIDE:
        break;
    }
    return -EINVAL;
}

/* Locks the part of a block, or all when it crosses. */
static struct heap_part *
enter_block(struct heap *h, size_t first, size_t *ret_local, bool *ret_all)
{
    struct heap_part *p = part_of(h, first, ret_local);

    *ret_all = false;
    enter(p);
    if (crosses(p, *ret_local)) {
        leave(p);
        heap_enter_all(h);
        *ret_all = true;
    }
    return p;
}

static void
leave_block(struct heap *h, struct heap_part *p, bool all)
{
    all ? heap_leave_all(h) : leave(p);
}

static size_t
length_across(const struct heap_part *p, size_t local)
{
    size_t n = runs_length(&p->runs, local);
    bool on = crosses(p, local);

    while (on) {
        p++;
        n += runs_length(&p->runs, 0);
        on = crosses(p, 0);
    }
    return n;
}

ptrdiff_t
heap_length(struct heap *h, size_t first)
{
    size_t local;
    bool all;
    struct heap_part *p = enter_block(h, first, &local, &all);
    int r = judge(p, local);
    ptrdiff_t n = r < 0 ? r : (ptrdiff_t)length_across(p, local);

    leave_block(h, p, all);
    return n;
}

size_t
heap_leaving(struct heap *h, size_t first)
{
    struct heap_part *p;
    size_t local, n;
    bool all;

    if (first >= h->count)
        return 0;
    p = enter_block(h, first, &local, &all);
    n = runs_kind(&p->runs, local) == RUNS_LEAVING && (local > 0 || !p->continues)
            ? length_across(p, local)
            : 0;
    leave_block(h, p, all);
    return n;
}

static void
retire_across(struct heap_part *p, size_t local)
{
    for (bool on = true; on; local = 0, p++) {
        on = crosses(p, local);
        runs_retire(&p->runs, local);
    }
}

/* Returns how many of the chunks that were written to are left for the next part. */
static size_t
give_within(struct heap_part *p, size_t local, size_t written)
{
    size_t n = runs_length(&p->runs, local);
    size_t touched = written < n ? written : n;
    size_t run;

    if (touched > 0)
        warm_note(&p->warm, local, touched);
    run = runs_give(&p->runs, local);
    if (run > limit_of(p))
        limit(p, run);
    publish(p);
    return written - touched;
}

static void
give_across(struct heap_part *p, size_t local, size_t written)
{
    for (bool on = true; on; local = 0, p++) {
        on = crosses(p, local);
        written = give_within(p, local, written);
        if (on)
            p->crossed = p[1].continues = false;
    }
}

int
heap_retire(struct heap *h, size_t first)
{
    size_t local;
    bool all;
    struct heap_part *p = enter_block(h, first, &local, &all);
    int r = judge(p, local);

    if (r == 0)
        retire_across(p, local);
    leave_block(h, p, all);
    return r;
}

void
heap_give(struct heap *h, size_t first, size_t written)
{
    size_t local;
    bool all;
    struct heap_part *p = enter_block(h, first, &local, &all);

    give_across(p, local, written);
    leave_block(h, p, all);
}

int
heap_free(struct heap *h, size_t first, size_t written)
{
    size_t local;
    bool all;
    struct heap_part *p = enter_block(h, first, &local, &all);
    int r = judge(p, local);

    if (r == 0)
        give_across(p, local, written);
    leave_block(h, p, all);
    return r;
}

/* Makes what lies behind the first `n` chunks of a block that is longer a block of its
 * own, which is free or leaves. */
static void
cut_across(struct heap_part *p, size_t local, size_t n, bool leaving)
{
    size_t here = runs_length(&p->runs, local);

    for (; n > here; local = 0, here = runs_length(&p->runs, 0)) {
        n -= here;
        p++;
    }
    if (n < here) {
        runs_cut(&p->runs, local, n);
        local += n;
    } else {
        p->crossed = p[1].continues = false;
        local = 0;
        p++;
        runs_retire(&p->runs, 0);
    }
    if (!leaving)
        give_across(p, local, SIZE_MAX);
    else if (crosses(p, local))
        retire_across(p + 1, 0);
}

ptrdiff_t
heap_cut(struct heap *h, size_t first, size_t n, bool leaving)
{
    size_t local;
    bool all;
    struct heap_part *p = enter_block(h, first, &local, &all);
    ptrdiff_t r = judge(p, local);

    if (r == 0) {
        r = (ptrdiff_t)length_across(p, local) - (ptrdiff_t)n;
        if (r > 0)
            cut_across(p, local, n, leaving);
        else if (r < 0)
            r = -ERANGE;
    }
    leave_block(h, p, all);
    return r;
}

void
heap_warm(struct heap *h, size_t first, size_t n)
{
    while (n > 0) {
        size_t local;
        struct heap_part *p = part_of(h, first, &local);
        size_t here = p->runs.count - local < n ? p->runs.count - local : n;

        enter(p);
        warm_note(&p->warm, local, here);
        leave(p);
        first += here;
        n -= here;
    }
}

/* Cools up to `n` chunks of a part; returns how many it was. */
static size_t
cool_part(
    struct heap *h, unsigned i, size_t n, size_t piece, bool forget, heap_give_fn *give, void *ctx)
{
    struct heap_part *p = &h->parts[i];
    size_t below = p->runs.count, left = n, found = SIZE_MAX;

    while (left > 0 && found > 0) {
        size_t cooled;

        enter(p);
        found = warm_find(&p->warm, below, left < piece ? left : piece, &below);
        cooled = found;
        if (found > 0) {
            give(ctx, begin_of(h, i) + below, found);
            if (forget)
                cooled = warm_clear(&p->warm, below, found);
        }
        leave(p);
        left -= cooled < left ? cooled : left;
    }
    return n - left;
}

void
heap_cool(struct heap *h, size_t n, size_t piece, bool forget, heap_give_fn *give, void *ctx)
{
    for (unsigned i = h->nparts; i > 0 && n > 0; i--)
        n -= cool_part(h, i - 1, n, piece, forget, give, ctx);
}
