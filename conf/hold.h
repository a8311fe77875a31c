/* conf/hold.h -- which of what routes ask for holds on this machine, and by what. */
#ifndef CONF_HOLD_H
#define CONF_HOLD_H

#include <stdbool.h>

#include "base/span.h"
#include "exec/cgroup_place.h"

struct conf;
struct region;
struct route;

enum hold_limit {
    HOLD_MEMORY,
    HOLD_CPUS,
    HOLD_PIDS,
    HOLD_IO_READ,
    HOLD_IO_WRITE,
    HOLD_LIMITS,
};

enum {
    HOLD_DOUBT_MAX = 256 /* bytes, including NUL */
};

/* What the configuration calls a limit. */
const char *hold_name(enum hold_limit limit) __attribute__((const, returns_nonnull));

/* Whether a limit that a route has is not held, or not in full; `doubt` then
 * says why, and what is done instead. */
bool hold_doubt(const struct route *rt, enum hold_limit limit, const struct cgroup_place *place,
    char doubt[HOLD_DOUBT_MAX]) __attribute__((warn_unused_result, nonnull));

/* Renders a line for each limit of each route, those of its processes included,
 * in `r`: "route /x: memory 64M: held by cgroup v2"; and whether answers tell of
 * delays, or why not. */
struct span hold_table(const struct conf *conf, const struct cgroup_place *place, struct region *r)
    __attribute__((warn_unused_result, nonnull));

#endif
