/* exec/cgroup_pool.c -- contracts are in cgroup_pool.h. */
#include "config.h"

#include <assert.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "exec/cgroup_knob.h"
#include "exec/cgroup_pool.h"
#include "exec/way.h"

enum {
    IDLE_MAX = 64,   /* empty cgroups that wait for a run */
    NAMES_MAX = 100, /* tries to find a name that nobody has */
    SWEEP_LOOKS = 100,
    SWEEP_WAIT = 2 * 1000 * 1000, /* ns between two looks at what was killed */
};

#define PREFIX "cmon-"
#define KEEP "keep-"

enum bears {
    UNTRIED,
    BEARS,
    BARREN
};

/* Directories of a hierarchy that is ours. */
struct owned {
    int base;
    char name[CGROUP_NAME_MAX];
};

struct cgroup_pool {
    pthread_mutex_t lock; /* over all below */
    struct cgroup_place place;
    unsigned ready;             /* parts whose controllers are handed on to us */
    int owner[CGROUP_HIER_MAX]; /* our directory, locked, or -1: not yet made */
    struct owned owned[CGROUP_HIER_MAX];
    enum bears bears;
    unsigned long made;  /* the next name */
    struct cgroup *idle; /* empty, for any run */
    size_t nidle;
    struct cgroup *kept;  /* detached processes live there */
    struct cgroup *dying; /* killed, and not gone yet */
};

static void
lock(struct cgroup_pool *p)
{
    int r = pthread_mutex_lock(&p->lock);

    assert(r == 0);
    (void)r;
}

static void
unlock(struct cgroup_pool *p)
{
    int r = pthread_mutex_unlock(&p->lock);

    assert(r == 0);
    (void)r;
}

static bool
is_below(const struct dirent *d)
{
    return d->d_type == DT_DIR && d->d_name[0] != '.';
}

/* Ends and removes one cgroup of a dead owner.  Waits for a moment, as only a
 * start after a crash has to. */
static void
sweep_run(int owner, const char *name)
{
    const struct timespec wait = { .tv_nsec = SWEEP_WAIT };
    int i;

    if (strncmp(name, KEEP, strlen(KEEP)) == 0) {
        (void)cgroup_remove(owner, name); /* unless it is in use */
        return;
    }
    for (i = 0; i < SWEEP_LOOKS && !cgroup_remove(owner, name); i++) {
        cgroup_strike(owner, name);
        (void)nanosleep(&wait, NULL);
    }
}

static void
sweep_owner(int base, const char *name)
{
    int fd = cgroup_knob_open(base, name, ".", O_RDONLY | O_DIRECTORY);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;

    if (d == NULL) {
        fd_close(&fd);
        return;
    }
    /* Held until it is closed, so that nobody else sweeps there meanwhile. */
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        while ((entry = readdir(d)) != NULL)
            if (is_below(entry))
                sweep_run(fd, entry->d_name);
        (void)unlinkat(base, name, AT_REMOVEDIR); /* not while something is kept in it */
    }
    (void)closedir(d);
}

static void
sweep_base(const char *path)
{
    DIR *d = opendir(path);
    const struct dirent *entry;

    if (d == NULL)
        return;
    while ((entry = readdir(d)) != NULL)
        if (is_below(entry) && strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0 &&
            isdigit((unsigned char)entry->d_name[strlen(PREFIX)]))
            sweep_owner(dirfd(d), entry->d_name);
    (void)closedir(d);
}

int
cgroup_pool_open(struct cgroup_pool **ret, struct err *err)
{
    struct cgroup_pool *p = calloc(1, sizeof(*p));
    size_t i;

    if (p == NULL)
        return err_sys(err, ENOMEM, "calloc", NULL);
    (void)pthread_mutex_init(&p->lock, NULL); /* cannot fail without attributes */
    cgroup_place_find(&p->place);
    for (i = 0; i < CGROUP_HIER_MAX; i++)
        p->owner[i] = p->owned[i].base = -1;
    cgroup_pool_sweep(p);
    *ret = p;
    return 0;
}

void
cgroup_pool_sweep(struct cgroup_pool *p)
{
    size_t i;

    for (i = 0; i < CGROUP_HIER_MAX; i++)
        if (p->place.dir[i][0] != '\0')
            sweep_base(p->place.dir[i]);
}

static void
drop_list(struct cgroup *cg, bool empty)
{
    while (cg != NULL) {
        struct cgroup *next = cg->next;

        if (empty || cgroup_empty(cg))
            (void)cgroup_done(cg);
        else
            cgroup_close(cg);
        free(cg);
        cg = next;
    }
}

