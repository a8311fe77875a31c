/* exec/cgroup.c -- contracts are in cgroup.h. */
#include "config.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "exec/cgroup.h"
#include "exec/cgroup_knob.h"
#include "exec/tree.h"

enum {
    PERIOD = 100 * 1000, /* us, over which a share of the CPUs is given; as the kernel's own */
    TEXT_MAX = 1024,     /* bytes of a knob that is read */
    DEPTH_MAX = 8,       /* of cgroups that a command made below its own */
    SIGNALS_MAX = 256,   /* processes that are signalled at a time */
    PROCS_CHUNK = 4096,  /* bytes */
    FREEZE_MAX = 16,     /* looks at a cgroup that is freezing */
};

unsigned
cgroup_parts(const struct cgroup_limits *lim)
{
    return (unsigned)(lim->memory > 0) << CGROUP_MEMORY | (unsigned)(lim->cpu > 0) << CGROUP_CPU |
           (unsigned)(lim->pids > 0) << CGROUP_PIDS | (unsigned)(lim->nio > 0) << CGROUP_IO;
}

/* Limits, hierarchy by hierarchy.  What is optional was checked by asking the
 * kernel: a knob that is not there cannot be in the way. */

static int
limit_memory(
    int dir, const char *name, enum cgroup_hier h, const struct cgroup_limits *lim, struct err *err)
{
    long long max = lim->memory;
    struct err unused;
    int r;

    if (h == CGROUP_V2) {
        r = cgroup_knob_write(dir, name, "memory.max", err, "%lld", max);
        if (r < 0)
            return r;
        (void)cgroup_knob_write(dir, name, "memory.swap.max", &unused, "0");
        (void)cgroup_knob_write(dir, name, "memory.oom.group", &unused, "1");
        return 0;
    }
    r = cgroup_knob_write(dir, name, "memory.limit_in_bytes", err, "%lld", max);
    if (r < 0)
        return r;
    (void)cgroup_knob_write(dir, name, "memory.memsw.limit_in_bytes", &unused, "%lld", max);
    return 0;
}

static int
limit_cpu(
    int dir, const char *name, enum cgroup_hier h, const struct cgroup_limits *lim, struct err *err)
{
    long long quota = lim->cpu * (PERIOD / 1000);
    int r;

    if (h == CGROUP_V2)
        return cgroup_knob_write(dir, name, "cpu.max", err, "%lld %d", quota, PERIOD);
    r = cgroup_knob_write(dir, name, "cpu.cfs_period_us", err, "%d", PERIOD);
    return r < 0 ? r : cgroup_knob_write(dir, name, "cpu.cfs_quota_us", err, "%lld", quota);
}

static int
limit_pids(
    int dir, const char *name, enum cgroup_hier h, const struct cgroup_limits *lim, struct err *err)
{
    (void)h; /* one knob for both */
    return cgroup_knob_write(dir, name, "pids.max", err, "%lld", (long long)lim->pids);
}

/* "8:0 rbps=1048576 wbps=max" */
static int
limit_device_v2(int dir, const char *name, const struct cgroup_io *io, struct err *err)
{
    char read[32] = "max", write[32] = "max";

    if (io->read > 0)
        (void)snprintf(read, sizeof(read), "%lld", (long long)io->read);
    if (io->write > 0)
        (void)snprintf(write, sizeof(write), "%lld", (long long)io->write);
    return cgroup_knob_write(
        dir, name, "io.max", err, "%u:%u rbps=%s wbps=%s", io->major, io->minor, read, write);
}

static int
limit_device_v1(int dir, const char *name, const struct cgroup_io *io, struct err *err)
{
    int r = 0;

    if (io->read > 0)
        r = cgroup_knob_write(dir, name, "blkio.throttle.read_bps_device", err, "%u:%u %lld",
            io->major, io->minor, (long long)io->read);
    if (r == 0 && io->write > 0)
        r = cgroup_knob_write(dir, name, "blkio.throttle.write_bps_device", err, "%u:%u %lld",
            io->major, io->minor, (long long)io->write);
    return r;
}

