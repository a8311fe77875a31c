/* conf/conf_param.h -- one parameter of a route, from its block. */
#ifndef CONF_CONF_PARAM_H
#define CONF_CONF_PARAM_H

struct conf_block;
struct conf_build;
struct param;

/* Builds a parameter from its block; what that does not say is as in `base`,
 * the built-in one of that name, unless that is NULL.  *ret_param is whole, or
 * untouched after -ENOMEM before it had a pattern: its pattern is its owner's
 * to free in any case.  Returns 0 or -ENOMEM; mistakes are noted. */
int conf_param_build(const struct conf_build *b, const struct conf_block *block,
    const struct param *base, struct param *ret_param)
    __attribute__((warn_unused_result, nonnull(1, 2, 4)));

#endif
