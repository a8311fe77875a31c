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
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "exec/capture.h"
#include "exec/engine.h"
#include "exec/spawn.h"
#include "exec/stray.h"
#include "exec/tree.h"

enum {
    TREE_MAX = 256, /* processes of one tree that are signalled at a time */
    KNOWN = 64,
    LOOKS_MAX = 3, /* in one sweep */
};

/* What a run handed over when it ended. */
struct heir {
    struct heir *next;
    struct roster_member member;
    struct capture pipe; /* ended, or what detached processes may still write to */
    int pidfd;           /* of an abandoned command, else -1 */
};

/* When an orphan was born, so that one that stays need not be looked at after
 * every run.  It keeps its number until we reap it. */
struct known {
    pid_t pid;
    unsigned long long born;
};

struct engine {
    pthread_mutex_t lock; /* over all but the constants */
    struct roster roster;
    struct heir *heirs;
    struct tree_pids list;      /* our children, as of the last look */
    bool blind;                 /* in which some may have been missed */
    struct known known[KNOWN];  /* orphans of earlier looks, by pid */
    struct spawn_origin origin; /* constant */
    int children;               /* constant: /proc/self/task/PID/children */
    int null;                   /* constant */
    char mark[STRAY_MARK_MAX];  /* constant: how our commands are known */
};

/* Opens what is read all the time, above the descriptors 0 to 2. */
static int
open_files(struct engine *e, struct err *err)
{
    pid_t pid = getpid();
    int r;

    e->null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    r = e->null < 0 ? -errno : fd_move_above(&e->null, 3);
    if (r < 0)
        return err_sys(err, -r, "open", "/dev/null");
    e->children = tree_open(pid, pid);
    r = e->children < 0 ? e->children : fd_move_above(&e->children, 3);
    if (r < 0)
        return err_sys(err, -r, "open", "/proc/self/task/*/children");
    return 0;
}

