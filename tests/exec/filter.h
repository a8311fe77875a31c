/* tests/exec/filter.h -- system calls that fail, as on an old kernel or behind somebody's filter.
 */
#ifndef TESTS_EXEC_FILTER_H
#define TESTS_EXEC_FILTER_H

/* What can be forbidden, by name:
 *   clone3         clone3(2): ENOSYS
 *   clone-pidfd    clone(2) with CLONE_PIDFD: EINVAL
 *   pidfd          pidfd_open(2) and pidfd_send_signal(2): ENOSYS; waitid(2) with P_PIDFD: EINVAL
 *   limits         prlimit64(2) that sets RLIMIT_NOFILE, setpriority(2), ioprio_set(2): EPERM
 *   memfd          memfd_create(2): ENOSYS
 *   mask           rt_sigprocmask(2) with SIG_BLOCK: EINVAL
 *   seal           fcntl(2) with F_ADD_SEALS: EINVAL
 * With "!EPERM" behind it the same fails with EPERM: "clone3!EPERM".
 *
 * Forbids the `n` things that are named, for this process and all that it
 * starts.  Returns 0, -EINVAL for a name that is none, or -errno. */
int filter_forbid(char *const *names, int n) __attribute__((warn_unused_result, nonnull));

#endif
