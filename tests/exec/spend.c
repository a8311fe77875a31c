/* tests/exec/spend.c -- a command for tests that costs what it is told to.
 *
 *   spend cpu MS             so much time on a CPU
 *   spend memory MIB         touched
 *   spend disk FILE KIB      written and synced, then removed
 *   spend naps N             of 1 ms
 *   spend threads N MS       each of N threads so much time on a CPU
 *   spend child WORD...      a child that spends, and is waited for
 *   spend orphan WORD...     a child that spends and is reaped by nobody before the end
 */
#include "config.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    KIB = 1024,
    THREADS_MAX = 16
};

static int spend(char **word);

static long
cpu_ms(clockid_t clock)
{
    struct timespec t;

    (void)clock_gettime(clock, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int
cpu(long ms)
{
    while (cpu_ms(CLOCK_THREAD_CPUTIME_ID) < ms)
        continue;
    return 0;
}

static int
memory(size_t bytes)
{
    char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED)
        return 1;
    /* Page by page, whatever the machine thinks of huge ones. */
    (void)madvise(p, bytes, MADV_NOHUGEPAGE);
    memset(p, 1, bytes);
    return 0;
}

static int
disk(const char *file, size_t kib)
{
    static char block[KIB];
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    size_t i;
    int bad = fd < 0;

    memset(block, 'x', sizeof(block));
    for (i = 0; i < kib; i++)
        bad |= write(fd, block, sizeof(block)) != (ssize_t)sizeof(block);
    bad |= fsync(fd) < 0;
    bad |= unlink(file) < 0;
    return bad;
}

static int
naps(long n)
{
    struct timespec nap = { .tv_nsec = 1000000 };

    while (n-- > 0)
        (void)nanosleep(&nap, NULL);
    return 0;
}

static void *
burn(void *ms)
{
    (void)cpu(*(long *)ms);
    return NULL;
}

static int
threads(long n, long ms)
{
    pthread_t thread[THREADS_MAX];
    int bad = 0;
    long i;

    for (i = 0; i < n && i < THREADS_MAX; i++)
        bad |= pthread_create(&thread[i], NULL, burn, &ms);
    while (i-- > 0)
        bad |= pthread_join(thread[i], NULL);
    return bad;
}

static int
child(char **word, int wait_for_it)
{
    siginfo_t gone;
    pid_t pid = fork();

    if (pid == 0)
        _exit(spend(word));
    return pid < 0 || waitid(P_PID, (id_t)pid, &gone, WEXITED | (wait_for_it ? 0 : WNOWAIT)) < 0;
}

static int
spend(char **word)
{
    const char *verb = word[0];

    if (strcmp(verb, "child") == 0)
        return child(word + 1, 1);
    if (strcmp(verb, "orphan") == 0)
        return child(word + 1, 0);
    if (strcmp(verb, "cpu") == 0)
        return cpu(atol(word[1]));
    if (strcmp(verb, "memory") == 0)
        return memory((size_t)atol(word[1]) * KIB * KIB);
    if (strcmp(verb, "disk") == 0)
        return disk(word[1], (size_t)atol(word[2]));
    if (strcmp(verb, "naps") == 0)
        return naps(atol(word[1]));
    if (strcmp(verb, "threads") == 0)
        return threads(atol(word[1]), atol(word[2]));
    return 2;
}

int
main(int argc, char **argv)
{
    return argc > 1 ? spend(argv + 1) : 2;
}