void
cgroup_pool_close(struct cgroup_pool *p)
{
    size_t i;

    if (p == NULL)
        return;
    drop_list(p->idle, true);
    drop_list(p->kept, false);
    drop_list(p->dying, false);
    for (i = 0; i < CGROUP_HIER_MAX; i++) {
        if (p->owner[i] >= 0)
            (void)unlinkat(p->owned[i].base, p->owned[i].name, AT_REMOVEDIR);
        fd_close(&p->owner[i]);
        fd_close(&p->owned[i].base);
    }
    (void)pthread_mutex_destroy(&p->lock);
    free(p);
}

/* Makes our directory under a name that nobody has, and locks it before anybody
 * can take it for a dead one's; who did has removed it.  Returns 0 or -errno. */
static int
try_owner(struct cgroup_pool *p, size_t h, unsigned n)
{
    struct owned *o = &p->owned[h];
    struct stat ours, there;
    FD_AUTO int fd = -1;

    (void)snprintf(o->name, sizeof(o->name), PREFIX "%d.%u", (int)getpid(), n);
    if (mkdirat(o->base, o->name, 0755) < 0)
        return -errno;
    fd = cgroup_knob_open(o->base, o->name, ".", O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        return fd == -ENOENT ? -EEXIST : fd;
    if (flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &ours) < 0 ||
        fstatat(o->base, o->name, &there, 0) < 0 || ours.st_ino != there.st_ino)
        return -EEXIST;
    p->owner[h] = fd_take(&fd);
    return 0;
}

static int
make_owner(struct cgroup_pool *p, size_t h, struct err *err)
{
    struct owned *o = &p->owned[h];
    int r = -EEXIST;
    unsigned n;

    if (o->base < 0)
        o->base = cgroup_knob_open(AT_FDCWD, p->place.dir[h], ".", O_RDONLY | O_DIRECTORY);
    if (o->base < 0)
        return err_sys(err, -o->base, "cgroup open", p->place.dir[h]);
    for (n = 0; n < NAMES_MAX && r == -EEXIST; n++)
        r = try_owner(p, h, n);
    return r < 0 ? err_sys(err, -r, "cgroup mkdir", p->place.dir[h]) : 0;
}

/* Moves us into a leaf, where we are in nobody's way.  All our threads follow;
 * children that are there already do not. */
static int
move_to_leaf(int base, struct err *err)
{
    if (mkdirat(base, CGROUP_MAIN, 0755) < 0 && errno != EEXIST)
        return err_sys(err, errno, "cgroup mkdir", CGROUP_MAIN);
    return cgroup_knob_write(base, CGROUP_MAIN, "cgroup.procs", err, "0");
}

/* Has version 2 hand a controller on to what is in our directory. */
static int
hand_on(struct cgroup_pool *p, enum cgroup_part part, struct err *err)
{
    const char *name = cgroup_place_name(part);
    int base = p->owned[CGROUP_V2].base;
    int r = cgroup_knob_write(base, ".", "cgroup.subtree_control", err, "+%s", name);

    if (r == -EBUSY && p->place.move) {
        r = move_to_leaf(base, err);
        if (r == 0)
            r = cgroup_knob_write(base, ".", "cgroup.subtree_control", err, "+%s", name);
    }
    if (r == 0)
        r = cgroup_knob_write(p->owner[CGROUP_V2], ".", "cgroup.subtree_control", err, "+%s", name);
    return r;
}

/* Gets ready for `parts`; the caller has the lock.  What version 2 refuses to
 * hold is not held from now on; that we are short of something is no refusal. */
static int
prepare(struct cgroup_pool *p, unsigned parts, struct err *err)
{
    size_t i;
    int r;

    for (i = 0; i < CGROUP_PART_MAX; i++) {
        int h = p->place.where[i];

        if (!(parts & 1U << i) || (p->ready & 1U << i) || h < 0)
            continue;
        r = p->owner[h] < 0 ? make_owner(p, (size_t)h, err) : 0;
        if (r < 0)
            return r;
        if (h == CGROUP_V2 && i != CGROUP_TREE)
            r = hand_on(p, (enum cgroup_part)i, err);
        if (way_short(-r))
            return r;
        if (r < 0) {
            p->place.where[i] = -1;
            p->place.why[i] = "other processes are in our cgroup, or it is not ours to divide";
        }
        p->ready |= 1U << i;
    }
    return 0;
}

unsigned
cgroup_pool_prepare(struct cgroup_pool *p, unsigned parts)
{
    struct err unused;
    unsigned refused = 0;
    size_t i;

    lock(p);
    for (i = 0; i < CGROUP_PART_MAX; i++)
        if (p->place.where[i] < 0)
            parts &= ~(1U << i);
    if (parts != 0 && prepare(p, parts | 1U << CGROUP_TREE, &unused) < 0)
        refused = parts;
    for (i = 0; i < CGROUP_PART_MAX; i++)
        if ((parts & 1U << i) && p->place.where[i] < 0)
            refused |= 1U << i;
    unlock(p);
    return refused;
}

