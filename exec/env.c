/* exec/env.c -- contracts are in env.h. */
#include "config.h"

#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "arena/region.h"
#include "base/err.h"
#include "base/headroom.h"
#include "exec/env.h"

enum {
    OWN_VARS = 4,               /* PATH, HOME, USER, LANG */
    PASSWD_MAX = 16 * 1024,     /* bytes of one entry of the user database */
    DATABASE_NEEDS = 64 * 1024, /* bytes: libc crashes when it has no memory for it */
};

/* Spelled out: isalnum(3) depends on the locale. */
static bool
is_name_char(char c, bool first)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
           (!first && c >= '0' && c <= '9');
}

/* The length of the name in "NAME=value", 0 when there is no valid one. */
static size_t
name_len(const char *entry)
{
    size_t n = 0;

    while (is_name_char(entry[n], n == 0))
        n++;
    return entry[n] == '=' ? n : 0;
}

/* Adds an entry, or puts it in the place of the one with the same name. */
static size_t
put(char **env, size_t n, char *entry)
{
    size_t len = name_len(entry) + 1; /* with the '=' */
    size_t i;

    for (i = 0; i < n; i++)
        if (strncmp(env[i], entry, len) == 0)
            break;
    env[i] = entry;
    return i < n ? n : n + 1;
}

/* Builds the entries that every command gets. */
static int
own_entries(struct region *r, const char *path, char **env)
{
    char buf[PASSWD_MAX];
    struct passwd pw;
    struct passwd *found = NULL;
    size_t i;

    if (headroom_check(DATABASE_NEEDS) < 0)
        return -ENOMEM;
    /* No entry and no database are the same to us. */
    if (getpwuid_r(geteuid(), &pw, buf, sizeof(buf), &found) != 0)
        found = NULL;
    env[0] = region_printf(r, "PATH=%s", path);
    env[1] = region_printf(r, "HOME=%s", found != NULL ? found->pw_dir : "/");
    env[2] = found != NULL ? region_printf(r, "USER=%s", found->pw_name)
                           : region_printf(r, "USER=%u", (unsigned)geteuid());
    env[3] = region_strdup(r, "LANG=C.UTF-8");
    for (i = 0; i < OWN_VARS; i++)
        if (env[i] == NULL)
            return -ENOMEM;
    return 0;
}

int
env_build(struct region *r, const char *path, const char *const *extra, size_t n, char ***ret_envp,
    struct err *err)
{
    char **env;
    size_t have = OWN_VARS;
    size_t i;

    for (i = 0; i < n; i++)
        if (name_len(extra[i]) == 0)
            return err_msg(err, EINVAL, "environment: not NAME=value: %s", extra[i]);

    env = region_zalloc(r, OWN_VARS + n + 1, sizeof(*env));
    if (env == NULL || own_entries(r, path, env) < 0)
        return err_sys(err, ENOMEM, "environment", NULL);
    for (i = 0; i < n; i++) {
        char *entry = region_strdup(r, extra[i]);

        if (entry == NULL)
            return err_sys(err, ENOMEM, "environment", NULL);
        have = put(env, have, entry);
    }
    *ret_envp = env;
    return 0;
}
