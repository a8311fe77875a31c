/* tests/exec/filter.c -- contracts are in filter.h. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/exec/filter.h"

static const struct {
    const char *name;
    int call;
    int num;
    int arg; /* -1: whatever the arguments are */
    scmp_datum_t mask, value;
} rules[] = {
    { "clone3", SCMP_SYS(clone3), ENOSYS, -1, 0, 0 },
    { "clone-pidfd", SCMP_SYS(clone), EINVAL, 0, CLONE_PIDFD, CLONE_PIDFD },
    { "pidfd", SCMP_SYS(pidfd_open), ENOSYS, -1, 0, 0 },
    { "pidfd", SCMP_SYS(pidfd_send_signal), ENOSYS, -1, 0, 0 },
    { "pidfd", SCMP_SYS(waitid), EINVAL, 0, ~(scmp_datum_t)0, P_PIDFD },
    { "limits", SCMP_SYS(prlimit64), EPERM, 1, ~(scmp_datum_t)0, RLIMIT_NOFILE },
    { "limits", SCMP_SYS(setpriority), EPERM, -1, 0, 0 },
    { "limits", SCMP_SYS(ioprio_set), EPERM, -1, 0, 0 },
    { "memfd", SCMP_SYS(memfd_create), ENOSYS, -1, 0, 0 },
    { "mask", SCMP_SYS(rt_sigprocmask), EINVAL, 0, ~(scmp_datum_t)0, SIG_BLOCK },
    { "seal", SCMP_SYS(fcntl), EINVAL, 1, ~(scmp_datum_t)0, F_ADD_SEALS },
};

/* Returns 0, or -errno; -EINVAL for a name that is none. */
static int
add(scmp_filter_ctx ctx, const char *name)
{
    size_t len = strcspn(name, "!");
    int r = -EINVAL;
    size_t i;

    for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        struct scmp_arg_cmp only =
            SCMP_CMP((unsigned)rules[i].arg, SCMP_CMP_MASKED_EQ, rules[i].mask, rules[i].value);
        int num = strcmp(name + len, "!EPERM") == 0 ? EPERM : rules[i].num;

        if (strlen(rules[i].name) != len || strncmp(rules[i].name, name, len) != 0)
            continue;
        r = seccomp_rule_add_array(
            ctx, SCMP_ACT_ERRNO((unsigned)num), rules[i].call, rules[i].arg >= 0 ? 1 : 0, &only);
        if (r < 0)
            break;
    }
    return r;
}

int
filter_forbid(char *const *names, int n)
{
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
    int r = ctx != NULL ? 0 : -ENOMEM;
    int i;

    for (i = 0; i < n && r == 0; i++)
        r = add(ctx, names[i]);
    /* Set-user-ID programs shall go on to work where they can. */
    if (r == 0 && geteuid() == 0)
        r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0);
    if (r == 0)
        r = seccomp_load(ctx);
    if (ctx != NULL)
        seccomp_release(ctx);
    return r;
}
