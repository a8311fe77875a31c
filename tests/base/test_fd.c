/* tests/base/test_fd.c -- base/fd.h, promise by promise. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/fd.h"
#include "tests/suite.h"

enum {
    BIG = 1 << 20 /* bytes: sixteen times what a pipe holds */
};

static bool
is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static bool
has_cloexec(int fd)
{
    return fcntl(fd, F_GETFD) & FD_CLOEXEC;
}

static int
open_null(void)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    return fd;
}

/* Lets no more descriptors be opened, or lets them be again. */
static void
refuse_descriptors(bool refuse)
{
    struct rlimit limit;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = refuse ? 0 : limit.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

START_TEST(close_closes_and_forgets)
{
    int fd = open_null(), was = fd;

    fd_close(&fd);
    ck_assert_int_eq(fd, -1);
    ck_assert(!is_open(was));
}
END_TEST

START_TEST(closing_nothing_is_harmless)
{
    int fd = -1;

    errno = 0;
    fd_close(&fd);
    ck_assert_int_eq(fd, -1);
    ck_assert_int_eq(errno, 0);
}
END_TEST

START_TEST(close_keeps_errno)
{
    int fd = open_null();

    ck_assert_int_eq(close(fd), 0);
    errno = ENOENT;
    fd_close(&fd); /* EBADF */
    ck_assert_int_eq(errno, ENOENT);
}
END_TEST

START_TEST(an_auto_descriptor_closes_when_its_scope_ends)
{
    int was;

    {
        FD_AUTO int fd = open_null();

        was = fd;
        ck_assert(is_open(was));
    }
    ck_assert(!is_open(was));
}
END_TEST

START_TEST(a_taken_descriptor_stays_open)
{
    int mine, was;

    {
        FD_AUTO int fd = open_null();

        was = fd;
        mine = fd_take(&fd);
        ck_assert_int_eq(fd, -1);
    }
    ck_assert_int_eq(mine, was);
    ck_assert(is_open(mine));
    fd_close(&mine);
}
END_TEST

START_TEST(move_goes_to_a_number_of_at_least_min_with_cloexec)
{
    int ends[2], was, moved;
    char c = 0;

    ck_assert_int_eq(pipe(ends), 0);
    was = moved = ends[0];
    ck_assert_int_eq(fd_move_above(&moved, 64), 0);
    ck_assert_int_ge(moved, 64);
    ck_assert(has_cloexec(moved));
    ck_assert(!is_open(was));
    ck_assert_int_eq(write(ends[1], "x", 1), 1);
    ck_assert_int_eq(read(moved, &c, 1), 1);
    ck_assert_int_eq(c, 'x');
    fd_close(&moved);
    fd_close(&ends[1]);
}
END_TEST

START_TEST(move_keeps_a_number_that_is_high_enough)
{
    int fd = fcntl(STDERR_FILENO, F_DUPFD, 100), was = fd;

    ck_assert_int_ge(fd, 100);
    ck_assert(!has_cloexec(fd));
    ck_assert_int_eq(fd_move_above(&fd, 64), 0);
    ck_assert_int_eq(fd, was);
    ck_assert(has_cloexec(fd));
    fd_close(&fd);
}
END_TEST

START_TEST(a_failed_move_changes_nothing)
{
    int fd = open_null(), was = fd, closed = 1000000;

    refuse_descriptors(true);
    ck_assert_int_lt(fd_move_above(&fd, fd + 1), 0);
    ck_assert_int_eq(fd, was);
    ck_assert(is_open(fd));
    refuse_descriptors(false);
    ck_assert_int_eq(fd_move_above(&closed, 64), -EBADF);
    ck_assert_int_eq(closed, 1000000);
    fd_close(&fd);
}
END_TEST

static void
assert_null(int fd)
{
    struct stat is, null;
    char c;

    ck_assert_int_eq(fstat(fd, &is), 0);
    ck_assert_int_eq(stat("/dev/null", &null), 0);
    ck_assert_uint_eq(is.st_rdev, null.st_rdev);
    ck_assert_int_eq(read(fd, &c, 1), 0);
    ck_assert_int_eq(write(fd, "x", 1), 1);
    ck_assert(!has_cloexec(fd));
}

START_TEST(null_points_a_standard_descriptor_at_dev_null)
{
    int below = open_null(), above;

    ck_assert_int_eq(fd_null(_i), 0);
    assert_null(_i);
    above = open_null();
    ck_assert_int_eq(above, below + 1); /* and nothing else stays open */
    fd_close(&above);
    fd_close(&below);
}
END_TEST

START_TEST(null_reopens_a_standard_descriptor_that_was_closed)
{
    for (int fd = 0; fd <= 2; fd++)
        (void)close(fd);
    ck_assert_int_eq(fd_null(_i), 0);
    assert_null(_i);
    for (int fd = 0; fd <= 2; fd++)
        ck_assert_int_eq(is_open(fd), fd == _i);
}
END_TEST

START_TEST(a_failed_null_is_told_and_leaves_the_descriptor)
{
    struct stat before, after;

    ck_assert_int_eq(fstat(STDERR_FILENO, &before), 0);
    refuse_descriptors(true);
    ck_assert_int_eq(fd_null(STDERR_FILENO), -EMFILE);
    refuse_descriptors(false);
    ck_assert_int_eq(fstat(STDERR_FILENO, &after), 0);
    ck_assert_uint_eq(before.st_ino, after.st_ino);
}
END_TEST

struct reader {
    int fd;
    useconds_t pause; /* µs before each read */
    size_t n;         /* bytes read */
    bool same;        /* they were the expected ones */
};

static unsigned char
byte_at(size_t i)
{
    return (unsigned char)(i * 2654435761u >> 13);
}

static void *
read_all(void *arg)
{
    struct reader *r = arg;
    unsigned char chunk[50000];
    ssize_t n;

    r->same = true;
    for (;;) {
        (void)usleep(r->pause);
        n = read(r->fd, chunk, sizeof chunk);
        if (n <= 0)
            return NULL;
        for (ssize_t i = 0; i < n; i++)
            r->same = r->same && chunk[i] == byte_at(r->n++);
    }
}

static void
write_big(useconds_t pause)
{
    unsigned char *big = malloc(BIG);
    struct reader r = { .pause = pause };
    pthread_t thread;
    sigset_t alarms;
    int ends[2];

    ck_assert_ptr_nonnull(big);
    for (size_t i = 0; i < BIG; i++)
        big[i] = byte_at(i);
    ck_assert_int_eq(pipe(ends), 0);
    r.fd = ends[0];

    /* SIGALRM is the writer's alone. */
    sigemptyset(&alarms);
    sigaddset(&alarms, SIGALRM);
    ck_assert_int_eq(pthread_sigmask(SIG_BLOCK, &alarms, NULL), 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, read_all, &r), 0);
    ck_assert_int_eq(pthread_sigmask(SIG_UNBLOCK, &alarms, NULL), 0);

    ck_assert_int_eq(fd_write_all(ends[1], big, BIG), 0);
    fd_close(&ends[1]);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    fd_close(&ends[0]);
    ck_assert_uint_eq(r.n, BIG);
    ck_assert(r.same);
    free(big);
}

