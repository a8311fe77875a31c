/* exec/low.h -- low numbers for the descriptors of a child.
 *
 * A child needs three of our descriptors and copies our table up to the highest
 * of them (child.h): 2000 that it does not need cost it 250 us.  So where we
 * have many open, those three are lent numbers that were kept back early on.
 *
 * Safe from any thread.
 */
#ifndef EXEC_LOW_H
#define EXEC_LOW_H

#include <stdatomic.h>

struct err;

enum {
    LOW_LOANS = 4,   /* at a time; who comes when all are taken goes without */
    LOW_ENOUGH = 64, /* a descriptor below needs no other number */
};

struct low {
    /* Private. */
    int null;
    int fd[LOW_LOANS][3];
    atomic_flag taken[LOW_LOANS];
};

/* Keeps numbers back; early, when the low ones are free.  `null` is what they
 * stand for while nobody has them, and MUST stay open.  Returns 0 or -errno; *l
 * MUST be zeroed before, and closed either way. */
int low_open(struct low *l, int null, struct err *err) __attribute__((nonnull));

void low_close(struct low *l) __attribute__((nonnull));

/* Lends numbers to those of fd[] that are high, as copies, and puts these into
 * fd[].  Returns what low_give() wants, -1 when nothing was lent. */
int low_take(struct low *l, int fd[3]) __attribute__((warn_unused_result, nonnull));

/* Takes them back: the copies are closed. */
void low_give(struct low *l, int loan) __attribute__((nonnull));

#endif
