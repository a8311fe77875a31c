/* tests/arena/fixture.h -- what tests of an arena share: one that is open, and a touched block of
 * it. */
#ifndef TESTS_ARENA_FIXTURE_H
#define TESTS_ARENA_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* The arena of the running test. */
extern struct arena *a;

/* Opens it, and closes it if it is open. */
void fixture_open(size_t chunk, size_t count, size_t retain, bool prefault);
void fixture_close(void);

/* How many bytes of it are in memory. */
size_t fixture_resident(void);

/* Takes a block from it and writes 0x5a to all of it. */
unsigned char *fixture_touch(size_t n);

enum {
    FIXTURE_NO_FILTER = 97,
};

/* Has a system call fail with `num` when its third argument is this one, for the process,
 * a child, that calls.  Where that is not to be had it exits with FIXTURE_NO_FILTER. */
void fixture_forbid(unsigned nr, unsigned third, unsigned num);

#endif
