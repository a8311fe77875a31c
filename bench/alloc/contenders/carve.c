/* bench/alloc/contenders/carve.c -- contracts are in carve.h. */
#include "config.h"

#include <pthread.h>
#include <stdint.h>

#include "arena/arena.h"
#include "bench/alloc/contender.h"
#include "bench/alloc/contenders/carve.h"
#include "bench/alloc/contenders/classes.h"

/* A chunk that is cut.  It is on its class's list while it has blocks to give. */
struct cut {
    struct cut *next, *prev;
    void *free;     /* blocks that came back, each with the next in its first word */
    unsigned fresh; /* blocks never given out, at the end of the chunk */
    unsigned out;   /* blocks that are out */
};

struct list {
    pthread_mutex_t lock;
    struct cut *first;
    char apart[16]; /* a line of the cache each */
};

static struct arena *heap;
static unsigned char *base;
static size_t chunk, chunks;
static struct cut *cuts;
static struct list lists[CLASSES_MAX];

bool
carve_open(struct arena *of, unsigned char *first, size_t bytes, size_t count)
{
    heap = of;
    base = first;
    chunk = bytes;
    chunks = count;
    for (unsigned i = 0; i < CLASSES_MAX; i++)
        lists[i] = (struct list){ .lock = PTHREAD_MUTEX_INITIALIZER };
    cuts = contender_map(chunks * sizeof *cuts);
    return cuts != NULL;
}

void
carve_close(void)
{
    contender_unmap(cuts, chunks * sizeof *cuts);
    cuts = NULL;
}

static unsigned
blocks_in(unsigned class)
{
    return (unsigned)(chunk / classes_size(class));
}

static void
link_in(struct list *l, struct cut *c)
{
    c->prev = NULL;
    c->next = l->first;
    if (l->first != NULL)
        l->first->prev = c;
    l->first = c;
}

static void
link_out(struct list *l, struct cut *c)
{
    if (c->prev != NULL)
        c->prev->next = c->next;
    else
        l->first = c->next;
    if (c->next != NULL)
        c->next->prev = c->prev;
}

static bool
is_spent(const struct cut *c)
{
    return c->free == NULL && c->fresh == 0;
}

/* Cuts another chunk of the heap. */
static bool
cut_chunk(struct list *l, unsigned class)
{
    unsigned char *p = arena_alloc(heap, chunk);
    struct cut *c;

    if (p == NULL)
        return false;
    c = &cuts[(size_t)(p - base) / chunk];
    *c = (struct cut){ .fresh = blocks_in(class) };
    link_in(l, c);
    return true;
}

static void *
take_one(struct list *l, unsigned class)
{
    struct cut *c = l->first;
    void *p = c->free;

    if (p != NULL)
        c->free = *(void **)p;
    else
        p = base + (size_t)(c - cuts) * chunk + --c->fresh * classes_size(class);
    c->out++;
    if (is_spent(c))
        link_out(l, c);
    return p;
}

unsigned
carve_take(unsigned class, void **ret_blocks, unsigned n)
{
    struct list *l = &lists[class];
    unsigned got = 0;

    (void)pthread_mutex_lock(&l->lock);
    /* What there is will do: a new chunk only when there is nothing. */
    if (l->first != NULL || cut_chunk(l, class)) {
        do
            ret_blocks[got++] = take_one(l, class);
        while (got < n && l->first != NULL);
    }
    (void)pthread_mutex_unlock(&l->lock);
    return got;
}

void
carve_give(unsigned class, void **blocks, unsigned n)
{
    struct list *l = &lists[class];

    (void)pthread_mutex_lock(&l->lock);
    for (unsigned i = 0; i < n; i++) {
        struct cut *c = &cuts[(size_t)((unsigned char *)blocks[i] - base) / chunk];

        if (is_spent(c))
            link_in(l, c);
        *(void **)blocks[i] = c->free;
        c->free = blocks[i];
        if (--c->out == 0) {
            link_out(l, c);
            (void)arena_free(heap, base + (size_t)(c - cuts) * chunk); /* check() tells */
        }
    }
    (void)pthread_mutex_unlock(&l->lock);
}
