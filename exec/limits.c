/* exec/limits.c -- contracts are in limits.h. */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"
#include "exec/limits.h"

static const struct {
    const char *name;
    int resource;
} known[LIMITS_MAX] = {
    [LIMITS_CORE] = { "core", RLIMIT_CORE },
    [LIMITS_FSIZE] = { "fsize", RLIMIT_FSIZE },
    [LIMITS_NOFILE] = { "nofile", RLIMIT_NOFILE },
    [LIMITS_NPROC] = { "nproc", RLIMIT_NPROC },
    [LIMITS_CPU] = { "cpu", RLIMIT_CPU },
    [LIMITS_AS] = { "as", RLIMIT_AS },
    [LIMITS_STACK] = { "stack", RLIMIT_STACK },
    [LIMITS_NICE] = { "nice", -1 },
    [LIMITS_IONICE] = { "ionice", -1 },
};

void
limits_init(struct exec_limits *l)
{
    *l = (struct exec_limits){ .umask = LIMITS_UMASK };
    limits_set(l, LIMITS_CORE, 0);
    l->must = 0;
}

void
limits_set(struct exec_limits *l, enum limits_what what, int64_t value)
{
    assert(what < LIMITS_MAX);
    l->given |= 1U << what;
    l->must |= 1U << what;
    if (what == LIMITS_NICE) {
        l->nice = (int)value;
    } else if (what == LIMITS_IONICE) {
        l->ionice = (int)value;
    } else {
        uint64_t n = (uint64_t)value;

        l->rlimit[what].soft = n;
        /* At the hard one the kernel kills without a word. */
        l->rlimit[what].hard = what == LIMITS_CPU && n < LIMITS_UNLIMITED ? n + 1 : n;
    }
}

const char *
limits_name(enum limits_what what)
{
    assert(what < LIMITS_MAX);
    return known[what].name;
}

int
limits_resource(enum limits_what what)
{
    assert(what < LIMITS_RLIMITS);
    return known[what].resource;
}

int
limits_failed(enum limits_what what, int num, struct err *err)
{
    const char *op = "setrlimit";

    if (what == LIMITS_NICE)
        op = "setpriority";
    else if (what == LIMITS_IONICE)
        op = "ioprio_set";
    return err_sys(err, num, op, limits_name(what));
}

const char *
limits_holder(enum limits_what what)
{
    switch (what) {
    case LIMITS_NPROC:
        return "setrlimit, which counts all processes of our user";
    case LIMITS_NICE:
        return access("/proc/self/autogroup", F_OK) == 0 ? "setpriority and an autogroup"
                                                         : "setpriority";
    case LIMITS_IONICE:
        return "ioprio_set, where the I/O scheduler looks at it";
    default:
        return "setrlimit, in each process";
    }
}

/* Whether we have a capability now. */
static bool
can(unsigned capability)
{
    struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

    if (syscall(SYS_capget, &head, data) < 0)
        return false;
    return (data[capability / 32].effective >> capability % 32 & 1) != 0;
}

static bool
nice_holds(int nice, char why[LIMITS_DOUBT_MAX])
{
    struct rlimit floor = { .rlim_cur = 0 };
    int now;

    errno = 0;
    now = getpriority(PRIO_PROCESS, 0);
    (void)getrlimit(RLIMIT_NICE, &floor);
    /* RLIMIT_NICE of 1 to 40 is a nice of 19 to -20. */
    if (nice >= now || floor.rlim_cur >= (rlim_t)(20 - nice) || can(CAP_SYS_NICE))
        return true;
    (void)snprintf(why, LIMITS_DOUBT_MAX, "%d is below ours (%d), and needs CAP_SYS_NICE", nice,
        errno == 0 ? now : 0);
    return false;
}

static bool
ionice_holds(int ionice, char why[LIMITS_DOUBT_MAX])
{
    if (ionice >> 13 != LIMITS_IO_REALTIME || can(CAP_SYS_NICE) || can(CAP_SYS_ADMIN))
        return true;
    (void)snprintf(why, LIMITS_DOUBT_MAX, "realtime needs CAP_SYS_NICE");
    return false;
}

/* Above this not even CAP_SYS_RESOURCE gives descriptors; 0: it is not told. */
static uint64_t
most_descriptors(void)
{
    FILE *f = fopen("/proc/sys/fs/nr_open", "re");
    unsigned long long n = 0;

    if (f == NULL)
        return 0;
    if (fscanf(f, "%llu", &n) != 1)
        n = 0;
    (void)fclose(f); /* it was only read */
    return n;
}

static bool
rlimit_holds(enum limits_what what, uint64_t hard, char why[LIMITS_DOUBT_MAX])
{
    uint64_t now[2]; /* soft, hard */
    uint64_t most = what == LIMITS_NOFILE ? most_descriptors() : 0;

    if (what == LIMITS_NPROC && hard != LIMITS_UNLIMITED &&
        (getuid() == 0 || can(CAP_SYS_RESOURCE) || can(CAP_SYS_ADMIN))) {
        (void)snprintf(why, LIMITS_DOUBT_MAX, "does not bind %s",
            getuid() == 0 ? "root" : "who has CAP_SYS_RESOURCE or CAP_SYS_ADMIN");
        return false;
    }
    if (most > 0 && hard > most) {
        (void)snprintf(
            why, LIMITS_DOUBT_MAX, "is above fs.nr_open, which is %llu", (unsigned long long)most);
        return false;
    }
    if (syscall(SYS_prlimit64, 0, known[what].resource, NULL, now) < 0 ||
        now[1] == LIMITS_UNLIMITED || hard <= now[1] || can(CAP_SYS_RESOURCE))
        return true;
    (void)snprintf(why, LIMITS_DOUBT_MAX,
        "is above our hard limit, which is %llu, and needs CAP_SYS_RESOURCE",
        (unsigned long long)now[1]);
    return false;
}

bool
limits_holds(const struct exec_limits *l, enum limits_what what, char why[LIMITS_DOUBT_MAX])
{
    if ((l->given & 1U << what) == 0)
        return true;
    if (what == LIMITS_NICE)
        return nice_holds(l->nice, why);
    if (what == LIMITS_IONICE)
        return ionice_holds(l->ionice, why);
    return rlimit_holds(what, l->rlimit[what].hard, why);
}
