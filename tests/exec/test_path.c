/* tests/exec/test_path.c -- exec/path.h, promise by promise. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena/region.h"
#include "base/err.h"
#include "exec/path.h"
#include "tests/suite.h"

static struct region r;
static struct err err;
static char dir[] = "/tmp/test_path.XXXXXX";
static char path[256];
static const char *file;

static void
make(const char *name, mode_t mode)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fchmod(fd, mode), 0);
    ck_assert_int_eq(close(fd), 0);
}

/* Three directories: `tool` is in all of them, a program in the last two. */
static void
setup(void)
{
    ck_assert_int_eq(region_init(&r, 65536), 0);
    ck_assert_ptr_nonnull(mkdtemp(dir));
    ck_assert_int_eq(chdir(dir), 0);
    ck_assert(mkdir("one", 0755) == 0 && mkdir("two", 0755) == 0 && mkdir("three", 0755) == 0);
    make("one/tool", 0644);
    make("two/tool", 0755);
    make("three/tool", 0755);
    make("three/last", 0755);
    make("here", 0755);
    ck_assert_int_eq(mkdir("one/last", 0755), 0); /* searchable, and no program */
    ck_assert_int_eq(symlink("../three/last", "two/link"), 0);
    ck_assert_int_eq(symlink("nowhere", "one/link"), 0);
    (void)snprintf(path, sizeof(path), "%s/one:%s/two:%s/three", dir, dir, dir);
}

static void
teardown(void)
{
    ck_assert_int_eq(system("rm -r \"$PWD\""), 0);
    region_done(&r);
}

static void
expect(const char *name, const char *where)
{
    char want[256];

    (void)snprintf(want, sizeof(want), "%s/%s", dir, where);
    ck_assert_msg(path_resolve(&r, name, path, &file, &err) == 0, "%s", err.text);
    ck_assert_str_eq(file, want);
}

START_TEST(first_executable_regular_file_is_found)
{
    expect("tool", "two/tool");
    expect("last", "three/last");
    expect("link", "two/link");
}
END_TEST

START_TEST(name_with_a_slash_is_itself)
{
    static const char *const names[] = { "./tool", "/bin/x", "a/b", "/", "../x/" };

    ck_assert_int_eq(path_resolve(&r, names[_i], path, &file, &err), 0);
    ck_assert_ptr_eq(file, names[_i]);
}
END_TEST

START_TEST(directories_that_are_not_absolute_are_skipped)
{
    static const char *const paths[] = { "", ":", ".", "three", "::three:.:", "./three:../x" };

    file = NULL;
    ck_assert_int_eq(path_resolve(&r, "last", paths[_i], &file, &err), -ENOENT);
    ck_assert_int_eq(path_resolve(&r, "here", paths[_i], &file, &err), -ENOENT);
    ck_assert_ptr_null(file);
}
END_TEST

START_TEST(missing_command_is_told_with_the_path)
{
    ck_assert_int_eq(path_resolve(&r, "journalctl", "/none:/nor", &file, &err), -ENOENT);
    ck_assert_int_eq(err.num, ENOENT);
    ck_assert_str_eq(err.text, "journalctl: not found in PATH /none:/nor");
}
END_TEST

START_TEST(empty_name_is_refused)
{
    ck_assert_int_eq(path_resolve(&r, "", path, &file, &err), -EINVAL);
}
END_TEST

START_TEST(odd_paths_are_walked)
{
    char odd[512];

    (void)snprintf(odd, sizeof(odd), ":/none::%s/three/:", dir);
    ck_assert_int_eq(path_resolve(&r, "last", odd, &file, &err), 0);
    ck_assert_int_eq(access(file, X_OK), 0);
    ck_assert_int_eq(path_resolve(&r, "bin", "/", &file, &err), -ENOENT); /* a directory */
}
END_TEST

START_TEST(want_of_memory_is_told)
{
    struct region small;
    unsigned char mem[16];

    region_over(&small, mem, sizeof(mem));
    ck_assert_int_eq(path_resolve(&small, "last", path, &file, &err), -ENOMEM);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("exec/path");
    TCase *tc = tcase_create("path");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, first_executable_regular_file_is_found);
    tcase_add_loop_test(tc, name_with_a_slash_is_itself, 0, 5);
    tcase_add_loop_test(tc, directories_that_are_not_absolute_are_skipped, 0, 6);
    tcase_add_test(tc, missing_command_is_told_with_the_path);
    tcase_add_test(tc, empty_name_is_refused);
    tcase_add_test(tc, odd_paths_are_walked);
    tcase_add_test(tc, want_of_memory_is_told);
    suite_add_tcase(s, tc);
    return s;
}
