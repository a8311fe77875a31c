/* tests/exec/test_low.c -- exec/low.h, promise by promise. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "exec/low.h"
#include "tests/suite.h"

static struct low low;
static struct err err;
static int null_fd, pipe_fd[2];

/* A copy of `fd` where a program with many open has it. */
static int
high(int fd)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, LOW_ENOUGH);

    ck_assert_int_ge(copy, LOW_ENOUGH);
    return copy;
}

static void
setup(void)
{
    memset(&low, 0, sizeof low);
    null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    ck_assert_int_ge(null_fd, 0);
    ck_assert_int_eq(pipe2(pipe_fd, O_CLOEXEC | O_NONBLOCK), 0);
    ck_assert_int_eq(low_open(&low, null_fd, &err), 0);
}

static void
teardown(void)
{
    low_close(&low);
    fd_close(&null_fd);
    fd_close(&pipe_fd[0]);
    fd_close(&pipe_fd[1]);
}

/* Whether two descriptors are of one file. */
static bool
same(int a, int b)
{
    struct stat x, y;

    ck_assert_int_eq(fstat(a, &x), 0);
    ck_assert_int_eq(fstat(b, &y), 0);
    return x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

START_TEST(low_descriptors_stay)
{
    int fd[3] = { null_fd, pipe_fd[1], LOW_ENOUGH - 1 };

    ck_assert_int_eq(low_take(&low, fd), -1);
    ck_assert_int_eq(fd[0], null_fd);
    ck_assert_int_eq(fd[1], pipe_fd[1]);
    ck_assert_int_eq(fd[2], LOW_ENOUGH - 1);
}
END_TEST

START_TEST(high_ones_get_low_copies)
{
    int top = high(pipe_fd[1]);
    int fd[3] = { top, null_fd, top };
    int loan = low_take(&low, fd);

    ck_assert_int_ge(loan, 0);
    ck_assert_int_lt(fd[0], LOW_ENOUGH);
    ck_assert_int_lt(fd[2], LOW_ENOUGH);
    ck_assert_int_ne(fd[0], fd[2]);
    ck_assert_int_eq(fd[1], null_fd);
    for (int k = 0; k < 3; k += 2) {
        ck_assert(same(fd[k], pipe_fd[1]));
        ck_assert_int_eq(fcntl(fd[k], F_GETFD), FD_CLOEXEC);
    }
    low_give(&low, loan);
    fd_close(&top);
}
END_TEST

START_TEST(given_back_holds_no_pipe_open)
{
    int top = high(pipe_fd[1]);
    int fd[3] = { top, top, top };
    int loan = low_take(&low, fd);
    char c;

    ck_assert_int_ge(loan, 0);
    fd_close(&top);
    fd_close(&pipe_fd[1]);
    ck_assert_int_eq(read(pipe_fd[0], &c, 1), -1);
    ck_assert_int_eq(errno, EAGAIN);
    low_give(&low, loan);
    ck_assert_int_eq(read(pipe_fd[0], &c, 1), 0);
    for (int k = 0; k < 3; k++)
        ck_assert(same(fd[k], null_fd)); /* kept back for the next one */
}
END_TEST

START_TEST(one_too_many_goes_without)
{
    int top = high(pipe_fd[1]);
    int loans[LOW_LOANS];

    for (int i = 0; i <= LOW_LOANS; i++) {
        int fd[3] = { top, top, top };
        int loan = low_take(&low, fd);

        if (i < LOW_LOANS) {
            ck_assert_int_ge(loan, 0);
            loans[i] = loan;
            for (int k = 0; k < i; k++)
                ck_assert_int_ne(loans[k], loan);
        } else {
            ck_assert_int_eq(loan, -1);
            ck_assert_int_eq(fd[0], top);
            low_give(&low, loan);
        }
    }
    for (int i = 0; i < LOW_LOANS; i++) {
        int fd[3] = { top, top, top };

        low_give(&low, loans[i]);
        ck_assert_int_eq(low_take(&low, fd), loans[i]);
    }
    fd_close(&top);
}
END_TEST

START_TEST(closed_when_it_was_never_opened)
{
    struct low other;

    memset(&other, 0, sizeof other);
    low_close(&other);
    ck_assert_int_ge(fcntl(0, F_GETFD), 0);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("exec/low");
    TCase *tc = tcase_create("low");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, low_descriptors_stay);
    tcase_add_test(tc, high_ones_get_low_copies);
    tcase_add_test(tc, given_back_holds_no_pipe_open);
    tcase_add_test(tc, one_too_many_goes_without);
    tcase_add_test(tc, closed_when_it_was_never_opened);
    suite_add_tcase(s, tc);
    return s;
}
