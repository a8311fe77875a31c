/* conf/guard.c -- contracts are in guard.h. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "conf/guard.h"

void
guard_init(struct guard *g)
{
    g->n = 0;
}

static int
add_dir(struct guard *g, const char *dir)
{
    struct stat st;

    if (stat(dir, &st) < 0)
        return -errno;
    if (g->n == GUARD_DIRS_MAX)
        return -ENAMETOOLONG;
    g->dir[g->n].dev = st.st_dev;
    g->dir[g->n].ino = st.st_ino;
    g->n++;
    return 0;
}

int
guard_add(struct guard *g, const char *file)
{
    char *path = realpath(file, NULL);
    char *slash;
    int r = 0;

    if (path == NULL)
        return -errno;
    while (r == 0 && (slash = strrchr(path, '/')) != path) {
        *slash = '\0';
        r = add_dir(g, path);
    }
    free(path);
    return r;
}

bool
guard_is_exposed(const struct guard *g, const char *dir)
{
    struct stat st;
    size_t i;

    if (*dir != '/' || stat(dir, &st) < 0)
        return false;
    for (i = 0; i < g->n; i++)
        if (g->dir[i].dev == st.st_dev && g->dir[i].ino == st.st_ino)
            return true;
    return false;
}

const char *
guard_exposed_at_start(const struct guard *g)
{
    const char *root = getenv("DOCUMENT_ROOT");

    return root != NULL && guard_is_exposed(g, root) ? root : NULL;
}
