/* arena/heap_look.c -- what a heap looks like, and whether it is sound; contracts are in heap.h. */
#include "config.h"

#include "arena/heap.h"

/* The longest free run, crossing or not, under all locks. */
static size_t
longest_of(const struct heap *h)
{
    size_t longest = 0, run = 0;

    for (unsigned i = 0; i < h->nparts; i++) {
        const struct runs *r = &h->parts[i].runs;
        size_t within = runs_longest(r);

        run += r->head;
        longest = run > longest ? run : longest;
        longest = within > longest ? within : longest;
        if (r->tail < r->count)
            run = r->tail;
    }
    return longest;
}

void
heap_look(struct heap *h, struct heap_stats *ret_stats)
{
    struct heap_stats s = { 0 };

    heap_enter_all(h);
    for (unsigned i = 0; i < h->nparts; i++) {
        const struct heap_part *p = &h->parts[i];

        s.used += p->runs.used;
        s.blocks += p->runs.blocks;
        if (p->continues && runs_kind(&p->runs, 0) == RUNS_BLOCK)
            s.blocks--; /* counted where it begins */
        s.high += p->high;
        s.warm += warm_free(&p->warm);
        s.taken += p->taken;
    }
    s.longest = longest_of(h);
    heap_leave_all(h);
    *ret_stats = s;
}

bool
heap_reach(struct heap *h, unsigned i, size_t *ret_first, size_t *ret_n)
{
    if (i >= h->nparts)
        return false;
    (void)pthread_mutex_lock(&h->parts[i].lock); /* of a kind that cannot fail */
    *ret_first = (size_t)i << h->shift;
    *ret_n = h->parts[i].top;
    (void)pthread_mutex_unlock(&h->parts[i].lock);
    return true;
}

size_t
heap_count_leaving(struct heap *h)
{
    size_t n = 0;

    heap_enter_all(h);
    for (unsigned i = 0; i < h->nparts; i++) {
        const struct heap_part *p = &h->parts[i];
        /* What goes on here is counted where it begins. */
        size_t at = p->continues ? runs_length(&p->runs, 0) : 0;

        for (; at < p->runs.count; at += runs_length(&p->runs, at))
            n += runs_kind(&p->runs, at) == RUNS_LEAVING;
    }
    heap_leave_all(h);
    return n;
}

static enum runs_kind
last_kind(const struct runs *r)
{
    size_t i = r->count - 1;

    while (i > 0 && runs_kind(r, i) == RUNS_INSIDE)
        i--;
    return runs_kind(r, i);
}

static bool
check_part(const struct heap *h, unsigned i)
{
    const struct heap_part *p = &h->parts[i];

    if (!runs_check(&p->runs) || !warm_check(&p->warm) || p->runs.used > p->high ||
        p->high > p->top)
        return false;
    if (p->crossed && (i + 1 == h->nparts || p->runs.tail > 0 || !p[1].continues))
        return false;
    if (p->crossed && last_kind(&p->runs) != runs_kind(&p[1].runs, 0))
        return false;
    if (p->continues &&
        (i == 0 || !p[-1].crossed || p->runs.head > 0 || runs_length(&p->runs, 0) == 0))
        return false;
    return p->head == p->runs.head && p->tail == p->runs.tail &&
           p->longest >= runs_longest(&p->runs);
}

bool
heap_check(struct heap *h)
{
    bool sound = true;

    heap_enter_all(h);
    for (unsigned i = 0; i < h->nparts; i++)
        sound = sound && check_part(h, i);
    heap_leave_all(h);
    return sound;
}