static int
limit_io(
    int dir, const char *name, enum cgroup_hier h, const struct cgroup_limits *lim, struct err *err)
{
    size_t i;
    int r = 0;

    for (i = 0; i < lim->nio && r == 0; i++)
        r = h == CGROUP_V2 ? limit_device_v2(dir, name, &lim->io[i], err)
                           : limit_device_v1(dir, name, &lim->io[i], err);
    return r;
}

static int (*const limit_part[CGROUP_PART_MAX])(int dir, const char *name, enum cgroup_hier h,
    const struct cgroup_limits *lim, struct err *err) = {
    [CGROUP_MEMORY] = limit_memory,
    [CGROUP_CPU] = limit_cpu,
    [CGROUP_PIDS] = limit_pids,
    [CGROUP_IO] = limit_io,
};

/* Makes the directory in one hierarchy, and opens what its processes need. */
static int
make_in(struct cgroup *cg, enum cgroup_hier h, size_t *nprocs, struct err *err)
{
    bool is_tree = h == cg->tree;
    int fd;

    if (mkdirat(cg->owner[h], cg->name, 0755) < 0)
        return err_sys(err, errno, "cgroup mkdir", cg->name);
    cg->made |= 1U << h;
    if (h == CGROUP_V2) {
        fd = cgroup_knob_open(cg->owner[h], cg->name, ".", O_RDONLY | O_DIRECTORY);
        if (fd < 0)
            return err_sys(err, -fd, "cgroup open", cg->name);
        cg->dir = fd;
    }
    fd = cgroup_knob_open(cg->owner[h], cg->name, "cgroup.procs", O_RDWR);
    if (fd < 0)
        return err_sys(err, -fd, "cgroup", "cgroup.procs");
    cg->procs[(*nprocs)++] = fd;
    cg->procs[*nprocs] = -1;
    if (!is_tree)
        return 0;
    cg->members = fd;
    if (h != CGROUP_V2)
        return 0;
    cg->members = cgroup_knob_open(cg->owner[h], cg->name, "cgroup.events", O_RDONLY);
    return cg->members < 0 ? err_sys(err, -cg->members, "cgroup", "cgroup.events") : 0;
}

int
cgroup_make(struct cgroup *cg, const int owner[CGROUP_HIER_MAX], const int where[CGROUP_PART_MAX],
    const char *name, const struct cgroup_limits *lim, struct err *err)
{
    unsigned wish = cgroup_parts(lim) | 1U << CGROUP_TREE;
    unsigned hiers = 0;
    size_t n = 0;
    size_t i;
    int r = 0;

    assert(where[CGROUP_TREE] >= 0 && strlen(name) < CGROUP_NAME_MAX);
    memset(cg, 0, sizeof(*cg));
    cg->dir = cg->members = cg->procs[0] = -1;
    cg->owner = owner;
    cg->tree = (enum cgroup_hier)where[CGROUP_TREE];
    cg->pids = lim->pids;
    cg->plain = (wish & ~(1U << CGROUP_TREE | 1U << CGROUP_PIDS)) == 0;
    memcpy(cg->name, name, strlen(name) + 1);
    for (i = 0; i < CGROUP_PART_MAX; i++)
        if ((wish & 1U << i) && where[i] >= 0) {
            cg->parts |= 1U << i;
            hiers |= 1U << where[i];
        }
    for (i = 0; i < CGROUP_HIER_MAX && r == 0; i++)
        if (hiers & 1U << i)
            r = make_in(cg, (enum cgroup_hier)i, &n, err);
    for (i = CGROUP_TREE + 1; i < CGROUP_PART_MAX && r == 0; i++)
        if (cg->parts & 1U << i)
            r = limit_part[i](owner[where[i]], name, (enum cgroup_hier)where[i], lim, err);
    if (r < 0)
        (void)cgroup_done(cg); /* still empty, so it goes */
    return r;
}

