/* exec/cgroup_place.h -- where on this machine we may make cgroups, and what they can hold.
 *
 * Version 2 is used where it has the controller, version 1 where only that is.
 * Version 2 below our own cgroup needs no more than the right to make a
 * directory; its controllers need a cgroup that is ours to divide: the root, one
 * that is delegated (systemd's Delegate=, told by an extended attribute; or
 * owned by us and not by root), or any where no systemd is in charge.
 *
 * Only looks; makes nothing.
 */
#ifndef EXEC_CGROUP_PLACE_H
#define EXEC_CGROUP_PLACE_H

#include <stdbool.h>

enum {
    CGROUP_PATH_MAX = 512 /* bytes, including NUL; what is longer is not used */
};

/* The leaf that we move into when the cgroup that we are in is to be divided:
 * one that has processes cannot be. */
#define CGROUP_MAIN "cmon-main"

/* Hierarchies. */
enum cgroup_hier {
    CGROUP_V2,
    CGROUP_V1_FREEZER,
    CGROUP_V1_PIDS,
    CGROUP_V1_MEMORY,
    CGROUP_V1_CPU,
    CGROUP_V1_IO,
    CGROUP_HIER_MAX,
};

/* What a cgroup is for. */
enum cgroup_part {
    CGROUP_TREE, /* to know and to end all of a run */
    CGROUP_MEMORY,
    CGROUP_CPU,
    CGROUP_PIDS,
    CGROUP_IO,
    CGROUP_PART_MAX,
};

struct cgroup_place {
    char dir[CGROUP_HIER_MAX][CGROUP_PATH_MAX]; /* below which cgroups are made; "": nowhere */
    int where[CGROUP_PART_MAX];                 /* enum cgroup_hier, or -1: cannot be held */
    const char *why[CGROUP_PART_MAX];           /* when -1: the reason, static */
    bool move; /* controllers of version 2 want us in CGROUP_MAIN first */
};

/* Looks for the calling process. */
void cgroup_place_find(struct cgroup_place *ret) __attribute__((nonnull));

/* The part of it that reads texts: sets dir[] to the cgroups that a process is
 * in, by /proc/self/mountinfo and /proc/self/cgroup. */
void cgroup_place_read(const char *mountinfo, const char *cgroup, struct cgroup_place *ret)
    __attribute__((nonnull));

/* "memory", "cpu", ... as the configuration and the kernel have it. */
const char *cgroup_place_name(enum cgroup_part part) __attribute__((warn_unused_result));

/* What holds a part: "cgroup v2", "cgroup v1", or NULL when nothing does. */
const char *cgroup_place_holder(const struct cgroup_place *p, enum cgroup_part part)
    __attribute__((warn_unused_result, nonnull));

#endif
