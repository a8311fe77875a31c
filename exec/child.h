/* exec/child.h -- the child half of a spawn: everything between clone and exec.
 *
 * child_main() runs on a small stack inside its parent's memory while the
 * parent's thread stands still.  It calls the kernel directly, allocates
 * nothing, takes no lock and is instrumented by no sanitizer.
 *
 * In this order: signal dispositions to their defaults; its cgroups; a pidfd of
 * itself for its parent; its own descriptors, 0 to 2 of them; CLOEXEC on all others; a session of
 * its own; RLIMIT_NOFILE as we had it; limits; the working directory; umask; an empty signal mask;
 * execve(2).
 */
#ifndef EXEC_CHILD_H
#define EXEC_CHILD_H

#include <stdbool.h>
#include <stdint.h>

#include "exec/limits.h"

struct rlimit;

enum child_stage {
    CHILD_DONE, /* nothing failed: the program runs */
    CHILD_SIGNALS,
    CHILD_CGROUP,
    CHILD_PIDFD,
    CHILD_DESCRIPTORS,
    CHILD_CLOSE,
    CHILD_SESSION,
    CHILD_NOFILE,
    CHILD_LIMITS,
    CHILD_WORKDIR,
    CHILD_EXEC,
};

struct child_spec {
    const char *path;
    char *const *argv;
    char *const *envp;
    const char *workdir;              /* NULL: stay */
    int fd[3];                        /* become 0, 1 and 2; any of them may be 0, 1 or 2 itself */
    uint64_t signals;                 /* bit N - 1: signal N is to be reset to its default */
    int cgroup_procs;                 /* a cgroup.procs to join; below 3: none */
    const int *cgroup_more;           /* NULL, or more of them up to a -1 */
    const struct rlimit *nofile;      /* NULL: as it is */
    const struct exec_limits *limits; /* NULL: none */
    bool shares;                      /* the descriptors are still ours: way_start() */
    bool watched;                     /* with `shares`: to leave us a pidfd */
    uint64_t as, nproc;               /* RLIMIT_AS and RLIMIT_NPROC at most, 0: as they are */

    /* The report, for the parent to read once it goes on. */
    enum child_stage stage; /* what failed */
    int num;                /* errno of it */
    int pidfd;              /* when it is `watched`: the parent's, or -1 */
    enum limits_what limit; /* of CHILD_LIMITS: which */
};

/* The entry for way_start(); `spec` is a struct child_spec.  All signals MUST be
 * blocked.  Does not return: it becomes the program or ends with status 127
 * and a report. */
int child_main(void *spec) __attribute__((nonnull));

/* The same for a child that is only a trial: ends with status 0.  `failed` (or
 * NULL) is an int that becomes 0 when it has got descriptors of its own. */
int child_end(void *failed);

#endif
