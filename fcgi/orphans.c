/* fcgi/orphans.c -- contracts are in orphans.h. */
#include "config.h"

#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "exec/autogroup.h"
#include "exec/cgroup_pool.h"
#include "exec/engine.h"
#include "exec/stray.h"
#include "fcgi/log.h"
#include "fcgi/orphans.h"
#include "fcgi/server.h"

static const int64_t look_interval = 1 * CLOCK_SEC;
static const int64_t last_pause = 10 * CLOCK_MSEC;
static const int64_t late = 2 * CLOCK_SEC; /* for a child to get to its exec(2) */

enum {
    LAST_LOOKS = 4,
};

static void
end_strays(void)
{
    unsigned n = stray_end();

    if (n > 0)
        log_event(LOG_AT_WARNING, "orphans", "ended %u processes of a cmon that has gone", n);
}

static void
look(struct server *s)
{
    bool running, more;

    /* In this order: a command that starts from here on sees `ticking` false
     * and wakes us, one that runs is counted, and what an earlier one has left
     * is found. */
    atomic_store(&s->ticking, false);
    running = sched_running(&s->sched) > 0;
    more = engine_reap(s->engine);
    more |= autogroup_tend();
    if (running || more)
        atomic_store(&s->ticking, true);
}

int64_t
orphans_look(struct server *s)
{
    int64_t next = CLOCK_NEVER;

    if (s->predecessor != 0 && getppid() != s->predecessor) {
        s->predecessor = 0;
        orphans_of_others(s);
    }
    if (clock_now() >= s->late_look) {
        s->late_look = CLOCK_NEVER;
        cgroup_pool_sweep(engine_cgroups(s->engine));
        end_strays();
    }
    if (atomic_load(&s->ticking) && clock_now() >= s->next_look) {
        look(s);
        s->next_look = clock_now() + look_interval;
    }
    if (atomic_load(&s->ticking))
        next = s->next_look;
    else if (s->predecessor != 0)
        next = clock_now() + look_interval;
    return next < s->late_look ? next : s->late_look;
}

void
orphans_of_others(struct server *s)
{
    end_strays();
    s->late_look = clock_now() + late;
}

bool
orphans_end(struct server *s)
{
    const struct timespec pause = { .tv_nsec = last_pause };
    int looks = 0;

    /* Who is killed by one look is gone by the next; what stays is meant to. */
    while (engine_reap(s->engine)) {
        if (++looks == LAST_LOOKS)
            return true;
        (void)nanosleep(&pause, NULL);
    }
    return false;
}
