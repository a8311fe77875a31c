/* fcgi/handle.c -- contracts are in handle.h. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "arena/region.h"
#include "base/err.h"
#include "conf/conf.h"
#include "conf/params.h"
#include "exec/path.h"
#include "fcgi/authorize.h"
#include "fcgi/handle.h"
#include "fcgi/req.h"

static void
refuse(struct handled *h, int status, const char *message)
{
    h->next = HANDLE_REPLY;
    h->reply = (struct reply){ .status = status, .message = message };
}

/* Short of something of our own. */
static void
busy(const char *why, struct reply *ret_reply)
{
    reply_later("Busy", ret_reply);
    ret_reply->why = why;
}

/* Whether the method fits the route; what does not need more is replied. */
static bool
check_method(unsigned method, const struct route *rt, struct handled *h)
{
    unsigned wanted = method == METHOD_HEAD ? METHOD_GET : method;

    if (method == METHOD_OPTIONS) {
        refuse(h, 204, "");
        h->reply.no_body = true;
    } else if ((rt->methods & wanted) == 0) {
        refuse(h, 405, "Method Not Allowed");
    } else {
        return true;
    }
    h->reply.allow = rt;
    return false;
}

/* Even where it is not used, a body that lies about its length is a broken request. */
static bool
check_body(const struct route *rt, const struct req *req, struct handled *h)
{
    if (req->content_length == REQ_LENGTH_BAD)
        refuse(h, 400, "CONTENT_LENGTH is not a number");
    else if (req->content_length > (int64_t)rt->body_max || req->body_len > rt->body_max)
        refuse(h, 413, "Request body too large");
    else if (req->content_length != REQ_LENGTH_UNKNOWN &&
             req->body_len != (uint64_t)req->content_length)
        refuse(h, 400, "the body is not as long as CONTENT_LENGTH says");
    else
        return true;
    return false;
}

static const char *
keep_text(struct region *r, const struct err *err)
{
    const char *text = region_strdup(r, err->text);

    return text != NULL ? text : "out of memory";
}

static void
refuse_params(int rc, struct region *r, const struct err *err, struct handled *h)
{
    if (rc == -EINVAL)
        refuse(h, 400, keep_text(r, err));
    else
        busy(keep_text(r, err), &h->reply);
}

/* Finds the command's file: known since the configuration was read, or, if it
 * was missing then, perhaps here by now. */
static int
find_command(const struct conf *conf, const struct route *rt, struct region *r, struct handled *h,
    struct err *err)
{
    h->path = rt->command;
    return h->path != NULL ? 0 : path_resolve(r, rt->argv[0], conf->path, &h->path, err);
}

static void
plan_run(const struct conf *conf, const struct route *rt, const struct params *params,
    struct region *r, struct handled *h)
{
    struct err err;
    char **argv;
    int rc;

    rc = params_argv(rt, params, r, &argv, &err);
    if (rc == 0)
        rc = params_env(rt, params, r, &h->envp, &err);
    if (rc < 0) {
        refuse_params(rc, r, &err, h);
        return;
    }
    rc = find_command(conf, rt, r, h, &err);
    if (rc < 0) {
        h->num = -rc;
        handle_start_failure(-rc, keep_text(r, &err), &h->reply);
        return;
    }
    h->argv = argv;
    h->output = params->output;
    h->next = HANDLE_RUN;
}

static enum verb
verb_of(unsigned method)
{
    if (method == METHOD_OPTIONS)
        return VERB_DESCRIBE;
    return method == METHOD_HEAD ? VERB_VALIDATE : VERB_RUN;
}

/* For a caller whose identity is established. */
static void
decide(const struct conf *conf, const struct identity *who, const struct req *req, unsigned method,
    struct region *r, struct handled *h)
{
    const struct route *rt = h->route;
    enum verb verb = verb_of(method);
    struct params params;
    struct err err;
    int rc;

    if (rt == NULL) {
        refuse(h, 404, "Not Found");
        return;
    }
    if (!authorize(who, verb, rt, NULL)) {
        refuse(h, 403, "Forbidden");
        return;
    }
    if (!check_method(method, rt, h))
        return;
    if (!check_body(rt, req, h))
        return;
    rc = params_bind(rt, req->query, r, &params, &err);
    if (rc < 0)
        refuse_params(rc, r, &err, h);
    else if (!authorize(who, verb, rt, &params))
        refuse(h, 403, "Forbidden");
    else if (rt->action == ROUTE_RESTART)
        h->next = HANDLE_RESTART;
    else
        plan_run(conf, rt, &params, r, h);
    if (verb == VERB_VALIDATE && h->next != HANDLE_REPLY)
        refuse(h, 200, "Request is valid");
}

static const struct route *
find_route(const struct conf *conf, const struct req *req, struct region *r)
{
    const char *path = req_path(req, conf->mount, r);

    return path != NULL ? conf_route(conf, path) : NULL;
}

size_t
handle_body(const struct conf *conf, const struct identity *who, const struct req *req,
    struct region *r, bool *ret_keep)
{
    const struct route *rt = who->kind != IDENTITY_NONE ? find_route(conf, req, r) : NULL;

    *ret_keep =
        rt != NULL && rt->reads_body && (rt->methods & method_from_name(req->method)) != 0 &&
        req->content_length != REQ_LENGTH_BAD && req->content_length <= (int64_t)rt->body_max;
    return rt != NULL ? rt->body_max : conf->body_max;
}

void
handle_request(const struct conf *conf, const struct identity *who, const struct req *req,
    struct region *r, struct handled *ret_handled)
{
    struct handled *h = ret_handled;
    const struct route *rt = find_route(conf, req, r);
    unsigned method = method_from_name(req->method);
    const char *exposed = guard_is_exposed(&conf->guard, req->document_root) ? GUARD_EXPOSED : NULL;

    *h = (struct handled){ .next = HANDLE_REPLY };
    /* A key that the web server hands out to anybody is no key; but whoever does
     * not have it is not told that there it lies. */
    if (who->kind == IDENTITY_NONE) {
        refuse(h, 401, "Authentication Error");
        h->reply.why = exposed;
        return;
    }
    if (exposed != NULL) {
        refuse(h, 500, exposed);
    } else {
        h->route = rt;
        decide(conf, who, req, method, r, h);
    }
    if (method == METHOD_HEAD)
        h->reply.no_body = true;
}

void
handle_start_failure(int num, const char *why, struct reply *ret_reply)
{
    if (num == EAGAIN || num == ENOMEM || num == EMFILE || num == ENFILE)
        busy(why, ret_reply);
    else
        *ret_reply =
            (struct reply){ .status = 500, .message = "Command failed", .data = span_str(why) };
}
