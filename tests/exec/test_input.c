/* tests/exec/test_input.c -- exec/input.h, promise by promise. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "exec/input.h"
#include "tests/exec/harness.h"
#include "tests/suite.h"

static struct input in;

static void
setup(void)
{
    harness_open();
    input_init(&in);
}

static void
teardown(void)
{
    input_close(&in);
    ck_assert_int_eq(in.fd, -1);
    input_close(&in); /* harmless */
    harness_close();
}

START_TEST(a_command_reads_what_was_added_and_then_the_end)
{
    ck_assert_int_eq(input_add(&in, "one ", 4, &h.err), 0);
    ck_assert_int_eq(input_add(&in, "", 0, &h.err), 0);
    ck_assert_int_eq(input_add(&in, "two", 3, &h.err), 0);
    ck_assert_int_eq(input_seal(&in, &h.err), 0);
    ck_assert_uint_eq(in.len, 7);
    ck_assert_int_eq(fcntl(in.fd, F_GETFD), FD_CLOEXEC);
    harness_command("/bin/cat", NULL);
    h.spec.input = &in.fd;
    ck_assert_int_eq(harness_run()->code, 0);
    ck_assert_str_eq(harness_said(), "one two");
}
END_TEST

START_TEST(nothing_was_added_is_no_file_and_no_failure)
{
    ck_assert_int_eq(input_seal(&in, &h.err), 0);
    ck_assert_int_eq(in.fd, -1);
    ck_assert_uint_eq(in.len, 0);
}
END_TEST

START_TEST(without_input_a_command_reads_from_dev_null)
{
    harness_probe("stdin", NULL);
    ck_assert_int_eq(harness_run()->code, 0);
    ck_assert_str_eq(harness_said(), "device 1:3, 0 bytes\n");
}
END_TEST

START_TEST(a_megabyte_needs_nobody_who_feeds_it)
{
    unsigned char *all = malloc(1024 * 1024);
    size_t i;

    ck_assert_ptr_nonnull(all);
    for (i = 0; i < 1024 * 1024; i++)
        all[i] = (unsigned char)(i * 7 % 251);
    ck_assert_int_eq(input_add(&in, all, 1024 * 1024, &h.err), 0);
    ck_assert_int_eq(input_seal(&in, &h.err), 0);
    harness_command("/bin/cat", NULL);
    h.spec.input = &in.fd;
    ck_assert_uint_eq(harness_run()->out_len, 1024 * 1024);
    ck_assert_mem_eq(h.out, all, 1024 * 1024);
    free(all);
}
END_TEST

START_TEST(nobody_changes_what_is_sealed)
{
    ck_assert_int_eq(input_add(&in, "abc", 3, &h.err), 0);
    ck_assert_int_eq(input_seal(&in, &h.err), 0);
    ck_assert_int_eq(pwrite(in.fd, "x", 1, 0), -1);
    ck_assert_int_eq(errno, EPERM);
    ck_assert_int_eq(ftruncate(in.fd, 1), -1);
    ck_assert_int_eq(ftruncate(in.fd, 9), -1);
    ck_assert_ptr_eq(mmap(NULL, 3, PROT_WRITE, MAP_SHARED, in.fd, 0), MAP_FAILED);
    ck_assert_int_eq(fcntl(in.fd, F_ADD_SEALS, 0), -1);
}
END_TEST

START_TEST(reading_stops_at_the_number_or_at_the_end)
{
    char two[2];
    int p[2];

    ck_assert_int_eq(pipe2(p, O_CLOEXEC), 0);
    ck_assert_int_eq(write(p[1], "0123456789", 10), 10);
    ck_assert_int_eq(input_read(&in, p[0], 6, &h.err), 0);
    ck_assert_uint_eq(in.len, 6);
    ck_assert_int_eq(read(p[0], two, 2), 2);
    ck_assert_mem_eq(two, "67", 2);
    ck_assert_int_eq(close(p[1]), 0);
    ck_assert_int_eq(input_read(&in, p[0], 100, &h.err), 0);
    ck_assert_uint_eq(in.len, 8);
    ck_assert_int_eq(close(p[0]), 0);
    ck_assert_int_eq(input_read(&in, p[0], 1, &h.err), -EBADF);
    ck_assert_int_eq(in.fd, -1);
}
END_TEST

START_TEST(no_room_is_told_and_leaves_nothing)
{
    struct rlimit lim = { .rlim_cur = 10, .rlim_max = RLIM_INFINITY };

    (void)signal(SIGXFSZ, SIG_IGN);
    (void)getrlimit(RLIMIT_FSIZE, &lim);
    lim.rlim_cur = 10;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &lim), 0);
    ck_assert_int_eq(input_add(&in, "0123456789abc", 13, &h.err), -EFBIG);
    ck_assert_str_eq(h.err.text, "write input: File too large");
    ck_assert_int_eq(in.fd, -1);
    ck_assert_uint_eq(in.len, 0);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("exec/input");
    TCase *tc = tcase_create("input");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, a_command_reads_what_was_added_and_then_the_end);
    tcase_add_test(tc, nothing_was_added_is_no_file_and_no_failure);
    tcase_add_test(tc, without_input_a_command_reads_from_dev_null);
    tcase_add_test(tc, a_megabyte_needs_nobody_who_feeds_it);
    tcase_add_test(tc, nobody_changes_what_is_sealed);
    tcase_add_test(tc, reading_stops_at_the_number_or_at_the_end);
    tcase_add_test(tc, no_room_is_told_and_leaves_nothing);
    suite_add_tcase(s, tc);
    return s;
}
