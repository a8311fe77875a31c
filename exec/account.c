/* exec/account.c -- contracts are in account.h. */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "exec/account.h"

#define KNOB "/proc/sys/kernel/task_delayacct"

enum {
    BLOCK = 512, /* bytes, getrusage(2) */
    KIB = 1024,
    STATUS_MAX = 4096, /* bytes of /proc/self/status; what we look for comes early */
    MARGIN = 8,        /* an eighth of ours is as good as ours */
};

/* struct rusage as the kernel writes it, whatever libc makes of time_t. */
struct rusage_raw {
    long user[2]; /* s, us */
    long system[2];
    long max_rss; /* KiB */
    long unused[3];
    long minor_faults, major_faults;
    long swaps;
    long blocks_in, blocks_out;
    long messages[2];
    long signals;
    long voluntary, involuntary;
};

static int64_t
nsec(const long time[2])
{
    return time[0] * CLOCK_SEC + time[1] * (CLOCK_MSEC / 1000);
}

/* The most memory that we ever had, KiB; 0: it is not told.  Not getrusage(2)'s,
 * which may be that of who started us. */
static long
read_mark(void)
{
    static const char name[] = "\nVmHWM:";
    FD_AUTO int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    char text[STATUS_MAX];
    const char *at;
    ssize_t n;

    n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (n < 0)
        return 0;
    text[n] = '\0';
    at = strstr(text, name);
    return at == NULL ? 0 : strtol(at + strlen(name), NULL, 10);
}

/* Returns what is true of a command's largest size, KiB.  Until its exec it had
 * our memory, and that is in the number if it ever was as large. */
static long
own_rss(long max_rss)
{
    static atomic_long mark; /* never falls: what is below it need not look again */

    if (max_rss > atomic_load(&mark))
        atomic_store(&mark, read_mark());
    /* The kernel keeps its counters by core, and adds them up as it goes. */
    return max_rss > atomic_load(&mark) + atomic_load(&mark) / MARGIN ? max_rss : 0;
}

int
account_reap(idtype_t type, id_t id, siginfo_t *ret_gone, struct account *ret_account)
{
    siginfo_t gone = { .si_pid = 0 };
    struct rusage_raw cost;

    /* libc's waitid(3) hides the fifth argument. */
    if (syscall(SYS_waitid, type, id, &gone, WEXITED | WNOHANG | __WALL, &cost) < 0)
        return -errno;
    if (gone.si_pid == 0)
        return 0;
    *ret_gone = gone;
    *ret_account = (struct account){
        .user = nsec(cost.user),
        .system = nsec(cost.system),
        .max_rss = (int64_t)own_rss(cost.max_rss) * KIB,
        .minor_faults = cost.minor_faults,
        .major_faults = cost.major_faults,
        .voluntary = cost.voluntary,
        .involuntary = cost.involuntary,
        .block_read = (int64_t)cost.blocks_in * BLOCK,
        .block_written = (int64_t)cost.blocks_out * BLOCK,
    };
    return 1;
}

const char *
account_wait_name(enum account_wait wait)
{
    static const char *const names[ACCOUNT_WAIT_MAX] = {
        [ACCOUNT_CPU] = "cpu",
        [ACCOUNT_BLOCK_IO] = "block_io",
        [ACCOUNT_SWAP_IN] = "swap_in",
        [ACCOUNT_RECLAIM] = "reclaim",
        [ACCOUNT_THRASHING] = "thrashing",
        [ACCOUNT_COMPACTION] = "compaction",
        [ACCOUNT_COPY] = "copy",
    };

    assert(wait < ACCOUNT_WAIT_MAX);
    return names[wait];
}

static bool
counts(int knob)
{
    char c = '1';

    return knob < 0 || (pread(knob, &c, 1, 0) == 1 && c != '0');
}

int
account_check(struct err *err)
{
    struct account_source *s;
    int knob, r = account_open(&s, err);

    if (r < 0)
        return r;
    account_close(s);
    knob = open(KNOB, O_RDONLY | O_CLOEXEC);
    if (!counts(knob))
        r = err_msg(err, EOPNOTSUPP,
            "kernel.task_delayacct is off; root switches it on with: "
            "sysctl kernel.task_delayacct=1");
    fd_close(&knob);
    return r;
}

void
account_slot_init(struct account_slot *slot)
{
    *slot = (struct account_slot){ .knob = open(KNOB, O_RDONLY | O_CLOEXEC) };
    (void)pthread_mutex_init(&slot->lock, NULL); /* cannot fail without attributes */
}

void
account_slot_done(struct account_slot *slot)
{
    account_close(slot->source);
    slot->source = NULL;
    fd_close(&slot->knob);
    (void)pthread_mutex_destroy(&slot->lock);
}

struct account_source *
account_once(struct account_slot *slot)
{
    struct account_source *source;
    struct err err;
    int r;

    if (!counts(slot->knob)) /* where nothing is counted, this is all that it costs */
        return NULL;
    (void)pthread_mutex_lock(&slot->lock);
    if (slot->source == NULL && !slot->in_vain) {
        r = account_open(&slot->source, &err);
        slot->in_vain = r == -EPERM || r == -EOPNOTSUPP;
    }
    source = slot->source;
    (void)pthread_mutex_unlock(&slot->lock);
    return source;
}
