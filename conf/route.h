/* conf/route.h -- what a path runs, by which methods, with which parameters. */
#ifndef CONF_ROUTE_H
#define CONF_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/method.h"
#include "conf/param.h"
#include "exec/cgroup.h"

enum {
    ROUTE_PARAMS_MAX = 32,
    ROUTE_ALLOW_MAX = 64
};

enum route_action {
    ROUTE_RUN,     /* run argv */
    ROUTE_RESTART, /* restart cmon itself */
};

struct route {
    const char *path; /* begins with a slash */
    unsigned methods; /* enum method bits */
    enum route_action action;
    const char *const *argv; /* templates: "refs/heads/{branch}"; NULL-terminated */
    const char *command;     /* argv[0] as execve(2) gets it, or NULL: not found at load */
    char *const *env;        /* the whole environment of the command */
    const char *workdir;     /* absolute */
    const struct param *params;
    size_t nparams;
    int64_t timeout;   /* ns */
    int64_t grace;     /* ns */
    size_t output_max; /* bytes */
    bool detach;
    enum cgroup_use cgroup;
    struct cgroup_limits limits;
    bool builtin;     /* one of the seven, perhaps changed by the configuration */
    const char *file; /* where it was configured or changed, or NULL: as built in */
    int line;
};

/* Finds a parameter by the `n` bytes of its name, or NULL. */
const struct param *route_param(const struct route *rt, const char *name, size_t n)
    __attribute__((warn_unused_result, nonnull));

/* Writes the Allow header's value, "GET, HEAD, OPTIONS", for a route. */
const char *route_allow(const struct route *rt, char buf[ROUTE_ALLOW_MAX]) __attribute__((nonnull));

#endif
