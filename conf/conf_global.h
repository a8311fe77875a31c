/* conf/conf_global.h -- what a configuration says outside of its routes. */
#ifndef CONF_CONF_GLOBAL_H
#define CONF_CONF_GLOBAL_H

struct conf_build;

/* Sets everything to its default, then to what the file says.  Returns 0 or
 * -ENOMEM; mistakes are noted. */
int conf_global_build(struct conf_build *b) __attribute__((warn_unused_result, nonnull));

#endif
