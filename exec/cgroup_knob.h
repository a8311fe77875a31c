/* exec/cgroup_knob.h -- the small files of cgroupfs. */
#ifndef EXEC_CGROUP_KNOB_H
#define EXEC_CGROUP_KNOB_H

#include <stddef.h>
#include <sys/types.h>

struct err;

enum {
    CGROUP_KNOB_PATH = 320, /* bytes of "name/knob", including NUL */
};

/* Writes a formatted text to dir/name/knob with one write(2).  Returns 0 or
 * -errno with err->text "cgroup memory.max: ...". */
int cgroup_knob_write(int dir, const char *name, const char *knob, struct err *err, const char *fmt,
    ...) __attribute__((nonnull(2, 3, 4, 5), format(printf, 5, 6)));

/* Reads dir/name/knob as a string, cut when longer.  Returns its length or -errno. */
ssize_t cgroup_knob_read(int dir, const char *name, const char *knob, char *buf, size_t size)
    __attribute__((nonnull));

/* Returns the number behind `key` in a text of "key number" lines, or 0. */
unsigned long long cgroup_knob_field(const char *text, const char *key)
    __attribute__((warn_unused_result, nonnull));

/* Opens dir/name/knob, above the descriptors 0 to 2.  Returns it (CLOEXEC) or -errno. */
int cgroup_knob_open(int dir, const char *name, const char *knob, int flags)
    __attribute__((warn_unused_result, nonnull));

#endif
