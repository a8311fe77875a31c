/* arena/harden.c -- contracts are in harden.h. */
#include "config.h"

#include <string.h>

#include "arena/harden.h"
#include "arena/heap.h"

enum {
    POISON = 0xdb, /* no UTF-8, and as an address none that is mapped */
};

void
harden_init(struct harden *q, size_t most)
{
    q->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    q->most = most;
}

void
harden_done(struct harden *q)
{
    (void)pthread_mutex_destroy(&q->lock); /* nobody holds it, or the caller broke the contract */
}

void
harden_begin(struct harden *q)
{
    (void)pthread_mutex_lock(&q->lock);
    q->adrift++;
    (void)pthread_mutex_unlock(&q->lock);
}

void
harden_end(struct harden *q)
{
    (void)pthread_mutex_lock(&q->lock);
    q->adrift--;
    (void)pthread_mutex_unlock(&q->lock);
}

bool
harden_put(struct harden *q, const struct harden_block *b)
{
    bool fits;

    (void)pthread_mutex_lock(&q->lock);
    fits = q->n < HARDEN_QUEUE;
    if (fits) {
        q->queue[(q->oldest + q->n) % HARDEN_QUEUE] = *b;
        q->n++;
        q->adrift--;
        q->chunks += b->chunks;
    }
    (void)pthread_mutex_unlock(&q->lock);
    return fits;
}

bool
harden_get(struct harden *q, bool all, struct harden_block *ret_block)
{
    bool due;

    (void)pthread_mutex_lock(&q->lock);
    due = q->n > 0 && (all || q->chunks > q->most || q->n == HARDEN_QUEUE);
    if (due) {
        *ret_block = q->queue[q->oldest];
        q->oldest = (q->oldest + 1) % HARDEN_QUEUE;
        q->n--;
        q->adrift++;
        q->chunks -= ret_block->chunks;
    }
    (void)pthread_mutex_unlock(&q->lock);
    return due;
}

static bool
check_queue(const struct harden *q, struct heap *h, size_t chunk)
{
    size_t chunks = 0, leaving;

    if (q->oldest >= HARDEN_QUEUE || q->n > HARDEN_QUEUE)
        return false;
    for (size_t i = 0; i < q->n; i++) {
        const struct harden_block *b = &q->queue[(q->oldest + i) % HARDEN_QUEUE];

        if (heap_leaving(h, b->first) != b->chunks || b->poisoned > b->chunks * chunk)
            return false;
        chunks += b->chunks;
    }
    leaving = heap_count_leaving(h);
    return chunks == q->chunks && leaving >= q->n && leaving - q->n <= q->adrift;
}

bool
harden_check(struct harden *q, struct heap *h, size_t chunk)
{
    bool sound;

    /* Under its lock none comes to wait, none goes, and none begins or ends. */
    (void)pthread_mutex_lock(&q->lock);
    sound = check_queue(q, h, chunk);
    (void)pthread_mutex_unlock(&q->lock);
    return sound;
}

void
harden_poison(unsigned char *p, size_t n)
{
    memset(p, POISON, n);
}

bool
harden_is_poisoned(const unsigned char *p, size_t n)
{
    /* Each byte is the one before it, and the first one is right. */
    return n == 0 || (p[0] == POISON && memcmp(p, p + 1, n - 1) == 0);
}
