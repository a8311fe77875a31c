/* tests/conf/given.c -- contracts are in given.h. */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf.h"
#include "tests/conf/given.h"
#include "tests/suite.h"

void
given_begin(struct given *g)
{
    const char *tmp = getenv("TMPDIR");
    char real[PATH_MAX];

    *g = (struct given){ .errors = 0 };
    ck_assert_ptr_nonnull(realpath(tmp ? tmp : "/tmp", real));
    ck_assert_int_lt(snprintf(g->dir, sizeof g->dir, "%s/cmon-given.XXXXXX", real), sizeof g->dir);
    ck_assert_ptr_nonnull(mkdtemp(g->dir));
    (void)snprintf(g->file, sizeof g->file, "%s/cmon.conf", g->dir);
}

void
given_end(struct given *g)
{
    DIR *d = opendir(g->dir);
    const struct dirent *e;

    ck_assert_ptr_nonnull(d);
    while ((e = readdir(d))) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (unlinkat(dirfd(d), e->d_name, 0) < 0)
            ck_assert_int_eq(unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR), 0);
    }
    ck_assert_int_eq(closedir(d), 0);
    ck_assert_int_eq(rmdir(g->dir), 0);
}

void
given_write(struct given *g, const char *name, const void *bytes, size_t n)
{
    char path[PATH_MAX];
    int fd;

    (void)snprintf(path, sizeof path, "%s/%s", g->dir, name);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, n), (ssize_t)n);
    ck_assert_int_eq(close(fd), 0);
}

static void
say(void *ctx, enum conf_level level, const char *file, int line, const char *msg)
{
    struct given *g = ctx;
    size_t used = strlen(g->said);

    ck_assert(line >= 0);
    ck_assert(line == 0 || file != NULL);
    *(level == CONF_ERROR ? &g->errors : &g->warnings) += 1;
    (void)snprintf(g->said + used, sizeof g->said - used, "%d: %s: %s\n", line,
        level == CONF_ERROR ? "error" : "warning", msg);
}

const struct conf *
given_load_file(struct given *g, const char *file, bool with_key)
{
    const struct conf *c = NULL;
    int r;

    g->said[0] = '\0';
    g->errors = g->warnings = 0;
    r = conf_load(file, with_key, say, g, &c);
    ck_assert_msg((r < 0) == (g->errors > 0), "%d: %s", r, g->said);
    ck_assert(r == 0 || r == -EINVAL || r == -ENOMEM);
    ck_assert_int_eq(c != NULL, r == 0);
    return c;
}

const struct conf *
given_load(struct given *g, const char *text)
{
    given_write(g, "cmon.conf", text, strlen(text));
    return given_load_file(g, g->file, false);
}

bool
given_said(const struct given *g, const char *line)
{
    size_t n = strlen(line);

    for (const char *p = g->said; *p; p += strcspn(p, "\n") + 1) {
        if (strncmp(p, line, n) == 0 && p[n] == '\n')
            return true;
    }
    return false;
}
