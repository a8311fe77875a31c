/* exec/engine.c -- contracts are in engine.h.
 *
 * Reading the list of our children, judging them and reaping them happen under
 * one lock.  Therefore the list is exact (the kernel may skip entries when
 * others are reaped meanwhile), and the number of an orphan on it stays its
 * own until we reap it, so that kill(2) cannot hit a stranger.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "exec/account.h"
#include "exec/cgroup_pool.h"
#include "exec/engine.h"
#include "exec/heir.h"
#include "exec/low.h"
#include "exec/orphan.h"
#include "exec/spawn.h"
#include "exec/tree.h"
#include "exec/watcher.h"

enum {
    LOOKS_MAX = 3, /* in one sweep */
    CROWD = 64,    /* children; more are many */
};

struct engine {
    pthread_mutex_t lock; /* over all but the constants */
    struct roster roster;
    struct heirs heirs;
    struct tree_pids list;      /* our children, as of the last look */
    bool blind;                 /* in which some may have been missed */
    struct orphans orphans;     /* what earlier looks have found out */
    struct spawn_origin origin; /* constant */
    struct low low;             /* safe by itself */
    struct cgroup_pool *pool;   /* constant; has a lock of its own */
    struct watcher *watcher;    /* constant: NULL where there are pidfds */
    int children;               /* constant: /proc/self/task/PID/children */
    int null;                   /* constant */
    struct account_slot accounts;
    atomic_ullong numbers; /* given to members; safe by itself */
};

/* Opens what is read all the time, above the descriptors 0 to 2. */
static int
open_files(struct engine *e, struct err *err)
{
    pid_t pid = getpid();
    struct stray_mark self;
    int r = tree_check(err);

    if (r < 0)
        return r;
    r = stray_self(&self);
    if (r < 0)
        return err_sys(err, -r, "open", "/proc/self/stat");
    orphan_open(&e->orphans, &self);
    e->null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    r = e->null < 0 ? -errno : fd_move_above(&e->null, 3);
    if (r < 0)
        return err_sys(err, -r, "open", "/dev/null");
    e->children = tree_open(pid, pid);
    r = e->children < 0 ? e->children : fd_move_above(&e->children, 3);
    if (r < 0)
        return err_sys(err, -r, "open", "/proc/self/task/*/children");
    return low_open(&e->low, e->null, err);
}

static int
choose_way(struct engine *e, struct err *err)
{
    spawn_survey(&e->origin);
    e->origin.low = &e->low;
    if (e->origin.way != WAY_VFORK_SIGCHLD)
        return 0;
    e->origin.signals |= UINT64_C(1) << (SIGCHLD - 1); /* handled from now on */
    return watcher_open(&e->watcher, err);
}

