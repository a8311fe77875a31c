/* arena/warm.c -- contracts are in warm.h. */
#include "arena/warm.h"

#include <assert.h>

#include "arena/runs.h"

enum {
    WORD = RUNS_WORD, /* chunks */
};

size_t
warm_bytes(size_t count)
{
    return (count + WORD - 1) / WORD * sizeof(uint64_t);
}

void
warm_init(struct warm *w, const struct runs *runs, size_t unit, void *zeroed)
{
    *w = (struct warm){ .runs = runs, .touched = zeroed, .unit = unit };
}

void
warm_note(struct warm *w, size_t first, size_t n)
{
    assert(n > 0);
    for (size_t i = first / WORD; i * WORD < first + n; i++)
        w->touched[i] |= runs_mask(i, first, n);
}

size_t
warm_clear(struct warm *w, size_t first, size_t n)
{
    size_t were = 0;

    assert(n > 0);
    for (size_t i = first / WORD; i * WORD < first + n; i++) {
        uint64_t mask = runs_mask(i, first, n);

        were += (size_t)__builtin_popcountll(w->touched[i] & mask);
        w->touched[i] &= ~mask;
    }
    return were;
}

size_t
warm_free(const struct warm *w)
{
    size_t n = 0;

    for (size_t i = 0; i * WORD < w->runs->count; i++) {
        if (w->touched[i] != 0)
            n += (size_t)__builtin_popcountll(w->touched[i] & runs_free_bits(w->runs, i));
    }
    return n;
}

static size_t
end_of(const struct warm *w, size_t unit)
{
    size_t end = (unit + 1) * w->unit;

    return end < w->runs->count ? end : w->runs->count;
}

/* Whether a unit is free as a whole, and any chunk of it warm. */
static bool
is_ripe(const struct warm *w, size_t unit)
{
    size_t first = unit * w->unit;
    size_t n = end_of(w, unit) - first;
    bool warm = false;

    for (size_t i = first / WORD; i * WORD < first + n; i++) {
        uint64_t mask = runs_mask(i, first, n);

        if ((runs_free_bits(w->runs, i) & mask) != mask)
            return false;
        warm = warm || (w->touched[i] & mask) != 0;
    }
    return warm;
}

/* The number of the highest ripe unit below, plus one; 0: none. */
static size_t
highest_ripe(const struct warm *w, size_t below)
{
    size_t units = (below + w->unit - 1) / w->unit;

    while (units > 0 && !is_ripe(w, units - 1)) {
        size_t word = (units * w->unit - 1) / WORD;

        /* Most words are those of chunks that nobody came to. */
        if (w->unit <= WORD && w->touched[word] == 0)
            units = word * WORD / w->unit;
        else
            units--;
    }
    return units;
}

size_t
warm_find(const struct warm *w, size_t below, size_t most, size_t *ret_first)
{
    size_t last = highest_ripe(w, below);
    size_t first;

    if (last == 0)
        return 0;
    first = last - 1;
    while (first > 0 && (last - first + 1) * w->unit <= most && is_ripe(w, first - 1))
        first--;
    *ret_first = first * w->unit;
    return end_of(w, last - 1) - *ret_first;
}

bool
warm_check(const struct warm *w)
{
    size_t past = w->runs->count % WORD;

    return past == 0 || w->touched[w->runs->count / WORD] >> past == 0;
}
