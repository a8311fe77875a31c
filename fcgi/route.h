/* fcgi/route.h -- what a path runs, by which methods, with which parameters. */
#ifndef FCGI_ROUTE_H
#define FCGI_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum method {
    METHOD_GET = 1 << 0,
    METHOD_POST = 1 << 1,
    METHOD_PUT = 1 << 2,
    METHOD_DELETE = 1 << 3,
    METHOD_PATCH = 1 << 4,
    METHOD_HEAD = 1 << 5,    /* never in a configuration */
    METHOD_OPTIONS = 1 << 6, /* never in a configuration */
};

enum {
    ROUTE_PARAMS_MAX = 32,
    ROUTE_ALLOW_MAX = 64
};

enum route_action {
    ROUTE_RUN,     /* run argv */
    ROUTE_RESTART, /* restart cmon itself */
};

enum param_type {
    PARAM_GIT_BRANCH, /* a branch name that git cannot take for anything else */
    PARAM_INT,        /* decimal, within min and max */
    PARAM_ENUM,       /* one of values */
    PARAM_BOOL,       /* true/false, yes/no, on/off, 1/0; becomes "true" or "false" */
    PARAM_PATH,       /* a path below root, without .. and symbolic links out of it */
    PARAM_TEXT,       /* UTF-8 without control characters, matching pattern */
};

struct pattern; /* fcgi/pattern.h */

struct param {
    const char *name;
    const char *fallback; /* its default, or NULL: required */
    const char *env;      /* variable that carries the value, or NULL */
    enum param_type type;
    bool allow_dash;               /* the value may begin with '-' where an argument begins */
    int64_t min, max;              /* PARAM_INT */
    const char *const *values;     /* PARAM_ENUM, NULL-terminated */
    const char *root;              /* PARAM_PATH, absolute */
    size_t max_len;                /* bytes, PARAM_TEXT */
    const struct pattern *pattern; /* PARAM_TEXT, or NULL */
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
    const char *file; /* where it was configured, or NULL: built in */
    int line;
};

/* Returns the bit of a method's name, 0 for an unknown one. */
unsigned method_from_name(const char *name) __attribute__((warn_unused_result, nonnull));

/* Returns the name of one bit. */
const char *method_name(unsigned bit) __attribute__((warn_unused_result));

/* Writes the Allow header's value, "GET, HEAD, OPTIONS", for a route. */
const char *route_allow(const struct route *rt, char buf[ROUTE_ALLOW_MAX]) __attribute__((nonnull));

#endif
