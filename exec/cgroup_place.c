/* exec/cgroup_place.c -- contracts are in cgroup_place.h. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "exec/cgroup_place.h"

enum {
    TEXT_MAX = 256 * 1024, /* bytes of mountinfo; machines full of containers have many */
    LIST_MAX = 1024,       /* bytes of a list of controllers */
    WORD_MAX = 256,        /* bytes of one word of mountinfo that is of interest */
};

static const char *const v1_names[CGROUP_HIER_MAX] = {
    [CGROUP_V1_FREEZER] = "freezer",
    [CGROUP_V1_PIDS] = "pids",
    [CGROUP_V1_MEMORY] = "memory",
    [CGROUP_V1_CPU] = "cpu",
    [CGROUP_V1_IO] = "blkio",
};

static const char *const part_names[CGROUP_PART_MAX] = {
    [CGROUP_TREE] = "cgroup",
    [CGROUP_MEMORY] = "memory",
    [CGROUP_CPU] = "cpu",
    [CGROUP_PIDS] = "pids",
    [CGROUP_IO] = "io",
};

static const enum cgroup_hier v1_of[CGROUP_PART_MAX] = {
    [CGROUP_TREE] = CGROUP_V1_FREEZER,
    [CGROUP_MEMORY] = CGROUP_V1_MEMORY,
    [CGROUP_CPU] = CGROUP_V1_CPU,
    [CGROUP_PIDS] = CGROUP_V1_PIDS,
    [CGROUP_IO] = CGROUP_V1_IO,
};

const char *
cgroup_place_name(enum cgroup_part part)
{
    return part_names[part];
}

const char *
cgroup_place_holder(const struct cgroup_place *p, enum cgroup_part part)
{
    if (p->where[part] < 0)
        return NULL;
    return p->where[part] == CGROUP_V2 ? "cgroup v2" : "cgroup v1";
}

/* Whether `word` is one of the words of `list` between any of `seps`. */
static bool
has_word(const char *list, const char *word, const char *seps)
{
    size_t n = strlen(word);

    while (*list != '\0') {
        size_t len = strcspn(list, seps);

        if (len == n && memcmp(list, word, n) == 0)
            return true;
        list += len;
        list += strspn(list, seps);
    }
    return false;
}

/* Finds our own cgroup in a line such as "4:memory:/a/b"; false when there is none. */
static bool
own_path(const char *text, const char *controller, char path[CGROUP_PATH_MAX])
{
    char names[WORD_MAX];
    int id, end;

    for (; *text != '\0'; text += strcspn(text, "\n"), text += *text == '\n') {
        size_t len;

        names[0] = '\0';
        end = 0;
        if (sscanf(text, "%d:%255[^:\n]:%n", &id, names, &end) < 2 || end == 0) {
            names[0] = '\0'; /* version 2 has no name: "0::/a" */
            end = 0;
            if (sscanf(text, "%d::%n", &id, &end) < 1 || end == 0 || id != 0)
                continue;
        }
        if (controller == NULL ? names[0] != '\0' : !has_word(names, controller, ","))
            continue;
        len = strcspn(text + end, "\n");
        if (len >= CGROUP_PATH_MAX)
            return false;
        memcpy(path, text + end, len);
        path[len] = '\0';
        return true;
    }
    return false;
}

/* The directory of cgroup `own` of a hierarchy that is mounted from `root` on. */
static void
place(const char *mount, const char *root, const char *own, char dir[CGROUP_PATH_MAX])
{
    size_t n = strcmp(root, "/") == 0 ? 0 : strlen(root);

    /* Outside of what we see (a namespace's "/.."), or a name with blanks. */
    if (strncmp(own, root, n) != 0 || (own[n] != '/' && own[n] != '\0') ||
        strncmp(own + n, "/..", 3) == 0 || strchr(mount, '\\') != NULL)
        return;
    own += n;
    if (strcmp(own, "/") == 0)
        own = "";
    if (snprintf(dir, CGROUP_PATH_MAX, "%s%s", mount, own) >= CGROUP_PATH_MAX)
        dir[0] = '\0';
}

void
cgroup_place_read(const char *mountinfo, const char *cgroup, struct cgroup_place *ret)
{
    char root[WORD_MAX], mount[WORD_MAX], type[WORD_MAX], super[WORD_MAX], own[CGROUP_PATH_MAX];
    const char *line = mountinfo;

    memset(ret, 0, sizeof(*ret));
    for (; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n') {
        size_t len = strcspn(line, "\n");
        const char *dash = memmem(line, len, " - ", 3);
        size_t h;

        if (dash == NULL || sscanf(line, "%*d %*d %*s %255s %255s", root, mount) != 2 ||
            sscanf(dash, " - %255s %*s %255s", type, super) != 2)
            continue;
        if (strcmp(type, "cgroup2") == 0 && ret->dir[CGROUP_V2][0] == '\0' &&
            own_path(cgroup, NULL, own))
            place(mount, root, own, ret->dir[CGROUP_V2]);
        if (strcmp(type, "cgroup") != 0)
            continue;
        for (h = CGROUP_V1_FREEZER; h < CGROUP_HIER_MAX; h++)
            if (ret->dir[h][0] == '\0' && has_word(super, v1_names[h], ",") &&
                own_path(cgroup, v1_names[h], own))
                place(mount, root, own, ret->dir[h]);
    }
}

