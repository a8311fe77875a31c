/* arena/runs.c -- a bitmap of chunks with a tree of summaries.
 *
 * Invariant: a node of level L summarises the FAN nodes of level L-1 below it,
 * a node of level 0 one word.  Only the last node of a level may be short: it
 * spans what is left of the map, and the bits past the end stay clear.
 */
#include "arena/runs.h"

#include <assert.h>

enum {
    WORD = 64, /* chunks in a word */
    FAN = 8,   /* nodes below a node: one or two cache lines */
    FAN_SHIFT = 3,
    WORD_SHIFT = 6,
};

/* What a span lacks to being all free, so that zero bytes say "all free". */
struct runs_node {
    uint32_t head; /* chunks: the span less the free run at its start */
    uint32_t best; /* chunks: the span less its longest free run */
    uint32_t tail; /* chunks: the span less the free run at its end */
};

/* The same, told the way one thinks of it. */
struct view {
    size_t span; /* chunks */
    size_t head;
    size_t best;
    size_t tail;
};

static size_t
max(size_t x, size_t y)
{
    return x > y ? x : y;
}

static size_t
min(size_t x, size_t y)
{
    return x < y ? x : y;
}

static unsigned
shift_of(unsigned level)
{
    return WORD_SHIFT + FAN_SHIFT * level;
}

static struct view
look(const struct runs *r, unsigned level, size_t i)
{
    const struct runs_node *node = &r->level[level][i];
    size_t span = min((size_t)1 << shift_of(level), r->count - (i << shift_of(level)));

    return (struct view){ span, span - node->head, span - node->best, span - node->tail };
}

/* Stores a summary; tells whether it differs from what was there. */
static bool
keep(struct runs *r, unsigned level, size_t i, struct view v)
{
    struct runs_node *node = &r->level[level][i];
    struct runs_node now = {
        .head = (uint32_t)(v.span - v.head),
        .best = (uint32_t)(v.span - v.best),
        .tail = (uint32_t)(v.span - v.tail),
    };

    if (node->head == now.head && node->best == now.best && node->tail == now.tail)
        return false;
    *node = now;
    return true;
}

/* A set bit in the result begins a run of at least `n` set bits, 1 to 64. */
static uint64_t
starts_of(uint64_t x, size_t n)
{
    size_t have = 1;

    while (have < n && x != 0) {
        size_t step = min(have, n - have);

        x &= x >> step;
        have += step;
    }
    return x;
}

static size_t
longest_in(uint64_t x)
{
    uint64_t at_least[WORD_SHIFT]; /* bits that begin a run of 2^k or more */
    uint64_t left;
    size_t len = 0;

    if (x == UINT64_MAX)
        return WORD;
    at_least[0] = x;
    for (unsigned k = 1; k < WORD_SHIFT; k++)
        at_least[k] = at_least[k - 1] & at_least[k - 1] >> (1U << (k - 1));
    left = UINT64_MAX; /* bits that begin a run of `len` or more */
    for (unsigned k = WORD_SHIFT; k-- > 0;) {
        uint64_t longer = left & at_least[k] >> len;

        if (longer != 0) {
            left = longer;
            len += (size_t)1 << k;
        }
    }
    return len;
}

static struct view
sum_word(const struct runs *r, size_t w)
{
    size_t span = min(WORD, r->count - w * WORD);
    uint64_t past = span == WORD ? 0 : UINT64_MAX << span;
    uint64_t taken = r->words[w] | past;
    struct view v = { .span = span };

    if (taken == 0)
        return (struct view){ span, span, span, span };
    if (taken == UINT64_MAX)
        return v;
    v.head = (size_t)__builtin_ctzll(taken);
    v.best = longest_in(~taken);
    if (r->words[w] == 0)
        v.tail = span;
    else
        v.tail = (size_t)__builtin_clzll(r->words[w]) - (WORD - span);
    return v;
}

/* Summarises nodes `i` to `end` - 1 of a level, which follow each other. */
static struct view
sum_nodes(const struct runs *r, unsigned level, size_t i, size_t end)
{
    struct view v = { 0 };

    for (; i < end; i++) {
        struct view next = look(r, level, i);

        if (v.head == v.span)
            v.head += next.head;
        v.best = max(v.best, max(next.best, v.tail + next.head));
        v.tail = next.tail == next.span ? v.tail + next.span : next.tail;
        v.span += next.span;
    }
    return v;
}

static struct view
sum_node(const struct runs *r, unsigned level, size_t i)
{
    size_t below = i * FAN;

    return sum_nodes(r, level - 1, below, min(below + FAN, r->nodes[level - 1]));
}

