/* conf/conf_cgroup.c -- contracts are in conf_cgroup.h. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "arena/region.h"
#include "base/err.h"
#include "conf/conf.h"
#include "conf/conf_build.h"
#include "conf/conf_cgroup.h"
#include "conf/conf_say.h"
#include "conf/conf_unit.h"
#include "conf/hold.h"

#define MEMORY_MIN (INT64_C(1) << 20) /* bytes; less does not even start a program */
#define MEMORY_MAX (INT64_C(1) << 46) /* bytes */
#define CPUS_MIN INT64_C(10)          /* thousandths; the kernel's least quota */
#define CPUS_MAX INT64_C(4096000)     /* thousandths */
#define PIDS_MAX INT64_C(4194304)     /* the kernel's PID_MAX_LIMIT */
#define RATE_MIN INT64_C(1024)        /* bytes a second */
#define RATE_MAX (INT64_C(1) << 46)   /* bytes a second */

enum {
    DEVICE_MAX = 256, /* bytes of the name of a device, including NUL */
};

/* The block that says something about an option: the route's, else the file's. */
static const struct conf_block *
who_says(const struct conf_build *b, const struct conf_block *block, const char *name)
{
    return conf_tree_find(block, name) ? block : b->root;
}

/* Reads a limit; "none" lifts that of the file. */
static void
build_limit(const struct conf_build *b, const struct conf_block *block, const char *name,
    int (*read)(const char *text, int64_t min, int64_t max, int64_t *ret, struct err *err),
    int64_t min, int64_t max, int64_t *value)
{
    const struct conf_block *from = who_says(b, block, name);
    int line = 0;
    const char *text = conf_build_text(from, name, &line);
    struct err err;

    if (!text || strcmp(text, "none") == 0)
        return;
    if (read(text, min, max, value, &err) < 0)
        conf_build_error(b, from, line, "%s: %s", name, err.text);
}

static void
build_use(const struct conf_build *b, const struct conf_block *block, struct route *rt)
{
    static const char *const words[] = {
        [CGROUP_AUTO] = "auto",
        [CGROUP_ALWAYS] = "always",
        [CGROUP_NEVER] = "never",
    };
    const struct conf_block *from = who_says(b, block, "cgroup");
    int line = 0;
    const char *text = conf_build_text(from, "cgroup", &line);

    for (size_t i = 0; text && i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i], text) == 0) {
            rt->cgroup = (enum cgroup_use)i;
            return;
        }
    }
    if (text)
        conf_build_error(b, from, line, "cgroup: must be auto, always or never");
}

/* The disk that a partition is on: limits are the disk's. */
static void
leave_partition(unsigned *major, unsigned *minor)
{
    char path[DEVICE_MAX], text[DEVICE_MAX] = "";
    unsigned up_major, up_minor;
    FILE *f;

    (void)snprintf(path, sizeof path, "/sys/dev/block/%u:%u/partition", *major, *minor);
    if (access(path, F_OK) < 0)
        return;
    (void)snprintf(path, sizeof path, "/sys/dev/block/%u:%u/../dev", *major, *minor);
    f = fopen(path, "re");
    if (!f)
        return;
    if (fgets(text, sizeof text, f) && sscanf(text, "%u:%u", &up_major, &up_minor) == 2) {
        *major = up_major;
        *minor = up_minor;
    }
    (void)fclose(f);
}

/* Finds the block device that a name means: its numbers, its node, or any file
 * that is on it. */
static int
find_device(const char *name, struct cgroup_io *ret, struct err *err)
{
    unsigned major = 0, minor = 0;
    struct stat st;
    int end = 0;

    if (sscanf(name, "%u:%u%n", &major, &minor, &end) != 2 || name[end] != '\0') {
        if (name[0] != '/')
            return err_msg(err, EINVAL, "must be a device and a rate, such as \"/dev/sda 10M\"");
        if (stat(name, &st) < 0)
            return err_msg(err, EINVAL, "%s: %s", name, strerror(errno));
        major = major(S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev);
        minor = minor(S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev);
    }
    if (major == 0)
        return err_msg(err, EINVAL, "%s: is on no block device", name);
    leave_partition(&major, &minor);
    ret->major = major;
    ret->minor = minor;
    return 0;
}

/* Reads "/dev/sda 10M". */
static int
read_rate(const char *text, struct cgroup_io *ret_device, int64_t *ret_rate, struct err *err)
{
    size_t n = strcspn(text, " \t");
    const char *rate = text + n + strspn(text + n, " \t");
    char name[DEVICE_MAX];
    int r;

    if (n == 0 || n >= sizeof name || *rate == '\0')
        return err_msg(err, EINVAL, "must be a device and a rate, such as \"/dev/sda 10M\"");
    memcpy(name, text, n);
    name[n] = '\0';
    r = find_device(name, ret_device, err);
    return r < 0 ? r : conf_unit_size(rate, RATE_MIN, RATE_MAX, ret_rate, err);
}

