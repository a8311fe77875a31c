/* bench/alloc/contenders/firstfit.c -- a free list on sbrk(2), first fit, as "The Linux Programming
 * Interface" tells it.
 *
 * Every block has a header with its size and that of the one below it, so a
 * freed block is joined to free neighbours at once.  The list is searched from
 * its head; what is freed becomes the head.  A large free block at the top
 * goes back by moving the break.  Somebody else may move the break too: then a
 * new segment begins.  Each segment ends with a header without a block.
 */
#include "config.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/alloc/contender.h"

enum {
    ALIGN = 16,
    STEP = 128 * 1024,     /* bytes by which the break moves at least */
    TRIM_MIN = 128 * 1024, /* bytes at the top that go back */
};

struct block {
    size_t size;  /* bytes, header included; lowest bit: in use */
    size_t below; /* bytes of the block below, header included; 0: none */
    /* Of a free block only. */
    struct block *next, *prev;
};

enum {
    HEADER = 2 * sizeof(size_t),
    USED = 1,
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct block *head;
static struct block *top; /* the header that ends the last segment */

static void
version(char *buf, size_t size)
{
    (void)snprintf(buf, size, "as here");
}

static bool
open_all(const struct contender_config *config)
{
    (void)config;
    return true;
}

static void
close_all(void)
{
}

static size_t
size_of(const struct block *b)
{
    return b->size & ~(size_t)USED;
}

static struct block *
at(void *p, size_t offset)
{
    return (struct block *)(void *)((unsigned char *)p + offset);
}

static struct block *
above(struct block *b)
{
    return at(b, size_of(b));
}

static bool
is_free(const struct block *b)
{
    return (b->size & USED) == 0;
}

static void
link_in(struct block *b)
{
    b->prev = NULL;
    b->next = head;
    if (head != NULL)
        head->prev = b;
    head = b;
}

static void
link_out(struct block *b)
{
    if (b->prev != NULL)
        b->prev->next = b->next;
    else
        head = b->next;
    if (b->next != NULL)
        b->next->prev = b->prev;
}

static void
set_size(struct block *b, size_t size, size_t used)
{
    b->size = size | used;
    above(b)->below = size;
}

/* Makes a free block of a used one and its free neighbours; it is on no list. */
static struct block *
join(struct block *b)
{
    size_t size = size_of(b);

    if (is_free(above(b))) {
        link_out(above(b));
        size += size_of(above(b));
    }
    if (b->below != 0) {
        struct block *lower = (struct block *)(void *)((unsigned char *)b - b->below);

        if (is_free(lower)) {
            link_out(lower);
            size += size_of(lower);
            b = lower;
        }
    }
    set_size(b, size, 0);
    return b;
}

/* Moves the break up; the new block counts as used. */
static struct block *
extend(size_t need)
{
    size_t n = need < STEP ? STEP : need;
    unsigned char *end = sbrk(0);
    bool follows = top != NULL && (unsigned char *)top + HEADER == end;
    size_t skip = follows ? 0 : (ALIGN - (uintptr_t)end % ALIGN) % ALIGN + HEADER;
    struct block *b;

    if (sbrk((intptr_t)(skip + n)) != end)
        return NULL;
    if (follows) {
        b = top; /* the last header becomes a block's */
    } else {
        b = at(end, skip - HEADER);
        b->below = 0;
    }
    top = at(b, n);
    top->size = USED;
    set_size(b, n, USED);
    b = join(b); /* what was left below is part of it */
    b->size |= USED;
    return b;
}

/* Cuts a used block to size; the rest is free. */
static void
cut(struct block *b, size_t need)
{
    size_t rest = size_of(b) - need;

    if (rest < sizeof(struct block))
        return;
    set_size(b, need, USED);
    set_size(above(b), rest, USED);
    link_in(join(above(b)));
}

static size_t
whole(size_t n)
{
    size_t need = (n + HEADER + ALIGN - 1) & ~(size_t)(ALIGN - 1);

    return need < sizeof(struct block) ? sizeof(struct block) : need;
}

static void *
take(size_t scope, size_t n)
{
    size_t need = whole(n);
    struct block *b;

    (void)scope;
    (void)pthread_mutex_lock(&lock);
    for (b = head; b != NULL && b->size < need; b = b->next)
        ;
    if (b != NULL) {
        link_out(b);
        b->size |= USED;
    } else {
        b = extend(need);
    }
    if (b != NULL)
        cut(b, need);
    (void)pthread_mutex_unlock(&lock);
    return b == NULL ? NULL : (unsigned char *)b + HEADER;
}

/* Gives the top back if it is large and still ours. */
static bool
trim_top(struct block *b)
{
    size_t size = size_of(b);

    if (above(b) != top || size < TRIM_MIN || sbrk(0) != (unsigned char *)top + HEADER)
        return false;
    top = b;
    b->size = USED;
    return sbrk(-(intptr_t)size) != (void *)-1; /* giving back cannot fail */
}

static void
give(void *p, size_t written)
{
    struct block *b;

    (void)written;
    if (p == NULL)
        return;
    (void)pthread_mutex_lock(&lock);
    b = join((struct block *)(void *)((unsigned char *)p - HEADER));
    if (!trim_top(b))
        link_in(b);
    (void)pthread_mutex_unlock(&lock);
}

static void *
grow(size_t scope, void *p, size_t used, size_t n, uint64_t *copied)
{
    struct block *b = (struct block *)(void *)((unsigned char *)p - HEADER);
    size_t need = whole(n);
    bool fits;

    (void)pthread_mutex_lock(&lock);
    if (size_of(b) < need && is_free(above(b)) && size_of(b) + size_of(above(b)) >= need) {
        link_out(above(b));
        set_size(b, size_of(b) + size_of(above(b)), USED);
        cut(b, need);
    }
    fits = size_of(b) >= need;
    (void)pthread_mutex_unlock(&lock);
    return fits ? p : contender_move(&contender_firstfit, scope, p, used, n, copied);
}

const struct contender contender_firstfit = {
    .name = "firstfit",
    .what = "first fit on sbrk, coalescing, trim of the top",
    .single = true,
    .own = true,
    .version = version,
    .open = open_all,
    .close = close_all,
    .alloc = take,
    .free = give,
    .grow = grow,
};
