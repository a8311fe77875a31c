/* exec/orphan.c -- contracts are in orphan.h. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exec/orphan.h"
#include "exec/tree.h"

enum {
    BUSY_TICKS = 100, /* for an execve(2) to get over its moment without environment; on a loaded
                         machine that has taken more than 3 */
    MISSED_MAX = 2, /* looks; one whom SIGKILL has met with its parent comes to us a moment later */
};

struct orphan {
    struct orphan *next; /* in its bucket */
    pid_t pid;
    unsigned long long born; /* ticks since boot */
    unsigned long long run;  /* the number of its owner; 0: not certain */
    unsigned long long met;  /* the same; when it was first seen */
    unsigned missed;         /* looks in a row */
    bool fresh;              /* not settled yet */
    bool doubted;            /* when it was first seen it may have been any of several members' */
};

void
orphan_open(struct orphans *o, const struct stray_mark *self)
{
    memset(o, 0, sizeof(*o));
    o->self = *self;
}

static struct orphan **
place_of(struct orphans *o, pid_t pid)
{
    struct orphan **at = &o->bucket[(unsigned)pid % ORPHAN_BUCKETS];

    while (*at != NULL && (*at)->pid != pid)
        at = &(*at)->next;
    return at;
}

static void
drop(struct orphans *o, struct orphan **at)
{
    struct orphan *k = *at;

    o->n--;
    *at = k->next;
    free(k);
}

void
orphan_close(struct orphans *o)
{
    size_t i;

    for (i = 0; i < ORPHAN_BUCKETS; i++)
        while (o->bucket[i] != NULL)
            drop(o, &o->bucket[i]);
}

void
orphan_forget(struct orphans *o, pid_t pid)
{
    struct orphan **at = place_of(o, pid);

    if (*at != NULL)
        drop(o, at);
}

bool
orphan_older(const struct orphans *o, pid_t pid, unsigned long long since)
{
    const struct orphan *k = o->bucket[(unsigned)pid % ORPHAN_BUCKETS];

    while (k != NULL && k->pid != pid)
        k = k->next;
    return k != NULL && k->born < since;
}

/* What is known of a process, or NULL. */
static struct orphan *
find(struct orphans *o, const struct tree_proc *p)
{
    struct orphan **at = place_of(o, p->pid);

    if (*at != NULL && (*at)->born != p->born)
        drop(o, at); /* it was not ours to reap, and its number is another's */
    return *at;
}

/* The same, and begins to know it.  NULL when memory is short: then each look
 * finds out anew. */
static struct orphan *
enter(struct orphans *o, const struct tree_proc *p)
{
    struct orphan *k = find(o, p);
    struct orphan **head = &o->bucket[(unsigned)p->pid % ORPHAN_BUCKETS];

    if (k != NULL || (k = calloc(1, sizeof(*k))) == NULL)
        return k;
    *k = (struct orphan){
        .next = *head, .pid = p->pid, .born = p->born, .met = tree_now(), .fresh = true
    };
    *head = k;
    o->n++;
    return k;
}

void
orphan_claim(struct orphans *o, const struct tree_proc *p, unsigned long long run)
{
    struct orphan *k = enter(o, p);

    if (k != NULL)
        k->run = run;
}

/* The run that its mark tells, or 0; *ret_busy: it is in the midst of execve(2). */
static unsigned long long
marked_run(const struct orphans *o, const struct tree_proc *p, bool *ret_busy)
{
    struct stray_mark m;
    int r = tree_ended(p) ? -ENOENT : stray_read(p->pid, &m);

    *ret_busy = r == -EAGAIN && !tree_is_bare(p->pid);
    return r == 0 && stray_same(&m, &o->self) ? m.run : 0;
}

static enum roster_verdict
by_number(const struct roster *r, unsigned long long run, struct roster_member **ret_member)
{
    struct roster_member *m = roster_numbered(r, run);

    if (m == NULL)
        return ROSTER_NOBODYS;
    if (m->pid == 0)
        return ROSTER_OURS; /* the command itself, which is being started right now */
    *ret_member = m;
    return ROSTER_OWNED;
}