/* Adds one list of rates to the devices that are there. */
static void
build_rates(const struct conf_build *b, const struct conf_block *block, const char *name,
    bool write, struct cgroup_io *io, size_t *n)
{
    const struct conf_block *from = who_says(b, block, name);
    const struct conf_option *o = conf_tree_find(from, name);

    for (const struct conf_value *v = o ? o->values : NULL; v; v = v->next) {
        struct cgroup_io one = { .major = 0 };
        int64_t rate = 0, *at;
        struct err err;
        size_t i = 0;

        if (read_rate(v->text, &one, &rate, &err) < 0) {
            conf_build_error(b, from, v->line, "%s: %s", name, err.text);
            continue;
        }
        while (i < *n && (io[i].major != one.major || io[i].minor != one.minor))
            i++;
        if (i == *n)
            io[(*n)++] = one;
        at = write ? &io[i].write : &io[i].read;
        if (*at != 0)
            conf_build_error(
                b, from, v->line, "%s: %s: the same device as another entry", name, v->text);
        *at = rate;
    }
}

static int
build_io(const struct conf_build *b, const struct conf_block *block, struct route *rt)
{
    const struct conf_option *r = conf_tree_find(who_says(b, block, "io_read"), "io_read");
    const struct conf_option *w = conf_tree_find(who_says(b, block, "io_write"), "io_write");
    size_t most = (r ? r->nvalues : 0) + (w ? w->nvalues : 0);
    struct cgroup_io *io;

    if (most == 0)
        return 0;
    io = region_zalloc(b->mem, most, sizeof *io);
    if (!io)
        return -ENOMEM;
    build_rates(b, block, "io_read", false, io, &rt->cgroup_limits.nio);
    build_rates(b, block, "io_write", true, io, &rt->cgroup_limits.nio);
    rt->cgroup_limits.io = io;
    return 0;
}

int
conf_cgroup_build(const struct conf_build *b, const struct conf_block *block, struct route *rt)
{
    struct cgroup_limits *l = &rt->cgroup_limits;

    build_use(b, block, rt);
    build_limit(b, block, "memory", conf_unit_size, MEMORY_MIN, MEMORY_MAX, &l->memory);
    build_limit(b, block, "cpus", conf_unit_cpus, CPUS_MIN, CPUS_MAX, &l->cpu);
    build_limit(b, block, "pids", conf_unit_count, 1, PIDS_MAX, &l->pids);
    return build_io(b, block, rt);
}

/* Notes what does not hold of what a block itself says. */
static void
warn_of(const struct conf_build *b, const struct conf_block *block, const struct route *rt,
    const struct cgroup_place *place)
{
    bool whole = block == b->root;

    for (size_t i = 0; i < HOLD_LIMITS; i++) {
        enum hold_limit limit = (enum hold_limit)i;
        const struct conf_option *o = conf_tree_find(block, hold_name(limit));
        char doubt[HOLD_DOUBT_MAX];

        if (!o || !hold_doubt(rt, limit, place, doubt))
            continue;
        conf_say_warning(b->say, o->line, "%s%s%s%s: %s", whole ? "" : "route ",
            whole ? "" : rt->path, whole ? "" : ": ", hold_name(limit), doubt);
    }
}

void
conf_cgroup_warn(const struct conf_build *b)
{
    const struct conf *c = b->conf;
    struct cgroup_place place;
    bool found = false, whole = false;

    for (size_t i = 0; i < c->nroutes; i++) {
        const struct route *rt = &c->routes[i];
        const struct conf_block *blk = conf_tree_next(b->root, CONF_ROUTE, rt->path, NULL);

        if (!cgroup_parts(&rt->cgroup_limits) && rt->cgroup != CGROUP_ALWAYS)
            continue;
        if (!found)
            cgroup_place_find(&place);
        found = true;
        warn_of(b, blk, rt, &place);
        /* What the file says is told once, by the first route that has it. */
        if (!whole && rt->cgroup != CGROUP_NEVER)
            warn_of(b, b->root, rt, &place);
        whole = whole || rt->cgroup != CGROUP_NEVER;
        if (rt->cgroup == CGROUP_ALWAYS && place.where[CGROUP_TREE] < 0)
            conf_say_warning(b->say, rt->line, "route %s: cgroup: always, and %s: it will not run",
                rt->path, place.why[CGROUP_TREE]);
    }
}
