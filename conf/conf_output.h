/* conf/conf_output.h -- what an answer is made of, and what is kept when it is too much. */
#ifndef CONF_CONF_OUTPUT_H
#define CONF_CONF_OUTPUT_H

#include "conf/conf_build.h"
#include "exec/run.h"

struct route;

/* Reads `output_keep` of the file or of a route. */
void conf_output_keep(const struct conf_build *b, const struct conf_block *block,
    enum run_keep *keep) __attribute__((nonnull(1, 3)));

/* Reads all options of a route that are about its output.  `block` may be NULL.
 * Returns 0 or -ENOMEM. */
int conf_output_build(const struct conf_build *b, const struct conf_block *block, struct route *rt)
    __attribute__((warn_unused_result, nonnull(1, 3)));

#endif