void
cgroup_nice(struct cgroup *cg, int nice)
{
    struct err unused;

    if ((cg->made & 1U << CGROUP_V2) && cgroup_knob_write(cg->owner[CGROUP_V2], cg->name,
                                            "cpu.weight.nice", &unused, "%d", nice) == 0)
        cg->plain = false;
}

bool
cgroup_empty(const struct cgroup *cg)
{
    char text[TEXT_MAX];
    ssize_t n = pread(cg->members, text, sizeof(text) - 1, 0);

    if (n < 0)
        return errno == ENODEV; /* removed */
    if (cg->tree != CGROUP_V2)
        return n == 0;
    text[n] = '\0';
    return cgroup_knob_field(text, "populated") == 0;
}

/* Calls `fn` for every process in a list of them; returns how many there are. */
static unsigned
each_process(int procs, void (*fn)(pid_t pid, void *ctx), void *ctx)
{
    char chunk[PROCS_CHUNK];
    pid_t pid = 0; /* a number may go on in the next chunk */
    unsigned found = 0;
    off_t at = 0;
    ssize_t n, i;

    while ((n = pread(procs, chunk, sizeof(chunk), at)) > 0) {
        for (i = 0; i < n; i++) {
            if (chunk[i] != '\n') {
                pid = pid * 10 + (chunk[i] - '0');
                continue;
            }
            if (fn != NULL && pid > 1) /* 0 is one that our namespace has no number for */
                fn(pid, ctx);
            pid = 0;
            found++;
        }
        at += n;
    }
    return found;
}

struct found {
    struct tree_proc proc[SIGNALS_MAX];
    size_t n;
    size_t listed; /* this time, and... */
    size_t done;   /* ...by earlier times */
    int but;       /* the process group that is not of interest */
    int sig;
};

static void
note(pid_t pid, void *ctx)
{
    struct found *f = ctx;
    bool is_due = f->listed >= f->done && f->listed < f->done + SIGNALS_MAX;

    f->listed++;
    if (is_due && tree_look(pid, &f->proc[f->n]) == 0 && f->proc[f->n].group != f->but)
        f->n++;
}

/* Signals one that is still listed after it was looked at: then it is the one
 * that we looked at, and tree_signal() reaches no other. */
static void
tell(pid_t pid, void *ctx)
{
    const struct found *f = ctx;
    size_t i;

    for (i = 0; i < f->n; i++)
        if (f->proc[i].pid == pid) {
            (void)tree_signal(&f->proc[i], f->sig);
            if (f->sig == SIGTERM)
                (void)tree_signal(&f->proc[i], SIGCONT);
        }
}

static int
tree_procs(const struct cgroup *cg)
{
    return cg->tree == CGROUP_V2 ? cg->procs[0] : cg->members;
}

/* Signals all that are in a list of processes; who ends meanwhile may hide
 * another one from us. */
static void
signal_listed(int procs, int but, int sig)
{
    struct found f = { .but = but, .sig = sig };

    do {
        f.n = f.listed = 0;
        (void)each_process(procs, note, &f);
        if (f.n > 0)
            (void)each_process(procs, tell, &f);
        f.done += SIGNALS_MAX;
    } while (f.listed > f.done);
}

void
cgroup_term(const struct cgroup *cg, int but)
{
    signal_listed(tree_procs(cg), but, SIGTERM);
}

/* Whether a cgroup that was told to freeze has got there. */
static bool
is_frozen(int dir, const char *name)
{
    char text[TEXT_MAX];

    if (cgroup_knob_read(dir, name, "cgroup.events", text, sizeof(text)) > 0)
        return cgroup_knob_field(text, "frozen") == 1;
    return cgroup_knob_read(dir, name, "freezer.state", text, sizeof(text)) <= 0 ||
           strcmp(text, "FROZEN\n") == 0;
}

