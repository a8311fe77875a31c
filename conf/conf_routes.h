/* conf/conf_routes.h -- the routes: built in, changed, and the file's own. */
#ifndef CONF_CONF_ROUTES_H
#define CONF_CONF_ROUTES_H

struct conf_build;

/* Builds conf->routes, sorted by path.  What is outside of routes MUST be
 * built.  Returns 0 or -ENOMEM; mistakes are noted. */
int conf_routes_build(struct conf_build *b) __attribute__((warn_unused_result, nonnull));

#endif
