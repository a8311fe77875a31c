/* exec/autogroup.h -- nice against everybody, and not only within a session.
 *
 * With kernel.sched_autogroup_enabled = 1, which is usual, the kernel shares
 * the CPUs out among sessions first, and nice(2) ranks only within one.  Every
 * command has a session of its own, therefore its nice has to be that of the
 * session's group too: /proc/PID/autogroup, see sched(7).
 *
 * It is written from outside, when the program runs: before exec(2) the file is
 * root's, because a child shares the memory of a responder that nobody may
 * look into (PR_SET_DUMPABLE).
 *
 * Who has no CAP_SYS_ADMIN may do so once in a tenth of a second, all of the
 * machine together.  What comes too early waits for autogroup_tend().
 *
 * Safe from any thread.
 */
#ifndef EXEC_AUTOGROUP_H
#define EXEC_AUTOGROUP_H

#include <stdbool.h>
#include <sys/types.h>

enum {
    AUTOGROUP_LATE = 32, /* that wait at most; further ones go without */
};

/* Gives a nice to the session of a child that has just got to its exec(2) and
 * MUST NOT be reaped yet.  Where there are no such groups, and for a program
 * that became somebody else's by its exec, nothing happens. */
void autogroup_nice(pid_t pid, int nice);

/* Tries again for those that came too early.  To be called about once in a
 * second; returns whether some still wait. */
bool autogroup_tend(void);

#endif
