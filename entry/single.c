/* entry/single.c -- contracts are in single.h. */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>

#include "arena/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "conf/conf.h"
#include "entry/single.h"
#include "exec/engine.h"
#include "fcgi/budget.h"

/* Returns a descriptor that tells of signals that shall end us. */
static int
open_signals(struct err *err)
{
    sigset_t set;
    int fd;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGQUIT);
    (void)sigaddset(&set, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return fd < 0 ? err_sys(err, errno, "signalfd", NULL) : fd;
}

/* Makes the memory of one run.  Returns false when there is none. */
static bool
open_output(struct single *s, const struct conf *conf, struct run_spec *spec)
{
    enum route_output how = s->handled.output;
    struct arena_options opt = {
        .chunk_size = conf->arena_chunk, .chunk_count = budget_chunks(conf, 1), .retain = 0
    };
    size_t max, wish = s->handled.route->output_max;

    if (arena_open(&opt, &s->arena) < 0)
        return false;
    max = budget_output(how, conf->arena_chunk, arena_chunks(s->arena), 1);
    if (max > wish)
        max = wish;
    s->output = arena_alloc(s->arena, budget_output_block(how, max));
    if (s->output == NULL)
        return false;
    budget_place(how, s->output, max, spec);
    spec->arena = s->arena;
    return true;
}

static int
run_command(
    struct single *s, const struct conf *conf, bool delays, const int *input, struct err *err)
{
    const struct route *rt = s->handled.route;
    struct run_spec spec = { .path = s->handled.path,
        .argv = s->handled.argv,
        .envp = s->handled.envp,
        .workdir = rt->workdir,
        .limits = &rt->limits,
        .input = rt->reads_body ? input : NULL,
        .timeout = rt->timeout,
        .grace = rt->grace,
        .keep = rt->output_keep,
        .detach = rt->detach,
        .cgroup = rt->cgroup,
        .cgroup_limits = &rt->cgroup_limits,
        .delays = rt->delays || delays };
    FD_AUTO int sigfd = open_signals(err);
    int r;

    if (sigfd < 0)
        return sigfd;
    if (!open_output(s, conf, &spec)) {
        reply_later("arena exhausted", &s->reply);
        return 0;
    }
    r = engine_open(&s->engine, err);
    if (r < 0)
        return r;
    r = run_start(&s->run, s->engine, &spec, err);
    if (r < 0) {
        s->num = -r;
        handle_start_failure(-r, err->text, &s->reply);
        return 0;
    }
    run_drive(&s->run, sigfd);
    reply_of_run(&s->run, s->handled.output, rt->content_type, &s->reply);
    return 0;
}

int
single_run(struct single *s, const struct conf *conf, const struct identity *who,
    const struct req *req, bool delays, const int *input, struct region *r, struct err *err)
{
    *s = (struct single){ .num = 0 };
    handle_request(conf, who, req, r, &s->handled);
    switch (s->handled.next) {
    case HANDLE_REPLY:
        s->reply = s->handled.reply;
        s->num = s->handled.num;
        return 0;
    case HANDLE_RESTART:
        s->reply = (struct reply){ .status = 200,
            .message = "Command executed",
            .data = span_str("nothing to restart: every request is a process of its own") };
        return 0;
    case HANDLE_RUN:
        break;
    }
    return run_command(s, conf, delays, input, err);
}

void
single_done(struct single *s)
{
    arena_close(s->arena);
    engine_close(s->engine);
}
