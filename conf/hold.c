/* conf/hold.c -- contracts are in hold.h. */
#include "config.h"

#include <stdio.h>
#include <unistd.h>

#include "arena/region.h"
#include "base/buf.h"
#include "base/err.h"
#include "conf/conf.h"
#include "conf/conf_unit.h"
#include "conf/hold.h"
#include "exec/account.h"
#include "exec/limits.h"

enum {
    TABLE_MAX = 256 * 1024 /* bytes */
};

static const struct {
    const char *name;
    enum cgroup_part part;
} limits[HOLD_LIMITS] = {
    [HOLD_MEMORY] = { "memory", CGROUP_MEMORY },
    [HOLD_CPUS] = { "cpus", CGROUP_CPU },
    [HOLD_PIDS] = { "pids", CGROUP_PIDS },
    [HOLD_IO_READ] = { "io_read", CGROUP_IO },
    [HOLD_IO_WRITE] = { "io_write", CGROUP_IO },
};

/* Whether a route has a limit, for device `i` where that is of matter. */
static int64_t
value_of(const struct route *rt, enum hold_limit limit, size_t i)
{
    const struct cgroup_limits *l = &rt->cgroup_limits;

    switch (limit) {
    case HOLD_MEMORY:
        return l->memory;
    case HOLD_CPUS:
        return l->cpu;
    case HOLD_PIDS:
        return l->pids;
    case HOLD_IO_READ:
        return l->io[i].read;
    case HOLD_IO_WRITE:
        return l->io[i].write;
    case HOLD_LIMITS:
        break;
    }
    return 0;
}

static const char *
instead(enum hold_limit limit)
{
    if (limit == HOLD_MEMORY)
        return "; each process gets RLIMIT_AS instead";
    if (limit == HOLD_PIDS)
        return geteuid() == 0 ? "; nothing else binds root"
                              : "; RLIMIT_NPROC instead, which counts all of our user's";
    return "";
}

const char *
hold_name(enum hold_limit limit)
{
    return limits[limit].name;
}

bool
hold_doubt(const struct route *rt, enum hold_limit limit, const struct cgroup_place *place,
    char doubt[HOLD_DOUBT_MAX])
{
    enum cgroup_part part = limits[limit].part;
    bool never = rt->cgroup == CGROUP_NEVER;
    const char *why = NULL;

    if (never)
        why = "cgroup is never";
    else if (place->where[CGROUP_TREE] < 0)
        why = place->why[CGROUP_TREE];
    else if (place->where[part] < 0)
        why = place->why[part];
    if (why) {
        (void)snprintf(doubt, HOLD_DOUBT_MAX, "cannot be held: %s%s", why, instead(limit));
        return true;
    }
    if (limit != HOLD_IO_WRITE || place->where[part] == CGROUP_V2)
        return false;
    (void)snprintf(doubt, HOLD_DOUBT_MAX,
        "held by cgroup v1 only for what is written directly, not for what the kernel writes "
        "later");
    return true;
}

static void
put_value(struct buf *out, const struct route *rt, enum hold_limit limit, size_t i)
{
    int64_t n = value_of(rt, limit, i);
    char text[CONF_UNIT_SHOWN];

    if (limit == HOLD_CPUS)
        buf_printf(out, "%g", (double)n / 1000);
    else if (limit == HOLD_PIDS)
        buf_printf(out, "%lld", (long long)n);
    else
        buf_puts(out, conf_unit_show_size(n, text));
}

static void
put_limit(struct buf *out, const struct route *rt, enum hold_limit limit, size_t i,
    const struct cgroup_place *place)
{
    char doubt[HOLD_DOUBT_MAX];

    buf_printf(out, "route %s: %s ", rt->path, limits[limit].name);
    if (limits[limit].part == CGROUP_IO)
        buf_printf(out, "%u:%u ", rt->cgroup_limits.io[i].major, rt->cgroup_limits.io[i].minor);
    put_value(out, rt, limit, i);
    if (hold_doubt(rt, limit, place, doubt))
        buf_printf(out, ": %s\n", doubt);
    else
        buf_printf(out, ": held by %s\n", cgroup_place_holder(place, limits[limit].part));
}

static void
put_ionice(struct buf *out, int ionice)
{
    static const char *const classes[] = { "none", "realtime", "best-effort", "idle" };
    int class = ionice >> 13;

    buf_puts(out, classes[class]);
    if (class == LIMITS_IO_REALTIME || class == LIMITS_IO_BEST_EFFORT)
        buf_printf(out, ":%d", ionice & 7);
}

static void
put_process_value(struct buf *out, const struct exec_limits *l, enum limits_what what)
{
    char text[CONF_UNIT_SHOWN];

    if (what == LIMITS_NICE)
        buf_printf(out, "%d", l->nice);
    else if (what == LIMITS_IONICE)
        put_ionice(out, l->ionice);
    else if (l->rlimit[what].soft == LIMITS_UNLIMITED)
        buf_puts(out, "unlimited");
    else if (what == LIMITS_NOFILE || what == LIMITS_NPROC || what == LIMITS_CPU)
        buf_printf(
            out, "%llu%s", (unsigned long long)l->rlimit[what].soft, what == LIMITS_CPU ? "s" : "");
    else
        buf_puts(out, conf_unit_show_size((int64_t)l->rlimit[what].soft, text));
}

/* What somebody has said of the process itself; core 0, which nobody needs to
 * say, is no row. */
static void
put_process_limits(struct buf *out, const struct route *rt)
{
    char why[LIMITS_DOUBT_MAX];

    for (enum limits_what what = 0; what < LIMITS_MAX; what++) {
        if (!(rt->limits.must & 1U << what))
            continue;
        buf_printf(out, "route %s: %s ", rt->path, limits_name(what));
        put_process_value(out, &rt->limits, what);
        if (limits_holds(&rt->limits, what, why))
            buf_printf(out, ": held by %s\n", limits_holder(what));
        else
            buf_printf(out, ": not held: %s\n", why);
    }
}

static void
put_delays(struct buf *out, const struct conf *conf)
{
    struct err err;
    bool on = conf->delays;

    for (size_t i = 0; i < conf->nroutes; i++)
        on = on || conf->routes[i].delays;
    buf_puts(out, on ? "delays: " : "delays: off; ");
    if (account_check(&err) == 0)
        buf_puts(out, on ? "told\n" : "the kernel would tell\n");
    else
        buf_printf(out, on ? "not told: %s\n" : "the kernel would not tell: %s\n", err.text);
}

struct span
hold_table(const struct conf *conf, const struct cgroup_place *place, struct region *r)
{
    void *mem = region_alloc(r, TABLE_MAX);
    struct buf out;

    if (!mem)
        return (struct span){ NULL, 0 };
    buf_over(&out, mem, TABLE_MAX);
    for (size_t i = 0; i < conf->nroutes; i++) {
        const struct route *rt = &conf->routes[i];

        for (size_t l = 0; rt->action == ROUTE_RUN && l < HOLD_LIMITS; l++) {
            bool io = limits[l].part == CGROUP_IO;
            size_t n = io ? rt->cgroup_limits.nio : 1;

            for (size_t d = 0; d < n; d++)
                if (value_of(rt, (enum hold_limit)l, d) > 0)
                    put_limit(&out, rt, (enum hold_limit)l, d, place);
        }
        if (rt->action == ROUTE_RUN)
            put_process_limits(&out, rt);
    }
    put_delays(&out, conf);
    return (struct span){ mem, out.n };
}
