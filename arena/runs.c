/* arena/runs.c -- bitmaps, what leads out of their words, and where a run fits.
 *
 * Invariants: each chunk belongs to one run; `begins` has a bit at the first chunk of
 * each, `leaving` at that of a leaving block.  Free runs never touch.  `onward` is true
 * of a word in which a run begins, `upstream` where a free run ends that began before;
 * else they are whatever they were.  `fits` has a word and a length for each free run
 * that begins there, but not for the one that ends the map, which nobody comes to from
 * the right either: it has no `upstream`.  Bits past the end of the map stay clear.
 */
#include "arena/runs.h"

#include <assert.h>

enum {
    WORD = RUNS_WORD,
    WORD_SHIFT = 6,
};

_Static_assert(1 << WORD_SHIFT == WORD, "a shift is a division");

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

static struct runs_word *
word_of(const struct runs *r, size_t i)
{
    return &r->word[i >> WORD_SHIFT];
}

/* A chunk's bit, and whether it is set. */
static uint64_t
bit(size_t i)
{
    return UINT64_C(1) << (i & (WORD - 1));
}

static bool
has(uint64_t bits, size_t i)
{
    return (bits >> (i & (WORD - 1)) & 1) != 0;
}

static bool
is_taken(const struct runs *r, size_t i)
{
    return has(word_of(r, i)->taken, i);
}

uint64_t
runs_free_bits(const struct runs *r, size_t w)
{
    size_t in_map = r->count - (w << WORD_SHIFT);

    return ~r->word[w].taken & (in_map >= WORD ? UINT64_MAX : ~(UINT64_MAX << in_map));
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
    size_t w = first >> WORD_SHIFT, last = (first + n - 1) >> WORD_SHIFT;

    if (w == last)
        r->word[w].taken ^= UINT64_MAX >> (WORD - n) << (first & (WORD - 1));
    else
        for (; w <= last; w++)
            r->word[w].taken ^= runs_mask(w, first, n);
}

/* The bits behind chunk `i`'s where other runs begin in its word, the next one's lowest. */
static uint64_t
behind(const struct runs *r, size_t i)
{
    return word_of(r, i)->begins >> (i & (WORD - 1)) >> 1;
}

/* The chunks of the run that begins at `i`. */
static size_t
length_at(const struct runs *r, size_t i)
{
    uint64_t next = behind(r, i);

    return next != 0 ? (size_t)__builtin_ctzll(next) + 1 : word_of(r, i)->onward;
}

/* Makes a run begin at `i`, which ends where the next one begins. */
static void
begin(struct runs *r, size_t i, size_t n)
{
    struct runs_word *w = word_of(r, i);

    w->begins |= bit(i);
    if (behind(r, i) == 0)
        w->onward = (uint32_t)n;
}

/* The first chunk of the free run that chunk `i` is in, the last one of it. */
static size_t
begin_of(const struct runs *r, size_t i)
{
    const struct runs_word *w = word_of(r, i);
    uint64_t bits = w->begins & UINT64_MAX >> (WORD - 1 - (i & (WORD - 1)));

    return bits != 0 ? (i | (WORD - 1)) - (size_t)__builtin_clzll(bits) : w->upstream;
}

/* The lowest free run of `n` chunks that begins in a word; RUNS_NONE: none does. */
static size_t
find_in(const struct runs *r, size_t w, size_t n)
{
    uint64_t begins = r->word[w].begins;
    uint64_t free = begins & ~r->word[w].taken;
    uint64_t bits = n < WORD ? free & begins >> n : 0;
    size_t last = WORD - 1 - (size_t)__builtin_clzll(begins | 1);

    /* What begins `n` chunks further is what follows, unless something does before. */
    for (; bits != 0; bits &= bits - 1) {
        size_t i = (size_t)__builtin_ctzll(bits);

        if ((begins >> i & ((UINT64_C(1) << n) - 1)) == 1)
            return (w << WORD_SHIFT) + i;
    }
    return r->word[w].onward == n && has(free, last) ? (w << WORD_SHIFT) + last : RUNS_NONE;
}

/* Makes a free run of `n` chunks. */
static void
gain(struct runs *r, size_t first, size_t n)
{
    size_t w = first >> WORD_SHIFT, last = (first + n - 1) >> WORD_SHIFT;

    begin(r, first, n);
    if (first == 0)
        r->head = n;
    if (first + n == r->count) {
        r->tail = n;
        return;
    }
    if (last != w)
        r->word[last].upstream = (uint32_t)first;
    fits_note(&r->fits, w, n);
}

/* A free run of `n` chunks that began at `i` is no more, as the bitmaps have it.  Where it
 * fitted, one that ends the map does not. */
static void
lose(struct runs *r, size_t i, size_t n)
{
    size_t w = i >> WORD_SHIFT;
    size_t equal = find_in(r, w, n);

    if (equal == RUNS_NONE || equal + n == r->count)
        fits_forget(&r->fits, w, n);
}

static size_t
words_of(size_t count)
{
    return (count + WORD - 1) >> WORD_SHIFT;
}

size_t
runs_bytes(size_t count)
{
    size_t words = words_of(count);

    return words * sizeof(struct runs_word) + fits_bytes(words, count);
}

