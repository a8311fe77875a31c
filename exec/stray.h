/* exec/stray.h -- what a responder that was killed has left running.
 *
 * Whoever is killed cannot end its commands, and they are nobody's from then
 * on.  So each command whose end we promise carries in its environment whose
 * it is, CMON_RUN=<pid namespace>.<time namespace>.<pid>.<birth>, and so do all
 * that descend from it, unless they empty their environment.  The next start
 * finds those whose owner is no more.
 *
 * Ended is only who has our effective user; whose mark is of these namespaces;
 * whose owner has ended; and who has been left alone: its parent, or that of
 * the topmost with the same mark, is init or an ancestor of ours, which is
 * where orphans go.  (A job of at(1) inherits the mark, but not that parent.)
 * Neither we nor an ancestor of ours is ended.
 */
#ifndef EXEC_STRAY_H
#define EXEC_STRAY_H

enum {
    STRAY_MARK_MAX = 96, /* bytes, including NUL */
    STRAY_ENV_MAX = 256, /* pointers */
};

/* Writes our mark, "CMON_RUN=...", or "" when /proc does not tell who we are. */
void stray_mark(char mark[STRAY_MARK_MAX]) __attribute__((nonnull));

/* Returns `envp` with `mark` behind it, in `room`; or `envp` itself when there
 * is no mark or no room.  Both MUST stay as long as what is returned. */
char *const *stray_env(char *mark, char *const *envp, char *room[STRAY_ENV_MAX])
    __attribute__((warn_unused_result, nonnull));

/* Kills all strays and returns how many.  Reads /proc once and again while it
 * finds any: some milliseconds. */
unsigned stray_end(void);

#endif
