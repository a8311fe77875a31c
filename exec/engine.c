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
#include "exec/tree.h"

enum {
    TREE_MAX = 256 /* processes of one tree that are signalled at a time */
};

/* What a run handed over when it ended. */
struct heir {
    struct heir *next;
    struct roster_member member;
    struct capture pipe; /* ended, or what detached processes may still write to */
    int pidfd;           /* of an abandoned command, else -1 */
};

struct engine {
    pthread_mutex_t lock; /* over all but the constants */
    struct roster roster;
    struct heir *heirs;
    struct tree_pids list;      /* our children, as of the last look */
    struct spawn_origin origin; /* constant */
    int children;               /* constant: /proc/self/task/PID/children */
    int null;                   /* constant */
};

int
engine_open(struct engine **ret_engine, struct err *err)
{
    struct engine *e = calloc(1, sizeof(*e));
    pid_t pid = getpid();
    int r;

    if (e == NULL)
        return err_sys(err, ENOMEM, "calloc", NULL);
    e->children = -1;
    e->null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (e->null < 0 || fd_move_above(&e->null, 3) < 0) {
        r = err_sys(err, errno, "open", "/dev/null");
        goto undo;
    }
    e->children = tree_open(pid, pid);
    if (e->children < 0 || fd_move_above(&e->children, 3) < 0) {
        r = err_sys(err, ENOENT, "open", "/proc/self/task/*/children");
        goto undo;
    }
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0) {
        r = err_sys(err, errno, "prctl", "PR_SET_CHILD_SUBREAPER");
        goto undo;
    }
    r = pthread_mutex_init(&e->lock, NULL);
    if (r != 0) {
        r = err_sys(err, r, "pthread_mutex_init", NULL);
        goto undo;
    }
    roster_init(&e->roster, getsid(0), tree_now());
    spawn_survey(&e->origin);
    *ret_engine = e;
    return 0;

undo:
    fd_close(&e->children);
    fd_close(&e->null);
    free(e);
    return r;
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

/* Reads the list of our children anew.  Returns whether there are any. */
static bool
look_around(struct engine *e)
{
    struct heir *h;

    e->list.n = 0;
    (void)tree_children(e->children, &e->list); /* what is missed is found next time */
    if (e->list.n > 0)
        return true;
    for (h = e->heirs; h != NULL; h = h->next)
        h->member.seen = false;
    drop_extinct(e);
    return false;
}

/* Looks at child `i` of the list; returns whose it is, and who it is in *ret_proc. */
static enum roster_verdict
judge(const struct engine *e, size_t i, struct tree_proc *ret_proc, struct roster_member **ret_m)
{
    const struct roster_member *m = roster_find(&e->roster, e->list.pid[i]);

    /* Spare the look at a command that simply goes on. */
    if (m != NULL && (m->kind == ROSTER_RUNNING || m->kind == ROSTER_GUEST))
        return ROSTER_OURS;
    if (tree_look(e->list.pid[i], ret_proc) < 0)
        return ROSTER_OURS;
    return roster_owner(&e->roster, ret_proc, ret_m);
}

/* Reaps an orphan if it has ended; /proc may say so before all of its threads
 * have, or while it is kept by a tracer.  Returns whether it is gone. */
static bool
reap(pid_t pid, bool *ret_killed)
{
    siginfo_t gone = { .si_pid = 0 };

    if (waitid(P_PID, (id_t)pid, &gone, WEXITED | WNOHANG | __WALL) < 0 || gone.si_pid == 0)
        return false;
    *ret_killed = gone.si_code == CLD_KILLED && gone.si_status == SIGKILL;
    return true;
}

/* Ends an orphan and all below it.  The tree is read before it falls apart. */
static int
kill_tree(const struct tree_proc *top)
{
    struct tree_proc below[TREE_MAX];
    size_t n = tree_walk(top->pid, below, TREE_MAX);
    int r = kill(top->pid, SIGKILL) < 0 ? -errno : 0;
    size_t i;

    for (i = 0; i < n; i++)
        (void)tree_signal(&below[i], SIGKILL); /* it may have ended with its parent */
    return r;
}

bool
engine_sweep(struct engine *e, struct roster_member *m, unsigned *leftover)
{
    bool left = false;
    bool group = false;
    size_t i;

    lock(e);
    m->kind = ROSTER_SWEEPING;
    if (look_around(e)) {
        for (i = 0; i < e->list.n; i++) {
            struct roster_member *owner;
            struct tree_proc p;
            bool killed;

            if (judge(e, i, &p, &owner) != ROSTER_OWNED || owner != m)
                continue;
            if (reap(p.pid, &killed)) {
                /* Those that were dead before we struck are no leftover. */
                if (killed && m->struck)
                    ++*leftover;
            } else if (kill_tree(&p) == 0) {
                left = true;
                group |= p.group == m->pid;
            }
        }
        /* At once, so that nobody in it can fork away.  Its number is not
         * reused as long as the member is there that we have just seen. */
        if (group)
            (void)kill(-m->pid, SIGKILL);
        m->struck |= left;
    }
    unlock(e);
    return left;
}

void
engine_signal(struct engine *e, struct roster_member *m, int sig)
{
    struct tree_proc found[TREE_MAX];
    size_t n = 0;
    size_t i;

    lock(e);
    if (look_around(e)) {
        for (i = 0; i < e->list.n && n < TREE_MAX; i++) {
            struct roster_member *owner;

            if (judge(e, i, &found[n], &owner) != ROSTER_OWNED || owner != m)
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
    struct heir *h = NULL;
    size_t i;
    int r = 0;

    lock(e);
    m->kind = ROSTER_DETACHED;
    m->seen = false;
    if (look_around(e)) {
        for (i = 0; i < e->list.n && !m->seen; i++) {
            struct roster_member *owner;
            struct tree_proc p;

            (void)judge(e, i, &p, &owner); /* for the mark it leaves */
        }
    }
    if (!m->seen)
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
tend(const struct tree_proc *p, enum roster_verdict whose, const struct roster_member *owner)
{
    bool killed;

    /* Its run is about to reap and count it. */
    if (whose == ROSTER_OWNED && owner->kind == ROSTER_SWEEPING)
        return true;
    if (reap(p->pid, &killed))
        return false;
    if (whose == ROSTER_NOBODYS || (whose == ROSTER_OWNED && owner->kind == ROSTER_ABANDONED))
        (void)kill_tree(p); /* EPERM: it is left to itself */
    return true;
}

bool
engine_reap(struct engine *e)
{
    bool left;
    size_t i;

    lock(e);
    left = look_after_heirs(e);
    if (look_around(e)) {
        for (i = 0; i < e->list.n; i++) {
            struct roster_member *owner = NULL;
            struct tree_proc p;
            enum roster_verdict whose = judge(e, i, &p, &owner);

            if (whose != ROSTER_OURS)
                left |= tend(&p, whose, owner);
        }
        drop_extinct(e);
    }
    unlock(e);
    return left;
}
