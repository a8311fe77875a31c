/* exec/roster.c -- contracts are in roster.h. */
#include "config.h"

#include <stddef.h>
#include <string.h>

#include "exec/roster.h"
#include "exec/tree.h"

void
roster_init(struct roster *r, pid_t session, unsigned long long born)
{
    memset(r, 0, sizeof(*r));
    r->session = session;
    r->born = born;
}

static void
link_in(struct roster *r, struct roster_member *m)
{
    struct roster_member **head = &r->bucket[(unsigned)m->pid % ROSTER_BUCKETS];

    m->next = *head;
    m->link = head;
    if (m->next != NULL)
        m->next->link = &m->next;
    *head = m;
}

void
roster_add(struct roster *r, struct roster_member *m, enum roster_kind kind,
    unsigned long long born, unsigned long long number)
{
    *m = (struct roster_member){ .kind = kind, .born = born, .number = number };
    link_in(r, m);
}

void
roster_remove(struct roster_member *m)
{
    *m->link = m->next;
    if (m->next != NULL)
        m->next->link = m->link;
    m->next = NULL;
    m->link = NULL;
}

void
roster_name(struct roster *r, struct roster_member *m, pid_t pid)
{
    roster_remove(m);
    m->pid = pid;
    link_in(r, m);
}

struct roster_member *
roster_find(const struct roster *r, pid_t pid)
{
    struct roster_member *m = r->bucket[(unsigned)pid % ROSTER_BUCKETS];

    if (pid == 0)
        return NULL;
    /* A number can be there twice, when a command that has gone left something
     * running: the newest is the one that has it now. */
    while (m != NULL && m->pid != pid)
        m = m->next;
    return m;
}

bool
roster_empty(const struct roster *r)
{
    size_t i;

    for (i = 0; i < ROSTER_BUCKETS; i++)
        if (r->bucket[i] != NULL)
            return false;
    return true;
}

struct roster_member *
roster_numbered(const struct roster *r, unsigned long long number)
{
    size_t i;

    for (i = 0; i < ROSTER_BUCKETS; i++) {
        struct roster_member *m;

        for (m = r->bucket[i]; m != NULL; m = m->next)
            if (m->number == number)
                return m;
    }
    return NULL;
}

enum roster_verdict
roster_by_session(
    const struct roster *r, const struct tree_proc *p, struct roster_member **ret_member)
{
    struct roster_member *m = roster_find(r, p->pid);

    if (m != NULL && m->kind != ROSTER_DETACHED && m->kind != ROSTER_SWEEPING)
        return ROSTER_OURS;
    if (p->session == r->session || p->born < r->born)
        return ROSTER_OURS;
    m = roster_find(r, p->session);
    /* The processes of those two kinds have been reaped: who has the number of
     * one of them, and a session of that number, is somebody new. */
    if (m == NULL || m->pid == p->pid)
        return ROSTER_UNSURE;
    *ret_member = m;
    return ROSTER_OWNED;
}

enum roster_verdict
roster_by_birth(const struct roster *r, unsigned long long born, struct roster_member **ret_member)
{
    struct roster_member *youngest = NULL;
    size_t n = 0;
    size_t detached = 0;
    size_t i;

    for (i = 0; i < ROSTER_BUCKETS; i++) {
        struct roster_member *m;

        for (m = r->bucket[i]; m != NULL; m = m->next) {
            if (m->born > born)
                continue;
            /* It may even be the one that is being started right now. */
            if (m->pid == 0)
                return ROSTER_OURS;
            if (youngest == NULL || m->born >= youngest->born)
                youngest = m;
            n++;
            detached += m->kind == ROSTER_DETACHED;
        }
    }
    if (n == 0)
        return ROSTER_NOBODYS;
    if (n > 1 && detached < n)
        return ROSTER_UNSURE;
    *ret_member = youngest;
    return ROSTER_OWNED;
}
