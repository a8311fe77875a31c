/* exec/fence.h -- the cgroup of a run: taken before it starts, ended when it ends.
 *
 * Also holds what a cgroup cannot by a limit of each process instead, where
 * there is one: memory by RLIMIT_AS, pids by RLIMIT_NPROC (which counts the
 * whole user's and does not bind root).
 *
 * Belongs to its run: one thread at a time.
 */
#ifndef EXEC_FENCE_H
#define EXEC_FENCE_H

#include <stdbool.h>

#include "exec/cgroup.h"

struct cgroup_pool;
struct err;
struct spawn_spec;

struct fence {
    /* Private. */
    struct cgroup_pool *pool;
    struct cgroup *cgroup; /* NULL: none */
    bool optional;         /* the run may go without */
    bool clear;            /* nobody was in it when its command had gone, and nobody comes */
};

/* Takes a cgroup for a run, as it is wished, and has `child` start in it.
 * `lim` may be NULL.  Returns 0, or -errno with err->text that begins with
 * "cgroup" when the run is not to start without. */
int fence_open(struct fence *f, struct cgroup_pool *pool, enum cgroup_use use,
    const struct cgroup_limits *lim, bool keep, struct spawn_spec *child, struct err *err)
    __attribute__((warn_unused_result, nonnull(1, 2, 6, 7)));

/* After a start that failed for want of a way into the cgroup (err->text begins
 * so): whether to try again, without one. */
bool fence_lower(struct fence *f, struct spawn_spec *child, const struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Whether there is one. */
bool fence_stands(const struct fence *f) __attribute__((warn_unused_result, nonnull));

/* Tells all in it to end, but process group `but`. */
void fence_term(const struct fence *f, int but) __attribute__((nonnull));

/* Kills all in it. */
void fence_kill(struct fence *f) __attribute__((nonnull));

/* Kills all in it, if there is anybody.  Returns whether there is something left
 * to wait for, and raises *leftover to the number that were alive.  The `first`
 * look leaves alone what is only just ending. */
bool fence_clear(struct fence *f, bool first, unsigned *leftover)
    __attribute__((warn_unused_result, nonnull));

/* Whether fence_clear() has seen that nobody was left in it. */
bool fence_is_clear(const struct fence *f) __attribute__((warn_unused_result, nonnull));

/* Whether the kernel has killed in it for want of memory. */
bool fence_oom(const struct fence *f) __attribute__((warn_unused_result, nonnull));

/* Gives the cgroup back; what lives in it stays if it `stays`.  Harmless
 * without one. */
void fence_close(struct fence *f, bool stays) __attribute__((nonnull));

#endif
