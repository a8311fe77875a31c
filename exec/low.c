/* exec/low.c -- contracts are in low.h. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "exec/low.h"

int
low_open(struct low *l, int null, struct err *err)
{
    l->null = null;
    for (int i = 0; i < LOW_LOANS; i++) {
        atomic_flag_clear(&l->taken[i]);
        for (int k = 0; k < 3; k++)
            l->fd[i][k] = -1;
    }
    for (int i = 0; i < LOW_LOANS; i++) {
        for (int k = 0; k < 3; k++) {
            l->fd[i][k] = fcntl(null, F_DUPFD_CLOEXEC, 3);
            if (l->fd[i][k] < 0)
                return err_sys(err, errno, "fcntl", "/dev/null");
        }
    }
    return 0;
}

void
low_close(struct low *l)
{
    for (int i = 0; i < LOW_LOANS; i++)
        for (int k = 0; k < 3; k++)
            if (l->fd[i][k] >= 3) /* not one that was never opened */
                fd_close(&l->fd[i][k]);
}

static bool
is_high(const int fd[3])
{
    return fd[0] >= LOW_ENOUGH || fd[1] >= LOW_ENOUGH || fd[2] >= LOW_ENOUGH;
}

int
low_take(struct low *l, int fd[3])
{
    int loan;

    if (!is_high(fd))
        return -1;
    for (loan = 0; loan < LOW_LOANS; loan++)
        if (!atomic_flag_test_and_set(&l->taken[loan]))
            break;
    if (loan == LOW_LOANS)
        return -1;
    for (int k = 0; k < 3; k++) {
        /* What cannot be had costs time and nothing else. */
        if (fd[k] >= LOW_ENOUGH && dup3(fd[k], l->fd[loan][k], O_CLOEXEC) >= 0)
            fd[k] = l->fd[loan][k];
    }
    return loan;
}

void
low_give(struct low *l, int loan)
{
    if (loan < 0)
        return;
    /* Over an open descriptor this cannot fail: the pipe would stay open. */
    for (int k = 0; k < 3; k++)
        (void)dup3(l->null, l->fd[loan][k], O_CLOEXEC);
    atomic_flag_clear(&l->taken[loan]);
}
