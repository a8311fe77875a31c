/* bench/alloc/contenders/span.c -- size classes in spans of pages, after the description of Go's
 * allocator.
 *
 * A thread's cache (mcache) holds one span of each class and takes from it
 * without a lock; a central list for each class (mcentral) holds the spans that
 * have blocks to give; the heap (mheap, here mheap.c) has the pages.
 * More than 32 KiB is a span of its own.  Go frees by sweeping; here free()
 * finds the span of an address and puts the block back: by itself into a span
 * of the own cache, else under the lock of the class.
 */
#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "bench/alloc/contender.h"
#include "bench/alloc/contenders/classes.h"
#include "bench/alloc/contenders/mheap.h"

enum {
    THREADS_MAX = 64,
    WASTE = 8, /* at most an eighth of a span may be left over */
};

struct mcache {
    struct mheap_span *spans[CLASSES_MAX];
};

struct mcentral {
    pthread_mutex_t lock;
    struct mheap_span *partial; /* have blocks to give and are in no cache */
    char apart[16];
};

static struct mcache caches[THREADS_MAX];
static struct mcentral centrals[CLASSES_MAX];
static size_t pages_for[CLASSES_MAX];
static _Thread_local struct mcache *mine;

static void
version(char *buf, size_t size)
{
    (void)snprintf(buf, size, "written after Go's description");
}

static bool
open_all(const struct contender_config *config)
{
    for (unsigned i = 0; i < CLASSES_MAX; i++) {
        size_t pages = 1, size = classes_size(i);

        while (
            (pages * MHEAP_SIZE) % size > pages * MHEAP_SIZE / WASTE || pages * MHEAP_SIZE < size)
            pages++;
        pages_for[i] = pages;
        centrals[i] = (struct mcentral){ .lock = PTHREAD_MUTEX_INITIALIZER };
    }
    for (unsigned i = 0; i < THREADS_MAX; i++)
        caches[i] = (struct mcache){ 0 };
    return mheap_open(config->bytes);
}

static void
thread_begin(unsigned index)
{
    mine = &caches[index % THREADS_MAX];
}

static void
link_in(struct mcentral *c, struct mheap_span *s)
{
    s->prev = NULL;
    s->next = c->partial;
    if (c->partial != NULL)
        c->partial->prev = s;
    c->partial = s;
    s->listed = true;
}

static void
link_out(struct mcentral *c, struct mheap_span *s)
{
    if (s->prev != NULL)
        s->prev->next = s->next;
    else
        c->partial = s->next;
    if (s->next != NULL)
        s->next->prev = s->prev;
    s->listed = false;
}

static bool
is_spent(const struct mheap_span *s)
{
    return s->local == NULL && s->fresh == 0;
}

/* Where a span goes that no cache holds; under the lock of its class. */
static void
settle(struct mcentral *c, struct mheap_span *s)
{
    if (s->out == 0) {
        if (s->listed)
            link_out(c, s);
        mheap_give(s);
    } else if (!s->listed && !is_spent(s)) {
        link_in(c, s);
    }
}

/* The blocks that other threads have freed become the span's own. */
static void
collect(struct mheap_span *s)
{
    while (s->remote != NULL) {
        void *p = s->remote;

        s->remote = *(void **)p;
        *(void **)p = s->local;
        s->local = p;
        s->out--;
    }
}

/* Lets a span go from a cache. */
static void
uncache(struct mcentral *c, struct mheap_span *s)
{
    collect(s);
    atomic_store_explicit(&s->owner, NULL, memory_order_relaxed);
    settle(c, s);
}

static void
thread_end(void)
{
    for (unsigned i = 0; i < CLASSES_MAX; i++) {
        if (mine->spans[i] == NULL)
            continue;
        (void)pthread_mutex_lock(&centrals[i].lock);
        uncache(&centrals[i], mine->spans[i]);
        (void)pthread_mutex_unlock(&centrals[i].lock);
        mine->spans[i] = NULL;
    }
}

/* Puts a span with blocks to give into the cache; NULL if there is none. */
static struct mheap_span *
refill(unsigned class)
{
    struct mcentral *c = &centrals[class];
    struct mheap_span *s = mine->spans[class];

    (void)pthread_mutex_lock(&c->lock);
    if (s != NULL) {
        collect(s);
        if (!is_spent(s))
            goto out;
        uncache(c, s);
    }
    s = c->partial;
    if (s != NULL) {
        link_out(c, s);
    } else {
        s = mheap_take(pages_for[class]);
        if (s != NULL) {
            s->class = class;
            s->fresh = (unsigned)(pages_for[class] * MHEAP_SIZE / classes_size(class));
        }
    }
    if (s != NULL)
        atomic_store_explicit(&s->owner, mine, memory_order_relaxed);
    mine->spans[class] = s;
out:
    (void)pthread_mutex_unlock(&c->lock);
    return s;
}

static void *
take(size_t scope, size_t n)
{
    unsigned class;
    struct mheap_span *s;
    void *p;

    (void)scope;
    if (n > CLASSES_LARGEST) {
        s = mheap_take((n + MHEAP_SIZE - 1) / MHEAP_SIZE);
        if (s == NULL)
            return NULL;
        s->class = CLASSES_MAX;
        return mheap_start(s);
    }
    class = classes_of(n);
    s = mine->spans[class];
    if (s == NULL || is_spent(s)) {
        s = refill(class);
        if (s == NULL)
            return NULL;
    }
    p = s->local;
    if (p != NULL)
        s->local = *(void **)p;
    else
        p = mheap_start(s) + --s->fresh * classes_size(class);
    s->out++;
    return p;
}

static void
give(void *p, size_t written)
{
    struct mheap_span *s;
    struct mcentral *c;

    (void)written;
    if (p == NULL)
        return;
    s = mheap_find(p);
    if (s->class == CLASSES_MAX) {
        mheap_give(s);
        return;
    }
    /* Only this thread makes itself the owner or ceases to be it. */
    if (atomic_load_explicit(&s->owner, memory_order_relaxed) == mine) {
        *(void **)p = s->local;
        s->local = p;
        s->out--;
        return;
    }
    c = &centrals[s->class];
    (void)pthread_mutex_lock(&c->lock);
    *(void **)p = s->remote;
    s->remote = p;
    if (atomic_load_explicit(&s->owner, memory_order_relaxed) == NULL) {
        collect(s);
        settle(c, s);
    }
    (void)pthread_mutex_unlock(&c->lock);
}

static void *
grow(size_t scope, void *p, size_t used, size_t n, uint64_t *copied)
{
    struct mheap_span *s = mheap_find(p);
    size_t have = s->class == CLASSES_MAX ? mheap_bytes(s) : classes_size(s->class);

    return have >= n ? p : contender_move(&contender_span, scope, p, used, n, copied);
}

const struct contender contender_span = {
    .name = "span",
    .what = "size classes in spans, a treap of pages, as Go describes it",
    .single = true,
    .own = true,
    .version = version,
    .open = open_all,
    .close = mheap_close,
    .thread_begin = thread_begin,
    .thread_end = thread_end,
    .alloc = take,
    .free = give,
    .grow = grow,
    .trim = mheap_trim,
    .check = mheap_check,
};
