/* exec/stray.c -- contracts are in stray.h. */
#include "config.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "exec/stray.h"
#include "exec/tree.h"

#define VARIABLE "CMON_RUN="

enum {
    PATH_SIZE = 64,
    CHUNK = 4096,    /* bytes of an environment */
    FOUND_MAX = 256, /* processes at a time; the next round finds more */
    ANCESTORS_MAX = 64,
    ROUNDS_MAX = 16,
};

struct found {
    struct tree_proc proc;
    struct stray_mark mark;
};

struct hunt {
    struct stray_mark self;
    pid_t ancestor[ANCESTORS_MAX]; /* we first */
    size_t nancestors;
    struct found found[FOUND_MAX];
    size_t n;
};

static unsigned long long
namespace_of_ours(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? (unsigned long long)st.st_ino : 0;
}

int
stray_self(struct stray_mark *ret_self)
{
    struct tree_proc p;
    int r = tree_look(getpid(), &p);

    if (r < 0)
        return r;
    *ret_self = (struct stray_mark){ .pid_ns = namespace_of_ours("/proc/self/ns/pid"),
        .time_ns = namespace_of_ours("/proc/self/ns/time"),
        .pid = p.pid,
        .born = p.born };
    return 0;
}

void
stray_write(const struct stray_mark *mark, char text[STRAY_TEXT_MAX])
{
    (void)snprintf(text, STRAY_TEXT_MAX, VARIABLE "%llu.%llu.%d.%llu.%llu%s", mark->pid_ns,
        mark->time_ns, mark->pid, mark->born, mark->run, mark->detached ? "d" : "");
}

char *const *
stray_env(char *mark, char *const *envp, char *room[STRAY_ENV_MAX])
{
    size_t n = 0;

    while (envp[n] != NULL)
        n++;
    if (n + 2 > STRAY_ENV_MAX)
        return envp;
    memcpy((void *)room, (const void *)envp, n * sizeof(*room));
    room[n] = mark;
    room[n + 1] = NULL;
    return room;
}

/* Returns whether this entry of an environment is a mark. */
static bool
parse(const char *entry, struct stray_mark *ret_mark)
{
    struct stray_mark m = { .run = 0 };
    const char *s = entry + strlen(VARIABLE);
    int four = 0;
    int five = 0;
    int n;

    if (strncmp(entry, VARIABLE, strlen(VARIABLE)) != 0)
        return false;
    n = sscanf(s, "%llu.%llu.%d.%llu%n.%llu%n", &m.pid_ns, &m.time_ns, &m.pid, &m.born, &four,
        &m.run, &five);
    s += n == 5 ? five : four;
    m.detached = n == 5 && *s == 'd';
    if (n < 4 || s[m.detached] != '\0')
        return false;
    *ret_mark = m;
    return true;
}

/* Looks for the mark in what an open environment holds; as stray_read(). */
static int
find_mark(int fd, struct stray_mark *ret_mark)
{
    char chunk[CHUNK];
    char entry[STRAY_TEXT_MAX]; /* as much of the one at hand as a mark can be */
    size_t len = 0;
    ssize_t n, i;
    int r = -EAGAIN;

    while ((n = read(fd, chunk, sizeof(chunk))) > 0) {
        r = -ENOENT;
        for (i = 0; i < n; i++) {
            if (len < sizeof(entry))
                entry[len++] = chunk[i];
            if (chunk[i] != '\0')
                continue;
            if (entry[len - 1] == '\0' && parse(entry, ret_mark))
                return 0;
            len = 0;
        }
    }
    return n < 0 ? -ENOENT : r;
}

int
stray_read(pid_t pid, struct stray_mark *ret_mark)
{
    char path[PATH_SIZE];
    struct stat st;
    FD_AUTO int fd = -1;

    (void)snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || st.st_uid != geteuid())
        return -ENOENT;
    return find_mark(fd, ret_mark);
}

bool
stray_same(const struct stray_mark *a, const struct stray_mark *b)
{
    return a->pid == b->pid && a->born == b->born && a->pid_ns == b->pid_ns &&
           a->time_ns == b->time_ns;
}

static bool
is_gone(const struct stray_mark *m)
{
    struct tree_proc p;
    int r = tree_look(m->pid, &p);

    if (r < 0)
        return r == -ESRCH;
    return p.born != m->born || tree_ended(&p);
}

static bool
is_ancestor(const struct hunt *h, pid_t pid)
{
    size_t i;

    for (i = 0; i < h->nancestors; i++)
        if (h->ancestor[i] == pid)
            return true;
    return false;
}

static void
find_ancestors(struct hunt *h)
{
    struct tree_proc p;
    pid_t pid = h->self.pid;

    while (pid > 0 && h->nancestors < ANCESTORS_MAX) {
        h->ancestor[h->nancestors++] = pid;
        pid = tree_look(pid, &p) == 0 ? p.parent : 0;
    }
}

static void
consider(struct hunt *h, pid_t pid)
{
    struct found *f = &h->found[h->n];

    /* Looked at first: should the number be another's by the time of the mark,
     * tree_signal() will not find this birth. */
    if (tree_look(pid, &f->proc) == 0 && !is_ancestor(h, pid) && stray_read(pid, &f->mark) == 0 &&
        !f->mark.detached && f->mark.pid_ns == h->self.pid_ns &&
        f->mark.time_ns == h->self.time_ns && is_gone(&f->mark))
        h->n++;
}

static void
look(struct hunt *h)
{
    DIR *proc = opendir("/proc");
    const struct dirent *d;

    h->n = 0;
    if (proc == NULL)
        return;
    while (h->n < FOUND_MAX && (d = readdir(proc)) != NULL)
        if (isdigit((unsigned char)d->d_name[0]))
            consider(h, (pid_t)strtol(d->d_name, NULL, 10));
    (void)closedir(proc);
}

static const struct found *
parent_of(const struct hunt *h, const struct found *f)
{
    size_t i;

    for (i = 0; i < h->n; i++)
        if (h->found[i].proc.pid == f->proc.parent && stray_same(&h->found[i].mark, &f->mark))
            return &h->found[i];
    return NULL;
}

static bool
is_left_alone(const struct hunt *h, const struct found *f)
{
    const struct found *up;
    size_t steps;

    for (steps = 0; steps < h->n && (up = parent_of(h, f)) != NULL; steps++)
        f = up;
    return f->proc.parent <= 1 || (f->proc.parent != h->self.pid && is_ancestor(h, f->proc.parent));
}

static unsigned
strike(const struct hunt *h)
{
    unsigned struck = 0;
    size_t i;

    for (i = 0; i < h->n; i++)
        if (is_left_alone(h, &h->found[i]) && tree_signal(&h->found[i].proc, SIGKILL) == 0)
            struck += !tree_ended(&h->found[i].proc);
    return struck;
}

unsigned
stray_end(void)
{
    struct hunt *h = calloc(1, sizeof(*h));
    unsigned all = 0;
    unsigned now = 0;
    int rounds = 0;

    if (h == NULL || stray_self(&h->self) < 0) {
        free(h);
        return 0;
    }
    find_ancestors(h);
    /* What one of them has started meanwhile is found by the next look. */
    do {
        look(h);
        now = strike(h);
        all += now;
    } while (now > 0 && ++rounds < ROUNDS_MAX);
    free(h);
    return all;
}
