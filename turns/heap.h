/* turns/heap.h -- a heap whose nodes lie in what they sort: the least key first.
 *
 * A pairing heap: adding costs a comparison, taking off costs the logarithm of
 * how many there are, amortised, and nothing is allocated.  Keys that are the
 * same come off in any order.  Not for two threads at once.
 */
#ifndef TURNS_HEAP_H
#define TURNS_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct heap_node {
    uint64_t key; /* the owner's; constant while the node is in a heap */
    /* Private. */
    struct heap_node *child, *next;
    struct heap_node *prev; /* its elder sibling, or its parent when it is the eldest */
};

/* Zeroed, it is empty. */
struct heap {
    struct heap_node *first; /* the node with the least key, or NULL; to look at */
};

/* Adds a node that is in no heap. */
void heap_add(struct heap *h, struct heap_node *n) __attribute__((nonnull));

/* Takes a node off, which MUST be in this heap. */
void heap_remove(struct heap *h, struct heap_node *n) __attribute__((nonnull));

#endif
