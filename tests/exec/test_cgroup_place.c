/* tests/exec/test_cgroup_place.c -- exec/cgroup_place.h: which directory our cgroup is. */
#include "config.h"

#include <string.h>

#include "exec/cgroup_place.h"
#include "tests/suite.h"

#define V2(root, at) "30 24 0:26 " root " " at " rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
#define V1(root, at, names) "31 24 0:27 " root " " at " rw shared:7 - cgroup cgroup rw," names "\n"

static const struct {
    const char *mounts, *own;
    enum cgroup_hier hier;
    const char *dir; /* "": none */
} rows[] = {
    { V2("/", "/sys/fs/cgroup"), "0::/system.slice/cmon.service\n", CGROUP_V2,
        "/sys/fs/cgroup/system.slice/cmon.service" },
    { V2("/", "/sys/fs/cgroup"), "0::/\n", CGROUP_V2, "/sys/fs/cgroup" },
    { V2("/a", "/mnt"), "0::/a/b\n", CGROUP_V2, "/mnt/b" },
    { V2("/a", "/mnt"), "0::/a\n", CGROUP_V2, "/mnt" },
    { V2("/a", "/mnt"), "0::/ab\n", CGROUP_V2, "" },
    { V2("/", "/mnt"), "0::/../other\n", CGROUP_V2, "" },
    { V2("/", "/my\\040mount"), "0::/\n", CGROUP_V2, "" },
    { V2("/", "/sys/fs/cgroup"), "5:pids:/x\n", CGROUP_V2, "" },
    { "", "0::/a\n", CGROUP_V2, "" },
    { "garbage\n\n1 2 3\n", "garbage\n:::\n", CGROUP_V2, "" },
    { V1("/", "/m", "memory"), "0::/u\n4:memory:/x/y\n", CGROUP_V1_MEMORY, "/m/x/y" },
    { V1("/", "/m", "memory"), "4:memory:/x\n", CGROUP_V1_PIDS, "" },
    { V1("/", "/c", "cpu,cpuacct"), "2:cpu,cpuacct:/x\n", CGROUP_V1_CPU, "/c/x" },
    { V1("/", "/s", "cpuset"), "2:cpuset:/x\n", CGROUP_V1_CPU, "" },
    { V1("/docker/1", "/f", "freezer"), "9:freezer:/docker/1\n", CGROUP_V1_FREEZER, "/f" },
    { V1("/", "/b", "blkio"), "1:name=systemd:/q\n3:blkio:/a:b\n", CGROUP_V1_IO, "/b/a:b" },
    { V1("/", "/b", "xattr,name=systemd"), "1:name=systemd:/q\n", CGROUP_V1_IO, "" },
};

enum {
    ROWS = sizeof(rows) / sizeof(rows[0])
};

START_TEST(directory_is_mount_and_path_put_together)
{
    struct cgroup_place p;

    cgroup_place_read(rows[_i].mounts, rows[_i].own, &p);
    ck_assert_str_eq(p.dir[rows[_i].hier], rows[_i].dir);
}
END_TEST

START_TEST(what_has_no_place_has_a_reason)
{
    struct cgroup_place p;
    size_t i;

    cgroup_place_find(&p);
    for (i = 0; i < CGROUP_PART_MAX; i++) {
        ck_assert_ptr_nonnull(cgroup_place_name((enum cgroup_part)i));
        if (p.where[i] < 0) {
            ck_assert_ptr_null(cgroup_place_holder(&p, (enum cgroup_part)i));
            ck_assert_int_gt((int)strlen(p.why[i]), 0);
        } else {
            ck_assert_ptr_nonnull(cgroup_place_holder(&p, (enum cgroup_part)i));
            ck_assert_int_gt((int)strlen(p.dir[p.where[i]]), 0);
        }
    }
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("exec/cgroup_place");
    TCase *tc = tcase_create("cgroup_place");

    tcase_add_loop_test(tc, directory_is_mount_and_path_put_together, 0, ROWS);
    tcase_add_test(tc, what_has_no_place_has_a_reason);
    suite_add_tcase(s, tc);
    return s;
}
