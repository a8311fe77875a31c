/* arena/fits.c -- contracts are in fits.h. */
#include "arena/fits.h"

#include <assert.h>

enum {
    BITS = 64,
    BITS_SHIFT = 6,
    FAN_SHIFT = 3,
    FAN = 1 << FAN_SHIFT, /* nodes: what a scan reads is half a cache line */
};

_Static_assert(1 << BITS_SHIFT == BITS, "a shift is a division");
_Static_assert((int)FITS_SHORT >= (int)BITS, "of long runs no word has more than one");

static size_t
min(size_t x, size_t y)
{
    return x < y ? x : y;
}

static bool
has(const uint64_t *bits, size_t i)
{
    return (bits[i >> BITS_SHIFT] >> (i & (BITS - 1)) & 1) != 0;
}

/* Whether a bit behind the first `n` is set in the word that the last of them is in. */
static bool
has_past(const uint64_t *bits, size_t n)
{
    return (n & (BITS - 1)) != 0 && bits[n >> BITS_SHIFT] >> (n & (BITS - 1)) != 0;
}

/* Lays out sets, and a tree where runs can be long; returns how many nodes that has. */
static size_t
shape(struct fits *f, size_t words, size_t chunks)
{
    size_t n = words, all = 0;

    assert(words > 0 && words <= FITS_WORDS_MAX);
    *f = (struct fits){ .words = words, .lengths = min(chunks, FITS_SHORT) };
    do {
        n = (n + BITS - 1) >> BITS_SHIFT;
        f->summary[f->set_levels++] = f->set_size;
        f->set_size += n;
    } while (n > 1);
    if (chunks <= FITS_SHORT)
        return 0;
    for (n = words;; n = (n + FAN - 1) >> FAN_SHIFT) {
        f->nodes[f->tree_levels++] = n;
        all += n;
        if (n == 1)
            return all;
    }
}

size_t
fits_bytes(size_t words, size_t chunks)
{
    struct fits f;
    size_t nodes = shape(&f, words, chunks);

    return f.lengths * f.set_size * sizeof *f.sets + nodes * sizeof *f.longest[0];
}

void
fits_init(struct fits *f, size_t words, size_t chunks, void *zeroed)
{
    uint32_t *next;

    (void)shape(f, words, chunks);
    f->sets = zeroed;
    next = (uint32_t *)(f->sets + f->lengths * f->set_size);
    for (unsigned level = f->tree_levels; level-- > 0;) {
        f->longest[level] = next;
        next += f->nodes[level];
    }
}

static uint64_t *
set_of(const struct fits *f, size_t n)
{
    return f->sets + (n - 1) * f->set_size;
}

static void
set_add(struct fits *f, size_t n, size_t i)
{
    uint64_t *set = set_of(f, n);

    for (unsigned level = 0; level < f->set_levels; level++) {
        uint64_t *bits = &set[f->summary[level] + (i >> BITS_SHIFT)];
        uint64_t was = *bits;

        *bits = was | UINT64_C(1) << (i & (BITS - 1));
        if (was != 0)
            return; /* known above */
        i >>= BITS_SHIFT;
    }
    f->some[(n - 1) >> BITS_SHIFT] |= UINT64_C(1) << ((n - 1) & (BITS - 1));
}

static void
set_drop(struct fits *f, size_t n, size_t i)
{
    uint64_t *set = set_of(f, n);

    for (unsigned level = 0; level < f->set_levels; level++) {
        uint64_t *bits = &set[f->summary[level] + (i >> BITS_SHIFT)];

        *bits &= ~(UINT64_C(1) << (i & (BITS - 1)));
        if (*bits != 0)
            return;
        i >>= BITS_SHIFT;
    }
    f->some[(n - 1) >> BITS_SHIFT] &= ~(UINT64_C(1) << ((n - 1) & (BITS - 1)));
}

/* The lowest of a set, which is not empty. */
static size_t
set_lowest(const struct fits *f, size_t n)
{
    const uint64_t *set = set_of(f, n);
    size_t i = 0;

    for (unsigned level = f->set_levels; level-- > 0;)
        i = i << BITS_SHIFT | (size_t)__builtin_ctzll(set[f->summary[level] + i]);
    return i;
}

/* The least length of `n` or more whose set is not empty; 0: none. */
static size_t
least_short(const struct fits *f, size_t n)
{
    uint64_t from = UINT64_MAX << ((n - 1) & (BITS - 1));

    for (size_t i = (n - 1) >> BITS_SHIFT; i < FITS_SHORT / BITS; i++) {
        uint64_t bits = f->some[i] & from;

        if (bits != 0)
            return (i << BITS_SHIFT) + (size_t)__builtin_ctzll(bits) + 1;
        from = UINT64_MAX;
    }
    return 0;
}

static uint32_t
largest_child(const struct fits *f, unsigned level, size_t i)
{
    const uint32_t *child = f->longest[level - 1];
    size_t end = min((i + 1) << FAN_SHIFT, f->nodes[level - 1]);
    uint32_t most = 0;

    for (size_t k = i << FAN_SHIFT; k < end; k++)
        most = child[k] > most ? child[k] : most;
    return most;
}