static void
push(struct cgroup **list, struct cgroup *cg)
{
    cg->next = *list;
    *list = cg;
}

/* Takes an empty one with that limit of processes out of those that wait. */
static struct cgroup *
take_idle(struct cgroup_pool *p, int64_t pids)
{
    struct cgroup **at = &p->idle, *cg;

    while (*at != NULL && (*at)->pids != pids)
        at = &(*at)->next;
    cg = *at;
    if (cg != NULL) {
        *at = cg->next;
        p->nidle--;
    }
    return cg;
}

/* Has an empty one wait; returns the one that has waited longest where they are too
 * many, or NULL. */
static struct cgroup *
put_idle(struct cgroup_pool *p, struct cgroup *cg)
{
    struct cgroup **last = &p->idle, *old;

    push(&p->idle, cg);
    if (p->nidle < IDLE_MAX) {
        p->nidle++;
        return NULL;
    }
    while ((*last)->next != NULL)
        last = &(*last)->next;
    old = *last;
    *last = NULL;
    return old;
}

/* Takes one that is there, or says under which name to make one. */
static int
reserve(struct cgroup_pool *p, const struct cgroup_limits *lim, bool keep,
    int ret_where[CGROUP_PART_MAX], char name[CGROUP_NAME_MAX], struct cgroup **ret,
    struct err *err)
{
    unsigned parts = cgroup_parts(lim);
    int r;

    if (p->place.where[CGROUP_TREE] < 0)
        return -ENODEV;
    if ((parts & ~(1U << CGROUP_PIDS)) == 0 && !keep) {
        *ret = take_idle(p, lim->pids);
        if (*ret != NULL)
            return 0;
    }
    r = prepare(p, parts | 1U << CGROUP_TREE, err);
    if (r < 0)
        return r;
    memcpy(ret_where, p->place.where, sizeof(p->place.where));
    (void)snprintf(name, CGROUP_NAME_MAX, "%s%lu", keep ? KEEP : "run-", p->made++);
    *ret = NULL;
    return 0;
}

int
cgroup_pool_take(struct cgroup_pool *p, const struct cgroup_limits *lim, bool keep,
    struct cgroup **ret, struct err *err)
{
    int where[CGROUP_PART_MAX];
    char name[CGROUP_NAME_MAX];
    struct cgroup *cg;
    int r;

    lock(p);
    r = reserve(p, lim, keep, where, name, &cg, err);
    unlock(p);
    if (r == -ENODEV)
        return err_msg(err, ENODEV, "cgroup: there are none that we may make here");
    if (r < 0)
        return r;
    if (cg == NULL) {
        cg = malloc(sizeof(*cg));
        if (cg == NULL)
            return err_sys(err, ENOMEM, "cgroup", NULL);
        r = cgroup_make(cg, p->owner, where, name, lim, err);
        if (r < 0) {
            free(cg);
            return r;
        }
        cg->plain = cg->plain && !keep;
    }
    *ret = cg;
    return 0;
}

bool
cgroup_pool_bears(struct cgroup_pool *p, const struct cgroup *cg)
{
    bool bears;
    int r;

    if (cg->dir < 0)
        return false;
    lock(p);
    if (p->bears == UNTRIED && (r = way_bears(cg->dir)) >= 0)
        p->bears = r > 0 ? BEARS : BARREN;
    bears = p->bears == BEARS;
    unlock(p);
    return bears;
}

void
cgroup_pool_give(struct cgroup_pool *p, struct cgroup *cg, bool stays, bool clear)
{
    bool empty = clear || cgroup_empty(cg);
    bool again = empty && cg->plain && !cg->struck;

    lock(p);
    if (again) {
        cg = put_idle(p, cg);
    } else if (!empty) {
        push(stays ? &p->kept : &p->dying, cg);
        cg = NULL;
    }
    unlock(p);
    if (cg != NULL) {
        (void)cgroup_done(cg);
        free(cg);
    }
}

static void
tend_list(struct cgroup **at, bool kill)
{
    while (*at != NULL) {
        struct cgroup *cg = *at;

        if (cgroup_empty(cg)) {
            *at = cg->next;
            (void)cgroup_done(cg);
            free(cg);
        } else {
            if (kill)
                cgroup_kill(cg);
            at = &cg->next;
        }
    }
}

bool
cgroup_pool_tend(struct cgroup_pool *p)
{
    bool left;

    lock(p);
    tend_list(&p->dying, true);
    tend_list(&p->kept, false);
    left = p->dying != NULL || p->kept != NULL;
    unlock(p);
    return left;
}
