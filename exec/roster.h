/* exec/roster.h -- whose is an orphan?
 *
 * When a process dies, its children become ours (we are their subreaper), and
 * nothing in the kernel says any more which command they come from.  The
 * roster knows every command that is alive or has left something running on
 * purpose, and decides from two facts about an orphan: its session, which is
 * the command's own pid unless the orphan called setsid(2), and its birth,
 * which comes after that of the command.  A third one, its mark, is asked in
 * between: orphan.h.
 *
 * Pure bookkeeping, no system calls.  Not for two threads at once.
 */
#ifndef EXEC_ROSTER_H
#define EXEC_ROSTER_H

#include <stdbool.h>
#include <sys/types.h>

struct tree_proc;

enum roster_kind {
    ROSTER_RUNNING,   /* the command goes on */
    ROSTER_SWEEPING,  /* it has ended; what it left is being ended too */
    ROSTER_DETACHED,  /* it has ended; what it left stays */
    ROSTER_ABANDONED, /* SIGKILL has not ended it yet */
    ROSTER_GUEST,     /* a child that is no command: it and its own are left alone */
};

struct roster_member {
    /* Private. */
    struct roster_member *next, **link; /* in its bucket */
    pid_t pid;                          /* 0 while it is being started */
    unsigned long long born;            /* ticks since boot, not after its real birth */
    unsigned long long number;          /* its own in this engine; 0: none */
    enum roster_kind kind;
    bool struck; /* SIGKILL went out to what it left */
    bool seen;   /* a living orphan is its own, or is about to be taken for it */
    bool lost;   /* an orphan of its own has been reaped, since orphan_settle() */
};

enum {
    ROSTER_BUCKETS = 256
};

struct roster {
    /* Private. */
    struct roster_member *bucket[ROSTER_BUCKETS]; /* by pid; newest first */
    pid_t session;                                /* our own */
    unsigned long long born;                      /* ticks since boot: when we opened */
};

enum roster_verdict {
    ROSTER_OURS,    /* a child that we started, or none of our business */
    ROSTER_OWNED,   /* *ret_member's */
    ROSTER_UNSURE,  /* it may be any of several members', or this does not tell */
    ROSTER_NOBODYS, /* from a command that has gone */
    ROSTER_BUSY,    /* it is in the midst of execve(2): ask again (orphan.h) */
};

/* Begins an empty roster; `session` is our own, orphans born before `born` are
 * not judged. */
void roster_init(struct roster *r, pid_t session, unsigned long long born) __attribute__((nonnull));

/* Enters a member that is about to be started (pid 0). */
void roster_add(struct roster *r, struct roster_member *m, enum roster_kind kind,
    unsigned long long born, unsigned long long number) __attribute__((nonnull));

/* Notes the pid of a member, once it has one. */
void roster_name(struct roster *r, struct roster_member *m, pid_t pid) __attribute__((nonnull));

/* Takes a member out. */
void roster_remove(struct roster_member *m) __attribute__((nonnull));

/* Returns the newest member whose pid this is, or NULL. */
struct roster_member *roster_find(const struct roster *r, pid_t pid)
    __attribute__((warn_unused_result, nonnull));

/* Returns the member of this number, or NULL. */
struct roster_member *roster_numbered(const struct roster *r, unsigned long long number)
    __attribute__((warn_unused_result, nonnull));

/* Whether anybody is in it. */
bool roster_empty(const struct roster *r) __attribute__((warn_unused_result, nonnull));

/* Judges one of our children by its session, which is certain: ROSTER_OURS, OWNED,
 * or UNSURE when it has one of its own. */
enum roster_verdict roster_by_session(const struct roster *r, const struct tree_proc *p,
    struct roster_member **ret_member) __attribute__((warn_unused_result, nonnull));

/* Judges one of UNSURE session by its birth: it belongs to the only member that is
 * not younger, if there is just one; or, when all of those are detached, to the
 * youngest of them, because it stays whosever it is.  ROSTER_OURS when it may be a
 * child that is being started right now. */
enum roster_verdict roster_by_birth(const struct roster *r, unsigned long long born,
    struct roster_member **ret_member) __attribute__((warn_unused_result, nonnull));

#endif
