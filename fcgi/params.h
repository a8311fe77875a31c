/* fcgi/params.h -- inputs are data: from a query string to checked arguments.
 *
 * A query is application/x-www-form-urlencoded (WHATWG URL, 5.1).  Every word
 * must be a parameter of the route, once, and hold what its type allows.
 */
#ifndef FCGI_PARAMS_H
#define FCGI_PARAMS_H

#include "fcgi/route.h"

struct err;
struct region;

/* The values of a route's parameters, in the order of route->params. */
struct params {
    const char *value[ROUTE_PARAMS_MAX]; /* in the region, NUL-terminated */
};

/* Decodes `query` ("" for none) and checks it against the route.  Missing
 * parameters get their default.  Returns 0; -EINVAL with err->text as the
 * client shall read it ("parameter branch: ..."), for an unknown, repeated,
 * missing, ill-encoded or refused one; -ENOMEM. */
int params_bind(const struct route *rt, const char *query, struct region *r,
    struct params *ret_params, struct err *err) __attribute__((warn_unused_result, nonnull));

/* Builds the command's argv from the route's templates.  Returns 0; -EINVAL
 * when a value would become an option; -ENOMEM. */
int params_argv(const struct route *rt, const struct params *params, struct region *r,
    char ***ret_argv, struct err *err) __attribute__((warn_unused_result, nonnull));

/* Builds the command's environment: the route's, and the parameters that have
 * a place in it.  Returns 0 or -ENOMEM.  May return route->env itself. */
int params_env(const struct route *rt, const struct params *params, struct region *r,
    char *const **ret_envp, struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
