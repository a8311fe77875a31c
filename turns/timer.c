/* turns/timer.c -- contracts are in timer.h.
 *
 * A setter stores its deadline and then reads `armed`; the scan stores `armed`
 * and then reads the deadlines.  In sequentially consistent order one of the
 * two sees the other, so no deadline is missed.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "turns/timer.h"

int
timer_open(struct timer *t, size_t n, struct err *err)
{
    size_t i;

    t->n = n;
    t->when = malloc(n * sizeof(*t->when));
    if (t->when == NULL) {
        t->fd = -1;
        return err_sys(err, ENOMEM, "timer", NULL);
    }
    for (i = 0; i < n; i++)
        atomic_init(&t->when[i], CLOCK_NEVER);
    atomic_init(&t->armed, CLOCK_NEVER);
    (void)pthread_mutex_init(&t->lock, NULL);
    t->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (t->fd < 0) {
        (void)pthread_mutex_destroy(&t->lock);
        free(t->when);
        return err_sys(err, errno, "timerfd_create", NULL);
    }
    return 0;
}

void
timer_close(struct timer *t)
{
    if (t->fd < 0)
        return;
    (void)close(t->fd);
    (void)pthread_mutex_destroy(&t->lock);
    free(t->when);
    t->fd = -1;
}

static void
arm(struct timer *t, int64_t when)
{
    /* Zero would disarm it, and less is refused. */
    int64_t due = when > 0 ? when : 1;
    struct itimerspec at = { .it_value = {
                                 .tv_sec = due / CLOCK_SEC, .tv_nsec = due % CLOCK_SEC } };

    atomic_store(&t->armed, when);
    /* Only a bad descriptor could fail here. */
    (void)timerfd_settime(t->fd, TFD_TIMER_ABSTIME, &at, NULL);
}

void
timer_set(struct timer *t, size_t slot, int64_t when)
{
    atomic_store(&t->when[slot], when);
    if (when >= atomic_load(&t->armed))
        return;
    (void)pthread_mutex_lock(&t->lock);
    if (when < atomic_load(&t->armed))
        arm(t, when);
    (void)pthread_mutex_unlock(&t->lock);
}

size_t
timer_expired(struct timer *t, int64_t now, size_t *ret_slots, size_t max)
{
    int64_t next = CLOCK_NEVER;
    int64_t when;
    size_t found = 0;
    size_t i;
    uint64_t ticks;
    ssize_t got;

    (void)pthread_mutex_lock(&t->lock);
    got = read(t->fd, &ticks, sizeof(ticks));
    (void)got; /* another worker may have taken the tick */
    atomic_store(&t->armed, CLOCK_NEVER);
    for (i = 0; i < t->n && found < max; i++) {
        when = atomic_load(&t->when[i]);
        if (when <= now) {
            if (atomic_compare_exchange_strong(&t->when[i], &when, CLOCK_NEVER))
                ret_slots[found++] = i;
        } else if (when < next) {
            next = when;
        }
    }
    /* Cut short: the caller comes again at once. */
    if (found == max)
        next = now;
    if (next != CLOCK_NEVER)
        arm(t, next);
    (void)pthread_mutex_unlock(&t->lock);
    return found;
}
