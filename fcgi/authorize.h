/* fcgi/authorize.h -- may he do that?
 *
 * The one place that decides.  Every way in (FastCGI, CGI, the terminal) asks
 * it before anything runs.
 */
#ifndef FCGI_AUTHORIZE_H
#define FCGI_AUTHORIZE_H

#include <stdbool.h>

struct identity;
struct params;
struct route;

enum verb {
    VERB_RUN,      /* run the route's command */
    VERB_VALIDATE, /* HEAD: everything but run it */
    VERB_DESCRIBE, /* OPTIONS: ask which methods there are */
};

/* Whether `who` may do `verb` to `route` with `params` (NULL when there are
 * none yet).  The holder of the key and the operator may do everything. */
bool authorize(const struct identity *who, enum verb verb, const struct route *route,
    const struct params *params) __attribute__((warn_unused_result, nonnull(1, 3)));

#endif
