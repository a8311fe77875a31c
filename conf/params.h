/* conf/params.h -- inputs are data: from a query string to checked arguments.
 *
 * A query is application/x-www-form-urlencoded (WHATWG URL, 5.1), but what that
 * parser forgives is refused here: an escape that is none, bytes that are not
 * UTF-8, a name alone.  Every word must be a parameter of the route, once, and
 * hold what its type allows.  Messages name the parameter first and never
 * repeat a value: "parameter branch: must not contain '..'".
 *
 * Words that begin with '_' are ours: `_split`, a bool, asks for stdout and
 * stderr apart, or not, whatever the route says; but raw output is no JSON.
 */
#ifndef CONF_PARAMS_H
#define CONF_PARAMS_H

#include "conf/route.h"

struct err;
struct region;

enum {
    PARAMS_QUERY_MAX = 16 * 1024 /* bytes */
};

/* The values of a route's parameters, in the order of route->params. */
struct params {
    const char *value[ROUTE_PARAMS_MAX]; /* in the region, NUL-terminated */
    const char *split;                   /* that of `_split`, or NULL */
    enum route_output output;            /* the route's, or as `_split` wants it */
};

/* Decodes `query` ("" for none) and checks it against the route.  Missing
 * parameters get their default; empty pieces ("a=b&&c=d") are skipped.
 * Returns 0; -EINVAL with err->text as the client shall read it, for an
 * unknown, repeated, missing, nameless, ill-encoded or refused parameter or a
 * query that is too long; -ENOMEM. */
int params_bind(const struct route *rt, const char *query, struct region *r,
    struct params *ret_params, struct err *err) __attribute__((warn_unused_result, nonnull));

/* Builds the command's argv from the route's templates.  Returns 0; -ENOMEM;
 * -EINVAL when a value without allow_dash would begin an argument with '-', or
 * when values leave an argument empty that is more than one place. */
int params_argv(const struct route *rt, const struct params *params, struct region *r,
    char ***ret_argv, struct err *err) __attribute__((warn_unused_result, nonnull));

/* Builds the command's environment: the route's, and the parameters that have
 * a place in it, which replace variables of the same name.  Returns 0 or -ENOMEM.  May return
 * route->env itself. */
int params_env(const struct route *rt, const struct params *params, struct region *r,
    char *const **ret_envp, struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
