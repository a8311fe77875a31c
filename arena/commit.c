/* arena/commit.c -- contracts are in commit.h. */
#include "config.h"

#include "arena/commit.h"
#include "arena/pages.h"

enum {
    STEP = COMMIT_STEP,
    WORD = 64, /* steps in a word of the bitmap */
};

size_t
commit_bytes(size_t bytes)
{
    return (bytes / STEP / WORD + 1) * sizeof(uint64_t);
}

void
commit_init(struct commit *c, unsigned char *base, size_t bytes, void *zeroed)
{
    *c = (struct commit){ .base = base, .bytes = bytes, .is_open = zeroed };
    c->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
}

void
commit_done(struct commit *c)
{
    (void)pthread_mutex_destroy(&c->lock); /* nobody holds it, or the caller broke the contract */
}

/* A step is opened before its bit is set, and its bit is cleared before the step
 * can be anybody's again: who reads a bit without the lock may believe it. */
static bool
is_open(const struct commit *c, size_t step)
{
    uint64_t bits = atomic_load_explicit(&c->is_open[step / WORD], memory_order_acquire);

    return (bits >> step % WORD & 1) != 0;
}

static void
flip(struct commit *c, size_t step, size_t end)
{
    for (; step < end; step++)
        (void)atomic_fetch_xor_explicit(
            &c->is_open[step / WORD], UINT64_C(1) << step % WORD, memory_order_acq_rel);
}

/* Finds the first steps in a row, in [*step, end), that are open or are not.
 * Returns how many they are; *step is the first. */
static size_t
find(const struct commit *c, size_t *step, size_t end, bool open)
{
    size_t first = *step, last;

    while (first < end && is_open(c, first) != open)
        first++;
    for (last = first; last < end && is_open(c, last) == open; last++)
        ;
    *step = first;
    return last - first;
}

/* Bytes of steps in a row; the last one of all may be shorter. */
static size_t
length(const struct commit *c, size_t step, size_t n)
{
    size_t rest = c->bytes - step * STEP;

    return n * STEP < rest ? n * STEP : rest;
}

bool
commit_is_open(const struct commit *c, size_t from, size_t n)
{
    size_t step = from / STEP, end = (from + n + STEP - 1) / STEP;

    while (step < end && is_open(c, step))
        step++;
    return step == end;
}

int
commit_open(struct commit *c, size_t from, size_t n)
{
    size_t end = (from + n + STEP - 1) / STEP;
    int r = 0;

    (void)pthread_mutex_lock(&c->lock);
    for (size_t at = from / STEP, many; r == 0 && (many = find(c, &at, end, false)) > 0;
         at += many) {
        r = pages_open(c->base + at * STEP, length(c, at, many));
        if (r == 0) {
            flip(c, at, at + many);
            c->open += length(c, at, many);
        }
    }
    (void)pthread_mutex_unlock(&c->lock);
    return r;
}

void
commit_close(struct commit *c, size_t from, size_t n)
{
    size_t end = from + n == c->bytes ? (c->bytes + STEP - 1) / STEP : (from + n) / STEP;

    (void)pthread_mutex_lock(&c->lock);
    for (size_t at = (from + STEP - 1) / STEP, many; (many = find(c, &at, end, true)) > 0;
         at += many) {
        if (pages_close(c->base + at * STEP, length(c, at, many)) == 0) {
            flip(c, at, at + many);
            c->open -= length(c, at, many);
        }
    }
    (void)pthread_mutex_unlock(&c->lock);
}

size_t
commit_reach(struct commit *c, size_t from, size_t n)
{
    size_t end = from;

    (void)pthread_mutex_lock(&c->lock);
    while (end < from + n && is_open(c, end / STEP))
        end = (end / STEP + 1) * STEP;
    (void)pthread_mutex_unlock(&c->lock);
    return end < from + n ? end - from : n;
}

size_t
commit_opened(struct commit *c)
{
    size_t open;

    (void)pthread_mutex_lock(&c->lock);
    open = c->open;
    (void)pthread_mutex_unlock(&c->lock);
    return open;
}

bool
commit_check(struct commit *c)
{
    size_t steps = (c->bytes + STEP - 1) / STEP, open = 0;
    size_t at = steps, past, many;
    bool sound;

    (void)pthread_mutex_lock(&c->lock);
    past = find(c, &at, commit_bytes(c->bytes) / sizeof *c->is_open * WORD, true);
    for (at = 0; (many = find(c, &at, steps, true)) > 0; at += many)
        open += length(c, at, many);
    sound = past == 0 && open == c->open;
    (void)pthread_mutex_unlock(&c->lock);
    return sound;
}
