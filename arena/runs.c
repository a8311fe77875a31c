/* arena/runs.c -- a bitmap, a table of lengths and a tree of maxima.
 *
 * Invariants: length[] is non-zero at the first chunk of a block and at the
 * first and last chunk of a free run, and nowhere else; only the free run that
 * ends the map has none at its last chunk, because nobody comes from the right
 * to read it.  Free runs never touch.  best[0][w] is the longest free run that
 * begins in word w, wherever it ends; best[L][i] the largest of the (at most)
 * eight nodes below.  Bits past the end of the map stay clear.
 */
#include "arena/runs.h"

#include <assert.h>

#define LEAVING (UINT32_C(1) << 31)

enum {
    WORD = RUNS_WORD,
    WORD_SHIFT = 6,
    FAN_SHIFT = 3,
    FAN = 1 << FAN_SHIFT, /* nodes: what a scan reads is half a cache line */
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

static bool
is_taken(const struct runs *r, size_t i)
{
    return (r->taken[i >> WORD_SHIFT] >> (i & (WORD - 1)) & 1) != 0;
}

static uint32_t
largest_child(const struct runs *r, unsigned level, size_t i)
{
    const uint32_t *child = r->best[level - 1];
    size_t end = min((i + 1) << FAN_SHIFT, r->nodes[level - 1]);
    uint32_t most = 0;

    for (size_t k = i << FAN_SHIFT; k < end; k++)
        most = child[k] > most ? child[k] : most;
    return most;
}

_Static_assert(1 << WORD_SHIFT == WORD, "a shift is a division");

/* Carries a new best of word `i` upwards as far as it is felt. */
static void
set_best(struct runs *r, size_t i, size_t chunks)
{
    uint32_t now = (uint32_t)chunks;
    uint32_t below = 0; /* what the child said before */

    for (unsigned level = 0; level < r->levels; level++) {
        uint32_t was = r->best[level][i];

        if (level > 0 && now < was) {
            if (below < was)
                return; /* another child has the longest */
            now = largest_child(r, level, i);
        }
        if (now == was)
            return;
        r->best[level][i] = now;
        below = was;
        i >>= FAN_SHIFT;
    }
}

uint64_t
runs_free_bits(const struct runs *r, size_t w)
{
    size_t in_map = r->count - (w << WORD_SHIFT);

    return ~r->taken[w] & (in_map >= WORD ? UINT64_MAX : ~(UINT64_MAX << in_map));
}

/* Looks for the longest free run that begins in a word; satisfied with `enough`. */
static size_t
longest_begun(const struct runs *r, size_t w, size_t enough)
{
    uint64_t bits = runs_free_bits(r, w);
    size_t i = w << WORD_SHIFT;
    size_t longest = 0;

    if (w > 0 && !is_taken(r, i - 1))
        bits &= bits + 1; /* a run from the left goes on here and began there */
    while (bits != 0 && longest < enough) {
        size_t gap = (size_t)__builtin_ctzll(bits);
        size_t len;

        i += gap;
        len = r->length[i];
        longest = max(longest, len);
        if ((i & (WORD - 1)) + len >= WORD)
            break;
        bits = bits >> gap >> len;
        i += len;
    }
    return longest;
}

/* After a change at chunk `i`: a run of `gone` chunks no longer begins in its
 * word, and whatever does has its length in the table. */
static void
lose(struct runs *r, size_t i, size_t gone)
{
    size_t w = i >> WORD_SHIFT;

    if (r->best[0][w] == gone)
        set_best(r, w, longest_begun(r, w, gone));
}

/* Enters a free run into the table and the tree. */
static void
gain(struct runs *r, size_t first, size_t n)
{
    size_t w = first >> WORD_SHIFT;

    r->length[first] = (uint32_t)n;
    if (first + n < r->count)
        r->length[first + n - 1] = (uint32_t)n;
    else
        r->tail = n;
    if (r->best[0][w] < n)
        set_best(r, w, n);
}

uint64_t
runs_mask(size_t w, size_t first, size_t n)
{
    size_t lo = max(first, w << WORD_SHIFT) - (w << WORD_SHIFT);
    size_t hi = min(first + n, (w + 1) << WORD_SHIFT) - (w << WORD_SHIFT);

    return UINT64_MAX >> (WORD - (hi - lo)) << lo;
}

static void
flip(struct runs *r, size_t first, size_t n)
{
    for (size_t w = first >> WORD_SHIFT; w <= (first + n - 1) >> WORD_SHIFT; w++)
        r->taken[w] ^= runs_mask(w, first, n);
}

/* A set bit in the result begins `n` or more set bits. */
static uint64_t
starts_of(uint64_t bits, size_t n)
{
    size_t have = 1;

    while (have < n && bits != 0) {
        size_t step = min(have, n - have);

        bits &= bits >> step;
        have += step;
    }
    return bits;
}

/* Finds the lowest free run of `n` chunks or more. */
static size_t
find(const struct runs *r, size_t n)
{
    unsigned level = r->levels - 1;
    size_t end = r->nodes[level];
    size_t i = 0;
    uint64_t bits;

    while (i < end && r->best[level][i] < n)
        i++;
    if (i == end)
        return RUNS_NONE;
    while (level > 0) {
        level--;
        i <<= FAN_SHIFT;
        while (r->best[level][i] < n)
            i++;
    }
    /* Either a run lies in the word, or the one that leaves it is long enough.
     * One that comes from the left is too short: it would have been found. */
    bits = runs_free_bits(r, i);
    if (n <= WORD && starts_of(bits, n) != 0)
        return (i << WORD_SHIFT) + (size_t)__builtin_ctzll(starts_of(bits, n));
    return ((i + 1) << WORD_SHIFT) - (bits == UINT64_MAX ? WORD : (size_t)__builtin_clzll(~bits));
}

/* Counts the nodes of each level; returns how many there are. */
static size_t
shape(struct runs *r, size_t count)
{
    size_t n = (count + WORD - 1) >> WORD_SHIFT;
    size_t all = 0;

    assert(count > 0 && count <= RUNS_MAX);
    *r = (struct runs){ .count = count };
    for (;;) {
        r->nodes[r->levels++] = n;
        all += n;
        if (n <= FAN)
            return all;
        n = (n + FAN - 1) >> FAN_SHIFT;
    }
}

size_t
runs_bytes(size_t count)
{
    struct runs r;
    size_t nodes = shape(&r, count);

    return r.nodes[0] * sizeof *r.taken + (nodes + count) * sizeof *r.length;
}

void
runs_init(struct runs *r, size_t count, void *zeroed)
{
    uint32_t *next;

    (void)shape(r, count);
    r->taken = zeroed;
    next = (uint32_t *)(r->taken + r->nodes[0]);
    for (unsigned level = r->levels; level-- > 0;) {
        r->best[level] = next;
        next += r->nodes[level];
    }
    r->length = next;
    gain(r, 0, count);
}

size_t
runs_take(struct runs *r, size_t n)
{
    size_t first = find(r, n);

    if (first != RUNS_NONE)
        runs_take_at(r, first, n);
    return first;
}

void
runs_take_at(struct runs *r, size_t first, size_t n)
{
    size_t run = r->length[first];
    size_t end = first + run;

    assert(!is_taken(r, first) && n > 0 && n <= run);
    if (end < r->count)
        r->length[end - 1] = 0;
    else
        r->tail = 0;
    r->length[first] = (uint32_t)n;
    flip(r, first, n);
    if (run > n)
        gain(r, first + n, run - n);
    lose(r, first, run);
    r->used += n;
    r->blocks++;
}

size_t
runs_head(const struct runs *r)
{
    return is_taken(r, 0) ? 0 : r->length[0];
}

void
runs_cut(struct runs *r, size_t first, size_t n)
{
    assert(runs_kind(r, first) == RUNS_BLOCK && n > 0 && n < r->length[first]);
    r->length[first + n] = (r->length[first] - (uint32_t)n) | LEAVING;
    r->length[first] = (uint32_t)n;
}

void
runs_retire(struct runs *r, size_t first)
{
    assert(runs_kind(r, first) == RUNS_BLOCK);
    r->length[first] |= LEAVING;
    r->blocks--;
}

void
runs_give(struct runs *r, size_t first)
{
    size_t n = runs_length(r, first);
    size_t end = first + n;
    size_t next = 0;

    assert(is_taken(r, first) && n > 0);
    if ((r->length[first] & LEAVING) == 0)
        r->blocks--;
    flip(r, first, n);
    r->used -= n;
    r->length[first] = 0;
    if (end < r->count && !is_taken(r, end)) {
        next = r->length[end];
        r->length[end] = 0;
    }
    if (first > 0 && !is_taken(r, first - 1)) {
        size_t before = r->length[first - 1];

        r->length[first - 1] = 0;
        first -= before;
    }
    gain(r, first, end + next - first);
    if (next > 0)
        lose(r, end, next);
}

enum runs_kind
runs_kind(const struct runs *r, size_t i)
{
    if (!is_taken(r, i))
        return RUNS_FREE;
    if (r->length[i] == 0)
        return RUNS_INSIDE;
    return (r->length[i] & LEAVING) != 0 ? RUNS_LEAVING : RUNS_BLOCK;
}

size_t
runs_length(const struct runs *r, size_t first)
{
    return r->length[first] & ~LEAVING;
}

size_t
runs_longest(const struct runs *r)
{
    unsigned top = r->levels - 1;
    size_t longest = 0;

    for (size_t i = 0; i < r->nodes[top]; i++)
        longest = max(longest, r->best[top][i]);
    return longest;
}

/* Measures the run, free or taken, that begins at chunk `i`, which follows the
 * end of another; 0 when the table does not say what the bitmap says. */
static size_t
check_run(const struct runs *r, size_t i)
{
    bool taken = is_taken(r, i);
    size_t n = runs_length(r, i);
    size_t last = i + n - 1;

    if (n == 0 || n > r->count - i || (!taken && r->length[i] != n))
        return 0;
    for (size_t k = i + 1; k <= last; k++) {
        bool tagged = !taken && k == last && k + 1 < r->count;

        if (is_taken(r, k) != taken || r->length[k] != (tagged ? n : 0))
            return 0;
    }
    return !taken && last + 1 < r->count && !is_taken(r, last + 1) ? 0 : n;
}

static bool
check_tree(const struct runs *r)
{
    for (size_t w = 0; w < r->nodes[0]; w++) {
        if (r->best[0][w] != longest_begun(r, w, SIZE_MAX))
            return false;
    }
    for (unsigned level = 1; level < r->levels; level++) {
        for (size_t i = 0; i < r->nodes[level]; i++) {
            if (r->best[level][i] != largest_child(r, level, i))
                return false;
        }
    }
    return true;
}

bool
runs_check(const struct runs *r)
{
    size_t past = r->count & (WORD - 1);
    size_t used = 0, blocks = 0, tail = 0;

    for (size_t i = 0, n; i < r->count; i += n) {
        n = check_run(r, i);
        if (n == 0)
            return false;
        used += is_taken(r, i) ? n : 0;
        tail = is_taken(r, i) ? 0 : n;
        blocks += runs_kind(r, i) == RUNS_BLOCK;
    }
    if (past != 0 && r->taken[r->nodes[0] - 1] >> past != 0)
        return false;
    return used == r->used && blocks == r->blocks && tail == r->tail && check_tree(r);
}
