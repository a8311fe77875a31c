/* exec/cgroup_pool.h -- the cgroups of one process: made when needed, used again, swept at the next
 * start.
 *
 * They are in one directory per hierarchy, cmon-PID.N, that its owner keeps
 * locked (flock(2)) while it lives, whatever namespace it is in: one whose lock
 * can be had was left by a process that has died.  In it are run-N, which the
 * next one to start kills and removes, and keep-N, of commands that may leave
 * something running, which are removed once they are empty.
 *
 * What it costs (6.18, one core, median): making and removing a cgroup 80 us in
 * version 2, 45 us in each hierarchy of version 1; being born in one that is
 * there 2 us by CLONE_INTO_CGROUP, 2 to 6 us by a write; the look whether it is
 * empty 3 us; /bin/true itself 500 us.  Therefore cgroups without limits are used
 * again, and every command gets one; so are those with a limit of processes alone,
 * for runs with the same, because nothing is counted any more when all have ended.
 * Those with other limits are made for one run, so that each begins with its own
 * count of everything.  When several threads start commands that do next to nothing,
 * the write costs more: it waits for every fork of the machine (15 to 30 per cent
 * fewer runs with four threads on a busy machine, against 5 to 10 by
 * CLONE_INTO_CGROUP).  Opening a pool takes 0.2 ms.
 *
 * Safe from any thread.
 */
#ifndef EXEC_CGROUP_POOL_H
#define EXEC_CGROUP_POOL_H

#include <stdbool.h>

#include "exec/cgroup.h"

struct cgroup_pool;
struct err;

/* Finds out what there is, and ends what the dead have left.  Makes nothing
 * yet.  Returns 0 or -ENOMEM. */
int cgroup_pool_open(struct cgroup_pool **ret, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Ends once more what the dead have left: a child on its way to exec(2) holds the
 * lock of its owner, dead or not.  May wait for some milliseconds. */
void cgroup_pool_sweep(struct cgroup_pool *p) __attribute__((nonnull));

/* Removes what is empty; what is kept, or does not go, stays.  All that was
 * taken MUST be back.  NULL is allowed. */
void cgroup_pool_close(struct cgroup_pool *p);

/* Gets ready to hold these parts (as cgroup_parts() returns them), now and not
 * with the first run: version 2 may want us to move into a leaf of our own.
 * Returns those that seemed to have a place and are refused. */
unsigned cgroup_pool_prepare(struct cgroup_pool *p, unsigned parts) __attribute__((nonnull));

/* Takes an empty cgroup; with `keep` one that the next start does not kill.
 * Limits that cannot be held are left out: see cg->parts.  Returns 0, -ENODEV
 * when there are no cgroups here, or -errno with err->text that begins with
 * "cgroup". */
int cgroup_pool_take(struct cgroup_pool *p, const struct cgroup_limits *lim, bool keep,
    struct cgroup **ret, struct err *err) __attribute__((warn_unused_result, nonnull));

/* Whether a child can be born in a cgroup of this pool (CLONE_INTO_CGROUP), and
 * need not join it.  Tried once, with the first one that the machine is not too short
 * of something for. */
bool cgroup_pool_bears(struct cgroup_pool *p, const struct cgroup *cg)
    __attribute__((warn_unused_result, nonnull));

/* Gives one back.  What still lives in it stays if it `stays`, else it is
 * ended by cgroup_pool_tend().  `clear`: it is known to be empty. */
void cgroup_pool_give(struct cgroup_pool *p, struct cgroup *cg, bool stays, bool clear)
    __attribute__((nonnull));

/* Looks after those that came back with something alive.  Returns whether
 * there are any left. */
bool cgroup_pool_tend(struct cgroup_pool *p) __attribute__((nonnull));

#endif