/* Every detached run that may have left it goes on until that is settled. */
static void
keep_detached(const struct roster *r, unsigned long long born)
{
    size_t i;

    for (i = 0; i < ROSTER_BUCKETS; i++)
        for (struct roster_member *m = r->bucket[i]; m != NULL; m = m->next)
            m->seen |= m->kind == ROSTER_DETACHED && m->born <= born;
}

/* For one whose run nothing tells. */
static enum roster_verdict
by_birth(struct orphans *o, const struct roster *r, const struct tree_proc *p, bool busy,
    struct roster_member **ret_member)
{
    struct roster_member *m = NULL;
    enum roster_verdict whose = roster_by_birth(r, p->born, &m);
    struct orphan *k;

    if (tree_ended(p)) {
        *ret_member = m;
        return whose;
    }
    /* A command that is being started, or an orphan: its mark will tell. */
    if (whose == ROSTER_OURS)
        return busy ? ROSTER_BUSY : ROSTER_OURS;
    k = enter(o, p);
    if (whose == ROSTER_UNSURE && busy && k != NULL && tree_now() - k->met < BUSY_TICKS)
        return ROSTER_BUSY;
    if (k != NULL)
        k->doubted |= whose == ROSTER_UNSURE;
    /* All but the detached have gone since: it may still have been theirs. */
    if (whose == ROSTER_OWNED && m->kind == ROSTER_DETACHED && k != NULL && k->doubted)
        whose = ROSTER_UNSURE;
    if (whose == ROSTER_UNSURE && (k == NULL || k->fresh))
        keep_detached(r, p->born);
    *ret_member = m;
    return whose;
}

enum roster_verdict
orphan_judge(struct orphans *o, const struct roster *r, const struct tree_proc *p,
    struct roster_member **ret_member)
{
    struct orphan *k = find(o, p);
    struct roster_member *m = NULL;
    enum roster_verdict whose = ROSTER_UNSURE;
    bool busy = false;
    unsigned long long run = k != NULL ? k->run : 0;

    if (run == 0)
        whose = roster_by_session(r, p, &m);
    if (whose == ROSTER_OURS)
        return whose;
    if (whose == ROSTER_OWNED)
        run = m->number;
    else if (run == 0)
        run = marked_run(o, p, &busy);
    if (run == 0)
        whose = by_birth(o, r, p, busy, &m);
    else if ((whose = by_number(r, run, &m)) != ROSTER_OURS && !tree_ended(p))
        orphan_claim(o, p, run);
    if (whose == ROSTER_OWNED)
        m->seen |= !tree_ended(p);
    if ((k = find(o, p)) != NULL)
        k->missed = 0;
    *ret_member = m;
    return whose;
}

/* A detached run that has lost one of its own, and can have had this one. */
static const struct roster_member *
bereaved(const struct roster *r, unsigned long long born)
{
    const struct roster_member *m;
    size_t i;

    for (i = 0; i < ROSTER_BUCKETS; i++)
        for (m = r->bucket[i]; m != NULL; m = m->next)
            if (m->kind == ROSTER_DETACHED && m->lost && m->born <= born)
                return m;
    return NULL;
}

static void
settle(struct orphan *k, const struct roster *r)
{
    struct roster_member *only;
    const struct roster_member *m = NULL;

    if (k->doubted)
        m = bereaved(r, k->born);
    else if (roster_by_birth(r, k->born, &only) == ROSTER_OWNED)
        m = only;
    if (m != NULL)
        k->run = m->number;
    k->fresh = false;
}

void
orphan_settle(struct orphans *o, const struct roster *r)
{
    struct roster_member *m;
    size_t i;

    if (o->n == 0)
        return; /* as nearly always */
    for (i = 0; i < ORPHAN_BUCKETS; i++) {
        struct orphan **at = &o->bucket[i];

        while (*at != NULL) {
            if ((*at)->missed++ == 0 && (*at)->fresh && (*at)->run == 0)
                settle(*at, r);
            if ((*at)->missed > MISSED_MAX)
                drop(o, at);
            else
                at = &(*at)->next;
        }
    }
    for (i = 0; i < ROSTER_BUCKETS; i++)
        for (m = r->bucket[i]; m != NULL; m = m->next)
            m->lost = false;
}
