/* turns/timer.h -- a deadline for each slot, one timerfd for all of them.
 *
 * A deadline that is met before it comes (nearly all are) costs a store: the
 * timer is armed for the earliest only, and looks over the slots when it
 * fires.  Setting is safe from any thread.
 */
#ifndef FCGI_TIMER_H
#define FCGI_TIMER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct err;

struct timer {
    int fd; /* to watch for reading; the timer's own */
    /* Private. */
    _Atomic int64_t *when; /* [n], ns, CLOCK_NEVER: none */
    size_t n;
    _Atomic int64_t armed; /* ns */
    pthread_mutex_t lock;  /* who arms */
};

/* Makes a timer for `n` slots.  Returns 0 or -errno. */
int timer_open(struct timer *t, size_t n, struct err *err)
    __attribute__((warn_unused_result, nonnull));

void timer_close(struct timer *t) __attribute__((nonnull));

/* Sets a slot's deadline to clock_now() time `when`; CLOCK_NEVER clears it. */
void timer_set(struct timer *t, size_t slot, int64_t when) __attribute__((nonnull));

/* After the descriptor became readable: stores up to `max` slots whose
 * deadline has passed, clears these, and arms the timer for the next.  Call
 * again while it returns `max`. */
size_t timer_expired(struct timer *t, int64_t now, size_t *ret_slots, size_t max)
    __attribute__((warn_unused_result, nonnull));

#endif
