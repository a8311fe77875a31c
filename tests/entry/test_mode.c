/* tests/entry/test_mode.c -- entry/mode.h: what we are, in children with descriptors of their own.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "entry/mode.h"
#include "tests/suite.h"

static volatile int *failed_line; /* shared with the child */

#define NEED(what)                   \
    do {                             \
        if (!(what)) {               \
            *failed_line = __LINE__; \
            _exit(1);                \
        }                            \
    } while (0)

/* Runs `body` in a child, whose descriptors and environment are its own. */
static void
in_child(void (*body)(int), int i)
{
    int status;
    pid_t pid;

    failed_line = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert(failed_line != MAP_FAILED);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        (void)unsetenv("LISTEN_FDS");
        (void)unsetenv("LISTEN_PID");
        (void)unsetenv("GATEWAY_INTERFACE");
        body(i);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(*failed_line == 0, "the child's line %d does not hold", *failed_line);
    ck_assert_int_eq(status, 0);
}

enum thing {
    CLOSED,
    A_FILE,
    A_PIPE,
    LISTENING,
    LISTENING_TCP,
    CONNECTED,
    UNBOUND
};

static void
put_at(int target, enum thing what)
{
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    int fd[2] = { -1, -1 };

    switch (what) {
    case CLOSED:
        break;
    case A_FILE:
        fd[0] = open("/dev/null", O_RDWR);
        break;
    case A_PIPE:
        NEED(pipe(fd) == 0);
        break;
    case LISTENING: /* autobound to an abstract name */
        fd[0] = socket(AF_UNIX, SOCK_STREAM, 0);
        NEED(bind(fd[0], (struct sockaddr *)&(sa_family_t){ AF_UNIX }, sizeof(sa_family_t)) == 0);
        NEED(listen(fd[0], 1) == 0);
        break;
    case LISTENING_TCP:
        fd[0] = socket(AF_INET, SOCK_STREAM, 0);
        NEED(bind(fd[0], (struct sockaddr *)&any, sizeof any) == 0);
        NEED(listen(fd[0], 1) == 0);
        break;
    case CONNECTED:
        NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0);
        break;
    case UNBOUND:
        fd[0] = socket(AF_UNIX, SOCK_STREAM, 0);
    }
    if (what == CLOSED)
        (void)close(target);
    else if (fd[0] != target)
        NEED(dup2(fd[0], target) == target && close(fd[0]) == 0);
}

static const struct given {
    enum thing zero, three;
    const char *fds; /* LISTEN_FDS */
    int pid;         /* LISTEN_PID: 1 ours, 2 another's, 3 no number, 0 none */
    bool gateway;    /* GATEWAY_INTERFACE */
    enum mode mode;
    int fd; /* -1: none */
} given[] = {
    { A_FILE, CLOSED, NULL, 0, false, MODE_TOOL, -1 },
    { A_PIPE, CLOSED, NULL, 0, false, MODE_TOOL, -1 },
    { CLOSED, CLOSED, NULL, 0, false, MODE_TOOL, -1 },
    { CONNECTED, CLOSED, NULL, 0, false, MODE_TOOL, -1 },
    { UNBOUND, CLOSED, NULL, 0, false, MODE_TOOL, -1 },
    { A_FILE, LISTENING, NULL, 0, false, MODE_TOOL, -1 },
    { LISTENING, CLOSED, NULL, 0, false, MODE_FASTCGI, 0 },
    { LISTENING_TCP, CLOSED, NULL, 0, false, MODE_FASTCGI, 0 },
    { LISTENING, CLOSED, NULL, 0, true, MODE_FASTCGI, 0 },
    { LISTENING, LISTENING, "1", 1, true, MODE_FASTCGI, 3 },
    { A_FILE, LISTENING, "1", 1, false, MODE_FASTCGI, 3 },
    { A_FILE, LISTENING_TCP, "2", 1, false, MODE_FASTCGI, 3 },
    { CLOSED, LISTENING, "1", 1, false, MODE_FASTCGI, 3 },
    { A_FILE, LISTENING, "0", 1, false, MODE_TOOL, -1 },
    { A_FILE, LISTENING, "-1", 1, false, MODE_TOOL, -1 },
    { A_FILE, LISTENING, "x", 1, false, MODE_TOOL, -1 },
    { A_FILE, LISTENING, "", 1, false, MODE_TOOL, -1 },
    { A_FILE, LISTENING, NULL, 1, false, MODE_TOOL, -1 },
    { A_FILE, LISTENING, "1", 2, false, MODE_TOOL, -1 },
    { A_FILE, LISTENING, "1", 3, false, MODE_TOOL, -1 },
    { A_FILE, LISTENING, "1", 0, false, MODE_TOOL, -1 },
    { A_FILE, LISTENING, "1", 2, true, MODE_CGI, -1 },
    { LISTENING, LISTENING, "1", 2, false, MODE_FASTCGI, 0 },
    { A_FILE, CONNECTED, "1", 1, true, MODE_CGI, -1 },
    { LISTENING, A_FILE, "1", 1, false, MODE_FASTCGI, 0 },
    { A_FILE, CLOSED, NULL, 0, true, MODE_CGI, -1 },
    { A_PIPE, CLOSED, NULL, 0, true, MODE_CGI, -1 },
    { CLOSED, CLOSED, NULL, 0, true, MODE_CGI, -1 },
    { CONNECTED, CLOSED, NULL, 0, true, MODE_CGI, -1 }, /* mod_cgid's body */
};

