/* turns/sched.h -- who runs now, who waits, who is sent away.
 *
 * One FIFO in order of arrival, with a limit on how many run and a limit on
 * how many wait.  Those who wait are slots (small numbers of the owner).  Safe
 * from any thread; the lock is a leaf.
 */
#ifndef FCGI_SCHED_H
#define FCGI_SCHED_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sched_answer {
    SCHED_RUN,  /* a place was taken; sched_leave() gives it back */
    SCHED_WAIT, /* queued; sched_next() will return the slot, once */
    SCHED_BUSY, /* too many wait already */
};

#define SCHED_NONE SIZE_MAX

struct sched {
    /* Private. */
    pthread_mutex_t lock;
    size_t max_running, max_waiting;
    size_t running, waiting;
    size_t head, tail; /* slots, SCHED_NONE: the queue is empty */
    struct sched_node {
        size_t prev, next;
        bool queued;
    } * node; /* [slots] */
};

/* Makes a scheduler for `slots` slots.  Returns 0 or -ENOMEM. */
int sched_open(struct sched *s, size_t slots, size_t max_running, size_t max_waiting)
    __attribute__((warn_unused_result, nonnull));

void sched_close(struct sched *s) __attribute__((nonnull));

/* Changes the limits; what runs and waits stays.  Then call sched_next() as
 * after sched_leave(): there may be more places. */
void sched_set_limits(struct sched *s, size_t max_running, size_t max_waiting)
    __attribute__((nonnull));

/* Asks for a place.  Whoever waits already comes first.  The slot MUST NOT
 * wait already. */
enum sched_answer sched_enter(struct sched *s, size_t slot)
    __attribute__((warn_unused_result, nonnull));

/* Gives a place back; then call sched_next() until it returns SCHED_NONE. */
void sched_leave(struct sched *s) __attribute__((nonnull));

/* Takes the slot that waits longest off the queue and gives it a place, when
 * one is free; else SCHED_NONE. */
size_t sched_next(struct sched *s) __attribute__((warn_unused_result, nonnull));

/* Returns how many places are taken. */
size_t sched_running(struct sched *s) __attribute__((warn_unused_result, nonnull));

/* Takes a slot off the queue.  Returns whether it was still there: if not,
 * sched_next() has given it a place already. */
bool sched_drop(struct sched *s, size_t slot) __attribute__((warn_unused_result, nonnull));

#endif