/* Whether the kernel knows all that there is about pidfds: Linux 5.4. */
static int
check_kernel(const struct engine *e, struct err *err)
{
    siginfo_t gone;

    /* This is none, which is the answer of a kernel that can tell. */
    if (waitid(P_PIDFD, (id_t)e->null, &gone, WEXITED | WNOHANG) < 0 && errno != EBADF)
        return err_sys(err, errno, "waitid", "P_PIDFD");
    return 0;
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
    if (r == 0)
        r = check_kernel(e, err);
    if (r == 0 && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        r = err_sys(err, errno, "prctl", "PR_SET_CHILD_SUBREAPER");
    if (r < 0) {
        fd_close(&e->children);
        fd_close(&e->null);
        free(e);
        return r;
    }
    (void)pthread_mutex_init(&e->lock, NULL); /* cannot fail without attributes */
    roster_init(&e->roster, getsid(0), tree_now());
    spawn_survey(&e->origin);
    stray_mark(e->mark);
    *ret_engine = e;
    return 0;
}

static void
drop_heir(struct heir **at)
{
    struct heir *h = *at;

    *at = h->next;
    roster_remove(&h->member);
    capture_close(&h->pipe);
    fd_close(&h->pidfd);
    free(h);
}

void
engine_close(struct engine *e)
{
    if (e == NULL)
        return;
    while (e->heirs != NULL)
        drop_heir(&e->heirs);
    assert(roster_empty(&e->roster));
    tree_free(&e->list);
    (void)pthread_mutex_destroy(&e->lock);
    fd_close(&e->children);
    fd_close(&e->null);
    free(e);
}

void
engine_set_nofile(struct engine *e, const struct rlimit *lim)
{
    e->origin.limited = true;
    e->origin.nofile = *lim;
}

char *
engine_mark(struct engine *e)
{
    return e->mark;
}

int
engine_null(const struct engine *e)
{
    return e->null;
}

static void
lock(struct engine *e)
{
    int r = pthread_mutex_lock(&e->lock);

    assert(r == 0);
    (void)r;
}

static void
unlock(struct engine *e)
{
    int r = pthread_mutex_unlock(&e->lock);

    assert(r == 0);
    (void)r;
}

int
engine_launch(struct engine *e, struct roster_member *m, enum roster_kind kind,
    struct spawn_spec *spec, int *ret_pidfd, struct err *err)
{
    pid_t pid;
    int r;

    spec->origin = &e->origin;
    /* Entered before it lives: else a look in between would take it for an orphan. */
    lock(e);
    roster_add(&e->roster, m, kind, tree_now());
    unlock(e);

    r = spawn_start(spec, &pid, ret_pidfd, err);

    lock(e);
    if (r < 0)
        roster_remove(m);
    else
        roster_name(&e->roster, m, pid);
    unlock(e);
    return r;
}

void
engine_forget(struct engine *e, struct roster_member *m)
{
    lock(e);
    roster_remove(m);
    unlock(e);
}

bool
engine_wait(struct engine *e, int pidfd, siginfo_t *ret_gone)
{
    siginfo_t gone = { .si_pid = 0 };
    int r;

    lock(e);
    r = waitid(P_PIDFD, (id_t)pidfd, &gone, WEXITED | WNOHANG | __WALL);
    unlock(e);
    if (r < 0 || gone.si_pid == 0)
        return false;
    *ret_gone = gone;
    return true;
}

/* Drops detached heirs that nothing is left of. */
static void
drop_extinct(struct engine *e)
{
    struct heir **at = &e->heirs;

    while (*at != NULL) {
        if ((*at)->member.kind == ROSTER_DETACHED && !(*at)->member.seen)
            drop_heir(at);
        else
            at = &(*at)->next;
    }
}

/* Reads the list of our children anew.  Returns whether there are any, or may be. */
static bool
look_around(struct engine *e)
{
    struct heir *h;

    e->list.n = 0;
    e->blind = tree_children(e->children, &e->list) < 0;
    if (e->list.n > 0 || e->blind)
        return true;
    for (h = e->heirs; h != NULL; h = h->next)
        h->member.seen = false;
    drop_extinct(e);
    return false;
}

/* Says whose child `i` of the list is, and who it is in *ret_proc.  Those that
 * are known to be born before `since` are of no interest and ROSTER_OURS. */
static enum roster_verdict
judge(struct engine *e, size_t i, unsigned long long since, struct tree_proc *ret_proc,
    struct roster_member **ret_m)
{
    pid_t pid = e->list.pid[i];
    struct known *k = &e->known[(unsigned)pid % KNOWN];
    const struct roster_member *m = roster_find(&e->roster, pid);
    enum roster_verdict whose;
    int r;

    /* Spare the look at a command that simply goes on. */
    if (m != NULL && (m->kind == ROSTER_RUNNING || m->kind == ROSTER_GUEST))
        return ROSTER_OURS;
    if (k->pid == pid && k->born < since)
        return ROSTER_OURS;
    r = tree_look(pid, ret_proc);
    if (r < 0) {
        e->blind |= r != -ESRCH; /* short of descriptors: it may be anybody */
        return ROSTER_OURS;
    }
    whose = roster_owner(&e->roster, ret_proc, ret_m);
    if (whose != ROSTER_OURS)
        *k = (struct known){ .pid = pid, .born = ret_proc->born };
    return whose;
}

/* Reaps an orphan if it has ended; /proc may say so before all of its threads
 * have, or while it is kept by a tracer.  Returns whether it is gone. */
static bool
reap(struct engine *e, pid_t pid, bool *ret_killed)
{
    struct known *k = &e->known[(unsigned)pid % KNOWN];
    siginfo_t gone = { .si_pid = 0 };

    if (waitid(P_PID, (id_t)pid, &gone, WEXITED | WNOHANG | __WALL) < 0 || gone.si_pid == 0)
        return false;
    if (k->pid == pid)
        *k = (struct known){ .pid = 0 };
    *ret_killed = gone.si_code == CLD_KILLED && gone.si_status == SIGKILL;
    return true;
}

/* Ends an orphan, all below it, and its process group: at once, so that nobody
 * in it can fork away.  The group's number is not reused as long as the orphan
 * is not reaped, and the group is no stranger's, since it is in one session.
 * Returns 0 or -errno. */
static int
kill_tree(const struct tree_proc *top)
{
    struct tree_proc below[TREE_MAX];
    size_t n = tree_walk(top->pid, below, TREE_MAX); /* before it falls apart */
    int r = kill(top->pid, SIGKILL) < 0 ? -errno : 0;
    size_t i;

    if (top->group > 1) /* 0 and 1 would mean something else */
        (void)kill(-top->group, SIGKILL);
    for (i = 0; i < n; i++)
        (void)tree_signal(&below[i], SIGKILL); /* it may have ended with its parent */
    return r;
}

/* Goes once over what is left of a member: reaps those that have ended, and
 * strikes the others if told to.  Returns how many were reaped; *ret_left tells
 * whether there were others. */
static size_t
sweep_once(
    struct engine *e, struct roster_member *m, bool strike, unsigned *leftover, bool *ret_left)
{
    size_t reaped = 0;
    size_t i;

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
        } else if (!strike || kill_tree(&p) == 0) {
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
engine_signal(struct engine *e, struct roster_member *m, int sig)
{
    struct tree_proc found[TREE_MAX];
    size_t n = 0;
    size_t i;

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

    /* Failures are of those that have ended meanwhile. */
    (void)kill(-m->pid, sig);
    if (sig == SIGTERM)
        (void)kill(-m->pid, SIGCONT);
    for (i = 0; i < n; i++) {
        if (found[i].group == m->pid)
            continue;
        (void)tree_signal(&found[i], sig);
        if (sig == SIGTERM)
            (void)tree_signal(&found[i], SIGCONT);
    }
}

/* Makes an heir of a member; the caller has the lock. */
static struct heir *
inherit(struct engine *e, struct roster_member *m, enum roster_kind kind)
{
    struct heir *h = calloc(1, sizeof(*h));

    if (h == NULL)
        return NULL;
    h->pidfd = -1;
    h->pipe = (struct capture){ .fd = -1 };
    roster_add(&e->roster, &h->member, kind, m->born);
    roster_name(&e->roster, &h->member, m->pid);
    roster_remove(m);
    h->next = e->heirs;
    e->heirs = h;
    return h;
}

int
engine_detach(struct engine *e, struct roster_member *m, struct capture *pipe)
{
    struct heir *h;
    bool left = false; /* something that may be its own */
    size_t i;
    int r = 0;

    lock(e);
    m->kind = ROSTER_DETACHED;
    if (look_around(e)) {
        for (i = 0; i < e->list.n && !left; i++) {
            struct roster_member *owner;
            struct tree_proc p;

            left = judge(e, i, m->born, &p, &owner) != ROSTER_OURS;
        }
    }
    if (!left && !e->blind)
        roster_remove(m);
    else if ((h = inherit(e, m, ROSTER_DETACHED)) == NULL)
        r = -ENOMEM;
    else
        capture_move(&h->pipe, pipe);
    unlock(e);
    return r;
}

int
engine_abandon(struct engine *e, struct roster_member *m, int *pidfd)
{
    struct heir *h;

    lock(e);
    h = inherit(e, m, ROSTER_ABANDONED);
    if (h != NULL)
        h->pidfd = fd_take(pidfd);
    unlock(e);
    return h == NULL ? -ENOMEM : 0;
}

/* Looks after what was handed over.  Returns whether there is more to do. */
static bool
look_after_heirs(struct engine *e)
{
    struct heir **at = &e->heirs;
    bool left = false;

    while (*at != NULL) {
        struct heir *h = *at;
        siginfo_t gone = { .si_pid = 0 };

        h->member.seen = false;
        capture_read(&h->pipe);
        left |= !capture_ended(&h->pipe) || h->pidfd >= 0;
        if (h->pidfd >= 0 &&
            waitid(P_PIDFD, (id_t)h->pidfd, &gone, WEXITED | WNOHANG | __WALL) == 0 &&
            gone.si_pid != 0)
            drop_heir(at); /* its orphans are nobody's from now on, and are ended as such */
        else
            at = &h->next;
    }
    return left;
}

/* Deals with one orphan.  Returns whether it is still there. */
static bool
tend(struct engine *e, const struct tree_proc *p, enum roster_verdict whose,
    const struct roster_member *owner)
{
    bool killed;

    /* Its run is about to reap and count it. */
    if (whose == ROSTER_OWNED && owner->kind == ROSTER_SWEEPING)
        return true;
    if (reap(e, p->pid, &killed))
        return false;
    if (whose == ROSTER_NOBODYS || (whose == ROSTER_OWNED && owner->kind == ROSTER_ABANDONED))
        (void)kill_tree(p); /* EPERM: it is left to itself */
    return true;
}

/* One look of engine_reap(), which says what *ret_left is.  Returns how many
 * were reaped. */
static size_t
reap_once(struct engine *e, bool *ret_left)
{
    size_t reaped = 0;
    size_t i;

    *ret_left = look_after_heirs(e);
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
    if (!e->blind)
        drop_extinct(e);
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
    return left || reaped > 0;
}
