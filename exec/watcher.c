/* exec/watcher.c -- contracts are in watcher.h. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "exec/watcher.h"

enum {
    STACK = 128 * 1024 /* bytes */
};

/* A child, and a descriptor of ours for the same eventfd as the caller's: what
 * the caller does with his own one cannot lead us to a stranger's. */
struct watched {
    struct watched *next;
    pid_t pid;
    int fd;
};

struct watcher {
    pthread_t thread;
    pthread_mutex_t lock; /* over `first` */
    struct watched *first;
    atomic_bool stop;
    int wake; /* eventfd */
    struct sigaction before;
    bool was_open; /* SIGCHLD was not blocked */
};

/* Where the handler writes to; a handler is given nothing. */
static atomic_int wake_fd = -1;

static void
poke(int fd)
{
    uint64_t one = 1;
    ssize_t put = write(fd, &one, sizeof(one));

    (void)put; /* full is awake */
}

static void
on_sigchld(int sig)
{
    int num = errno;

    (void)sig;
    poke(atomic_load(&wake_fd));
    errno = num;
}

/* Whether a child has ended, or was reaped already and is nobody's business any
 * more.  (If another child of ours has its number by now, that one's end is
 * waited for, and told to nobody.) */
static bool
has_ended(pid_t pid)
{
    siginfo_t gone = { .si_pid = 0 };

    return waitid(P_PID, (id_t)pid, &gone, WEXITED | WNOHANG | WNOWAIT | __WALL) < 0 ||
           gone.si_pid != 0;
}

static void
tell(struct watched *c)
{
    poke(c->fd);
    fd_close(&c->fd);
    free(c);
}

static void
look_at_all(struct watcher *w)
{
    struct watched **at = &w->first;

    while (*at != NULL) {
        struct watched *c = *at;

        if (has_ended(c->pid)) {
            *at = c->next;
            tell(c);
        } else {
            at = &c->next;
        }
    }
}

static void *
watch(void *arg)
{
    struct watcher *w = arg;
    uint64_t count;

    while (!atomic_load(&w->stop)) {
        ssize_t got = read(w->wake, &count, sizeof(count));

        (void)got; /* interrupted or not: look */
        (void)pthread_mutex_lock(&w->lock);
        look_at_all(w);
        (void)pthread_mutex_unlock(&w->lock);
    }
    return NULL;
}

/* The thread sees SIGCHLD and no other signal. */
static int
start_thread(struct watcher *w)
{
    pthread_attr_t attr;
    sigset_t only;
    sigset_t before;
    int r;

    (void)sigfillset(&only);
    (void)sigdelset(&only, SIGCHLD);
    (void)pthread_sigmask(SIG_SETMASK, &only, &before);
    (void)pthread_attr_init(&attr);
    (void)pthread_attr_setstacksize(&attr, STACK);
    r = pthread_create(&w->thread, &attr, watch, w);
    (void)pthread_attr_destroy(&attr);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -r;
}

/* Blocked or not, a signal that has a handler is never lost; blocked in all
 * threads but ours it interrupts none of them. */
static void
take_sigchld(struct watcher *w)
{
    struct sigaction act = { .sa_handler = on_sigchld, .sa_flags = SA_RESTART | SA_NOCLDSTOP };
    sigset_t sigchld;
    sigset_t before;

    atomic_store(&wake_fd, w->wake);
    (void)sigaction(SIGCHLD, &act, &w->before);
    (void)sigemptyset(&sigchld);
    (void)sigaddset(&sigchld, SIGCHLD);
    (void)pthread_sigmask(SIG_BLOCK, &sigchld, &before);
    w->was_open = sigismember(&before, SIGCHLD) == 0;
}

static void
give_sigchld_back(const struct watcher *w)
{
    sigset_t sigchld;

    (void)sigaction(SIGCHLD, &w->before, NULL);
    atomic_store(&wake_fd, -1);
    (void)sigemptyset(&sigchld);
    (void)sigaddset(&sigchld, SIGCHLD);
    if (w->was_open)
        (void)pthread_sigmask(SIG_UNBLOCK, &sigchld, NULL);
}

int
watcher_open(struct watcher **ret_watcher, struct err *err)
{
    struct watcher *w = calloc(1, sizeof(*w));
    int r;

    if (w == NULL)
        return err_sys(err, ENOMEM, "calloc", NULL);
    w->wake = eventfd(0, EFD_CLOEXEC);
    if (w->wake < 0) {
        r = err_sys(err, errno, "eventfd", NULL);
        free(w);
        return r;
    }
    (void)pthread_mutex_init(&w->lock, NULL); /* cannot fail without attributes */
    take_sigchld(w);
    r = start_thread(w);
    if (r < 0) {
        give_sigchld_back(w);
        (void)pthread_mutex_destroy(&w->lock);
        fd_close(&w->wake);
        free(w);
        return err_sys(err, -r, "pthread_create", NULL);
    }
    *ret_watcher = w;
    return 0;
}

void
watcher_close(struct watcher *w)
{
    if (w == NULL)
        return;
    atomic_store(&w->stop, true);
    poke(w->wake);
    (void)pthread_join(w->thread, NULL);
    give_sigchld_back(w);
    while (w->first != NULL) {
        struct watched *c = w->first;

        w->first = c->next;
        tell(c);
    }
    (void)pthread_mutex_destroy(&w->lock);
    fd_close(&w->wake);
    free(w);
}

int
watcher_expect(struct watched **ret_watched, int *ret_fd, struct err *err)
{
    struct watched *c = calloc(1, sizeof(*c));
    FD_AUTO int fd = -1;
    int r;

    if (c == NULL)
        return err_sys(err, ENOMEM, "clone", NULL);
    fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    c->fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (c->fd < 0) {
        r = err_sys(err, errno, "clone", NULL);
        free(c);
        return r;
    }
    *ret_watched = c;
    *ret_fd = fd_take(&fd);
    return 0;
}

void
watcher_name(struct watcher *w, struct watched *c, pid_t pid)
{
    c->pid = pid;
    (void)pthread_mutex_lock(&w->lock);
    /* Its SIGCHLD may have come before it was on the list. */
    c->next = w->first;
    w->first = c;
    if (has_ended(pid)) {
        w->first = c->next;
        tell(c);
    }
    (void)pthread_mutex_unlock(&w->lock);
}

void
watcher_drop(struct watched *c, int *fd)
{
    fd_close(&c->fd);
    fd_close(fd);
    free(c);
}
