/* tests/conf/test_key.c -- conf/key.h, promise by promise. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "conf/key.h"
#include "tests/suite.h"

#define DIGITS "000102030405060708090a0b0c0d0e0fF0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF"

enum {
    NOBODY = 65534
};

static char dir[64];
static char file[96];
static unsigned char key[KEY_BYTES];
static struct err err;

static void
setup(void)
{
    const char *tmp = getenv("TMPDIR");

    (void)snprintf(dir, sizeof dir, "%s/cmon-key.XXXXXX", tmp ? tmp : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    (void)snprintf(file, sizeof file, "%s/client_secret.key", dir);
    memset(key, 0x5a, sizeof key);
}

static void
teardown(void)
{
    (void)remove(file); /* some tests have removed it, or made a directory */
    ck_assert_int_eq(rmdir(dir), 0);
}

static void
write_key(const char *text, size_t n, mode_t mode)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, n), (ssize_t)n);
    ck_assert_int_eq(fchmod(fd, mode), 0);
    ck_assert_int_eq(close(fd), 0);
}

/* Refused, for this reason, with the file's name, and nothing was written. */
static void
check_refused(int num, const char *why)
{
    ck_assert_int_eq(key_load(file, key, &err), -num);
    ck_assert_int_eq(err.num, num);
    ck_assert_msg(strstr(err.text, why) != NULL, "%s", err.text);
    ck_assert_msg(strstr(err.text, file) != NULL, "%s", err.text);
    ck_assert_msg(strstr(err.text, "0102030405") == NULL, "%s", err.text);
    for (size_t i = 0; i < sizeof key; i++)
        ck_assert_uint_eq(key[i], 0x5a);
}

START_TEST(sixty_four_digits_and_at_most_one_newline_are_a_key)
{
    static const char *const texts[] = { DIGITS, DIGITS "\n" };

    for (size_t i = 0; i < 2; i++) {
        write_key(texts[i], strlen(texts[i]), 0600);
        ck_assert_int_eq(key_load(file, key, &err), 0);
        for (unsigned j = 0; j < 16; j++) {
            ck_assert_uint_eq(key[j], j);
            ck_assert_uint_eq(key[16 + j], 0xf0 + j);
        }
    }
}
END_TEST

START_TEST(a_file_that_nobody_may_write_is_good)
{
    write_key(DIGITS, strlen(DIGITS), 0400);
    ck_assert_int_eq(key_load(file, key, &err), 0);
}
END_TEST

static const struct {
    const char *text;
    size_t n; /* 0: strlen */
    const char *why;
} wrong[] = {
    { "", 0, "fewer than 64" },
    { "\n", 0, "fewer than 64" },
    { "abc", 0, "fewer than 64" },
    { DIGITS "\0", sizeof DIGITS, "no newline" },
    { DIGITS " ", 0, "no newline" },
    { DIGITS "0", 0, "no newline" },
    { DIGITS "\n\n", 0, "more than 64" },
    { DIGITS "\r\n", 0, "more than 64" },
    { DIGITS DIGITS, 0, "more than 64" },
    { " " DIGITS, 0, "no newline" },
    { "g00102030405060708090a0b0c0d0e0ff0f1f2f3f4f5f6f7f8f9fafbfcfdfefz", 0, "not hexadecimal" },
    { "0x0102030405060708090a0b0c0d0e0ff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", 0, "not hexadecimal" },
    { "000102030405060708090a0b0c0d0e0ff0f1f2f3f4f5f6f7f8f9fafbfcfdfef\n", 0, "not hexadecimal" },
};

START_TEST(anything_else_is_refused)
{
    size_t n = wrong[_i].n ? wrong[_i].n : strlen(wrong[_i].text);

    write_key(wrong[_i].text, n, 0600);
    check_refused(EINVAL, wrong[_i].why);
}
END_TEST

START_TEST(a_mode_that_lets_others_in_is_refused)
{
    static const struct {
        mode_t mode;
        const char *why;
    } modes[] = {
        { 0640, "mode 0640 lets others read it; chmod 0600" },
        { 0604, "mode 0604 lets others read it; chmod 0600" },
        { 0644, "mode 0644 lets others read it; chmod 0600" },
        { 0666, "mode 0666 lets others read it; chmod 0600" },
        { 0620, "mode 0620 gives rights to others; chmod 0600" },
        { 0602, "mode 0602 gives rights to others; chmod 0600" },
        { 0610, "mode 0610 gives rights to others; chmod 0600" },
        { 0601, "mode 0601 gives rights to others; chmod 0600" },
    };

    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        write_key(DIGITS, strlen(DIGITS), modes[i].mode);
        check_refused(EPERM, modes[i].why);
    }
}
END_TEST

START_TEST(a_symbolic_link_is_refused)
{
    char real[128];

    write_key(DIGITS, strlen(DIGITS), 0600);
    (void)snprintf(real, sizeof real, "%s.real", file);
    ck_assert_int_eq(rename(file, real), 0);
    ck_assert_int_eq(symlink(real, file), 0);
    check_refused(ELOOP, "is a symbolic link");
    ck_assert_int_eq(unlink(real), 0);
}
END_TEST

START_TEST(a_directory_is_refused)
{
    ck_assert_int_eq(mkdir(file, 0700), 0);
    check_refused(EISDIR, "is a directory");
}
END_TEST

START_TEST(a_fifo_is_refused_without_waiting_for_a_writer)
{
    ck_assert_int_eq(mkfifo(file, 0600), 0);
    check_refused(EINVAL, "is not a regular file");
}
END_TEST

START_TEST(a_missing_file_is_told)
{
    check_refused(ENOENT, "No such file or directory");
}
END_TEST

START_TEST(a_file_of_somebody_else_is_refused)
{
    if (geteuid() != 0)
        SUITE_SKIP("giving a file away needs root");
    write_key(DIGITS, strlen(DIGITS), 0600);
    ck_assert_int_eq(chown(file, NOBODY, (gid_t)-1), 0);
    check_refused(EPERM, "belongs to user 65534");
}
END_TEST

START_TEST(no_descriptor_is_left_open)
{
    int before = open("/dev/null", O_RDONLY), after;

    ck_assert_int_eq(close(before), 0);
    write_key(DIGITS, strlen(DIGITS), 0600);
    ck_assert_int_eq(key_load(file, key, &err), 0);
    write_key("x", 1, 0600);
    ck_assert_int_lt(key_load(file, key, &err), 0);
    write_key("x", 1, 0644);
    ck_assert_int_lt(key_load(file, key, &err), 0);
    after = open("/dev/null", O_RDONLY);
    ck_assert_int_eq(after, before);
    ck_assert_int_eq(close(after), 0);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("key");
    TCase *tc = tcase_create("key");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, sixty_four_digits_and_at_most_one_newline_are_a_key);
    tcase_add_test(tc, a_file_that_nobody_may_write_is_good);
    tcase_add_loop_test(tc, anything_else_is_refused, 0, (int)(sizeof wrong / sizeof wrong[0]));
    tcase_add_test(tc, a_mode_that_lets_others_in_is_refused);
    tcase_add_test(tc, a_symbolic_link_is_refused);
    tcase_add_test(tc, a_directory_is_refused);
    tcase_add_test(tc, a_fifo_is_refused_without_waiting_for_a_writer);
    tcase_add_test(tc, a_missing_file_is_told);
    tcase_add_test(tc, a_file_of_somebody_else_is_refused);
    tcase_add_test(tc, no_descriptor_is_left_open);
    suite_add_tcase(s, tc);
    return s;
}
