/* entry/init.c -- contracts are in init.h. */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "entry/init.h"
#include "exec/tree.h"
#include "fcgi/notify.h"

enum {
    PROGRAMS_MAX = 64, /* that serve or drain at once */
    EXIT_SIGNAL = 128
};

/* How long others have to end once the program has. */
static const int64_t patience = 5 * CLOCK_SEC;

struct init {
    struct tree_proc program[PROGRAMS_MAX]; /* the newest last */
    size_t n;
    int code; /* to exit with */
    bool newest_told;
    bool ending;
    sigset_t signals;
};

/* Whether it is a child of ours that we have not reaped; and if it has ended. */
static bool
is_child(pid_t pid, bool *ret_ended)
{
    siginfo_t gone = { .si_pid = 0 };

    if (waitid(P_PID, (id_t)pid, &gone, WEXITED | WNOHANG | WNOWAIT) < 0)
        return false;
    *ret_ended = gone.si_pid != 0;
    return true;
}

/* Whether it has ended, whoever is to reap it. */
static bool
has_ended(const struct tree_proc *p)
{
    struct tree_proc now;
    bool ended;
    int r;

    /* A child keeps its number, and needs no /proc, until we reap it; that of a
     * program which its predecessor has reaped may be somebody else's by now. */
    if (is_child(p->pid, &ended))
        return ended;
    r = tree_look(p->pid, &now);
    return r == -ESRCH || (r == 0 && (now.born != p->born || tree_ended(&now)));
}

static void
drop(struct init *in, size_t i)
{
    in->n--;
    memmove(in->program + i, in->program + i + 1, (in->n - i) * sizeof(in->program[0]));
}

/* A process of the program: the first, or one that is to take over. */
static void
add(struct init *in, pid_t pid)
{
    struct tree_proc p = { .pid = pid };
    size_t i = 0;
    bool ended;

    if (tree_look(pid, &p) < 0 && !is_child(pid, &ended))
        return; /* it has gone already */
    while (in->n == PROGRAMS_MAX && i < in->n && !has_ended(&in->program[i]))
        i++;
    if (in->n == PROGRAMS_MAX)
        drop(in, i < in->n ? i : 0);
    in->program[in->n++] = p;
    in->newest_told = false;
    /* Who ended us meant this one too. */
    if (in->ending)
        (void)tree_signal(&p, SIGTERM);
}

static void
handle(struct init *in, const siginfo_t *info)
{
    int sig = info->si_signo;
    size_t i;

    if (sig == NOTIFY_SIGNAL) {
        for (i = 0; i < in->n; i++)
            if (info->si_code == SI_QUEUE && in->program[i].pid == info->si_pid)
                break;
        if (i < in->n && info->si_value.sival_int > 1)
            add(in, (pid_t)info->si_value.sival_int);
    } else if (sig != SIGCHLD) {
        in->ending |= sig == SIGTERM || sig == SIGINT || sig == SIGQUIT;
        for (i = 0; i < in->n; i++)
            (void)tree_signal(&in->program[i], sig); /* it may have ended */
    }
}

static void
buried(struct init *in, const siginfo_t *gone)
{
    size_t i = 0;

    while (i < in->n && in->program[i].pid != gone->si_pid)
        i++;
    if (i == in->n)
        return; /* somebody's orphan */
    /* What an older one says counts only when the newest says nothing. */
    if (!in->newest_told)
        in->code = gone->si_code == CLD_EXITED ? gone->si_status : EXIT_SIGNAL + gone->si_status;
    in->newest_told |= i == in->n - 1;
    drop(in, i);
}

/* Reaps all that have ended. */
static void
reap(struct init *in)
{
    const struct timespec now = { 0 };
    siginfo_t gone, info;

    for (;;) {
        gone.si_pid = 0;
        if (waitid(P_ALL, 0, &gone, WEXITED | WNOHANG | WNOWAIT) < 0 || gone.si_pid == 0)
            return;
        /* What it has said before its end is heard before it is buried. */
        while (sigtimedwait(&in->signals, &info, &now) > 0)
            handle(in, &info);
        if (waitid(P_PID, (id_t)gone.si_pid, &gone, WEXITED) == 0)
            buried(in, &gone);
    }
}

static bool
goes_on(const struct init *in)
{
    size_t i;

    for (i = 0; i < in->n; i++)
        if (!has_ended(&in->program[i]))
            return true;
    return false;
}

/* What the program has left running, or others have started, is asked to end;
 * the kernel ends the rest with us. */
static void
end_others(struct init *in)
{
    int64_t deadline = clock_now() + patience;
    const struct timespec tick = { .tv_nsec = 20 * CLOCK_MSEC };
    siginfo_t info;

    if (getpid() != 1)
        return; /* then "all" would be others */
    if (kill(-1, SIGTERM) == 0)
        (void)kill(-1, SIGCONT);
    while (kill(-1, 0) == 0 && clock_now() < deadline) {
        (void)sigtimedwait(&in->signals, &info, &tick);
        while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) == 0 && info.si_pid != 0)
            info.si_pid = 0;
    }
}

/* The program's socket and pipes are its own, and end with it. */
static void
let_go(void)
{
    int fd;

    (void)syscall(SYS_close_range, 3U, ~0U, 0U); /* refused, they end with us */
    for (fd = STDIN_FILENO; fd <= STDOUT_FILENO; fd++)
        if (fd_null(fd) < 0)
            (void)close(fd);
}

static int
be_init(struct init *in, pid_t program)
{
    siginfo_t info;

    let_go();
    add(in, program);
    do {
        if (goes_on(in) && sigwaitinfo(&in->signals, &info) > 0)
            handle(in, &info);
        /* The last that we know may have announced one before it ended; one that
         * ended before its predecessor has become ours with the end of that. */
        reap(in);
    } while (goes_on(in));
    end_others(in);
    return in->code;
}

int
init_split(void)
{
    static const int passed[] = { SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2 };
    struct init in = { .n = 0 };
    sigset_t before;
    size_t i;
    pid_t pid;

    if (getpid() != 1)
        return -1;
    (void)sigemptyset(&in.signals);
    (void)sigaddset(&in.signals, SIGCHLD);
    (void)sigaddset(&in.signals, NOTIFY_SIGNAL);
    for (i = 0; i < sizeof(passed) / sizeof(passed[0]); i++)
        (void)sigaddset(&in.signals, passed[i]);
    /* Blocked, they reach process 1 although nothing handles them. */
    (void)sigprocmask(SIG_BLOCK, &in.signals, &before);
    pid = fork();
    if (pid < 0) {
        (void)fprintf(stderr, "cmon: fork: %s\n", strerror(errno));
        return EXIT_FAILURE;
    }
    if (pid > 0)
        return be_init(&in, pid);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    /* Out of reach of the terminal, whose signals process 1 passes on. */
    (void)setpgid(0, 0);
    if (setenv(NOTIFY_INIT, "1", 1) < 0)
        _exit(EXIT_FAILURE);
    return -1;
}
