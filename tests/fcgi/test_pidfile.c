/* tests/fcgi/test_pidfile.c -- fcgi/pidfile.h, promise by promise. */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "fcgi/pidfile.h"
#include "tests/suite.h"

static char dir[] = "/tmp/test_pidfile.XXXXXX";
static char path[64], other[64];
static struct err err;

static void
setup(void)
{
    ck_assert_ptr_nonnull(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/pid", dir);
    (void)snprintf(other, sizeof other, "%s/other", dir);
    (void)umask(022);
}

static void
teardown(void)
{
    (void)unlink(path);
    (void)unlink(other);
    (void)rmdir(path);
    ck_assert_int_eq(rmdir(dir), 0); /* nothing else was left in it */
}

static void
put(const char *file, const char *text)
{
    FILE *f = fopen(file, "w");

    ck_assert_ptr_nonnull(f);
    ck_assert_int_ge(fputs(text, f), 0);
    ck_assert_int_eq(fclose(f), 0);
}

static const char *
get(const char *file)
{
    static char text[64];
    FILE *f = fopen(file, "r");

    if (f == NULL)
        return NULL;
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    (void)fclose(f);
    return text;
}

static const char *
our_pid(const char *behind)
{
    static char text[64];

    (void)snprintf(text, sizeof text, "%ld%s", (long)getpid(), behind);
    return text;
}

START_TEST(our_pid_is_written_for_everybody_to_read)
{
    struct stat st;

    ck_assert_int_eq(pidfile_write(path, &err), 0);
    ck_assert_str_eq(get(path), our_pid("\n"));
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(st.st_mode, S_IFREG | 0644);
}
END_TEST

START_TEST(what_is_there_is_replaced_in_one_step)
{
    struct stat before, after;
    char old[16] = "";
    int fd;

    put(path, "old\n");
    fd = open(path, O_RDONLY);
    ck_assert_int_eq(fstat(fd, &before), 0);
    ck_assert_int_eq(pidfile_write(path, &err), 0);
    ck_assert_int_eq(stat(path, &after), 0);
    ck_assert(before.st_ino != after.st_ino);
    ck_assert_int_eq((int)read(fd, old, sizeof old - 1), 4); /* who reads it sees all of it */
    ck_assert_str_eq(old, "old\n");
    ck_assert_str_eq(get(path), our_pid("\n"));
    (void)close(fd);
}
END_TEST

START_TEST(a_link_is_replaced_and_not_followed)
{
    struct stat st;

    put(other, "precious");
    ck_assert_int_eq(symlink(other, path), 0);
    ck_assert_int_eq(pidfile_write(path, &err), 0);
    ck_assert_str_eq(get(other), "precious");
    ck_assert_int_eq(lstat(path, &st), 0);
    ck_assert(S_ISREG(st.st_mode));
}
END_TEST

START_TEST(a_link_in_the_place_of_the_new_file_is_refused)
{
    char tmp[96];

    put(other, "precious");
    (void)snprintf(tmp, sizeof tmp, "%s.%ld", path, (long)getpid());
    ck_assert_int_eq(symlink(other, tmp), 0);
    ck_assert_int_eq(pidfile_write(path, &err), -ELOOP);
    ck_assert_str_eq(get(other), "precious");
    ck_assert_ptr_null(get(path));
    (void)unlink(tmp);
}
END_TEST

START_TEST(a_failure_is_told_and_leaves_nothing)
{
    char missing[64], far[5000];

    (void)snprintf(missing, sizeof missing, "%s/none/pid", dir);
    ck_assert_int_eq(pidfile_write(missing, &err), -ENOENT);
    ck_assert_ptr_nonnull(strstr(err.text, missing));

    ck_assert_int_eq(mkdir(path, 0700), 0);
    ck_assert_int_eq(pidfile_write(path, &err), -EISDIR);
    ck_assert_ptr_nonnull(strstr(err.text, path));

    memset(far, 'x', sizeof far);
    far[0] = '/';
    far[sizeof far - 1] = '\0';
    ck_assert_int_eq(pidfile_write(far, &err), -ENAMETOOLONG);
}
END_TEST

START_TEST(our_own_file_is_removed)
{
    ck_assert_int_eq(pidfile_write(path, &err), 0);
    pidfile_remove(path);
    ck_assert_ptr_null(get(path));
    pidfile_remove(path);
}
END_TEST

START_TEST(another_file_stays)
{
    static const char *const text[] = { "", "\n", "1\n", "x", "-1\n", "99999999999999999999\n",
        "0" };

    put(path, text[_i]);
    pidfile_remove(path);
    ck_assert_str_eq(get(path), text[_i]);
    put(path, our_pid("0\n"));
    pidfile_remove(path);
    ck_assert_ptr_nonnull(get(path));
}
END_TEST

START_TEST(the_file_of_a_successor_stays)
{
    int status;
    pid_t pid;

    ck_assert_int_eq(pidfile_write(path, &err), 0);
    pid = fork();
    if (pid == 0)
        _exit(pidfile_write(path, &err) != 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    pidfile_remove(path);
    ck_assert_int_eq(strtol(get(path), NULL, 10), pid);
}
END_TEST

START_TEST(a_link_to_our_pid_stays)
{
    put(other, our_pid("\n"));
    ck_assert_int_eq(symlink(other, path), 0);
    pidfile_remove(path);
    ck_assert_str_eq(get(path), our_pid("\n"));
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("pidfile");
    TCase *tc = tcase_create("pidfile");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, our_pid_is_written_for_everybody_to_read);
    tcase_add_test(tc, what_is_there_is_replaced_in_one_step);
    tcase_add_test(tc, a_link_is_replaced_and_not_followed);
    tcase_add_test(tc, a_link_in_the_place_of_the_new_file_is_refused);
    tcase_add_test(tc, a_failure_is_told_and_leaves_nothing);
    tcase_add_test(tc, our_own_file_is_removed);
    tcase_add_loop_test(tc, another_file_stays, 0, 7);
    tcase_add_test(tc, the_file_of_a_successor_stays);
    tcase_add_test(tc, a_link_to_our_pid_stays);
    suite_add_tcase(s, tc);
    return s;
}
