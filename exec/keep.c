/* exec/keep.c -- contracts are in keep.h. */
#include "config.h"

#include <assert.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "arena/arena.h"
#include "exec/keep.h"

enum {
    BITS = 8 /* marks in a byte */
};

size_t
keep_marks(size_t max)
{
    return max / BITS + 1;
}

void
keep_over(struct keep *k, unsigned char *p, size_t max, unsigned char *marks, bool tail)
{
    assert((p != NULL || max == 0) && max <= SSIZE_MAX);
    *k = (struct keep){ .p = p, .marks = marks, .max = max, .tail = tail, .open = max };
}

void
keep_commit(struct keep *k, struct arena *arena)
{
    k->arena = arena;
    if (arena_is_stepwise(arena))
        k->open = 0;
}

/* Makes as much again ready to be written to, or lets what is ready be all. */
static void
open_more(struct keep *k)
{
    size_t step = k->open > ARENA_STEP ? k->open : ARENA_STEP;
    size_t n = step < k->max - k->open ? step : k->max - k->open;
    int r = arena_commit(k->arena, k->p + k->open, n);

    if (r == 0 && k->marks != NULL)
        r = arena_commit(k->arena, k->marks + k->open / BITS, keep_marks(n));
    if (r == 0)
        k->open += n;
    else
        k->max = k->open;
}

/* Where the byte `at` bytes behind the first one is. */
static size_t
place(const struct keep *k, size_t at)
{
    return at < k->max - k->start ? k->start + at : at - (k->max - k->start);
}

int
keep_room(struct keep *k, struct iovec ret_room[2])
{
    size_t next;

    /* A ring has not begun to turn before all of it is open. */
    if (k->len == k->open && k->open < k->max)
        open_more(k);
    if (k->max == 0 || (!k->tail && k->len == k->max))
        return 0;
    next = place(k, k->len);
    ret_room[0] = (struct iovec){ k->p + next, k->open - next };
    if (!k->tail || next == 0 || k->open < k->max)
        return 1;
    ret_room[1] = (struct iovec){ k->p, next };
    return 2;
}

/* Marks `n` bytes from `from` on, which do not wrap. */
static void
mark(unsigned char *marks, size_t from, size_t n, bool set)
{
    size_t end = from + n;

    while (from < end) {
        if (from % BITS == 0 && end - from >= BITS) {
            memset(marks + from / BITS, set ? 0xff : 0, (end - from) / BITS);
            from = end - (end - from) % BITS;
            continue;
        }
        if (set)
            marks[from / BITS] |= (unsigned char)(1u << from % BITS);
        else
            marks[from / BITS] &= (unsigned char)~(1u << from % BITS);
        from++;
    }
}

void
keep_take(struct keep *k, size_t n, enum keep_stream who)
{
    size_t next = place(k, k->len);
    size_t straight = n < k->max - next ? n : k->max - next;
    size_t over = n > k->max - k->len ? n - (k->max - k->len) : 0;

    assert(n <= k->max && who != KEEP_BOTH);
    if (k->marks != NULL) {
        mark(k->marks, next, straight, who == KEEP_ERR);
        mark(k->marks, 0, n - straight, who == KEEP_ERR);
    }
    k->len += n - over;
    k->start = place(k, over);
    k->dropped = k->dropped || over > 0;
}

void
keep_drop(struct keep *k)
{
    k->dropped = true;
}

static bool
is_marked(const unsigned char *marks, size_t i)
{
    return (marks[i / BITS] >> i % BITS & 1) != 0;
}

/* How many of the `n` bytes from `from` on are marked as the first one is. */
static size_t
alike(const unsigned char *marks, size_t from, size_t n)
{
    bool set = is_marked(marks, from);
    unsigned char all = set ? 0xff : 0;
    size_t end = from + n;
    size_t i = from;

    while (i < end) {
        if (i % BITS == 0 && end - i >= BITS && marks[i / BITS] == all)
            i += BITS;
        else if (is_marked(marks, i) == set)
            i++;
        else
            break;
    }
    return i - from;
}

bool
keep_next(const struct keep *k, enum keep_stream who, size_t *at, struct span *ret_piece)
{
    bool hit = false;
    size_t from, n;

    while (!hit && *at < k->len) {
        from = place(k, *at);
        n = k->max - from < k->len - *at ? k->max - from : k->len - *at;
        hit = who == KEEP_BOTH || (who == KEEP_ERR) == (k->marks && is_marked(k->marks, from));
        if (who != KEEP_BOTH && k->marks != NULL)
            n = alike(k->marks, from, n);
        *ret_piece = (struct span){ k->p + from, n };
        *at += n;
    }
    return hit;
}

bool
keep_whole(const struct keep *k, struct span *ret_all)
{
    if (k->len > k->max - k->start)
        return false;
    *ret_all = (struct span){ k->p + k->start, k->len };
    return true;
}
