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

#include "exec/roster.h"

struct capture;
struct err;
struct engine;
struct rlimit;
struct spawn_spec;

/* Returns 0 and an engine, or -errno.  Needs /proc and Linux 5.4 with
 * CONFIG_PROC_CHILDREN.  The program MUST NOT change its session afterwards.
 * SIGCHLD MUST be at its default disposition: ignored, children would vanish
 * before we have their status.  Signals that are ignored or handled by now are
 * reset in commands; others MUST stay as they are. */
int engine_open(struct engine **ret_engine, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Frees the engine; no run may be alive.  What detached runs left goes on.
 * NULL is allowed. */
void engine_close(struct engine *e);

/* Gives this RLIMIT_NOFILE to commands from now on.  For a program that raises
 * its own: select(2) in a command breaks past 1024.  Before any run starts. */
void engine_set_nofile(struct engine *e, const struct rlimit *lim) __attribute__((nonnull));

/* Reaps orphans that have ended, drops what detached ones say, ends those that
 * outlived their command in spite of all.  Returns whether orphans are left
 * that should be looked at again about a second later.  To be called so while
 * runs are alive, after the last one is over, and then until it says false. */
bool engine_reap(struct engine *e) __attribute__((nonnull));

/* Starts a process and enters it as `m`, which is the caller's and stays where
 * it is until engine_forget().  `spec->origin` is filled in.  For programs
 * themselves only with ROSTER_GUEST: a child that is no command, such as the
 * responder that is to take our place.  Otherwise as spawn_start(). */
int engine_launch(struct engine *e, struct roster_member *m, enum roster_kind kind,
    struct spawn_spec *spec, int *ret_pidfd, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Forgets a member whose process has been reaped. */
void engine_forget(struct engine *e, struct roster_member *m) __attribute__((nonnull));

/* The rest is run.c's. */

/* The variable that marks our commands, for stray_env(); "" when there is none. */
char *engine_mark(struct engine *e) __attribute__((nonnull));

/* A descriptor of /dev/null, open for reading. */
int engine_null(const struct engine *e) __attribute__((warn_unused_result, nonnull));

/* Reaps a member's own process once it has ended.  Returns whether it has. */
bool engine_wait(struct engine *e, int pidfd, siginfo_t *ret_gone)
    __attribute__((warn_unused_result, nonnull));

/* Sends `sig` to a member's process group and to every descendant that can be
 * found, once each; SIGCONT follows SIGTERM, because a stopped process would
 * not hear it.  The member's own process MUST NOT be reaped yet. */
void engine_signal(struct engine *e, struct roster_member *m, int sig) __attribute__((nonnull));

/* Ends and reaps what a member whose process has been reaped left behind; adds
 * those that SIGKILL has ended to *leftover.  Returns whether there is
 * something left to wait for.  Orphans that we may not signal are not. */
bool engine_sweep(struct engine *e, struct roster_member *m, unsigned *leftover)
    __attribute__((warn_unused_result, nonnull));

/* Takes a member over for good: DETACHED with what it left running (and its
 * pipe, so that this does not die of SIGPIPE), or ABANDONED with its own
 * process, whose pidfd is then the engine's.  *m is out of use afterwards.
 * Returns 0 or -ENOMEM; nothing has changed then. */
int engine_detach(struct engine *e, struct roster_member *m, struct capture *pipe)
    __attribute__((warn_unused_result, nonnull));
int engine_abandon(struct engine *e, struct roster_member *m, int *pidfd)
    __attribute__((warn_unused_result, nonnull));

#endif
