/* exec/fence.c -- contracts are in fence.h. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "exec/cgroup_pool.h"
#include "exec/fence.h"
#include "exec/limits.h"
#include "exec/spawn.h"

static const struct cgroup_limits no_limits;

/* What each process can be held to when all together cannot. */
static void
fall_back(const struct cgroup_limits *lim, unsigned held, struct spawn_spec *child)
{
    if (lim->memory > 0 && !(held & 1U << CGROUP_MEMORY))
        child->as = (uint64_t)lim->memory;
    if (lim->pids > 0 && !(held & 1U << CGROUP_PIDS))
        child->nproc = (uint64_t)lim->pids;
}

int
fence_open(struct fence *f, struct cgroup_pool *pool, enum cgroup_use use,
    const struct cgroup_limits *lim, bool keep, struct spawn_spec *child, struct err *err)
{
    struct cgroup *cg = NULL;
    int r = 0;

    *f = (struct fence){ .pool = pool };
    if (lim == NULL)
        lim = &no_limits;
    if (use != CGROUP_NEVER)
        r = cgroup_pool_take(pool, lim, keep, &cg, err);
    /* Limits that do hold on this machine are not dropped because it is short of
     * something just now. */
    if (r < 0 && (use == CGROUP_ALWAYS || (r != -ENODEV && cgroup_parts(lim) != 0)))
        return r;
    f->cgroup = r < 0 ? NULL : cg;
    f->optional = use != CGROUP_ALWAYS && cgroup_parts(lim) == 0;
    if (f->cgroup != NULL) {
        if (child->limits != NULL && (child->limits->given & 1U << LIMITS_NICE))
            cgroup_nice(cg, child->limits->nice);
        child->cgroup = cgroup_pool_bears(pool, cg) ? cg->dir : -1;
        child->cgroup_procs = cg->procs[0];
        child->cgroup_more = cg->procs + 1;
    }
    fall_back(lim, f->cgroup != NULL ? cg->parts : 0, child);
    return 0;
}

bool
fence_lower(struct fence *f, struct spawn_spec *child, const struct err *err)
{
    if (f->cgroup == NULL || !f->optional || strncmp(err->text, "cgroup", 6) != 0)
        return false;
    f->cgroup->struck = true; /* not for anybody else either */
    fence_close(f, false);
    child->cgroup = child->cgroup_procs = -1;
    child->cgroup_more = NULL;
    return true;
}

bool
fence_stands(const struct fence *f)
{
    return f->cgroup != NULL;
}

void
fence_term(const struct fence *f, int but)
{
    if (f->cgroup != NULL)
        cgroup_term(f->cgroup, but);
}

void
fence_kill(struct fence *f)
{
    if (f->cgroup != NULL)
        cgroup_kill(f->cgroup);
}

bool
fence_clear(struct fence *f, bool first, unsigned *leftover)
{
    unsigned n;

    if (f->cgroup == NULL)
        return false;
    if (cgroup_empty(f->cgroup)) {
        f->clear = true;
        return false;
    }
    n = cgroup_count(f->cgroup);
    if (n == 0 && first)
        return true;
    cgroup_kill(f->cgroup);
    if (n > *leftover)
        *leftover = n;
    return true;
}

bool
fence_is_clear(const struct fence *f)
{
    return f->clear;
}

bool
fence_oom(const struct fence *f)
{
    return f->cgroup != NULL && cgroup_oom(f->cgroup);
}

void
fence_close(struct fence *f, bool stays)
{
    if (f->cgroup != NULL)
        cgroup_pool_give(f->pool, f->cgroup, stays, f->clear);
    f->cgroup = NULL;
}
