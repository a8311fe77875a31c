/* exec/heir.c -- contracts are in heir.h. */
#include "config.h"

#include <stdlib.h>

#include "exec/heir.h"
#include "exec/tree.h"

struct heir {
    struct heir *next;
    struct roster_member member;
    struct capture pipe[CAPTURE_PIPES]; /* ended, or what detached processes may write to */
};

struct capture *
heir_add(struct heirs *all, struct roster *r, struct roster_member *m, enum roster_kind kind)
{
    struct heir *h = calloc(1, sizeof(*h));

    if (h == NULL)
        return NULL;
    for (int i = 0; i < CAPTURE_PIPES; i++)
        h->pipe[i] = (struct capture){ .fd = -1 };
    roster_add(r, &h->member, kind, m->born, m->number);
    roster_name(r, &h->member, m->pid);
    roster_remove(m);
    h->next = all->first;
    all->first = h;
    return h->pipe;
}

static void
drop(struct heir **at)
{
    struct heir *h = *at;

    *at = h->next;
    roster_remove(&h->member);
    for (int i = 0; i < CAPTURE_PIPES; i++)
        capture_close(&h->pipe[i]);
    free(h);
}

static void
drop_detached(struct heirs *all, bool seen_too)
{
    struct heir **at = &all->first;

    while (*at != NULL) {
        const struct roster_member *m = &(*at)->member;

        if (m->kind == ROSTER_DETACHED && (seen_too || !m->seen))
            drop(at);
        else
            at = &(*at)->next;
    }
}

void
heir_drop_unseen(struct heirs *all)
{
    drop_detached(all, false);
}

void
heir_drop_detached(struct heirs *all)
{
    drop_detached(all, true);
}

bool
heir_tend(struct heirs *all)
{
    struct heir **at = &all->first;
    bool left = false;

    while (*at != NULL) {
        struct heir *h = *at;
        bool abandoned = h->member.kind == ROSTER_ABANDONED;
        siginfo_t gone;

        h->member.seen = false;
        for (int i = 0; i < CAPTURE_PIPES; i++) {
            capture_read(&h->pipe[i]);
            left |= !capture_ended(&h->pipe[i]);
        }
        left |= abandoned;
        if (abandoned && tree_reap(h->member.pid, &gone))
            drop(at); /* its orphans are nobody's from now on, and are ended as such */
        else
            at = &h->next;
    }
    return left;
}

void
heir_close(struct heirs *all)
{
    while (all->first != NULL)
        drop(&all->first);
}
