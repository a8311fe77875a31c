/* tests/exec/probe.c -- a command for tests: says how it finds itself, or misbehaves as told.
 *
 *   probe fds | pipes | stdin | signals | session | env | cwd | umask | nofile | args WORD...
 *   probe limits
 *   probe exit N | raise N | spew N CODE | binary | say STREAM:WORD... | pause | polite CODE
 *   probe leave KIND...   starts what the words say, prints their pids, exits 0
 *   probe keep KIND...    the same, then waits for a signal
 *   probe kill KIND...    the same, kills and leaves unreaped what it started, exits 0
 *
 * Kinds: child, group (a process group of its own), session (setsid), daemon
 * (two forks and setsid), bare (the same, without an environment), stopped, deaf
 * (to SIGTERM), nested (a child whose own child called setsid), headless (its first
 * thread has ended), hopping (from pid to pid), far-hopping (the same after setsid),
 * root (root, if the probe is set-user-id), bomb (24 processes in a hurry).  All of
 * them hold the pipe, and none outlives a minute whatever happens.
 */
#include "config.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum {
    LIFE = 60, /* seconds */
    BOMB = 24,
};

static int ready[2]; /* where a kept process tells that it has got there */

static int
show_fds(void)
{
    int fd;

    for (fd = 0; fd < 1024; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            printf("%d\n", fd);
    return 0;
}

/* Bit i of the answer: descriptor i is a pipe. */
static int
which_are_pipes(void)
{
    struct stat st;
    int bits = 0;
    int fd;

    for (fd = 0; fd < 3; fd++)
        bits |= (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode)) << fd;
    return bits;
}

static int
show_stdin(void)
{
    struct stat st;
    char c;

    if (fstat(0, &st) < 0)
        return 1;
    printf("%s %u:%u, %zd bytes\n", S_ISCHR(st.st_mode) ? "device" : "other", major(st.st_rdev),
        minor(st.st_rdev), read(0, &c, 1));
    return 0;
}

static int
show_signals(void)
{
    FILE *f = fopen("/proc/self/status", "r");
    char line[256];

    while (f != NULL && fgets(line, sizeof(line), f) != NULL)
        if (strncmp(line, "SigBlk", 6) == 0 || strncmp(line, "SigIgn", 6) == 0)
            fputs(line, stdout);
    return f == NULL || fclose(f) != 0;
}

static int
show_session(void)
{
    pid_t me = getpid();

    printf("session %d group %d\n", getsid(0) == me, getpgrp() == me);
    return 0;
}

static int
show_words(char **words)
{
    for (; *words != NULL; words++)
        puts(*words);
    return 0;
}

static int
show_cwd(void)
{
    char *cwd = getcwd(NULL, 0);

    puts(cwd);
    free(cwd);
    return 0;
}

static int
show_umask(void)
{
    printf("%03o\n", (unsigned)umask(0));
    return 0;
}

static int
show_nofile(void)
{
    struct rlimit lim;

    if (getrlimit(RLIMIT_NOFILE, &lim) < 0)
        return 1;
    printf("%lu\n", (unsigned long)lim.rlim_cur);
    return 0;
}

static int
show_limits(void)
{
    static const struct {
        const char *name;
        int resource;
    } all[] = { { "core", RLIMIT_CORE }, { "fsize", RLIMIT_FSIZE }, { "nofile", RLIMIT_NOFILE },
        { "nproc", RLIMIT_NPROC }, { "cpu", RLIMIT_CPU }, { "as", RLIMIT_AS },
        { "stack", RLIMIT_STACK } };
    long long lim[2]; /* soft, hard */
    size_t i;

    for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (syscall(SYS_prlimit64, 0, all[i].resource, NULL, lim) < 0)
            return 1;
        printf("%s %lld %lld\n", all[i].name, lim[0], lim[1]);
    }
    printf("nice %d\n", getpriority(PRIO_PROCESS, 0));
    printf("ionice %ld\n", syscall(SYS_ioprio_get, 1, 0));
    return 0;
}

