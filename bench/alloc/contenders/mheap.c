/* bench/alloc/contenders/mheap.c -- contracts are in mheap.h. */
#include "config.h"

#include <pthread.h>
#include <sys/mman.h>

#include "bench/alloc/contender.h"
#include "bench/alloc/contenders/mheap.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned char *memory;
static size_t pages;
static struct mheap_span **map;  /* of each page; of free spans the first and the last only */
static struct mheap_span *spans; /* one for each page that could begin one */
static struct mheap_span *root;
static uint32_t random_state;

void
mheap_close(void)
{
    contender_unmap(memory, pages * MHEAP_SIZE);
    contender_unmap(map, (pages + 2) * sizeof(struct mheap_span *));
    contender_unmap(spans, pages * sizeof *spans);
    memory = NULL;
    map = NULL;
    spans = NULL;
    root = NULL;
}

/* The order of the treap: size, then address. */
static bool
before(const struct mheap_span *a, const struct mheap_span *b)
{
    return a->count != b->count ? a->count < b->count : a->first < b->first;
}

static void
split(struct mheap_span *t, const struct mheap_span *at, struct mheap_span **ret_low,
    struct mheap_span **ret_high)
{
    while (t != NULL) {
        if (before(t, at)) {
            *ret_low = t;
            ret_low = &t->right;
            t = t->right;
        } else {
            *ret_high = t;
            ret_high = &t->left;
            t = t->left;
        }
    }
    *ret_low = *ret_high = NULL;
}

static void
insert(struct mheap_span *s)
{
    struct mheap_span **at = &root;

    random_state = random_state * 1664525U + 1013904223U;
    s->priority = random_state;
    while (*at != NULL && (*at)->priority >= s->priority)
        at = before(s, *at) ? &(*at)->left : &(*at)->right;
    split(*at, s, &s->left, &s->right);
    *at = s;
}

static void
remove_span(const struct mheap_span *s)
{
    struct mheap_span **at = &root;
    struct mheap_span *low = s->left, *high = s->right;

    while (*at != s)
        at = before(s, *at) ? &(*at)->left : &(*at)->right;
    while (low != NULL && high != NULL) {
        if (low->priority > high->priority) {
            *at = low;
            at = &low->right;
            low = low->right;
        } else {
            *at = high;
            at = &high->left;
            high = high->left;
        }
    }
    *at = low != NULL ? low : high;
}

/* The smallest that is large enough. */
static struct mheap_span *
best(size_t count)
{
    struct mheap_span *found = NULL;

    for (struct mheap_span *t = root; t != NULL;) {
        if (t->count >= count) {
            found = t;
            t = t->left;
        } else {
            t = t->right;
        }
    }
    return found;
}

/* map[0] and map[pages + 1] stand for nothing and are NULL. */
static struct mheap_span **
place(size_t page)
{
    return &map[page + 1];
}

static struct mheap_span *
make_free(size_t first, size_t count)
{
    struct mheap_span *s = &spans[first];

    *s = (struct mheap_span){ .first = first, .count = count, .free = true };
    *place(first) = *place(first + count - 1) = s;
    insert(s);
    return s;
}

bool
mheap_open(size_t bytes)
{
    pages = bytes / MHEAP_SIZE;
    random_state = 1;
    memory = contender_map(pages * MHEAP_SIZE);
    map = contender_map((pages + 2) * sizeof(struct mheap_span *));
    spans = contender_map(pages * sizeof *spans);
    if (memory == NULL || map == NULL || spans == NULL) {
        mheap_close();
        return false;
    }
    (void)make_free(0, pages);
    return true;
}

struct mheap_span *
mheap_take(size_t count)
{
    struct mheap_span *s;

    (void)pthread_mutex_lock(&lock);
    s = best(count);
    if (s != NULL) {
        size_t first = s->first, rest = s->count - count;

        remove_span(s);
        if (rest > 0)
            (void)make_free(first + count, rest);
        *s = (struct mheap_span){ .first = first, .count = count };
        for (size_t i = 0; i < count; i++)
            *place(first + i) = s;
    }
    (void)pthread_mutex_unlock(&lock);
    return s;
}

void
mheap_give(struct mheap_span *s)
{
    size_t first = s->first, count = s->count;
    struct mheap_span *below, *above;

    (void)pthread_mutex_lock(&lock);
    below = map[first]; /* of page first - 1 */
    above = *place(first + count);
    if (below != NULL && below->free) {
        remove_span(below);
        first = below->first;
        count += below->count;
    }
    if (above != NULL && above->free) {
        remove_span(above);
        count += above->count;
    }
    (void)make_free(first, count);
    (void)pthread_mutex_unlock(&lock);
}

struct mheap_span *
mheap_find(const void *p)
{
    return *place((size_t)((const unsigned char *)p - memory) / MHEAP_SIZE);
}

unsigned char *
mheap_start(const struct mheap_span *s)
{
    return memory + s->first * MHEAP_SIZE;
}

size_t
mheap_bytes(const struct mheap_span *s)
{
    return s->count * MHEAP_SIZE;
}

void
mheap_trim(void)
{
    (void)pthread_mutex_lock(&lock);
    for (size_t i = 0; i < pages; i += (*place(i))->count) {
        const struct mheap_span *s = *place(i);

        if (s->free) /* where it fails the pages stay */
            (void)madvise(mheap_start(s), mheap_bytes(s), MADV_DONTNEED);
    }
    (void)pthread_mutex_unlock(&lock);
}

static size_t
count_tree(const struct mheap_span *t)
{
    return t == NULL ? 0 : t->count + count_tree(t->left) + count_tree(t->right);
}

bool
mheap_check(void)
{
    size_t free = 0, i = 0;
    bool sound = true, last_free = false;

    (void)pthread_mutex_lock(&lock);
    while (sound && i < pages) {
        const struct mheap_span *s = *place(i);

        sound = s != NULL && s->first == i && s->count > 0 && !(s->free && last_free);
        if (!sound)
            break;
        free += s->free ? s->count : 0;
        last_free = s->free;
        i += s->count;
    }
    sound = sound && i == pages && count_tree(root) == free;
    (void)pthread_mutex_unlock(&lock);
    return sound;
}