START_TEST(write_all_writes_more_than_a_pipe_holds)
{
    write_big(0);
}
END_TEST

static volatile sig_atomic_t alarms_seen;

static void
note_alarm(int sig)
{
    (void)sig;
    alarms_seen = alarms_seen + 1;
}

START_TEST(write_all_goes_on_after_signals)
{
    struct sigaction act = { .sa_handler = note_alarm }; /* no SA_RESTART */
    struct itimerval often = { { 0, 3000 }, { 0, 3000 } }, off = { { 0, 0 }, { 0, 0 } };

    ck_assert_int_eq(sigaction(SIGALRM, &act, NULL), 0);
    ck_assert_int_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
    write_big(10000);
    ck_assert_int_eq(setitimer(ITIMER_REAL, &off, NULL), 0);
    ck_assert_int_gt(alarms_seen, 0);
}
END_TEST

START_TEST(write_all_of_nothing_succeeds)
{
    ck_assert_int_eq(fd_write_all(-1, "", 0), 0);
}
END_TEST

START_TEST(write_all_tells_why_it_failed)
{
    int ends[2];

    ck_assert_int_eq(fd_write_all(-1, "x", 1), -EBADF);
    ck_assert(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
    ck_assert_int_eq(pipe(ends), 0);
    fd_close(&ends[0]);
    ck_assert_int_eq(fd_write_all(ends[1], "x", 1), -EPIPE);
    fd_close(&ends[1]);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("fd");
    TCase *tc = tcase_create("fd");

    tcase_set_timeout(tc, 30);
    tcase_add_test(tc, close_closes_and_forgets);
    tcase_add_test(tc, closing_nothing_is_harmless);
    tcase_add_test(tc, close_keeps_errno);
    tcase_add_test(tc, an_auto_descriptor_closes_when_its_scope_ends);
    tcase_add_test(tc, a_taken_descriptor_stays_open);
    tcase_add_test(tc, move_goes_to_a_number_of_at_least_min_with_cloexec);
    tcase_add_test(tc, move_keeps_a_number_that_is_high_enough);
    tcase_add_test(tc, a_failed_move_changes_nothing);
    tcase_add_loop_test(tc, null_points_a_standard_descriptor_at_dev_null, 0, 3);
    tcase_add_loop_test(tc, null_reopens_a_standard_descriptor_that_was_closed, 0, 3);
    tcase_add_test(tc, a_failed_null_is_told_and_leaves_the_descriptor);
    tcase_add_test(tc, write_all_writes_more_than_a_pipe_holds);
    tcase_add_test(tc, write_all_goes_on_after_signals);
    tcase_add_test(tc, write_all_of_nothing_succeeds);
    tcase_add_test(tc, write_all_tells_why_it_failed);
    suite_add_tcase(s, tc);
    return s;
}
