/* conf/route.h -- what a path runs, by which methods, with which parameters. */
#ifndef CONF_ROUTE_H
#define CONF_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/method.h"
#include "conf/param.h"
#include "exec/cgroup.h"
#include "exec/limits.h"
#include "exec/run.h"

enum {
    ROUTE_PARAMS_MAX = 32,
    ROUTE_ALLOW_MAX = 64,
    ROUTE_CONTENT_TYPE_MAX = 127 /* bytes */
};

enum route_action {
    ROUTE_RUN,     /* run argv */
    ROUTE_RESTART, /* restart cmon itself */
};

/* What becomes of a request that cannot run at once. */
enum route_busy {
    ROUTE_QUEUE,    /* it waits */
    ROUTE_REJECT,   /* 503 */
    ROUTE_COALESCE, /* it waits, and shares the run of those who wait for the same */
};

/* What an answer is made of. */
enum route_output {
    ROUTE_JOINED, /* data: stdout and stderr in their order */
    ROUTE_SPLIT,  /* data in order of arrival, stdout and stderr apart */
    ROUTE_RAW,    /* stdout itself; JSON only when the command failed */
    ROUTE_OUTPUT_MAX
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
    enum run_keep output_keep;
    enum route_output output;
    const char *content_type; /* of ROUTE_RAW, else NULL */
    size_t max_running;       /* at once; 0: only the limit for all */
    enum route_busy on_busy;
    unsigned kill_methods; /* enum method bits: asked for by these, the command
                              ends when the client leaves */
    size_t body_max;       /* bytes of a request's body */
    bool reads_body;       /* the body is what the command reads */
    struct exec_limits limits;
    bool detach;
    enum cgroup_use cgroup;
    struct cgroup_limits cgroup_limits;
    bool delays;      /* tell what the command had to wait for, if the kernel does */
    bool builtin;     /* one of the seven, perhaps changed by the configuration */
    const char *file; /* where it was configured or changed, or NULL: as built in */
    int line;
};

/* Finds a parameter by the `n` bytes of its name, or NULL. */
const struct param *route_param(const struct route *rt, const char *name, size_t n)
    __attribute__((warn_unused_result, nonnull));

/* Returns the name that the configuration has for an output: "joined". */
const char *route_output_name(enum route_output output) __attribute__((warn_unused_result));

/* Writes the Allow header's value, "GET, HEAD, OPTIONS", for a route. */
const char *route_allow(const struct route *rt, char buf[ROUTE_ALLOW_MAX]) __attribute__((nonnull));

#endif