/* Reads a file of /proc or of a cgroup; "" when there is none. */
static void
slurp(int dir, const char *name, char *buf, size_t size)
{
    FD_AUTO int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
    size_t n = 0;
    ssize_t got;

    while (fd >= 0 && n < size - 1 && (got = read(fd, buf + n, size - 1 - n)) > 0)
        n += (size_t)got;
    buf[n] = '\0';
}

static bool
may_make(const char *dir)
{
    char procs[CGROUP_PATH_MAX + sizeof("/cgroup.procs")];

    /* Both, or we could make a cgroup and put nobody into it. */
    (void)snprintf(procs, sizeof(procs), "%s/cgroup.procs", dir);
    return faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) == 0 &&
           faccessat(AT_FDCWD, procs, W_OK, AT_EACCESS) == 0;
}

/* Whether systemd has handed a cgroup over, as its CGROUP_DELEGATION.md says. */
static bool
is_delegated(const char *dir)
{
    char value;

    return (getxattr(dir, "user.delegate", &value, 1) == 1 ||
               getxattr(dir, "trusted.delegate", &value, 1) == 1) &&
           value == '1';
}

/* Steps up from a leaf that we, or systemd's DelegateSubgroup=, made for us. */
static void
leave_leaf(char dir[CGROUP_PATH_MAX])
{
    char up[CGROUP_PATH_MAX];
    char *slash;

    memcpy(up, dir, CGROUP_PATH_MAX);
    slash = strrchr(up, '/');
    if (slash == NULL || slash == up || is_delegated(dir))
        return;
    *slash = '\0';
    if ((strcmp(slash + 1, CGROUP_MAIN) == 0 || is_delegated(up)) && may_make(up))
        memcpy(dir, up, CGROUP_PATH_MAX);
}

/* Whether controllers may be handed on from a cgroup of version 2 that is not the root. */
static bool
may_divide(const char *dir)
{
    struct stat st;

    if (is_delegated(dir) || access("/run/systemd/system", F_OK) < 0)
        return true;
    return geteuid() != 0 && stat(dir, &st) == 0 && st.st_uid == geteuid();
}

/* Finds out which parts version 2 holds. */
static void
judge_v2(struct cgroup_place *p)
{
    FD_AUTO int dir = open(p->dir[CGROUP_V2], O_PATH | O_DIRECTORY | O_CLOEXEC);
    char there[LIST_MAX], handed[LIST_MAX];
    bool root, ours;
    size_t i;

    if (dir < 0)
        return;
    p->where[CGROUP_TREE] = CGROUP_V2;
    slurp(dir, "cgroup.controllers", there, sizeof(there));
    slurp(dir, "cgroup.subtree_control", handed, sizeof(handed));
    root = faccessat(dir, "cgroup.type", F_OK, 0) < 0; /* only the root has none */
    ours = root || may_divide(p->dir[CGROUP_V2]);
    for (i = CGROUP_TREE + 1; i < CGROUP_PART_MAX; i++) {
        bool ready = has_word(handed, part_names[i], " \n");

        if (!has_word(there, part_names[i], " \n"))
            continue;
        if (ready || ours)
            p->where[i] = CGROUP_V2;
        else
            p->why[i] = "our cgroup is not delegated to us (systemd: Delegate=yes)";
        p->move |= !ready && !root;
    }
}

/* The first hierarchy that is mounted where `h` is: version 1 may mount several
 * controllers as one. */
static int
first_of(const struct cgroup_place *p, enum cgroup_hier h)
{
    int i = 0;

    while (strcmp(p->dir[i], p->dir[h]) != 0)
        i++;
    return i;
}

void
cgroup_place_find(struct cgroup_place *ret)
{
    char *mounts = malloc(TEXT_MAX);
    char own[LIST_MAX * 4];
    size_t i;

    memset(ret, 0, sizeof(*ret));
    if (mounts != NULL) {
        slurp(AT_FDCWD, "/proc/self/mountinfo", mounts, TEXT_MAX);
        slurp(AT_FDCWD, "/proc/self/cgroup", own, sizeof(own));
        cgroup_place_read(mounts, own, ret);
        free(mounts);
    }
    for (i = 0; i < CGROUP_PART_MAX; i++) {
        ret->where[i] = -1;
        ret->why[i] = "no cgroup hierarchy that we may write to has it";
    }
    if (ret->dir[CGROUP_V2][0] != '\0')
        leave_leaf(ret->dir[CGROUP_V2]);
    for (i = 0; i < CGROUP_HIER_MAX; i++)
        if (ret->dir[i][0] != '\0' && !may_make(ret->dir[i]))
            ret->dir[i][0] = '\0';
    if (ret->dir[CGROUP_V2][0] != '\0')
        judge_v2(ret);
    for (i = 0; i < CGROUP_PART_MAX; i++)
        if (ret->where[i] < 0 && ret->dir[v1_of[i]][0] != '\0')
            ret->where[i] = first_of(ret, v1_of[i]);
    /* Without the freezer, what is there: it knows its processes too. */
    for (i = CGROUP_V1_PIDS; i < CGROUP_HIER_MAX && ret->where[CGROUP_TREE] < 0; i++)
        if (ret->dir[i][0] != '\0')
            ret->where[CGROUP_TREE] = first_of(ret, (enum cgroup_hier)i);
}
