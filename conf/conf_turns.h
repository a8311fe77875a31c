/* conf/conf_turns.h -- the options of a route about turns: who runs, who waits, who has left. */
#ifndef CONF_CONF_TURNS_H
#define CONF_CONF_TURNS_H

#include <stdint.h>

struct conf;
struct conf_block;
struct conf_build;
struct route;

/* Reads max_running, on_busy and on_disconnect from a route's block (NULL:
 * none), after its detach. */
void conf_turns_build(const struct conf_build *b, const struct conf_block *block, struct route *rt)
    __attribute__((nonnull(1, 3)));

/* Warns of what they say in vain. */
void conf_turns_warn(const struct conf_build *b) __attribute__((nonnull));

/* Returns how long a request for a route may wait before it runs, in ns. */
int64_t conf_turns_wait(const struct conf *c, const struct route *rt)
    __attribute__((warn_unused_result, nonnull));

#endif
