/* conf/conf_check.c -- contracts are in conf_check.h. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "conf/conf.h"
#include "conf/conf_build.h"
#include "conf/conf_cgroup.h"
#include "conf/conf_check.h"
#include "conf/conf_holds.h"
#include "conf/conf_say.h"
#include "conf/conf_turns.h"
#include "exec/account.h"

/* The line of an option, or of the block, or 0. */
static int
line_of(const struct conf_block *block, const char *name)
{
    const struct conf_option *o = conf_tree_find(block, name);

    if (o)
        return o->line;
    return block ? block->line : 0;
}

static const char *
refuse_directory(const char *path)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return strerror(errno);
    return S_ISDIR(st.st_mode) ? NULL : strerror(ENOTDIR);
}

static void
check_workdirs(const struct conf_build *b)
{
    const struct conf *c = b->conf;
    const char *why = refuse_directory(c->workdir);

    if (why)
        conf_say_warning(b->say, line_of(b->root, "workdir"), "workdir: %s: %s", c->workdir, why);
    for (size_t i = 0; i < c->nroutes; i++) {
        const struct route *rt = &c->routes[i];

        if (rt->workdir == c->workdir)
            continue;
        why = refuse_directory(rt->workdir);
        if (why)
            conf_say_warning(
                b->say, rt->line, "route %s: workdir: %s: %s", rt->path, rt->workdir, why);
    }
}

/* A command with a slash is looked up at each run, in the workdir; the built-in
 * ./deploy.sh is nobody's mistake as long as nobody configured it. */
static void
check_command(const struct conf_build *b, const struct route *rt)
{
    const struct conf_block *blk = conf_tree_next(b->root, CONF_ROUTE, rt->path, NULL);
    FD_AUTO int dir = -1;

    if (!rt->argv || !conf_tree_find(blk, "argv") || !strchr(rt->argv[0], '/'))
        return;
    dir = open(rt->workdir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir >= 0 && faccessat(dir, rt->argv[0], X_OK, AT_EACCESS) < 0)
        conf_say_warning(b->say, line_of(blk, "argv"), "route %s: %s: %s", rt->path, rt->argv[0],
            strerror(errno));
}

/* The last line that says something about how long all routes may take. */
static int
line_of_patience(const struct conf_build *b)
{
    static const char *const names[] = { "queue_timeout", "timeout", "grace", "read_timeout" };
    int line = 0;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (line_of(b->root, names[i]) > line)
            line = line_of(b->root, names[i]);
    }
    return line;
}

/* A web server that gives up first tells its client 504 and leaves the command
 * running; detached ones are waited for like others. */
static void
check_patience(const struct conf_build *b)
{
    const struct conf *c = b->conf;
    bool told = false;

    for (size_t i = 0; i < c->nroutes; i++) {
        const struct route *rt = &c->routes[i];
        bool own = rt->timeout != c->timeout || rt->grace != c->grace;
        int64_t wait = conf_turns_wait(c, rt);

        if (rt->action != ROUTE_RUN || wait + rt->timeout + rt->grace < c->read_timeout)
            continue;
        if (own) {
            conf_say_warning(b->say, rt->line,
                "route %s: queue_timeout, timeout and grace reach read_timeout: the web server may "
                "give up first",
                rt->path);
        } else if (!told) {
            told = true;
            conf_say_warning(b->say, line_of_patience(b),
                "timeout: queue_timeout, timeout and grace reach read_timeout: the web server may "
                "give up first");
        }
    }
}

/* Whole chunks: a block is never less. */
static size_t
in_chunks(const struct conf *c, size_t bytes)
{
    return (bytes + c->arena_chunk - 1) / c->arena_chunk;
}

static void
check_arena(const struct conf_build *b)
{
    const struct conf *c = b->conf;
    const struct conf_block *arena = conf_tree_next(b->root, CONF_ARENA, NULL, NULL);
    size_t output_max = c->output_max;

    if (c->arena_chunks == 0)
        return;
    for (size_t i = 0; i < c->nroutes; i++) {
        if (c->routes[i].output_max > output_max)
            output_max = c->routes[i].output_max;
    }
    if (in_chunks(c, output_max) > c->arena_chunks / c->max_running)
        conf_say_warning(b->say, line_of(arena, "chunks"),
            "arena: chunks: too few for max_running runs with output_max bytes each");
}

static void
check_log(const struct conf_build *b)
{
    const struct conf_block *log = conf_tree_next(b->root, CONF_LOG, NULL, NULL);

    if (!b->conf->log_stderr && !b->conf->log_syslog)
        conf_say_warning(b->say, line_of(log, "stderr"), "log: goes nowhere");
    if (b->conf->core_dumps)
        conf_say_warning(
            b->say, line_of(b->root, "core_dumps"), "core_dumps: a core holds the key");
    if (b->conf->nroutes == 0)
        conf_say_warning(b->say, 0, "no route stands: every request is refused");
}

/* Whoever asks for delays in writing hears once why there are none. */
static void
check_delays(const struct conf_build *b)
{
    const struct conf_option *o = b->conf->delays ? conf_tree_find(b->root, "delays") : NULL;
    int line = o ? o->line : 0;
    struct err err;

    for (size_t i = 0; line == 0 && i < b->conf->nroutes; i++) {
        const struct route *rt = &b->conf->routes[i];

        o = conf_tree_find(conf_tree_next(b->root, CONF_ROUTE, rt->path, NULL), "delays");
        if (rt->delays && o)
            line = o->line;
    }
    if (line != 0 && account_check(&err) < 0)
        conf_say_warning(b->say, line, "delays: %s", err.text);
}

void
conf_check_warn(const struct conf_build *b)
{
    check_workdirs(b);
    for (size_t i = 0; i < b->conf->nroutes; i++)
        check_command(b, &b->conf->routes[i]);
    check_patience(b);
    conf_turns_warn(b);
    check_arena(b);
    check_log(b);
    check_delays(b);
    conf_holds_warn(b);
    conf_cgroup_warn(b);
}
