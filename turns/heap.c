/* turns/heap.c -- contracts are in heap.h. */
#include "config.h"

#include <assert.h>

#include "turns/heap.h"

/* Makes one of two trees, of which each may be NULL. */
static struct heap_node *
meld(struct heap_node *a, struct heap_node *b)
{
    struct heap_node *swap;

    if (a == NULL)
        return b;
    if (b == NULL)
        return a;
    if (b->key < a->key) {
        swap = a;
        a = b;
        b = swap;
    }
    b->next = a->child;
    if (b->next != NULL)
        b->next->prev = b;
    b->prev = a;
    a->child = b;
    return a;
}

/* Makes one tree of siblings: in pairs from the left, then all of these from
 * the right, which is what keeps the heap flat. */
static struct heap_node *
meld_siblings(struct heap_node *n)
{
    struct heap_node *pairs = NULL; /* linked by next, the last one first */
    struct heap_node *all = NULL;
    struct heap_node *a, *b, *pair;

    while (n != NULL) {
        a = n;
        b = a->next;
        n = b != NULL ? b->next : NULL;
        a->next = NULL;
        if (b != NULL)
            b->next = NULL;
        pair = meld(a, b);
        pair->next = pairs;
        pairs = pair;
    }
    while (pairs != NULL) {
        pair = pairs;
        pairs = pair->next;
        pair->next = NULL;
        all = meld(all, pair);
    }
    return all;
}

void
heap_add(struct heap *h, struct heap_node *n)
{
    n->child = n->next = n->prev = NULL;
    h->first = meld(h->first, n);
}

void
heap_remove(struct heap *h, struct heap_node *n)
{
    struct heap_node *children = meld_siblings(n->child);

    assert(n == h->first || n->prev != NULL);
    if (children != NULL)
        children->prev = NULL;
    if (n == h->first) {
        h->first = children;
        return;
    }
    if (n->prev->child == n)
        n->prev->child = n->next;
    else
        n->prev->next = n->next;
    if (n->next != NULL)
        n->next->prev = n->prev;
    h->first = meld(h->first, children);
}
