/* exec/engine.h -- what all runs of one process share.
 *
 * The engine makes this process the reaper of whatever its commands leave
 * behind (PR_SET_CHILD_SUBREAPER), knows which runs are alive, and finds, ends
 * and reaps their orphans.  One engine for a process; it MUST outlive every
 * run.  Calls are safe from any thread.
 */
#ifndef EXEC_ENGINE_H
#define EXEC_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

struct err;
struct engine;

/* Returns 0 and an engine, or -errno.  SIGCHLD MUST be at its default
 * disposition and unblocked, so that a child's end costs no wake-up here. */
int engine_open(struct engine **ret_engine, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Frees the engine; no run may be alive.  NULL is allowed. */
void engine_close(struct engine *e);

/* Reaps orphans that have ended (left by detached runs, or by double forks of
 * runs that still go on).  Returns whether orphans are left that should be
 * looked at again about a second later. */
bool engine_reap(struct engine *e) __attribute__((nonnull));

#endif