int
engine_open(struct engine **ret_engine, struct err *err)
{
    struct engine *e = calloc(1, sizeof(*e));
    int r;

    if (e == NULL)
        return err_sys(err, ENOMEM, "calloc", NULL);
    e->null = e->children = -1;
    r = open_files(e, err);
    if (r == 0 && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        r = err_sys(err, errno, "prctl", "PR_SET_CHILD_SUBREAPER");
    if (r == 0)
        r = choose_way(e, err);
    if (r == 0)
        r = cgroup_pool_open(&e->pool, err);
    if (r < 0) {
        watcher_close(e->watcher);
        low_close(&e->low);
        fd_close(&e->children);
        fd_close(&e->null);
        free(e);
        return r;
    }
    (void)pthread_mutex_init(&e->lock, NULL); /* cannot fail without attributes */
    account_slot_init(&e->accounts);
    roster_init(&e->roster, getsid(0), tree_now());
    *ret_engine = e;
    return 0;
}

void
engine_close(struct engine *e)
{
    if (e == NULL)
        return;
    heir_close(&e->heirs);
    assert(roster_empty(&e->roster));
    account_slot_done(&e->accounts);
    watcher_close(e->watcher);
    cgroup_pool_close(e->pool);
    tree_free(&e->list);
    orphan_close(&e->orphans);
    (void)pthread_mutex_destroy(&e->lock);
    low_close(&e->low);
    fd_close(&e->children);
    fd_close(&e->null);
    free(e);
}

const char *
engine_way(const struct engine *e)
{
    return way_name(e->origin.way);
}

void
engine_set_nofile(struct engine *e, const struct rlimit *lim)
{
    e->origin.limited = true;
    e->origin.nofile = *lim;
}

int
engine_null(const struct engine *e)
{
    return e->null;
}

struct cgroup_pool *
engine_cgroups(const struct engine *e)
{
    return e->pool;
}

static void
lock(struct engine *e)
{
    (void)pthread_mutex_lock(&e->lock); /* fails only when misused */
}

static void
unlock(struct engine *e)
{
    (void)pthread_mutex_unlock(&e->lock);
}

static unsigned long long
next_number(struct engine *e)
{
    return atomic_fetch_add_explicit(&e->numbers, 1, memory_order_relaxed) + 1;
}

static int
launch(struct engine *e, struct roster_member *m, enum roster_kind kind, unsigned long long number,
    struct spawn_spec *spec, int *ret_exit, struct err *err)
{
    struct watched *watched = NULL;
    int told = -1;
    pid_t pid;
    int r;

    spec->origin = &e->origin;
    if (e->watcher != NULL && (r = watcher_expect(&watched, &told, err)) < 0)
        return r;
    /* Entered before it lives: else a look in between would take it for an orphan. */
    lock(e);
    roster_add(&e->roster, m, kind, tree_now(), number);
    unlock(e);

    r = spawn_start(spec, &pid, ret_exit, err);

    lock(e);
    if (r < 0)
        roster_remove(m);
    else
        roster_name(&e->roster, m, pid);
    unlock(e);
    if (watched != NULL && r < 0)
        watcher_drop(watched, &told);
    else if (watched != NULL) {
        watcher_name(e->watcher, watched, pid);
        *ret_exit = told;
    }
    return r;
}

int
engine_launch(struct engine *e, struct roster_member *m, enum roster_kind kind,
    struct spawn_spec *spec, int *ret_exit, struct err *err)
{
    return launch(e, m, kind, next_number(e), spec, ret_exit, err);
}

int
engine_start(struct engine *e, struct roster_member *m, bool detach, struct spawn_spec *spec,
    int *ret_exit, struct err *err)
{
    struct stray_mark mark = e->orphans.self;
    char *const *envp = spec->envp;
    char *room[STRAY_ENV_MAX];
    char text[STRAY_TEXT_MAX];
    int r;

    mark.run = next_number(e);
    mark.detached = detach;
    stray_write(&mark, text);
    spec->envp = stray_env(text, envp, room);
    r = launch(e, m, ROSTER_RUNNING, mark.run, spec, ret_exit, err);
    spec->envp = envp;
    return r;
}

void
engine_end_guest(struct engine *e, struct roster_member *m)
{
    /* It is our child: SIGKILL ends it, and the wait is short. */
    (void)kill(m->pid, SIGKILL);
    way_reap(m->pid);
    engine_forget(e, m);
}

void
engine_forget(struct engine *e, struct roster_member *m)
{
    lock(e);
    roster_remove(m);
    unlock(e);
}

bool
engine_wait(
    struct engine *e, const struct roster_member *m, siginfo_t *ret_gone, struct account *ret_usage)
{
    int r;

    lock(e);
    r = account_reap(P_PID, (id_t)m->pid, ret_gone, ret_usage);
    unlock(e);
    return r > 0;
}

struct account_source *
engine_accounts(struct engine *e)
{
    return account_once(&e->accounts);
}

/* Reads the list of our children anew.  Returns whether there are any, or may be. */
static bool
look_around(struct engine *e)
{
    e->list.n = 0;
    e->blind = tree_children(e->children, &e->list) < 0;
    if (e->list.n > 0 || e->blind)
        return true;
    heir_drop_detached(&e->heirs);
    orphan_settle(&e->orphans, &e->roster);
    return false;
}

/* Says whose child `i` of the list is, and who it is in *ret_proc.  Those that
 * are known to be born before `since` are of no interest and ROSTER_OURS. */
static enum roster_verdict
judge(struct engine *e, size_t i, unsigned long long since, struct tree_proc *ret_proc,
    struct roster_member **ret_m)
{
    pid_t pid = e->list.pid[i];
    const struct roster_member *m = roster_find(&e->roster, pid);
    enum roster_verdict whose;
    int r;

    /* Spare the look at a command that simply goes on. */
    if (m != NULL && (m->kind == ROSTER_RUNNING || m->kind == ROSTER_GUEST))
        return ROSTER_OURS;
    if (orphan_older(&e->orphans, pid, since))
        return ROSTER_OURS;
    r = tree_look(pid, ret_proc);
    if (r < 0) {
        e->blind |= r != -ESRCH; /* short of descriptors: it may be anybody */
        return ROSTER_OURS;
    }
    whose = orphan_judge(&e->orphans, &e->roster, ret_proc, ret_m);
    e->blind |= whose == ROSTER_BUSY;
    return whose;
}

bool
engine_any_dead(struct engine *e)
{
    bool crowded;

    lock(e);
    crowded = e->list.n > CROWD;
    unlock(e);
    return !crowded && tree_any_dead();
}

/* Reaps an orphan if it has ended; /proc may say so before all of its threads
 * have, or while it is kept by a tracer.  Returns whether it is gone. */
static bool
reap(struct engine *e, pid_t pid, bool *ret_killed)
{
    siginfo_t gone;

    if (!tree_reap(pid, &gone))
        return false;
    orphan_forget(&e->orphans, pid);
    *ret_killed = gone.si_code == CLD_KILLED && gone.si_status == SIGKILL;
    return true;
}

/* Kills an orphan of a member, and notes whose those below it are: they come to
 * us as well, and are dead by then. */
static int
strike_tree(struct engine *e, const struct roster_member *m, const struct tree_proc *top)
{
    struct tree_proc below[TREE_MAX];
    size_t n, i;
    int r = tree_kill(top, below, &n);

    for (i = 0; i < n; i++)
        orphan_claim(&e->orphans, &below[i], m->number);
    return r;
}

/* Goes once over what is left of a member: reaps those that have ended, and
 * strikes the others if told to.  Returns how many were reaped; *ret_left tells
 * whether there were others. */
static size_t
sweep_once(
    struct engine *e, struct roster_member *m, bool strike, unsigned *leftover, bool *ret_left)
{
    size_t reaped = 0, i;

    *ret_left = false;
    /* The newest first: they are the ones that may fork away meanwhile. */
    for (i = e->list.n; i-- > 0;) {
        struct roster_member *owner;
        struct tree_proc p;
        bool killed;

        if (judge(e, i, m->born, &p, &owner) != ROSTER_OWNED || owner != m)
            continue;
        if (reap(e, p.pid, &killed)) {
            reaped++;
            *leftover += killed && m->struck;
        } else if (!strike || strike_tree(e, m, &p) == 0) {
            *ret_left = true;
            m->struck |= strike;
        }
    }
    return reaped;
}

/* One look of a sweep; returns what sweep_once() does. */
static size_t
sweep_look(struct engine *e, struct roster_member *m, unsigned *leftover, bool *ret_left)
{
    size_t reaped = 0;

    *ret_left = false;
    if (!look_around(e))
        return 0;
    /* Those that are dead before we strike are no leftover. */
    if (!m->struck) {
        reaped = sweep_once(e, m, false, leftover, ret_left);
        if (!*ret_left && !e->blind)
            return reaped;
    }
    reaped += sweep_once(e, m, true, leftover, ret_left);
    *ret_left |= e->blind;
    return reaped;
}

bool
engine_sweep(struct engine *e, struct roster_member *m, unsigned *leftover)
{
    bool left;
    size_t reaped;
    int looks = 0;

    lock(e);
    m->kind = ROSTER_SWEEPING;
    /* One that has just ended may have left a child after the list was read. */
    do
        reaped = sweep_look(e, m, leftover, &left);
    while (reaped > 0 && !left && ++looks < LOOKS_MAX);
    unlock(e);
    return left || reaped > 0;
}

void
engine_signal_group(const struct roster_member *m, int sig)
{
    /* Failures here and below are of those that have ended meanwhile. */
    (void)kill(-m->pid, sig);
    if (sig == SIGTERM)
        (void)kill(-m->pid, SIGCONT);
}

void
engine_signal(struct engine *e, struct roster_member *m, int sig)
{
    struct tree_proc found[TREE_MAX];
    size_t n = 0, i;

    lock(e);
    if (look_around(e)) {
        for (i = e->list.n; i-- > 0 && n < TREE_MAX;) {
            struct roster_member *owner;

            if (judge(e, i, m->born, &found[n], &owner) != ROSTER_OWNED || owner != m)
                continue;
            n++;
            n += tree_walk(found[n - 1].pid, found + n, TREE_MAX - n);
        }
    }
    unlock(e);
    n += tree_walk(m->pid, found + n, TREE_MAX - n);

    engine_signal_group(m, sig);
    tree_signal_all(found, n, m->pid, sig);
}

/* Takes what it has left, or may have.  Returns whether there is anything, or
 * -EAGAIN when that is not certain yet. */
static int
claim_orphans(struct engine *e, const struct roster_member *m)
{
    bool left = false;
    size_t i;

    if (!look_around(e))
        return 0;
    for (i = 0; i < e->list.n; i++) {
        struct roster_member *owner;
        struct tree_proc p;
        enum roster_verdict whose = judge(e, i, m->born, &p, &owner);

        if (whose == ROSTER_BUSY)
            return -EAGAIN;
        if (whose == ROSTER_UNSURE ? p.born < m->born : whose != ROSTER_OWNED || owner != m)
            continue;
        if (!tree_ended(&p))
            orphan_claim(&e->orphans, &p, m->number);
        left = true;
    }
    return left;
}

int
engine_detach(struct engine *e, struct roster_member *m, struct capture pipe[CAPTURE_PIPES])
{
    struct capture *theirs;
    int left;
    int r = 0;

    lock(e);
    m->kind = ROSTER_DETACHED;
    left = claim_orphans(e, m);
    if (left < 0)
        r = left;
    else if (left == 0 && !e->blind)
        roster_remove(m);
    else if ((theirs = heir_add(&e->heirs, &e->roster, m, ROSTER_DETACHED)) == NULL)
        r = -ENOMEM;
    else
        for (int i = 0; i < CAPTURE_PIPES; i++)
            capture_move(&theirs[i], &pipe[i]);
    unlock(e);
    return r;
}

int
engine_abandon(struct engine *e, struct roster_member *m)
{
    const struct capture *theirs;

    lock(e);
    theirs = heir_add(&e->heirs, &e->roster, m, ROSTER_ABANDONED);
    unlock(e);
    return theirs == NULL ? -ENOMEM : 0;
}

/* Deals with one orphan.  Returns whether it is still there. */
static bool
tend(struct engine *e, const struct tree_proc *p, enum roster_verdict whose,
    struct roster_member *owner)
{
    struct tree_proc below[TREE_MAX];
    bool killed;
    size_t n;

    /* Its run is about to reap and count it. */
    if (whose == ROSTER_OWNED && owner->kind == ROSTER_SWEEPING)
        return true;
    if (reap(e, p->pid, &killed)) {
        if (whose == ROSTER_OWNED)
            owner->lost = true;
        return false;
    }
    if (whose == ROSTER_NOBODYS || (whose == ROSTER_OWNED && owner->kind == ROSTER_ABANDONED))
        (void)tree_kill(p, below, &n); /* EPERM: it is left to itself */
    return true;
}

/* One look of engine_reap(); *ret_left as there.  Returns how many were reaped. */
static size_t
reap_once(struct engine *e, bool *ret_left)
{
    size_t reaped = 0, i;

    *ret_left = heir_tend(&e->heirs);
    if (!look_around(e))
        return 0;
    for (i = e->list.n; i-- > 0;) {
        struct roster_member *owner = NULL;
        struct tree_proc p;
        enum roster_verdict whose = judge(e, i, 0, &p, &owner);

        if (whose == ROSTER_OURS)
            continue;
        if (tend(e, &p, whose, owner))
            *ret_left = true;
        else
            reaped++;
    }
    *ret_left |= e->blind;
    if (!e->blind) {
        orphan_settle(&e->orphans, &e->roster);
        heir_drop_unseen(&e->heirs);
    }
    return reaped;
}

bool
engine_reap(struct engine *e)
{
    bool left;
    size_t reaped;
    int looks = 0;

    lock(e);
    do
        reaped = reap_once(e, &left);
    while (reaped > 0 && !left && ++looks < LOOKS_MAX);
    unlock(e);
    left |= cgroup_pool_tend(e->pool);
    return left || reaped > 0;
}
