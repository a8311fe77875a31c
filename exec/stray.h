/* exec/stray.h -- the mark that tells whose a process is, and what a killed responder has left.
 *
 * Each command carries in its environment whose it is,
 * CMON_RUN=<pid namespace>.<time namespace>.<pid>.<birth>.<run>, and so do all
 * that descend from it, unless they empty or overwrite their environment.  Pid
 * and birth are the responder's, the run counts its commands; a `d` behind it
 * says that the command detaches.  A mark of four numbers is that of an earlier
 * version, which marked only what does not detach.
 *
 * Whoever is killed cannot end its commands, and they are nobody's from then
 * on: the next start finds those whose responder is no more.  Ended is only who
 * has our effective user; whose mark is of these namespaces and of no command
 * that detaches; whose responder has ended; and who has been left alone: its
 * parent, or that of the topmost with the same mark, is init or an ancestor of
 * ours, which is where orphans go.  Other subreapers are not told from other
 * parents, to whom a mark comes by itself: a job of at(1) inherits it, and
 * every service of a `systemd --user` that has imported an environment does.
 * Neither we nor an ancestor of ours is ended.
 */
#ifndef EXEC_STRAY_H
#define EXEC_STRAY_H

#include <stdbool.h>
#include <sys/types.h>

enum {
    STRAY_TEXT_MAX = 128, /* bytes, including NUL */
    STRAY_ENV_MAX = 256,  /* pointers */
};

struct stray_mark {
    unsigned long long pid_ns, time_ns; /* inodes; 0 where the kernel has none */
    int pid;                            /* of the responder */
    unsigned long long born;            /* ticks since boot, as well */
    unsigned long long run;             /* counts its commands from 1; 0: it does not say */
    bool detached;                      /* what the command leaves stays */
};

/* Fills in who we are, with no run.  Returns 0, or -errno when /proc does not tell. */
int stray_self(struct stray_mark *ret_self) __attribute__((warn_unused_result, nonnull));

/* Writes a mark that tells a run, "CMON_RUN=...". */
void stray_write(const struct stray_mark *mark, char text[STRAY_TEXT_MAX]) __attribute__((nonnull));

/* Reads the mark of a process of our effective user.  Returns 0; -EAGAIN when it
 * has no environment at all, as in the midst of execve(2); -ENOENT when there is
 * no mark in it, or we may not look.  The dead have none: either. */
int stray_read(pid_t pid, struct stray_mark *ret_mark) __attribute__((warn_unused_result, nonnull));

/* Whether two marks are of the same responder. */
bool stray_same(const struct stray_mark *a, const struct stray_mark *b)
    __attribute__((warn_unused_result, nonnull));

/* Returns `envp` with the text `mark` behind it, in `room`; or `envp` itself when
 * there is no room.  All three MUST stay as long as what is returned is used. */
char *const *stray_env(char *mark, char *const *envp, char *room[STRAY_ENV_MAX])
    __attribute__((warn_unused_result, nonnull));

/* Kills all strays and returns how many.  Reads /proc once and again while it
 * finds any: some milliseconds. */
unsigned stray_end(void);

#endif
