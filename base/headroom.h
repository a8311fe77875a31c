/* base/headroom.h -- is there memory for a library that does not look whether it got any?
 *
 * libfcgi and libConfuse (and strdup(3) in its hands) end the process, or write
 * to NULL, when malloc(3) fails.  Before they are called it is seen that what
 * they will need can be had; it then waits in the allocator's free lists.
 * This is no promise, since all threads share them, but each looks for more
 * than it needs, so that several may go on at once.
 */
#ifndef BASE_HEADROOM_H
#define BASE_HEADROOM_H

#include <stddef.h>

enum {
    HEADROOM_KEPT = 1024 * 1024,     /* bytes */
    HEADROOM_MAX = 64 * 1024 * 1024, /* bytes */
};

/* Has malloc(3) keep what was seen to be there: one heap for all threads, which
 * gives nothing back below HEADROOM_KEPT.  Once, before there are threads. */
void headroom_keep(void);

/* Gives back what is free now. */
void headroom_trim(void);

/* Returns 0 when malloc(3) has `n` bytes in small pieces, -ENOMEM when not, or
 * when `n` is more than HEADROOM_MAX.  Touches none of them but for a word in
 * each piece.  Safe from any thread. */
int headroom_check(size_t n) __attribute__((warn_unused_result));

#endif
