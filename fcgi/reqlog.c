/* fcgi/reqlog.c -- contracts are in reqlog.h. */
#include "config.h"

#include <stddef.h>

#include "arena/region.h"
#include "base/clock.h"
#include "conf/route.h"
#include "exec/run.h"
#include "fcgi/handle.h"
#include "fcgi/log.h"
#include "fcgi/req.h"
#include "fcgi/reqlog.h"

enum {
    CLIENT_CLOSED = 499
};

/* It failed, or could not be started, or was not found; but when its body could
 * not be kept, that was us. */
static bool
is_of_command(const struct handled *handled, const struct reply *reply)
{
    return reply->result != NULL || handled->next == HANDLE_RUN ||
           (handled->num != 0 && handled->argv == NULL);
}

static enum log_level
level_of(const struct handled *handled, const struct reply *reply)
{
    if (reply->status == 401)
        return LOG_AT_ERROR;
    if (reply->status < 500)
        return LOG_AT_INFO;
    if (reply->status == 503) /* load, and no failure */
        return LOG_AT_WARNING;
    return is_of_command(handled, reply) ? LOG_AT_WARNING : LOG_AT_ERROR;
}

/* A reply without a command says why in its data, else in its message, unless
 * that is not for everybody. */
static const char *
why(const struct reply *reply, struct region *r)
{
    const char *text = reply->why;

    if (text == NULL && reply->data.p != NULL)
        text = region_strndup(r, (const char *)reply->data.p, reply->data.n);
    return text != NULL ? text : reply->message;
}

void
reqlog_write(const struct req *req, const struct handled *handled, const struct reply *reply,
    bool gone, int64_t started, struct region *r)
{
    const struct run_result *result = reply->result;
    bool refused = reply->status == 401;
    struct log_line l;

    if (!log_wanted())
        return;
    log_begin(&l, level_of(handled, reply), refused ? "refused" : "request");
    log_str(&l, "method", req->method);
    log_str(&l, "uri", req_uri(req, r));
    if (handled->route != NULL)
        log_str(&l, "route", handled->route->path);
    if (handled->next == HANDLE_RUN)
        log_words(&l, "command", handled->argv);
    log_str(&l, "client", req->client);
    log_int(&l, "status", gone ? CLIENT_CLOSED : reply->status);
    if (result != NULL && result->cause != RUN_ABANDONED)
        log_int(&l, result->signaled ? "signal" : "exit", result->code);
    if (reply->status >= 400 && (reply->why != NULL || (result == NULL && !refused)))
        log_str(&l, "why", why(reply, r));
    if (reply->coalesced > 0)
        log_int(&l, "coalesced", (int64_t)reply->coalesced);
    if (reply->joined)
        log_str(&l, "joined", "yes");
    if (reply->queued > 0)
        log_msec(&l, "queued_ms", reply->queued);
    log_msec(&l, "duration_ms", clock_now() - started);
    if (result != NULL && result->cause != RUN_ABANDONED)
        log_msec(&l, "cpu_ms", result->usage.user + result->usage.system);
    log_end(&l);
}
