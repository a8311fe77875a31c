/* turns/sched.h -- who runs now, who waits, who is sent away.
 *
 * Two limits for all, on how many run and on how many wait, and lanes with a
 * limit of their own on how many of them run: a lane is a route.  Of those who
 * may start, who came first starts first; who waits for nothing but a place in
 * a full lane is in nobody's way, and keeps its turn.  Whoever comes or goes,
 * it costs the logarithm of how many wait.
 *
 * Those who wait are slots (small numbers of the owner).  A lane is known by
 * its name, so that its limit holds across a reload.  Safe from any thread;
 * the lock is a leaf.
 */
#ifndef TURNS_SCHED_H
#define TURNS_SCHED_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "turns/heap.h"

enum sched_answer {
    SCHED_RUN,  /* a place was taken; sched_leave() gives it back */
    SCHED_WAIT, /* queued; sched_next() will return the slot, once */
    SCHED_BUSY, /* too many wait already */
};

#define SCHED_NONE SIZE_MAX

enum {
    SCHED_RETRY_MAX = 60 /* seconds */
};

/* Where a slot wants to go.  All zero: anywhere, and it waits. */
struct sched_want {
    const char *lane; /* NULL: the one without a limit */
    size_t max;       /* how many of the lane may run; for a lane not yet known */
    bool now;         /* at once or not at all */
};

struct sched_limit {
    const char *lane; /* copied */
    size_t max;       /* above 0 */
};

struct sched_lane {
    /* Private. */
    struct heap_node ready; /* first; key: that of its first waiter */
    bool is_ready;
    struct heap waiters; /* of struct sched_node */
    size_t max;          /* 0: no limit */
    size_t running;
    size_t inside; /* running, queued and parked */
    int64_t took;  /* ns, a run of late; 0: not known */
    bool wanted;   /* by the limits that stand */
    struct sched_lane *next;
    char *name;
};

struct sched {
    /* Private. */
    pthread_mutex_t lock;
    size_t max_running, max_waiting;
    size_t running, waiting;
    uint64_t arrivals;
    struct heap ready;       /* of lanes in which somebody may start */
    struct sched_lane open;  /* the lane without a limit */
    struct sched_lane **row; /* lanes by their name's hash */
    struct sched_node {
        struct heap_node wait; /* first; key: its arrival */
        struct sched_lane *lane;
        int state;
    } * node; /* [slots] */
};

/* Makes a scheduler for `slots` slots.  Returns 0 or -ENOMEM. */
int sched_open(struct sched *s, size_t slots, size_t max_running, size_t max_waiting)
    __attribute__((warn_unused_result, nonnull));

void sched_close(struct sched *s) __attribute__((nonnull));

/* Changes the limits for all, and those of lanes: the `n` given ones, and none
 * for others.  What runs and waits stays.  Then call sched_next() as after
 * sched_leave(): there may be more places.  Returns 0, or -ENOMEM when a new
 * lane's limit is that of whoever comes first. */
int sched_set_limits(struct sched *s, size_t max_running, size_t max_waiting,
    const struct sched_limit *limits, size_t n) __attribute__((nonnull(1)));

/* Asks for a place.  Whoever waits already and may start comes first.  The slot
 * MUST neither wait nor run. */
enum sched_answer sched_enter(struct sched *s, size_t slot, const struct sched_want *want)
    __attribute__((warn_unused_result, nonnull));

/* Queues a slot that is not to be called before sched_ready(); its turn is that
 * of its arrival now.  Returns false when too many wait already. */
bool sched_park(struct sched *s, size_t slot, const struct sched_want *want)
    __attribute__((warn_unused_result, nonnull));

/* Lets a parked slot be called.  Then call sched_next(). */
void sched_ready(struct sched *s, size_t slot) __attribute__((nonnull));

/* A parked slot, which stays in the queue, takes the turn of another one of the
 * same lane, which leaves it.  Returns false, and changes nothing, when the
 * other has been given a place already. */
bool sched_replace(struct sched *s, size_t slot, size_t by)
    __attribute__((warn_unused_result, nonnull));

/* Gives a slot's place back; then call sched_next() until it returns
 * SCHED_NONE.  `took` is how long it ran (ns), 0 when that says nothing. */
void sched_leave(struct sched *s, size_t slot, int64_t took) __attribute__((nonnull));

/* Takes the first slot that may start off the queue and gives it a place, when
 * one is free; else SCHED_NONE. */
size_t sched_next(struct sched *s) __attribute__((warn_unused_result, nonnull));

/* Takes a slot off the queue.  Returns whether it was still there: if not,
 * sched_next() has given it a place already. */
bool sched_drop(struct sched *s, size_t slot) __attribute__((warn_unused_result, nonnull));

/* Returns how many places are taken. */
size_t sched_running(struct sched *s) __attribute__((warn_unused_result, nonnull));

/* Returns after how many seconds it may be worth to ask again for `want`: how
 * long those who are before it may take, going by those who ran of late; 1 to
 * SCHED_RETRY_MAX. */
int sched_retry(struct sched *s, const struct sched_want *want)
    __attribute__((warn_unused_result, nonnull));

#endif