/* Carries a word's new length upwards as far as it is felt. */
static void
tree_set(struct fits *f, size_t i, uint32_t now)
{
    uint32_t below = 0; /* what the child said before */

    for (unsigned level = 0; level < f->tree_levels; level++) {
        uint32_t was = f->longest[level][i];

        if (level > 0 && now < was) {
            if (below < was)
                return; /* another child has the longest */
            now = largest_child(f, level, i);
        }
        if (now == was)
            return;
        f->longest[level][i] = now;
        below = was;
        i >>= FAN_SHIFT;
    }
}

static size_t
tree_longest(const struct fits *f)
{
    return f->tree_levels > 0 ? f->longest[f->tree_levels - 1][0] : 0;
}

/* The lowest word in which `n` chunks or more begin. */
static size_t
tree_lowest(const struct fits *f, size_t n)
{
    size_t i = 0;

    if (tree_longest(f) < n)
        return FITS_NONE;
    for (unsigned level = f->tree_levels - 1; level-- > 0;) {
        i <<= FAN_SHIFT;
        while (f->longest[level][i] < n)
            i++;
    }
    return i;
}

void
fits_note(struct fits *f, size_t w, size_t n)
{
    if (n <= FITS_SHORT)
        set_add(f, n, w);
    else
        tree_set(f, w, (uint32_t)n);
}

void
fits_forget(struct fits *f, size_t w, size_t n)
{
    if (n <= FITS_SHORT)
        set_drop(f, n, w);
    else if (f->longest[0][w] == n)
        tree_set(f, w, 0);
}

size_t
fits_find(const struct fits *f, size_t n, size_t *ret_length)
{
    size_t length = n <= FITS_SHORT ? least_short(f, n) : 0;
    size_t w;

    if (length > 0) {
        *ret_length = length;
        return set_lowest(f, length);
    }
    w = tree_lowest(f, n);
    if (w != FITS_NONE)
        *ret_length = f->longest[0][w];
    return w;
}

size_t
fits_longest(const struct fits *f)
{
    size_t longest = tree_longest(f);

    for (size_t i = FITS_SHORT / BITS; longest == 0 && i > 0; i--) {
        if (f->some[i - 1] != 0)
            longest = (i << BITS_SHIFT) - (size_t)__builtin_clzll(f->some[i - 1]);
    }
    return longest;
}

bool
fits_has(const struct fits *f, size_t w, size_t n)
{
    if (n > FITS_SHORT)
        return f->longest[0][w] == n;
    return has(set_of(f, n), w);
}

/* Whether just those bits of a level are set whose words in the level below have any. */
static bool
check_summary(const uint64_t *above, const uint64_t *below, size_t nbelow)
{
    for (size_t i = 0; i < nbelow; i++) {
        if (has(above, i) != (below[i] != 0))
            return false;
    }
    return !has_past(above, nbelow);
}

/* Counts the words of a set; SIZE_MAX when its levels contradict each other. */
static size_t
check_set(const struct fits *f, size_t n)
{
    const uint64_t *set = set_of(f, n);
    size_t nbits = f->words, count = 0;

    for (size_t i = 0; i < (nbits + BITS - 1) >> BITS_SHIFT; i++)
        count += (size_t)__builtin_popcountll(set[i]);
    if (has_past(set, nbits))
        return SIZE_MAX;
    for (unsigned level = 1; level < f->set_levels; level++) {
        nbits = (nbits + BITS - 1) >> BITS_SHIFT;
        if (!check_summary(set + f->summary[level], set + f->summary[level - 1], nbits))
            return SIZE_MAX;
    }
    return has(f->some, n - 1) == (count > 0) ? count : SIZE_MAX;
}

/* Counts the words in which a long run begins; SIZE_MAX when a node is wrong. */
static size_t
check_tree(const struct fits *f)
{
    size_t count = 0;

    for (size_t w = 0; f->tree_levels > 0 && w < f->words; w++) {
        count += f->longest[0][w] > 0;
        if (f->longest[0][w] > 0 && f->longest[0][w] <= FITS_SHORT)
            return SIZE_MAX;
    }
    for (unsigned level = 1; level < f->tree_levels; level++) {
        for (size_t i = 0; i < f->nodes[level]; i++) {
            if (f->longest[level][i] != largest_child(f, level, i))
                return SIZE_MAX;
        }
    }
    return count;
}

bool
fits_check(const struct fits *f, size_t count)
{
    size_t found = check_tree(f);

    for (size_t n = 1; n <= f->lengths && found != SIZE_MAX; n++) {
        size_t in_set = check_set(f, n);

        found = in_set == SIZE_MAX ? SIZE_MAX : found + in_set;
    }
    for (size_t n = f->lengths; n < FITS_SHORT && found != SIZE_MAX; n++) {
        if (has(f->some, n))
            found = SIZE_MAX;
    }
    return found == count;
}
