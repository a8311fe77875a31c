/* conf/conf_turns.c -- contracts are in conf_turns.h. */
#include "config.h"

#include <string.h>

#include "conf/builtin.h"
#include "conf/conf.h"
#include "conf/conf_build.h"
#include "conf/conf_say.h"
#include "conf/conf_turns.h"

static void
build_busy(const struct conf_build *b, const struct conf_block *block, struct route *rt)
{
    int line = 0;
    const char *text = conf_build_text(block, "on_busy", &line);

    if (!text || strcmp(text, "queue") == 0)
        rt->on_busy = ROUTE_QUEUE;
    else if (strcmp(text, "reject") == 0)
        rt->on_busy = ROUTE_REJECT;
    else if (strcmp(text, "coalesce") == 0)
        rt->on_busy = ROUTE_COALESCE;
    else
        conf_build_error(b, block, line, "on_busy: must be queue, reject or coalesce");
    if (rt->on_busy == ROUTE_COALESCE && rt->reads_body)
        conf_build_error(b, block, line, "on_busy: requests that share a run have no body to read");
}

/* A command that only looks is of no use to nobody; one that changes something,
 * or is meant to go on, is not to be cut short. */
static void
build_disconnect(const struct conf_build *b, const struct conf_block *block, struct route *rt)
{
    int line = 0;
    const char *text = conf_build_text(block, "on_disconnect", &line);
    bool goes_on = rt->detach || (rt->builtin && builtin_find(rt->path)->detach);

    rt->kill_methods = goes_on ? 0 : METHOD_GET;
    if (!text)
        return;
    if (strcmp(text, "kill") == 0)
        rt->kill_methods = ~0U;
    else if (strcmp(text, "continue") == 0)
        rt->kill_methods = 0;
    else
        conf_build_error(b, block, line, "on_disconnect: must be kill or continue");
}

void
conf_turns_build(const struct conf_build *b, const struct conf_block *block, struct route *rt)
{
    int64_t max_running = 0;

    conf_build_number(b, block, "max_running", CONF_COUNT, 0, CONF_MAX_RUNNING_MAX, &max_running);
    rt->max_running = (size_t)max_running;
    build_busy(b, block, rt);
    build_disconnect(b, block, rt);
}

static void
warn_of(const struct conf_build *b, const struct conf_block *block, const struct route *rt)
{
    const struct conf *c = b->conf;
    const struct conf_option *max = conf_tree_find(block, "max_running");
    const struct conf_option *busy = conf_tree_find(block, "on_busy");

    if (max && rt->max_running > c->max_running)
        conf_say_warning(b->say, max->line,
            "route %s: max_running: %zu is never reached, for all routes it is %zu", rt->path,
            rt->max_running, c->max_running);
    if (busy && rt->on_busy != ROUTE_REJECT && c->queue == 0)
        conf_say_warning(
            b->say, busy->line, "route %s: on_busy: nobody waits with queue = 0", rt->path);
    if ((max || busy || conf_tree_find(block, "on_disconnect")) && rt->action != ROUTE_RUN)
        conf_say_warning(b->say, block->line,
            "route %s: max_running, on_busy and on_disconnect are for commands", rt->path);
}

void
conf_turns_warn(const struct conf_build *b)
{
    for (size_t i = 0; i < b->conf->nroutes; i++) {
        const struct route *rt = &b->conf->routes[i];
        const struct conf_block *block = conf_tree_next(b->root, CONF_ROUTE, rt->path, NULL);

        if (block)
            warn_of(b, block, rt);
    }
}

int64_t
conf_turns_wait(const struct conf *c, const struct route *rt)
{
    return c->queue == 0 || rt->on_busy == ROUTE_REJECT ? 0 : c->queue_timeout;
}
