/* bench/bare.h -- the bare cost of running a command: pipe, vfork, exec, read to the end, wait. */
#ifndef BENCH_BARE_H
#define BENCH_BARE_H

#include <stdbool.h>

/* Runs the program once, with our environment and descriptor 0, stdout and
 * stderr in one pipe that is read to the end.  Returns whether it exited 0.
 * One thread at a time. */
bool bare_run(char *const *argv) __attribute__((warn_unused_result, nonnull));

#endif
