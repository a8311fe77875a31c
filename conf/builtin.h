/* conf/builtin.h -- the seven routes that stand without a configuration.
 *
 * Routes of CMon's HTTP API, which people script against: paths, methods and
 * parameters stay.  A route block in cmon.conf changes them one by one.
 */
#ifndef CONF_BUILTIN_H
#define CONF_BUILTIN_H

#include "conf/route.h"

struct builtin {
    const char *path;
    unsigned methods; /* enum method bits */
    enum route_action action;
    const char *const *argv; /* templates, NULL-terminated; NULL: no command */
    const char *const *env;  /* what it adds, NULL-terminated, or NULL */
    const struct param *params;
    size_t nparams;
    bool detach;
};

/* Returns all of them. */
const struct builtin *builtin_routes(size_t *ret_n) __attribute__((nonnull));

/* Finds the one of a path, or NULL. */
const struct builtin *builtin_find(const char *path) __attribute__((warn_unused_result, nonnull));

#endif
