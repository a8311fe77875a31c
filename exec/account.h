/* exec/account.h -- what a command has cost, and what it had to wait for.
 *
 * The cost comes with the reaping, at no system call of its own: it is that of
 * the command and of those descendants that were waited for, as getrusage(2)
 * has it for RUSAGE_CHILDREN.  What the command left behind, or what its own
 * parent never waited for, is in nobody's sum.
 *
 * The waiting (delay accounting) is asked of the kernel by taskstats over
 * generic netlink before the reaping, takes about 30 us and half a dozen system
 * calls, and is that of the command alone, all of its threads.
 */
#ifndef EXEC_ACCOUNT_H
#define EXEC_ACCOUNT_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/wait.h>

struct err;

struct account {
    int64_t user;          /* ns of CPU */
    int64_t system;        /* ns of CPU */
    int64_t max_rss;       /* bytes, of the largest process; 0: not known, because the kernel
                              counts from before exec, and we had as much ourselves */
    int64_t minor_faults;  /* served without I/O */
    int64_t major_faults;  /* that needed I/O */
    int64_t voluntary;     /* context switches: it waited for something */
    int64_t involuntary;   /* context switches: its time was up */
    int64_t block_read;    /* bytes that came from a block device, in units of 512 */
    int64_t block_written; /* bytes on their way to one, when they became dirty; the same */
};

/* What a process may wait for. */
enum account_wait {
    ACCOUNT_CPU,
    ACCOUNT_BLOCK_IO,
    ACCOUNT_SWAP_IN,
    ACCOUNT_RECLAIM,    /* of memory, by itself */
    ACCOUNT_THRASHING,  /* pages that were in memory a moment ago; Linux 4.20 */
    ACCOUNT_COMPACTION, /* of memory, by itself; Linux 5.17 */
    ACCOUNT_COPY,       /* of pages on the first write; Linux 6.1 */
    ACCOUNT_WAIT_MAX
};

struct account_delay {
    int64_t count;
    int64_t total; /* ns */
};

struct account_delays {
    unsigned known; /* bit N: enum account_wait N; 0: none of it is known */
    struct account_delay of[ACCOUNT_WAIT_MAX];
};

/* Reaps a child of ours that has ended, as waitid(2) with WEXITED | WNOHANG |
 * __WALL.  Returns 1 and what became of it, 0 when none has ended yet, or
 * -errno. */
int account_reap(idtype_t type, id_t id, siginfo_t *ret_gone, struct account *ret_account)
    __attribute__((warn_unused_result, nonnull));

/* Returns a word for it: "block_io". */
const char *account_wait_name(enum account_wait wait)
    __attribute__((warn_unused_result, returns_nonnull));

/* A way to ask.  Calls are safe from any thread: a lock is held for as long as
 * the kernel takes to answer, which it does before send(2) returns; the kernel
 * lets one ask at a time, too. */
struct account_source;

/* Returns 0, or -errno: -EPERM (no CAP_NET_ADMIN), -EOPNOTSUPP (not built in,
 * or the kernel has no such thing, or one that we cannot read), or what the
 * machine is short of.  err->text is for an operator. */
int account_open(struct account_source **ret_source, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* NULL is allowed. */
void account_close(struct account_source *s);

/* Asks what a process of ours has waited for, best when it has ended and is
 * not reaped.  Where the kernel does not tell, none of it is known. */
void account_ask(struct account_source *s, pid_t pid, struct account_delays *ret_delays)
    __attribute__((nonnull));

/* One for all, opened when the kernel first counts and it is asked for, and not
 * tried again where that can only be in vain.  account_once() is safe from any
 * thread. */
struct account_slot {
    /* Private. */
    int knob; /* kernel.task_delayacct, or -1: before 5.14 it always counts, if it can */
    pthread_mutex_t lock;
    struct account_source *source;
    bool in_vain;
};

void account_slot_init(struct account_slot *slot) __attribute__((nonnull));
void account_slot_done(struct account_slot *slot) __attribute__((nonnull));

/* Returns it, or NULL when nothing is counted. */
struct account_source *account_once(struct account_slot *slot)
    __attribute__((warn_unused_result, nonnull));

/* Whether delays can be had here and now.  Returns 0, or -errno with err->text
 * saying what is in the way and how to change it. */
int account_check(struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