/* Kills one by one what is listed, while nobody can fork away. */
static void
kill_frozen(int dir, const char *name)
{
    FD_AUTO int procs = cgroup_knob_open(dir, name, "cgroup.procs", O_RDONLY);
    struct err unused;
    int i;

    if (procs < 0)
        return;
    /* One of the two is there, or neither: then who forks is met by the next look. */
    (void)cgroup_knob_write(dir, name, "freezer.state", &unused, "FROZEN");
    (void)cgroup_knob_write(dir, name, "cgroup.freeze", &unused, "1");
    for (i = 0; i < FREEZE_MAX && !is_frozen(dir, name); i++)
        continue;
    signal_listed(procs, -1, SIGKILL);
    (void)cgroup_knob_write(dir, name, "freezer.state", &unused, "THAWED");
    (void)cgroup_knob_write(dir, name, "cgroup.freeze", &unused, "0");
}

/* Calls `fn` for the cgroups that are directly below one. */
static void
each_below(int dir, const char *name, int depth, void (*fn)(int dir, const char *name, int depth))
{
    int fd = cgroup_knob_open(dir, name, ".", O_RDONLY | O_DIRECTORY);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;

    if (d == NULL) {
        fd_close(&fd);
        return;
    }
    while ((entry = readdir(d)) != NULL)
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
            fn(dirfd(d), entry->d_name, depth);
    (void)closedir(d);
}

static void
strike_below(int dir, const char *name, int depth)
{
    kill_frozen(dir, name);
    if (depth < DEPTH_MAX)
        each_below(dir, name, depth + 1, strike_below);
}

void
cgroup_strike(int dir, const char *name)
{
    struct err unused;

    if (cgroup_knob_write(dir, name, "cgroup.kill", &unused, "1") < 0)
        strike_below(dir, name, 0);
}

unsigned
cgroup_count(const struct cgroup *cg)
{
    return each_process(tree_procs(cg), NULL, NULL);
}

void
cgroup_kill(struct cgroup *cg)
{
    bool again = cg->struck;

    cg->struck = true;
    cgroup_strike(cg->owner[cg->tree], cg->name);
    /* cgroup.kill signals the first thread of each process, which is of no use
     * when that has ended and others go on (seen on 6.18). */
    if (again)
        signal_listed(tree_procs(cg), -1, SIGKILL);
}

static void
remove_below(int dir, const char *name, int depth)
{
    if (unlinkat(dir, name, AT_REMOVEDIR) == 0 || depth >= DEPTH_MAX)
        return;
    each_below(dir, name, depth + 1, remove_below);
    (void)unlinkat(dir, name, AT_REMOVEDIR); /* or it is in use: the caller looks */
}

bool
cgroup_remove(int dir, const char *name)
{
    remove_below(dir, name, 0);
    return faccessat(dir, name, F_OK, 0) < 0 && errno == ENOENT;
}

bool
cgroup_oom(const struct cgroup *cg)
{
    char text[TEXT_MAX];

    if (!(cg->parts & 1U << CGROUP_MEMORY))
        return false;
    if (cgroup_knob_read(cg->owner[CGROUP_V2], cg->name, "memory.events", text, sizeof(text)) <= 0)
        (void)cgroup_knob_read(
            cg->owner[CGROUP_V1_MEMORY], cg->name, "memory.oom_control", text, sizeof(text));
    return cgroup_knob_field(text, "oom_kill") > 0;
}

void
cgroup_close(struct cgroup *cg)
{
    size_t i;

    if (cg->tree == CGROUP_V2)
        fd_close(&cg->members);
    for (i = 0; cg->procs[i] >= 0; i++)
        fd_close(&cg->procs[i]);
    cg->members = -1;
    fd_close(&cg->dir);
}

bool
cgroup_done(struct cgroup *cg)
{
    bool gone = true;
    size_t i;

    for (i = 0; i < CGROUP_HIER_MAX; i++)
        if ((cg->made & 1U << i) && !cgroup_remove(cg->owner[i], cg->name))
            gone = false;
    cgroup_close(cg);
    return gone;
}
