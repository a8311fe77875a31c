/* conf/conf_limits.h -- what a command gets and may take: limits, umask, input. */
#ifndef CONF_CONF_LIMITS_H
#define CONF_CONF_LIMITS_H

struct conf_block;
struct conf_build;
struct exec_limits;
struct route;

/* Reads the `limits` block and `umask` of `block`, the file or a route (NULL:
 * of none), over what *limits holds already.  Mistakes are noted. */
void conf_limits_build(const struct conf_build *b, const struct conf_block *block,
    struct exec_limits *limits) __attribute__((nonnull(1, 3)));

/* Reads `stdin` and `body_max` of a route's block (or NULL). */
void conf_limits_input(const struct conf_build *b, const struct conf_block *block, struct route *rt)
    __attribute__((nonnull(1, 3)));

#endif
