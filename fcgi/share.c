/* fcgi/share.c -- contracts are in share.h. */
#include "config.h"

#include <string.h>

#include "arena/arena.h"
#include "conf/conf.h"
#include "fcgi/conn.h"
#include "fcgi/reply.h"
#include "fcgi/server.h"
#include "fcgi/share.h"

bool
share_ends(const struct conn *c)
{
    return (c->handled.route->kill_methods & method_from_name(c->req.method)) != 0;
}

enum sched_answer
share_enter(struct conn *c, const struct sched_want *want)
{
    const struct handled *h = &c->handled;
    struct coalesce_key key = { .what = h->route, .argv = h->argv, .envp = h->envp };

    return coalesce_enter(&c->server->coalesce, c->slot, &key, want, !share_ends(c));
}

/* Takes the memory for an answer like the leader's.  What is sent as it is, is
 * copied: the leader may be done before this one is. */
static bool
take_blocks(struct conn *c, struct reply *reply)
{
    struct span body = reply_body(reply);
    struct arena *arena = c->server->arena;

    c->answer = arena_alloc(arena, reply_size(reply));
    if (c->answer == NULL)
        return false;
    if (body.n == 0)
        return true;
    c->output = arena_alloc(arena, body.n);
    if (c->output == NULL || arena_commit(arena, c->output, body.n) < 0)
        return false; /* the other one serves for what is said instead */
    memcpy(c->output, body.p, body.n);
    reply->data.p = c->output;
    return true;
}

/* One who joined gets the same answer, made for it: it has waited on its own. */
static void
tell(struct conn *c, const struct conn *leader)
{
    struct reply reply = leader->handled.reply;

    /* Whoever joined in the last moment may have looked at the clock later. */
    c->queued = leader->began > c->queued_at ? leader->began - c->queued_at : 0;
    if (!c->gone && !take_blocks(c, &reply))
        reply_later("arena exhausted", &reply);
    reply.queued = c->queued;
    reply.coalesced = 0;
    reply.joined = true;
    conn_reply(c, &reply);
}

void
share_tell(struct conn *leader)
{
    struct server *s = leader->server;
    struct conn *c;
    size_t slot;

    while ((slot = coalesce_next(&s->coalesce, leader->slot)) != SCHED_NONE) {
        c = &s->conns[slot];
        (void)pthread_mutex_lock(&c->lock);
        tell(c, leader);
        (void)pthread_mutex_unlock(&c->lock);
    }
    (void)pthread_mutex_lock(&leader->lock);
    conn_reply(leader, &leader->handled.reply);
    (void)pthread_mutex_unlock(&leader->lock);
}
