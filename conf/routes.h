/* conf/routes.h -- the route table for people and for programs. */
#ifndef CONF_ROUTES_H
#define CONF_ROUTES_H

#include "base/span.h"

struct conf;
struct region;

/* Renders columns METHODS PATH COMMAND PARAMETERS, in `r`; empty when there is
 * no room. */
struct span routes_table(const struct conf *conf, struct region *r)
    __attribute__((warn_unused_result, nonnull));

/* Renders a JSON array of objects and a newline, in `r`; empty as above. */
struct span routes_json(const struct conf *conf, struct region *r)
    __attribute__((warn_unused_result, nonnull));

#endif
