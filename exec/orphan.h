/* exec/orphan.h -- whose an orphan is found to be, and that it stays so.
 *
 * A look at an orphan asks, in this order: what an earlier look has found; its
 * session (roster.h); its mark (stray.h), which most keep from the command that
 * they come from; its birth.  What the first three say is certain and is noted,
 * because the dead have no mark, and their session's number may be another's.
 *
 * Birth alone leaves doubt when several runs were there.  Such an orphan is
 * spared as long as any of those stays, and is none's reason to stay, else it
 * and a detached run would keep each other for ever.  To a detached run goes,
 * without a mark: what is there when its command ends; what no run but detached
 * ones can have left; and what shows up together with the end of one of its own,
 * as its child may.  Who is in the midst of execve(2) and has no environment yet is
 * ROSTER_BUSY, for a second at most, or as long as a command is being started that it
 * may be.
 *
 * One lock of the caller's is around all of it, and each orphan is a child of
 * ours that nobody else reaps: so it keeps its number.
 */
#ifndef EXEC_ORPHAN_H
#define EXEC_ORPHAN_H

#include <stdbool.h>
#include <sys/types.h>

#include "exec/roster.h"
#include "exec/stray.h"

struct orphan;

enum {
    ORPHAN_BUCKETS = 256
};

struct orphans {
    /* Private. */
    struct orphan *bucket[ORPHAN_BUCKETS]; /* by pid; owned */
    size_t n;                              /* of them */
    struct stray_mark self;
};

/* Begins with none; `self` is who we are. */
void orphan_open(struct orphans *o, const struct stray_mark *self) __attribute__((nonnull));

/* Forgets all. */
void orphan_close(struct orphans *o) __attribute__((nonnull));

/* Whether an orphan of this number is known, and born before `since`. */
bool orphan_older(const struct orphans *o, pid_t pid, unsigned long long since)
    __attribute__((warn_unused_result, nonnull));

/* Judges one of our children.  Reads its environment only when its session does
 * not tell.  Marks as seen every member that it keeps from being over. */
enum roster_verdict orphan_judge(struct orphans *o, const struct roster *r,
    const struct tree_proc *p, struct roster_member **ret_member)
    __attribute__((warn_unused_result, nonnull));

/* Notes that it belongs to the run of this number, whatever else may tell. */
void orphan_claim(struct orphans *o, const struct tree_proc *p, unsigned long long run)
    __attribute__((nonnull));

/* It has been reaped. */
void orphan_forget(struct orphans *o, pid_t pid) __attribute__((nonnull));

/* To be called when all of our children have been judged, and none was missed:
 * settles what is in doubt, and forgets those that are no longer there. */
void orphan_settle(struct orphans *o, const struct roster *r) __attribute__((nonnull));

#endif
