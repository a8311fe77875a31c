/* arena/harden.h -- freed blocks that wait, poisoned, before they are used again.
 *
 * A queue of freed blocks, limited in number and in chunks, and the pattern they
 * are filled with: whoever uses a block after it was freed spoils nothing of the
 * next owner's, and is noticed when the block leaves the queue.
 *
 * Indices in, indices out.  Safe from any thread.  arena.c is its only user.
 */
#ifndef ARENA_HARDEN_H
#define ARENA_HARDEN_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    HARDEN_QUEUE = 256, /* blocks */
};

struct heap;

struct harden_block {
    size_t first;    /* chunk */
    size_t chunks;   /* all of it */
    size_t poisoned; /* bytes at its start */
};

struct harden {
    /* Private. */
    pthread_mutex_t lock;
    size_t most;      /* chunks */
    size_t chunks;    /* that wait */
    size_t adrift;    /* blocks that are leaving and do not wait */
    size_t oldest, n; /* blocks */
    struct harden_block queue[HARDEN_QUEUE];
};

/* Begins with an empty queue for `most` chunks; harden_done() ends it. */
void harden_init(struct harden *q, size_t most) __attribute__((nonnull));
void harden_done(struct harden *q) __attribute__((nonnull));

/* Says that a block is about to become a leaving one, before it does; and that one
 * is free, or was none, that neither waits nor will. */
void harden_begin(struct harden *q) __attribute__((nonnull));
void harden_end(struct harden *q) __attribute__((nonnull));

/* Appends a block that was begun, if there is a place for one; where there is none,
 * returns false and the block is not to wait. */
bool harden_put(struct harden *q, const struct harden_block *b)
    __attribute__((warn_unused_result, nonnull));

/* Takes the oldest block out when the queue holds more than it shall, or in any
 * case with `all`; it is then to be ended.  Returns false when there is none to take. */
bool harden_get(struct harden *q, bool all, struct harden_block *ret_block)
    __attribute__((warn_unused_result, nonnull));

/* Tells whether the blocks that wait are the leaving ones of a heap that is sound,
 * of chunks of that many bytes, but for those that are adrift. */
bool harden_check(struct harden *q, struct heap *h, size_t chunk)
    __attribute__((warn_unused_result, nonnull));

/* Fills memory with the pattern; says whether all of it is the pattern. */
void harden_poison(unsigned char *p, size_t n) __attribute__((nonnull));
bool harden_is_poisoned(const unsigned char *p, size_t n)
    __attribute__((warn_unused_result, nonnull));

#endif