/* Carries a change of the words `lo` to `hi` upwards as far as it is felt. */
static void
refresh(struct runs *r, size_t lo, size_t hi)
{
    bool changed = false;

    for (size_t w = lo; w <= hi; w++)
        changed |= keep(r, 0, w, sum_word(r, w));
    for (unsigned level = 1; changed && level < r->levels; level++) {
        lo >>= FAN_SHIFT;
        hi >>= FAN_SHIFT;
        changed = false;
        for (size_t i = lo; i <= hi; i++)
            changed |= keep(r, level, i, sum_node(r, level, i));
    }
}

/* The bits of word `w` that belong to the `n` chunks from `first` on. */
static uint64_t
mask_of(size_t w, size_t first, size_t n)
{
    size_t lo = max(first, w * WORD) - w * WORD;
    size_t hi = min(first + n, (w + 1) * WORD) - w * WORD;

    return UINT64_MAX >> (WORD - (hi - lo)) << lo;
}

size_t
runs_bytes(size_t count)
{
    size_t nodes = (count + WORD - 1) / WORD;
    size_t bytes = nodes * sizeof(uint64_t);

    for (bytes += nodes * sizeof(struct runs_node); nodes > FAN;) {
        nodes = (nodes + FAN - 1) / FAN;
        bytes += nodes * sizeof(struct runs_node);
    }
    return bytes;
}

void
runs_init(struct runs *r, size_t count, void *zeroed)
{
    size_t nodes = (count + WORD - 1) / WORD;
    struct runs_node *next;

    assert(count > 0 && count <= RUNS_MAX);
    *r = (struct runs){ .count = count, .words = zeroed };
    next = (struct runs_node *)(r->words + nodes);
    for (;;) {
        r->level[r->levels] = next;
        r->nodes[r->levels] = nodes;
        next += nodes;
        r->levels++;
        if (nodes <= FAN)
            break;
        nodes = (nodes + FAN - 1) / FAN;
    }
}

size_t
runs_find(const struct runs *r, size_t n)
{
    unsigned level = r->levels - 1;
    size_t end = r->nodes[level];
    size_t run = 0; /* free chunks just before node i */

    for (size_t i = 0; i < end;) {
        struct view v = look(r, level, i);

        if (run + v.head >= n)
            return (i << shift_of(level)) - run;
        if (v.best >= n && level == 0)
            return i * WORD + (size_t)__builtin_ctzll(starts_of(~r->words[i], n));
        if (v.best >= n) {
            level--;
            i *= FAN;
            end = min(i + FAN, r->nodes[level]);
            continue;
        }
        run = v.tail == v.span ? run + v.span : v.tail;
        i++;
    }
    return RUNS_NONE;
}

void
runs_take(struct runs *r, size_t first, size_t n)
{
    size_t lo = first / WORD;
    size_t hi = (first + n - 1) / WORD;

    assert(n > 0 && n <= r->count && first <= r->count - n);
    for (size_t w = lo; w <= hi; w++) {
        assert((r->words[w] & mask_of(w, first, n)) == 0);
        r->words[w] |= mask_of(w, first, n);
    }
    refresh(r, lo, hi);
}

void
runs_give(struct runs *r, size_t first, size_t n)
{
    size_t lo = first / WORD;
    size_t hi = (first + n - 1) / WORD;

    assert(n > 0 && n <= r->count && first <= r->count - n);
    for (size_t w = lo; w <= hi; w++) {
        assert((~r->words[w] & mask_of(w, first, n)) == 0);
        r->words[w] &= ~mask_of(w, first, n);
    }
    refresh(r, lo, hi);
}

bool
runs_taken(const struct runs *r, size_t i)
{
    return (r->words[i / WORD] >> i % WORD & 1) != 0;
}

size_t
runs_longest(const struct runs *r)
{
    unsigned top = r->levels - 1;

    return sum_nodes(r, top, 0, r->nodes[top]).best;
}

static bool
same(struct view a, struct view b)
{
    return a.span == b.span && a.head == b.head && a.best == b.best && a.tail == b.tail;
}

bool
runs_check(const struct runs *r)
{
    size_t last = r->count % WORD;

    if (last != 0 && r->words[r->count / WORD] >> last != 0)
        return false;
    for (size_t w = 0; w < r->nodes[0]; w++) {
        if (!same(look(r, 0, w), sum_word(r, w)))
            return false;
    }
    for (unsigned level = 1; level < r->levels; level++) {
        for (size_t i = 0; i < r->nodes[level]; i++) {
            if (!same(look(r, level, i), sum_node(r, level, i)))
                return false;
        }
    }
    return true;
}