void
runs_init(struct runs *r, size_t count, void *zeroed)
{
    size_t words = words_of(count);

    assert(count > 0 && count <= RUNS_MAX);
    *r = (struct runs){ .count = count, .words = words, .word = zeroed };
    fits_init(&r->fits, words, count, r->word + words);
    gain(r, 0, count);
}

size_t
runs_take(struct runs *r, size_t n)
{
    size_t length, first;
    size_t w = fits_find(&r->fits, n, &length);

    if (w != FITS_NONE)
        first = find_in(r, w, length);
    else if (r->tail >= n)
        first = r->count - r->tail;
    else
        return RUNS_NONE;
    runs_take_at(r, first, n);
    return first;
}

void
runs_take_at(struct runs *r, size_t first, size_t n)
{
    size_t run = length_at(r, first);

    assert(!is_taken(r, first) && n > 0 && n <= run);
    flip(r, first, n);
    r->used += n;
    r->blocks++;
    if (first == 0)
        r->head = 0;
    if (first + run == r->count)
        r->tail = 0;
    if (run > n) {
        begin(r, first, n);
        gain(r, first + n, run - n);
    }
    lose(r, first, run);
}

void
runs_cut(struct runs *r, size_t first, size_t n)
{
    size_t all = length_at(r, first);

    assert(runs_kind(r, first) == RUNS_BLOCK && n > 0 && n < all);
    begin(r, first, n);
    begin(r, first + n, all - n);
    word_of(r, first + n)->leaving |= bit(first + n);
}

void
runs_retire(struct runs *r, size_t first)
{
    assert(runs_kind(r, first) == RUNS_BLOCK);
    word_of(r, first)->leaving |= bit(first);
    r->blocks--;
}

size_t
runs_give(struct runs *r, size_t first)
{
    struct runs_word *w = word_of(r, first);
    size_t n = length_at(r, first);
    size_t end = first + n;
    size_t from = first, before = 0, next = 0, all;

    assert(is_taken(r, first) && has(w->begins, first));
    if (has(w->leaving, first))
        w->leaving &= ~bit(first);
    else
        r->blocks--;
    flip(r, first, n);
    r->used -= n;
    if (end < r->count && !is_taken(r, end)) {
        next = length_at(r, end);
        word_of(r, end)->begins &= ~bit(end);
    }
    if (first > 0 && !is_taken(r, first - 1)) {
        from = begin_of(r, first - 1);
        before = first - from;
        w->begins &= ~bit(first);
    }
    all = before + n + next;
    gain(r, from, all);
    if (before > 0)
        lose(r, from, before);
    if (next > 0)
        lose(r, end, next);
    return all;
}

enum runs_kind
runs_kind(const struct runs *r, size_t i)
{
    const struct runs_word *w = word_of(r, i);

    if (!has(w->taken, i))
        return RUNS_FREE;
    if (!has(w->begins, i))
        return RUNS_INSIDE;
    return has(w->leaving, i) ? RUNS_LEAVING : RUNS_BLOCK;
}

size_t
runs_length(const struct runs *r, size_t first)
{
    return has(word_of(r, first)->begins, first) ? length_at(r, first) : 0;
}

size_t
runs_longest(const struct runs *r)
{
    return max(fits_longest(&r->fits), r->tail);
}

/* Whether another free run as long begins in the same word, before it. */
static bool
has_equal(const struct runs *r, size_t i, size_t n)
{
    return find_in(r, i >> WORD_SHIFT, n) != i;
}

/* Measures the run, free or taken, that begins at chunk `i`, which follows the
 * end of another; 0 when one table does not say what the others say. */
static size_t
check_run(const struct runs *r, size_t i)
{
    bool taken = is_taken(r, i);
    size_t n = runs_length(r, i);
    size_t end = i + n;

    if (n == 0 || n > r->count - i || (!taken && has(word_of(r, i)->leaving, i)))
        return 0;
    for (size_t k = i + 1; k < end; k++) {
        const struct runs_word *w = word_of(r, k);

        if (has(w->taken, k) != taken || has(w->begins | w->leaving, k))
            return 0;
    }
    if (taken || end == r->count)
        return n;
    if (!is_taken(r, end) || begin_of(r, end - 1) != i)
        return 0;
    return fits_has(&r->fits, i >> WORD_SHIFT, n) ? n : 0;
}

/* Whether a bit is set past the end of the map. */
static bool
is_past(const struct runs *r)
{
    const struct runs_word *last = &r->word[r->words - 1];
    size_t past = r->count & (WORD - 1);

    return past != 0 && (last->taken | last->begins | last->leaving) >> past != 0;
}

bool
runs_check(const struct runs *r)
{
    size_t head = is_taken(r, 0) ? 0 : runs_length(r, 0);
    size_t used = 0, blocks = 0, tail = 0, fits = 0;

    for (size_t i = 0, n; i < r->count; i += n) {
        n = check_run(r, i);
        if (n == 0)
            return false;
        used += is_taken(r, i) ? n : 0;
        tail = is_taken(r, i) ? 0 : n;
        blocks += runs_kind(r, i) == RUNS_BLOCK;
        fits += !is_taken(r, i) && i + n < r->count && !has_equal(r, i, n);
    }
    return !is_past(r) && used == r->used && blocks == r->blocks && head == r->head &&
           tail == r->tail && fits_check(&r->fits, fits);
}