/* Writes `n` bytes, byte i being i * 7 modulo 251. */
static int
spew(size_t n, int code)
{
    unsigned char block[4096];
    size_t at = 0;

    while (at < n) {
        size_t len = n - at < sizeof(block) ? n - at : sizeof(block);
        size_t i;

        for (i = 0; i < len; i++)
            block[i] = (unsigned char)((at + i) * 7 % 251);
        if (write(1, block, len) != (ssize_t)len)
            return 1;
        at += len;
    }
    return code;
}

static int
say_all_bytes(void)
{
    unsigned char all[256];
    size_t i;

    for (i = 0; i < sizeof(all); i++)
        all[i] = (unsigned char)i;
    return write(1, all, sizeof(all)) != (ssize_t)sizeof(all);
}

/* "1:word" goes to stdout, "2:word" to stderr, each with one write(2). */
static int
say(char **words)
{
    for (; *words != NULL; words++)
        if (write((*words)[0] - '0', *words + 2, strlen(*words + 2)) < 0)
            return 1;
    return 0;
}

static int polite_code;

static void
say_goodbye(int sig)
{
    (void)sig;
    if (write(1, "bye\n", 4) != 4)
        _exit(99);
    _exit(polite_code);
}

static int
be_polite(int code)
{
    polite_code = code;
    (void)signal(SIGTERM, say_goodbye);
    if (write(1, "ready\n", 6) != 6)
        return 1;
    for (;;)
        (void)pause();
}

/* Tells our pid to whoever started us, and stays. */
static void
stay(void)
{
    pid_t me = getpid();

    (void)alarm(LIFE);
    (void)!write(ready[1], &me, sizeof(me));
    for (;;)
        (void)pause();
}

static void
explode(int n)
{
    for (; n > 0; n--)
        if (fork() == 0)
            break;
    stay();
}

static void *
stay_on(void *unused)
{
    (void)unused;
    stay();
    return NULL;
}

/* Its first thread ends, which /proc shows as a zombie, and another goes on. */
static void
lose_head(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, stay_on, NULL) == 0)
        pthread_exit(NULL);
}

/* Is somebody else all the time: who looks for it finds that it has just gone. */
static void
hop(void)
{
    time_t end = time(NULL) + LIFE;
    pid_t me = getpid();

    (void)!write(ready[1], &me, sizeof(me));
    while (time(NULL) < end) {
        if (fork() != 0)
            _exit(0);
        (void)usleep(300);
    }
    _exit(0);
}

/* Goes on without an environment: an execve(2) of this program with none, and the
 * place to tell that it has got there. */
static void
undress(void)
{
    char self[512] = "";
    char fd[16];
    char *argv[] = { self, "bare", fd, NULL };
    char *envp[] = { NULL };

    (void)snprintf(fd, sizeof(fd), "%d", dup(ready[1]));
    if (readlink("/proc/self/exe", self, sizeof(self) - 1) > 0)
        (void)execve(self, argv, envp);
    _exit(97);
}

static void
start(const char *kind)
{
    bool bare = strcmp(kind, "bare") == 0;
    pid_t child;

    if (bare)
        kind = "daemon";
    child = fork();

    if (child != 0) {
        if (strcmp(kind, "daemon") == 0)
            (void)waitpid(child, NULL, 0); /* the first of the two */
        return;
    }
    if (strcmp(kind, "group") == 0)
        (void)setpgid(0, 0);
    if (strcmp(kind, "session") == 0 || strcmp(kind, "daemon") == 0)
        (void)setsid();
    if (strcmp(kind, "daemon") == 0 && fork() != 0)
        _exit(0);
    if (bare)
        undress();
    if (strcmp(kind, "deaf") == 0)
        (void)signal(SIGTERM, SIG_IGN);
    if (strcmp(kind, "nested") == 0 && fork() == 0)
        (void)setsid();
    if (strcmp(kind, "bomb") == 0)
        explode(BOMB - 1);
    if (strcmp(kind, "hopping") == 0)
        hop();
    if (strcmp(kind, "far-hopping") == 0 && setsid() >= 0)
        hop();
    if (strcmp(kind, "root") == 0)
        (void)!setuid(0);
    if (strcmp(kind, "headless") == 0)
        lose_head();
    if (strcmp(kind, "stopped") == 0) {
        pid_t me = getpid();

        (void)alarm(LIFE);
        (void)!write(ready[1], &me, sizeof(me));
        (void)raise(SIGSTOP);
    }
    stay();
}

