/* tests/fuzz/fuzz_conf.c -- any text is a sound configuration, or refused with a reason. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena/region.h"
#include "base/err.h"
#include "conf/conf.h"
#include "conf/params.h"
#include "tests/fuzz/fuzz.h"

enum {
    MEM = 1024 * 1024
};

static void
say(void *ctx, enum conf_level level, const char *file, int line, const char *msg)
{
    unsigned *errors = ctx;

    FUZZ_PROMISE(line >= 0 && (line == 0 || file));
    FUZZ_PROMISE(msg[0] != '\0');
    for (const char *p = msg; *p; p++)
        FUZZ_PROMISE((unsigned char)*p >= 0x20 && *p != 0x7f);
    *errors += level == CONF_ERROR;
}

/* What every request to the route relies on. */
static void
check_route(const struct route *rt)
{
    struct params params;
    struct region r;
    struct err err;
    char **argv;

    FUZZ_PROMISE(rt->path[0] == '/' && rt->methods != 0 && !(rt->methods & METHOD_OURS));
    FUZZ_PROMISE(rt->env && rt->workdir[0] == '/' && rt->timeout > 0 && rt->output_max > 0);
    FUZZ_PROMISE((rt->action == ROUTE_RUN) == (rt->argv != NULL));
    FUZZ_PROMISE(rt->nparams <= ROUTE_PARAMS_MAX);
    if (!rt->argv)
        return;
    FUZZ_PROMISE(rt->argv[0] && rt->argv[0][0] != '\0');
    FUZZ_PROMISE(region_init(&r, MEM) == 0);
    if (params_bind(rt, "", &r, &params, &err) == 0) {
        int rc = params_argv(rt, &params, &r, &argv, &err);

        /* Defaults may leave an argument empty, or begin one behind an empty
         * value; they never do what crashes. */
        FUZZ_PROMISE(rc == 0 || rc == -EINVAL);
        FUZZ_PROMISE(rc < 0 || strcmp(argv[0], rt->argv[0]) == 0);
    }
    region_done(&r);
}

static void
check_conf(const struct conf *c)
{
    FUZZ_PROMISE(c->workdir[0] == '/' && c->key_file[0] == '/' && c->mount && c->path[0] == '/');
    FUZZ_PROMISE(c->max_running >= 1 && c->output_max >= 1024 && c->arena_chunk >= 512);
    for (size_t i = 0; i < c->nroutes; i++) {
        FUZZ_PROMISE(i == 0 || strcmp(c->routes[i - 1].path, c->routes[i].path) < 0);
        FUZZ_PROMISE(conf_route(c, c->routes[i].path) == &c->routes[i]);
        check_route(&c->routes[i]);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("cmon.conf", MFD_CLOEXEC);
    const struct conf *c = NULL;
    unsigned errors = 0;
    char file[64];
    int r;

    FUZZ_PROMISE(fd >= 0 && fchmod(fd, 0600) == 0);
    FUZZ_PROMISE(write(fd, data, size) == (ssize_t)size);
    (void)snprintf(file, sizeof file, "/proc/self/fd/%d", fd);
    r = conf_load(file, false, say, &errors, &c);
    FUZZ_PROMISE(r == (errors > 0 ? -EINVAL : 0));
    FUZZ_PROMISE((r == 0) == (c != NULL));
    if (c)
        check_conf(c);
    conf_unref(c);
    (void)close(fd);
    return 0;
}
