/* exec/cgroup.h -- one cgroup around one run: born in it, limited by it, ended with it.
 *
 * A cgroup is one directory in each hierarchy that it needs: one that knows the
 * processes (version 2, else the freezer of version 1), and those that hold its
 * limits.  Processes cannot leave it by anything they do to themselves (setsid,
 * double forks); root can, by writing to cgroupfs.
 *
 * A cgroup that cgroup.kill was used on is not used again: since Linux 6.14 the
 * kernel kills what is cloned into it afterwards (CLONE_INTO_CGROUP compares the
 * kill_seq of the parent's cgroup with that of the child's; seen on 6.18).
 *
 * One thread at a time per cgroup.
 */
#ifndef EXEC_CGROUP_H
#define EXEC_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exec/cgroup_place.h"

struct err;

/* When a command gets a cgroup of its own. */
enum cgroup_use {
    CGROUP_AUTO,   /* where one can be made */
    CGROUP_ALWAYS, /* or it does not run */
    CGROUP_NEVER,
};

/* Of one block device. */
struct cgroup_io {
    unsigned major, minor;
    int64_t read, write; /* bytes a second, 0: any number */
};

/* What all processes of a run may use together; 0: no limit. */
struct cgroup_limits {
    int64_t memory;             /* bytes, swap included */
    int64_t cpu;                /* thousandths of one CPU */
    int64_t pids;               /* processes and threads */
    const struct cgroup_io *io; /* nio of them */
    size_t nio;
};

enum {
    CGROUP_NAME_MAX = 32 /* bytes, including NUL */
};

struct cgroup {
    int dir;                        /* directory of version 2, to be cloned into, or -1 */
    int procs[CGROUP_HIER_MAX + 1]; /* where the child writes "0" to get in; -1 ends them;
                                       that of `dir` comes first, if there is one */
    unsigned parts;                 /* bit N: enum cgroup_part N is held */

    /* Private. */
    struct cgroup *next;
    const int *owner; /* by enum cgroup_hier: the directories that ours are in */
    char name[CGROUP_NAME_MAX];
    unsigned made; /* bit N: there is a directory in enum cgroup_hier N */
    enum cgroup_hier tree;
    int members;  /* what says whether it is empty */
    int64_t pids; /* the limit that it has or should have, 0: none */
    bool plain;   /* without limits but that one: good for any run that has the same */
    bool struck;  /* its processes were killed */
};

/* Which parts a set of limits asks for, as bits; CGROUP_TREE is not among them. */
unsigned cgroup_parts(const struct cgroup_limits *lim) __attribute__((warn_unused_result, nonnull));

/* Makes a cgroup `name` below the directories owner[], with those limits that
 * have a place in where[] (struct cgroup_place).  owner[] MUST stay.  Returns 0, or -errno with
 * err->text that begins with "cgroup"; nothing is made then. */
int cgroup_make(struct cgroup *cg, const int owner[CGROUP_HIER_MAX],
    const int where[CGROUP_PART_MAX], const char *name, const struct cgroup_limits *lim,
    struct err *err) __attribute__((warn_unused_result, nonnull));

/* Gives it the weight of a nice where it has a share of the CPUs of its own
 * (version 2), which nice in it does not reach; it is then for one run. */
void cgroup_nice(struct cgroup *cg, int nice) __attribute__((nonnull));

/* Whether no process is alive in it.  Costs one read. */
bool cgroup_empty(const struct cgroup *cg) __attribute__((warn_unused_result, nonnull));

/* Sends SIGTERM, and SIGCONT so that stopped ones hear it, to all processes of
 * it that are not in process group `but`, which is for the caller to tell. */
void cgroup_term(const struct cgroup *cg, int but) __attribute__((nonnull));

/* How many live directly in it; what is just about to end is not counted. */
unsigned cgroup_count(const struct cgroup *cg) __attribute__((warn_unused_result, nonnull));

/* Kills all that live in it and below; they go in their own time. */
void cgroup_kill(struct cgroup *cg) __attribute__((nonnull));

/* Whether the kernel has killed for want of memory in it. */
bool cgroup_oom(const struct cgroup *cg) __attribute__((warn_unused_result, nonnull));

/* Closes it, and removes its directories if it is empty.  Returns whether they
 * are gone. */
bool cgroup_done(struct cgroup *cg) __attribute__((nonnull));

/* Closes it and leaves it to itself. */
void cgroup_close(struct cgroup *cg) __attribute__((nonnull));

/* For what somebody left behind: kills what lives in directory `name` of `dir`
 * and below it (cgroup_strike), removes it and all below it (cgroup_remove),
 * which is true when it is gone. */
void cgroup_strike(int dir, const char *name) __attribute__((nonnull));
bool cgroup_remove(int dir, const char *name) __attribute__((nonnull));

#endif
