/* conf/builtin.c -- contracts are in builtin.h. */
#include "config.h"

#include <string.h>

#include "conf/builtin.h"

#define ARGV(...) ((const char *const[]){ __VA_ARGS__, NULL })

static const struct param branch = {
    .name = "branch",
    .fallback = "main",
    .type = PARAM_GIT_BRANCH,
};

/* git must neither ask on a terminal nor leave a gc behind that the end of the
 * run would kill half-way. */
static const char *const git_env[] = {
    "GIT_TERMINAL_PROMPT=0",
    "GIT_CONFIG_COUNT=1",
    "GIT_CONFIG_KEY_0=gc.autoDetach",
    "GIT_CONFIG_VALUE_0=false",
    NULL,
};

static const struct builtin routes[] = {
    {
        .path = "/health",
        .methods = METHOD_GET,
        .argv = ARGV("uptime"),
    },
    {
        .path = "/logs",
        .methods = METHOD_GET,
        .argv = ARGV("journalctl", "-n", "50", "--no-pager"),
    },
    {
        .path = "/reboot",
        .methods = METHOD_POST,
        .argv = ARGV("reboot"),
    },
    {
        .path = "/restart",
        .methods = METHOD_POST,
        .action = ROUTE_RESTART,
    },
    {
        /* The whole ref name: what stands alone there is pulled by rules of
         * git's own, "refs/pull/1/head" and options included. */
        .path = "/sync_upstream",
        .methods = METHOD_PUT,
        .argv = ARGV("git", "pull", "--ff-only", "origin", "refs/heads/{branch}"),
        .env = git_env,
        .params = &branch,
        .nparams = 1,
    },
    {
        /* A deploy's purpose is to leave something running. */
        .path = "/deploy_branch",
        .methods = METHOD_GET | METHOD_POST,
        .argv = ARGV("./deploy.sh", "{branch}"),
        .params = &branch,
        .nparams = 1,
        .detach = true,
    },
    {
        .path = "/teardown_branch",
        .methods = METHOD_DELETE,
        .argv = ARGV("./teardown.sh", "{branch}"),
        .params = &branch,
        .nparams = 1,
    },
};

const struct builtin *
builtin_routes(size_t *ret_n)
{
    *ret_n = sizeof routes / sizeof routes[0];
    return routes;
}

const struct builtin *
builtin_find(const char *path)
{
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (strcmp(routes[i].path, path) == 0)
            return &routes[i];
    }
    return NULL;
}
