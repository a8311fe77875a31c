/* entry/cgi.c -- contracts are in cgi.h. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "arena/region.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "conf/conf.h"
#include "entry/cgi.h"
#include "entry/mode.h"
#include "entry/single.h"
#include "exec/input.h"
#include "fcgi/log.h"
#include "fcgi/req.h"
#include "fcgi/reqlog.h"

enum {
    REGION_BYTES = 1024 * 1024
};

static void
say(void *ctx, enum conf_level level, const char *file, int line, const char *msg)
{
    char where[CONF_WHERE_MAX];

    (void)ctx;
    /* Warnings are for whoever edits the file, not for every request. */
    if (level == CONF_ERROR)
        log_event(LOG_AT_ERROR, "error", "%s%s", conf_where(where, file, line), msg);
}

static int
answer(const struct reply *reply)
{
    size_t max = reply_size(reply);
    struct span body = reply_body(reply);
    struct region mem;
    unsigned char *block;
    struct span bytes;
    int r;

    r = region_init(&mem, max);
    if (r < 0)
        return r;
    block = region_alloc(&mem, max);
    bytes = block != NULL ? reply_render(reply, block, max) : (struct span){ NULL, 0 };
    r = bytes.n > 0 ? fd_write_all(STDOUT_FILENO, bytes.p, bytes.n) : -ENOMEM;
    if (r == 0 && body.n > 0)
        r = fd_write_all(STDOUT_FILENO, body.p, body.n);
    region_done(&mem);
    return r;
}

/* Where nothing can be told apart yet, nothing is said: the log knows. */
static int
fail(void)
{
    struct reply reply = { .status = 500, .message = "cmon cannot work here; see its log" };

    (void)answer(&reply); /* if not even that goes out, the web server says so */
    return EXIT_FAILURE;
}

/* What stays unread when we exit makes mod_cgid's socket reset, and the end of
 * the answer is lost with it.  The web server's deadline holds here too. */
static uint64_t
drop_body(int64_t length)
{
    unsigned char buf[4096];
    int64_t left = length;
    ssize_t n;

    while (left > 0) {
        n = read(STDIN_FILENO, buf, left < (int64_t)sizeof(buf) ? (size_t)left : sizeof(buf));
        if (n <= 0)
            break;
        left -= n;
    }
    return (uint64_t)(length - left);
}

/* Takes the body in, for a command that is to read it, or drops it. */
static int
take_body(const struct conf *conf, const struct identity *who, struct req *req, struct region *r,
    struct input *ret_input, struct err *err)
{
    bool keep;
    size_t max = handle_body(conf, who, req, r, &keep);
    int rc = 0;

    if (req->content_length <= 0 || req->content_length > (int64_t)max + REQ_BODY_PATIENCE)
        return 0;
    if (!keep) {
        req->body_len = drop_body(req->content_length);
        return 0;
    }
    rc = input_read(ret_input, STDIN_FILENO, (size_t)req->content_length, err);
    if (rc == 0)
        rc = input_seal(ret_input, err);
    req->body_len = ret_input->len;
    return rc;
}

static int
serve(const struct conf *conf, struct region *r)
{
    int64_t started = clock_now();
    struct single single = { .num = 0 };
    struct identity who;
    struct input input;
    struct req req;
    struct err err;
    int rc;

    if (req_from_env(environ, r, &req) < 0)
        return fail();
    input_init(&input);
    who = auth_identify(conf->key, &req);
    rc = take_body(conf, &who, &req, r, &input, &err);
    if (rc == 0)
        rc =
            single_run(&single, conf, &who, &req, false, input.fd >= 0 ? &input.fd : NULL, r, &err);
    if (rc < 0) {
        log_event(LOG_AT_ERROR, "error", "%s", err.text);
        (void)fail();
    } else {
        reqlog_write(&req, &single.handled, &single.reply, false, started, r);
        rc = answer(&single.reply);
    }
    single_done(&single);
    input_close(&input);
    return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int
cgi_main(void)
{
    struct region r;
    const struct conf *conf;
    int rc;

    mode_harden(false);
    if (region_init(&r, REGION_BYTES) < 0)
        return fail();
    if (conf_load(conf_find(&r), true, say, NULL, &conf) < 0)
        return fail();
    log_open(conf->log_stderr, conf->log_syslog);
    rc = serve(conf, &r);
    conf_unref(conf);
    region_done(&r);
    return rc;
}
