/* exec/engine.h -- what all runs of one process share.
 *
 * The engine makes this process the reaper of whatever its commands leave
 * behind (PR_SET_CHILD_SUBREAPER), knows which runs are alive, and finds, ends
 * and reaps their orphans.  One engine for a process; it MUST outlive every
 * run.  Calls are safe from any thread, but the main thread MUST NOT end
 * before the others: orphans become its children.
 *
 * Children that the program starts without the engine and that stay in our
 * session are left alone.  A child with a session of its own MUST be started
 * by engine_launch(), else it looks like something a command left behind.
 */
#ifndef EXEC_ENGINE_H
#define EXEC_ENGINE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "exec/capture.h"
#include "exec/roster.h"

struct account;
struct account_source;
struct cgroup_pool;
struct err;
struct engine;
struct rlimit;
struct spawn_spec;

/* Returns 0 and an engine, or -errno.  Needs the /proc of our PID
 * namespace and a Linux with
 * CONFIG_PROC_CHILDREN; how processes are made is found out here (exec/way.h).
 * Where there are no pidfds, SIGCHLD is the engine's from here on, and this
 * thread starts all others only afterwards (exec/watcher.h).  The program MUST NOT change its
 * session afterwards. SIGCHLD MUST be at its default disposition: ignored, children would vanish
 * before we have their status.  Signals that are ignored or handled by now are
 * reset in commands; others MUST stay as they are. */
int engine_open(struct engine **ret_engine, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Frees the engine; no run may be alive.  What detached runs left goes on.
 * NULL is allowed. */
void engine_close(struct engine *e);

/* How processes are made: "clone3". */
const char *engine_way(const struct engine *e) __attribute__((warn_unused_result, nonnull));

/* Gives this RLIMIT_NOFILE to commands from now on.  For a program that raises
 * its own: select(2) in a command breaks past 1024.  Before any run starts. */
void engine_set_nofile(struct engine *e, const struct rlimit *lim) __attribute__((nonnull));

/* Reaps orphans that have ended, drops what detached ones say, ends those that
 * outlived their command in spite of all.  Returns whether orphans are left
 * that should be looked at again about a second later.  To be called so while
 * runs are alive, after the last one is over, and then until it says false. */
bool engine_reap(struct engine *e) __attribute__((nonnull));

/* Starts a process and enters it as `m`, which is the caller's and stays where
 * it is until engine_forget().  `spec->origin` is filled in.  With ROSTER_GUEST:
 * a child that is no command, such as the responder that is to take our place.
 * *ret_exit (CLOEXEC, the caller's) becomes readable when the process ends.
 * Otherwise as spawn_start(). */
int engine_launch(struct engine *e, struct roster_member *m, enum roster_kind kind,
    struct spawn_spec *spec, int *ret_exit, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Ends a guest at once, reaps and forgets it. */
void engine_end_guest(struct engine *e, struct roster_member *m) __attribute__((nonnull));

/* Forgets a member whose process has been reaped. */
void engine_forget(struct engine *e, struct roster_member *m) __attribute__((nonnull));

/* The rest is run.c's. */

/* Starts the command of a run, with its mark (stray.h) behind the environment of
 * the spec.  Otherwise as engine_launch(). */
int engine_start(struct engine *e, struct roster_member *m, bool detach, struct spawn_spec *spec,
    int *ret_exit, struct err *err) __attribute__((warn_unused_result, nonnull));

/* A descriptor of /dev/null, open for reading. */
int engine_null(const struct engine *e) __attribute__((warn_unused_result, nonnull));

/* Reaps a member's own process once it has ended.  Returns whether it has, and
 * what it has cost. */
bool engine_wait(struct engine *e, const struct roster_member *m, siginfo_t *ret_gone,
    struct account *ret_usage) __attribute__((warn_unused_result, nonnull));

/* Whom to ask what a process that is started now had to wait for, or NULL when
 * nobody can tell. */
struct account_source *engine_accounts(struct engine *e) __attribute__((nonnull));

/* The cgroups of our commands. */
struct cgroup_pool *engine_cgroups(const struct engine *e)
    __attribute__((warn_unused_result, nonnull));

/* Sends `sig` to a member's process group and to every descendant that can be
 * found, once each; SIGCONT follows SIGTERM, because a stopped process would
 * not hear it.  The member's own process MUST NOT be reaped yet. */
void engine_signal(struct engine *e, struct roster_member *m, int sig) __attribute__((nonnull));

/* The group alone. */
void engine_signal_group(const struct roster_member *m, int sig) __attribute__((nonnull));

/* Whether a child has ended that nobody has reaped.  Among very many children
 * the answer is no, because the kernel goes over all of them for it, and a
 * cold one costs it a tenth of a microsecond: engine_reap() finds the dead. */
bool engine_any_dead(struct engine *e) __attribute__((warn_unused_result, nonnull));

/* Ends and reaps what a member whose process has been reaped left behind; adds
 * those that SIGKILL has ended to *leftover.  Returns whether there is
 * something left to wait for.  Orphans that we may not signal are not. */
bool engine_sweep(struct engine *e, struct roster_member *m, unsigned *leftover)
    __attribute__((warn_unused_result, nonnull));

/* Takes a member over for good: DETACHED with what it left running (and its
 * pipes, so that this does not die of SIGPIPE), or ABANDONED with its own
 * process, which the engine reaps.  *m is out of use afterwards.
 * Returns 0, or -ENOMEM, or -EAGAIN when it is not certain yet what is left;
 * then it is to be called again a moment later. */
int engine_detach(struct engine *e, struct roster_member *m, struct capture pipe[CAPTURE_PIPES])
    __attribute__((warn_unused_result, nonnull));
int engine_abandon(struct engine *e, struct roster_member *m)
    __attribute__((warn_unused_result, nonnull));

#endif
