/* tests/exec/harness.h -- what the tests of exec/ share: an engine, one run at a time, the probe.
 *
 * harness_open() and harness_close() are a checked fixture: whatever a test
 * does, it must leave no descriptor and no child behind.
 */
#ifndef TESTS_EXEC_HARNESS_H
#define TESTS_EXEC_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/clock.h"
#include "base/err.h"
#include "exec/engine.h"
#include "exec/run.h"

enum {
    HARNESS_OUT = 4 * 1024 * 1024, /* bytes for output */
    HARNESS_ARGS = 40,
};

struct harness {
    struct engine *engine;
    struct run run;
    struct run_spec spec; /* for the next run; set to defaults by harness_open() */
    struct err err;
    unsigned char *out; /* HARNESS_OUT bytes */
    char *argv[HARNESS_ARGS];
    char probe[512]; /* where tests/exec/probe is */
    int fds;         /* descriptors: open at the beginning */
    int idle;        /* the same, with the engine */
};

extern struct harness h;

/* Fills h.probe only, for tests that need no engine. */
void harness_find_probe(void);

void harness_open(void);
void harness_close(void);

/* Puts "probe WORD..." (NULL-terminated) into h.spec. */
void harness_probe(const char *verb, ...) __attribute__((sentinel));

/* Puts any command into h.spec. */
void harness_command(const char *path, ...) __attribute__((sentinel));

/* Starts h.run from h.spec; fails the test when it does not start. */
void harness_start(void);

/* harness_start(), run_drive(), run_result(). */
const struct run_result *harness_run(void);

/* The output of h.run as a string. */
const char *harness_said(void);

/* Reads what h.run says until it has said `lines` lines, then their numbers
 * into pids[]. */
void harness_read_pids(pid_t *pids, size_t lines);

/* The numbers that h.run has said; returns how many. */
size_t harness_pids(pid_t *pids, size_t max);

/* Whether a process is there and has not ended. */
bool harness_alive(pid_t pid);

/* Waits until a process has gone, for at most 5 s; returns whether it has. */
bool harness_gone(pid_t pid);

/* The number of open descriptors. */
int harness_fds(void);

/* Waits until the engine alone has descriptors, for at most 5 s; returns whether it
 * is so.  Without pidfds a thread of its own tells of an end, and closes then. */
bool harness_idle(void);

/* The number of our children, zombies included, whichever thread has them. */
int harness_children(void);

/* Sleeps. */
void harness_sleep(int64_t ns);

#endif
