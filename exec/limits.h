/* exec/limits.h -- what a command may take, as far as it is a matter of the process itself.
 *
 * Plain values, set once when the configuration is read and applied by
 * exec/child.c in every child.  An rlimit binds each process of a command by
 * itself, nice and ionice are inherited by all of them, and LIMITS_NPROC counts
 * all processes of the user, whoever started them.
 */
#ifndef EXEC_LIMITS_H
#define EXEC_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

enum limits_what {
    LIMITS_CORE,   /* bytes */
    LIMITS_FSIZE,  /* bytes */
    LIMITS_NOFILE, /* descriptors, from 0 to n - 1 */
    LIMITS_NPROC,  /* processes and threads of the user */
    LIMITS_CPU,    /* seconds; SIGXCPU, and SIGKILL a second later */
    LIMITS_AS,     /* bytes of address space */
    LIMITS_STACK,  /* bytes */
    LIMITS_RLIMITS,
    LIMITS_NICE = LIMITS_RLIMITS, /* -20 to 19 */
    LIMITS_IONICE,                /* LIMITS_IO() */
    LIMITS_MAX,
};

/* What ioprio_set(2) gets: a class of enum limits_io, and a level of 0 to 7. */
#define LIMITS_IO(class, level) ((int)(class) << 13 | (level))

enum limits_io {
    LIMITS_IO_NONE, /* from nice */
    LIMITS_IO_REALTIME,
    LIMITS_IO_BEST_EFFORT,
    LIMITS_IO_IDLE,
};

#define LIMITS_UNLIMITED UINT64_MAX

struct exec_limits {
    unsigned given; /* bit LIMITS_...: is to be set */
    unsigned must;  /* the same: without it the command does not start */
    struct {
        uint64_t soft, hard; /* as the kernel has them in prlimit64(2) */
    } rlimit[LIMITS_RLIMITS];
    int nice;
    int ionice;
    unsigned umask;
};

enum {
    LIMITS_UMASK = 022,   /* whatever ours is: who started us shall not matter */
    LIMITS_DOUBT_MAX = 96 /* bytes, including NUL */
};

/* What holds when nobody says anything: no core, umask 022. */
void limits_init(struct exec_limits *l) __attribute__((nonnull));

/* Sets one of them, for commands that do not start without it. */
void limits_set(struct exec_limits *l, enum limits_what what, int64_t value)
    __attribute__((nonnull));

/* The name of one: "nofile". */
const char *limits_name(enum limits_what what) __attribute__((warn_unused_result));

/* The RLIMIT_... of one below LIMITS_RLIMITS. */
int limits_resource(enum limits_what what) __attribute__((warn_unused_result));

/* Records that one could not be set ("setrlimit nofile: Operation not
 * permitted").  Returns -num. */
int limits_failed(enum limits_what what, int num, struct err *err) __attribute__((nonnull));

/* What holds one that is given, on this machine: "setrlimit, in each process". */
const char *limits_holder(enum limits_what what)
    __attribute__((warn_unused_result, returns_nonnull));

/* Whether one that is given can be set by a process with our rights, here and
 * now, and binds it.  If not, `why` says so: "1 needs CAP_SYS_NICE". */
bool limits_holds(const struct exec_limits *l, enum limits_what what, char why[LIMITS_DOUBT_MAX])
    __attribute__((warn_unused_result, nonnull));

#endif