static void
set_environment(const struct given *g)
{
    char pid[32];

    (void)snprintf(pid, sizeof pid, "%ld", (long)(g->pid == 1 ? getpid() : getppid()));
    if (g->pid != 0)
        NEED(setenv("LISTEN_PID", g->pid == 3 ? "" : pid, 1) == 0);
    if (g->fds != NULL)
        NEED(setenv("LISTEN_FDS", g->fds, 1) == 0);
    if (g->gateway)
        NEED(setenv("GATEWAY_INTERFACE", "CGI/1.1", 1) == 0);
}

static void
decide(int i)
{
    int fd = -1;

    put_at(3, given[i].three);
    put_at(0, given[i].zero);
    set_environment(&given[i]);
    NEED(mode_decide(&fd) == given[i].mode);
    NEED(fd == given[i].fd);
}

START_TEST(the_mode_follows_from_descriptors_and_environment)
{
    in_child(decide, _i);
}
END_TEST

static bool
is_null(int fd)
{
    struct stat st, null;

    return fstat(fd, &st) == 0 && stat("/dev/null", &null) == 0 && st.st_rdev == null.st_rdev &&
           S_ISCHR(st.st_mode);
}

static bool
is_listening(int fd)
{
    socklen_t len = sizeof(int);
    int on = 0;

    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &len) == 0 && on != 0;
}

static void
settle_listening(int from)
{
    struct err err;
    int fd = from, i;

    put_at(from, LISTENING);
    NEED(mode_settle(MODE_FASTCGI, &fd, &err) == 0);
    NEED(fd > 2 && fd != from);
    NEED(is_listening(fd));
    NEED((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    NEED((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    NEED(accept(fd, NULL, NULL) < 0 && errno == EAGAIN);
    NEED(from != 0 || is_null(0));
    NEED((fcntl(0, F_GETFD) & FD_CLOEXEC) == 0);
    for (i = 0; i < 64; i++)
        NEED(!is_listening(i));
}

START_TEST(a_listening_socket_moves_out_of_reach_of_commands)
{
    in_child(settle_listening, _i == 0 ? 0 : 3);
}
END_TEST

static void
settle_high(int from)
{
    struct err err;
    int fd = from;

    put_at(from, LISTENING);
    NEED(mode_settle(MODE_FASTCGI, &fd, &err) == 0);
    NEED(fd == from);
    NEED((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
}

START_TEST(one_that_is_out_of_reach_stays)
{
    in_child(settle_high, 100);
}
END_TEST

/* Bit n of `closed`: descriptor n was closed. */
static void
settle_closed(int closed)
{
    struct err err;
    int fd, none = -1;

    for (fd = 0; fd <= 2; fd++)
        put_at(fd, A_PIPE);
    for (fd = 0; fd <= 2; fd++)
        if (closed >> fd & 1)
            put_at(fd, CLOSED);
    NEED(mode_settle(closed >> 3 & 1 ? MODE_CGI : MODE_TOOL, &none, &err) == 0);
    for (fd = 0; fd <= 2; fd++) {
        NEED(fcntl(fd, F_GETFD) == 0);
        NEED(is_null(fd) == (closed >> fd & 1));
    }
    NEED(none == -1);
}

START_TEST(closed_standard_descriptors_become_dev_null_and_others_stay)
{
    in_child(settle_closed, _i);
}
END_TEST

static void
settle_refused(int from)
{
    struct err err;
    int fd = from;

    put_at(from, CLOSED);
    NEED(mode_settle(MODE_FASTCGI, &fd, &err) == -EBADF);
    NEED(strcmp(err.text, "fcntl listening socket: Bad file descriptor") == 0);
    NEED(fd == from);
}

START_TEST(a_failure_is_told)
{
    in_child(settle_refused, 50);
}
END_TEST

static void
harden(int allow)
{
    mode_harden(allow != 0);
    NEED(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == allow);
}

START_TEST(hardened_there_is_no_core_dump_and_no_ptrace_unless_allowed)
{
#ifdef SANITIZERS
    SUITE_SKIP("leak detection attaches to its own process");
#endif
    in_child(harden, _i);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("mode");
    TCase *tc = tcase_create("mode");

    tcase_add_loop_test(
        tc, the_mode_follows_from_descriptors_and_environment, 0, sizeof given / sizeof given[0]);
    tcase_add_loop_test(tc, a_listening_socket_moves_out_of_reach_of_commands, 0, 2);
    tcase_add_test(tc, one_that_is_out_of_reach_stays);
    tcase_add_loop_test(tc, closed_standard_descriptors_become_dev_null_and_others_stay, 0, 16);
    tcase_add_test(tc, a_failure_is_told);
    tcase_add_loop_test(tc, hardened_there_is_no_core_dump_and_no_ptrace_unless_allowed, 0, 2);
    suite_add_tcase(s, tc);
    return s;
}
