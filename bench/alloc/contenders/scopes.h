/* bench/alloc/contenders/scopes.h -- regions for the small things of requests, as a connection of
 * the responder has one. */
#ifndef BENCH_ALLOC_CONTENDERS_SCOPES_H
#define BENCH_ALLOC_CONTENDERS_SCOPES_H

#include <stdbool.h>
#include <stddef.h>

/* Makes `count` empty scopes.  Returns false if there is no memory. */
bool scopes_open(size_t count) __attribute__((warn_unused_result));
void scopes_close(void);

/* What contender.h calls small and reset. */
void *scopes_small(size_t scope, size_t n);
void scopes_reset(size_t scope);

#endif
