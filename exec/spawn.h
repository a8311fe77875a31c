/* exec/spawn.h -- the parent half: bring one process to life.
 *
 * By the best way that this machine allows (exec/way.h).  The child reports why
 * it failed through memory that both halves share until exec.
 *
 * The child starts as exec/child.h says: descriptors 0, 1 and 2 and no other,
 * default signals, an empty signal mask, a session of its own, its limits.
 */
#ifndef EXEC_SPAWN_H
#define EXEC_SPAWN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "exec/way.h"

struct err;
struct exec_limits;
struct low;

/* What differs in us from what a child is to find. */
struct spawn_origin {
    enum way way;         /* how to make a child */
    bool shares;          /* it can begin with our descriptors and get its own */
    struct low *low;      /* numbers to lend, or NULL */
    uint64_t signals;     /* bit N - 1: signal N is ignored or handled here, or may be */
    bool limited;         /* `nofile` is to be restored in children */
    struct rlimit nofile; /* RLIMIT_NOFILE */
};

struct spawn_spec {
    const char *path;                  /* for execve(2) */
    char *const *argv;                 /* NULL-terminated */
    char *const *envp;                 /* NULL-terminated */
    const char *workdir;               /* NULL: stay */
    int fd[3];                         /* become 0, 1 and 2 of the child; the caller keeps them */
    const struct exec_limits *limits;  /* NULL: none, and umask 022 */
    const struct spawn_origin *origin; /* NULL: find it out now, at the cost of a survey */
    uint64_t as;                       /* RLIMIT_AS at most, bytes, 0: as it is */
    uint64_t nproc;                    /* RLIMIT_NPROC at most, 0: as it is */

    /* The cgroup of the child, as descriptors that the caller keeps; those below
     * 3 are none. */
    int cgroup;             /* directory of a cgroup v2, to be born in where the way allows it */
    int cgroup_procs;       /* a cgroup.procs, v1 or v2, open for writing: what the child joins
                               when it was not born in `cgroup` */
    const int *cgroup_more; /* NULL, or more of them up to a -1: joined in any case */
};

/* Finds out how to make children and notes which signals are not at their
 * defaults (64 system calls and a child: do it once).  What is ignored only
 * afterwards is ignored in children too, SIGPIPE excepted. */
void spawn_survey(struct spawn_origin *ret_origin) __attribute__((nonnull));

/* Starts a process in a session of its own.  On success stores its pid and a
 * pidfd (CLOEXEC, the caller's, who also reaps by the pid), or -1 where there
 * are none.  Returns 0 or -errno with err->text as run_start() describes, or
 * "cgroup: ..." and "setrlimit nofile: ..."; no process is left then.  Blocks the
 * calling thread until exec; its signal mask is as before when it returns.
 * Uses about 20 KiB of the caller's stack. */
int spawn_start(const struct spawn_spec *spec, pid_t *ret_pid, int *ret_pidfd, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
