/* entry/cli_run.c -- contracts are in cli_run.h. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "arena/region.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "conf/conf.h"
#include "entry/cli.h"
#include "entry/cli_run.h"
#include "entry/cli_usage.h"
#include "entry/single.h"
#include "fcgi/req.h"

/* Appends "name=value" to a query, percent-encoded (RFC 3986, 2.1). */
static void
put_pair(struct buf *query, const char *pair)
{
    const char *eq = strchr(pair, '=');
    const unsigned char *p;

    if (query->n > 0)
        buf_putc(query, '&');
    for (p = (const unsigned char *)pair; *p != '\0'; p++) {
        if ((const char *)p == eq || (*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') ||
            (*p >= 'A' && *p <= 'Z') || *p == '_')
            buf_putc(query, *p);
        else
            buf_printf(query, "%%%02X", (unsigned)*p);
    }
}

/* Makes the request that curl would make of these words. */
static int
make_req(char *const *words, const char *method, const struct conf *conf, struct region *r,
    struct req *ret_req)
{
    static const unsigned order[] = { METHOD_GET, METHOD_POST, METHOD_PUT, METHOD_DELETE,
        METHOD_PATCH };
    size_t path = strcspn(words[0], "?");
    size_t max = 3 * 65536;
    const struct route *rt;
    struct buf query;
    void *mem = region_alloc(r, max);
    size_t i;

    if (mem == NULL)
        return -ENOMEM;
    buf_over(&query, mem, max);
    if (words[0][path] == '?')
        buf_puts(&query, words[0] + path + 1);
    for (i = 1; words[i] != NULL; i++)
        put_pair(&query, words[i]);
    *ret_req = (struct req){ .method = method,
        .path_info = region_strndup(r, words[0], path),
        .script_name = "",
        .document_uri = "",
        .prefix = "",
        .query = buf_cstr(&query),
        .client = "",
        .document_root = "",
        .content_length = REQ_LENGTH_UNKNOWN };
    if (ret_req->path_info == NULL || ret_req->query == NULL)
        return -ENOMEM;
    /* Without -X the first method that the route knows. */
    rt = conf_route(conf, ret_req->path_info);
    for (i = 0; ret_req->method == NULL && i < sizeof(order) / sizeof(order[0]); i++)
        if (rt == NULL || (rt->methods & order[i]) != 0)
            ret_req->method = method_name(order[i]);
    return ret_req->method != NULL ? 0 : -EINVAL;
}

static int
exit_code(const struct single *s)
{
    const struct run_result *result = s->reply.result;

    if (result == NULL) {
        if (s->num == 0)
            return s->reply.status < 400 ? CLI_OK : CLI_FAILED;
        if (s->num == ENOENT)
            return CLI_NOT_FOUND;
        return s->reply.status == 500 ? CLI_CANNOT_RUN : CLI_FAILED;
    }
    if (result->cause == RUN_TIMED_OUT || result->cause == RUN_ABANDONED)
        return CLI_TIMEOUT;
    return result->signaled ? CLI_SIGNAL + result->code : result->code;
}

static int
print_json(struct reply reply)
{
    size_t max;
    struct region mem;
    unsigned char *block;
    struct span text = { NULL, 0 };
    int r;

    reply.raw = NULL; /* that is JSON, too, here */
    max = reply_size(&reply);
    r = region_init(&mem, max + 1);
    if (r < 0)
        return r;
    block = region_alloc(&mem, max + 1);
    if (block != NULL)
        text = reply_render_json(&reply, block, max);
    if (text.n > 0) {
        block[text.n] = '\n';
        r = fd_write_all(STDOUT_FILENO, text.p, text.n + 1);
    }
    region_done(&mem);
    return r;
}

static int
print_kept(const struct keep *kept, enum keep_stream who, int fd)
{
    struct span piece;
    size_t at = 0;
    int r = 0;

    while (r == 0 && keep_next(kept, who, &at, &piece))
        r = fd_write_all(fd, piece.p, piece.n);
    return r;
}

/* What the command said, apart where it was taken apart. */
static int
print_output(const struct single *s)
{
    const struct keep *out = run_kept(&s->run, KEEP_OUT);
    const struct keep *err = run_kept(&s->run, KEEP_ERR);
    int r = print_kept(out, KEEP_OUT, STDOUT_FILENO);

    if (r == 0)
        r = print_kept(out, KEEP_ERR, STDERR_FILENO);
    return r == 0 ? print_kept(err, KEEP_BOTH, STDERR_FILENO) : r;
}

static int
print(const struct single *s, bool json)
{
    const struct reply *reply = &s->reply;
    int r = 0;

    if (json)
        return print_json(*reply);
    if (reply->result != NULL)
        r = print_output(s);
    else if (reply->status < 400)
        r = reply->data.p != NULL ? fd_write_all(STDOUT_FILENO, reply->data.p, reply->data.n) : 0;
    if (reply->status >= 400 && reply->why != NULL)
        (void)fprintf(stderr, "cmon: %s: %s\n", reply->message, reply->why);
    else if (reply->status >= 400 && reply->result == NULL)
        (void)fprintf(stderr, "cmon: %s%s%.*s\n", reply->message, reply->data.n > 0 ? ": " : "",
            (int)reply->data.n, reply->data.n > 0 ? (const char *)reply->data.p : "");
    else if (reply->status == 504)
        (void)fprintf(stderr, "cmon: %s\n", reply->message);
    return r;
}

/* Whoever asks for it means the responder, which is another process. */
static int
refuse_restart(void)
{
    (void)fputs(
        "cmon: nothing to restart here: POST it to the responder, or send that SIGUSR2\n", stderr);
    return CLI_FAILED;
}

int
cli_run(const struct conf *conf, char *const *words, const char *method, bool json, bool usage,
    struct region *r)
{
    const struct identity who = { IDENTITY_OPERATOR };
    const int input = STDIN_FILENO;
    struct err err = { .num = ENOMEM, .text = "out of memory" };
    struct single single;
    struct req req;
    int code;

    code = make_req(words, method, conf, r, &req);
    if (code == 0) {
        code = single_run(&single, conf, &who, &req, usage, &input, r, &err);
        if (code == 0 && single.handled.next == HANDLE_RESTART)
            code = refuse_restart();
        else if (code == 0)
            code = print(&single, json) == 0 ? exit_code(&single) : CLI_FAILED;
        if (usage && single.reply.result != NULL)
            cli_usage_print(stderr, single.reply.result);
        single_done(&single);
    }
    if (code < 0) {
        (void)fprintf(stderr, "cmon: %s\n", err.text);
        return CLI_FAILED;
    }
    return code;
}
