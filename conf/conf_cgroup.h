/* conf/conf_cgroup.h -- what all processes of a command may use together. */
#ifndef CONF_CONF_CGROUP_H
#define CONF_CONF_CGROUP_H

struct conf_block;
struct conf_build;
struct route;

/* Builds rt->cgroup and rt->cgroup_limits from a route's block (NULL: none), and what
 * that does not say from the file.  Returns 0 or -ENOMEM. */
int conf_cgroup_build(const struct conf_build *b, const struct conf_block *block, struct route *rt)
    __attribute__((warn_unused_result, nonnull(1, 3)));

/* Notes a warning for each limit that this machine, seen from this process,
 * cannot hold, or can hold only in part. */
void conf_cgroup_warn(const struct conf_build *b) __attribute__((nonnull));

#endif