/* How many processes a kind is. */
static int
size_of(const char *kind)
{
    if (strcmp(kind, "bomb") == 0)
        return BOMB;
    return strcmp(kind, "nested") == 0 ? 2 : 1;
}

static int
start_all(char **kinds, bool murder)
{
    if (pipe2(ready, O_CLOEXEC) < 0)
        return 1;
    for (; *kinds != NULL; kinds++) {
        int n = size_of(*kinds);
        pid_t pid;

        start(*kinds);
        for (; n > 0; n--) {
            siginfo_t gone;

            if (read(ready[0], &pid, sizeof(pid)) != sizeof(pid))
                return 1;
            printf("%d\n", (int)pid);
            if (murder &&
                (kill(pid, SIGKILL) < 0 || waitid(P_PID, (id_t)pid, &gone, WEXITED | WNOWAIT) < 0))
                return 1;
        }
    }
    return fflush(stdout) != 0;
}

static int
obey(const char *verb, char **words)
{
    if (strcmp(verb, "fds") == 0)
        return show_fds();
    if (strcmp(verb, "stdin") == 0)
        return show_stdin();
    if (strcmp(verb, "pipes") == 0)
        return which_are_pipes();
    if (strcmp(verb, "signals") == 0)
        return show_signals();
    if (strcmp(verb, "session") == 0)
        return show_session();
    if (strcmp(verb, "env") == 0)
        return show_words(environ);
    if (strcmp(verb, "args") == 0)
        return show_words(words);
    if (strcmp(verb, "cwd") == 0)
        return show_cwd();
    if (strcmp(verb, "umask") == 0)
        return show_umask();
    if (strcmp(verb, "nofile") == 0)
        return show_nofile();
    if (strcmp(verb, "limits") == 0)
        return show_limits();
    if (strcmp(verb, "binary") == 0)
        return say_all_bytes();
    if (strcmp(verb, "say") == 0)
        return say(words);
    if (strcmp(verb, "leave") == 0)
        return start_all(words, false);
    if (strcmp(verb, "kill") == 0)
        return start_all(words, true);
    if (strcmp(verb, "pause") == 0)
        for (;;)
            (void)pause();
    if (strcmp(verb, "keep") == 0) {
        if (start_all(words, false) != 0)
            return 1;
        for (;;)
            (void)pause();
    }
    if (words[0] == NULL)
        return 98;
    if (strcmp(verb, "bare") == 0) {
        ready[1] = atoi(words[0]);
        stay();
    }
    if (strcmp(verb, "exit") == 0)
        return atoi(words[0]);
    if (strcmp(verb, "raise") == 0)
        return raise(atoi(words[0]));
    if (strcmp(verb, "polite") == 0)
        return be_polite(atoi(words[0]));
    if (strcmp(verb, "spew") == 0 && words[1] != NULL)
        return spew(strtoul(words[0], NULL, 10), atoi(words[1]));
    return 98;
}

int
main(int argc, char **argv)
{
    (void)alarm(LIFE);
    (void)setvbuf(stdout, NULL, _IOLBF, 0); /* or forks would say it again */
    return argc < 2 ? 98 : obey(argv[1], argv + 2);
}
