/* exec/run.h -- the front door: run one command and capture what it says.
 *
 * A run is a machine that never waits.  run_start() starts the command; from
 * then on the owner watches both run_output_fd() for reading, run_exit_fd()
 * for reading, and the clock for run_deadline(), in whatever loop it has, and
 * calls run_step() with what happened until it answers RUN_OVER.
 *
 * The command gets descriptors 0, 1 and 2 and no other, default signals, an
 * empty signal mask, a session and process group of its own, and exactly the
 * argv and environment of the spec, with CMON_RUN behind it, which says whose it
 * is (stray.h).  stdout and stderr share one pipe and keep their
 * order, unless they are asked for apart.  Its exit ends the run, even when
 * something it left behind holds the pipe.
 *
 * Unless the spec says `detach`, nothing of the run is alive once it is over;
 * what had to be killed is counted in `leftover`.  Where a cgroup can be made
 * (exec/cgroup_place.h) and the spec does not say CGROUP_NEVER, the run is in
 * one and this holds for whatever a command does, setsid and double forks
 * included, other than root leaving its cgroup; what SIGKILL has not ended after
 * two seconds is ended later.  Without a cgroup there are two more exceptions:
 * what we may not signal, because it became root; and what left the session
 * (setsid), has lost the mark in its environment, and could as well be another
 * run's, because both were there when it was born: it ends with the last of those
 * and of what detached ones have left.  What a detached command leaves may go on
 * writing to the pipe as long as this program lives; better that it redirects that.
 *
 * Past its timeout the whole tree gets SIGTERM (and SIGCONT), after `grace`
 * SIGKILL.  A command that ignores even that (stuck in the kernel) is
 * abandoned after a few seconds, told as such, and reaped by the engine later.
 *
 * One thread at a time per run; different runs are independent.
 */
#ifndef EXEC_RUN_H
#define EXEC_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "exec/account.h"
#include "exec/capture.h"
#include "exec/cgroup.h"
#include "exec/fence.h"
#include "exec/roster.h"

struct engine;
struct err;
struct exec_limits;

enum run_output {
    RUN_JOINED, /* one pipe; all of it in its order in `out` */
    RUN_MARKED, /* two pipes; all in order of arrival in `out`, and whose it is in `marks` */
    RUN_APART,  /* two pipes; stdout in `out`, stderr in `err` */
};

/* What becomes of output that is more than out_max. */
enum run_keep {
    RUN_KEEP_HEAD, /* the first bytes are kept, the rest is read and dropped */
    RUN_KEEP_TAIL, /* the last bytes are kept; apart, of stderr only */
    RUN_KEEP_KILL, /* as KEEP_HEAD, and the command is ended as by its timeout */
};

/* Everything that is pointed to MUST stay until run_start() returns, except
 * where output is kept, which MUST stay as long as run_kept() is used. */
struct run_spec {
    const char *path;                 /* what execve(2) gets; with a slash, relative to workdir */
    char *const *argv;                /* NULL-terminated, at least argv[0] */
    char *const *envp;                /* NULL-terminated, the whole environment */
    const char *workdir;              /* NULL: stay where we are */
    const struct exec_limits *limits; /* NULL: none, and umask 022 */
    const int *input;                 /* a descriptor to be its stdin; NULL: nothing to read */
    int64_t timeout;                  /* ns from the start, above 0 */
    int64_t grace;                    /* ns between SIGTERM and SIGKILL, 0 or more */
    bool detach;                      /* what the command leaves running stays */
    bool delays;                      /* find out what it had to wait for, if the kernel tells */
    /* The cgroup of the run; what of the limits none can hold: exec/fence.h. */
    enum cgroup_use cgroup;
    const struct cgroup_limits *cgroup_limits; /* NULL: none */

    enum run_output output;
    enum run_keep keep;
    unsigned char *out;   /* where output is kept */
    size_t out_max;       /* bytes */
    unsigned char *marks; /* keep_marks(out_max) bytes, of RUN_MARKED */
    unsigned char *err;   /* of RUN_APART */
    size_t err_max;       /* bytes; more than that ends nothing */
    struct arena *arena;  /* whose blocks these are, for keep_commit(); NULL: no arena's */
};

enum run_status {
    RUN_PARKED, /* watch on */
    RUN_OVER,   /* run_result() stands */
};

/* What happened, as bits for run_step(). */
enum run_wake {
    RUN_WAKE_OUTPUT = 1 << 0,   /* run_output_fd(r, 0) is readable */
    RUN_WAKE_EXIT = 1 << 1,     /* run_exit_fd() is readable */
    RUN_WAKE_DEADLINE = 1 << 2, /* run_deadline() has passed */
    RUN_WAKE_ERRORS = 1 << 3,   /* run_output_fd(r, 1) is readable */
};

/* Who ended the command. */
enum run_cause {
    RUN_EXITED,    /* itself, by exit(3) */
    RUN_SIGNALED,  /* a signal that was not ours */
    RUN_TIMED_OUT, /* we, past its timeout; it may still have exited by itself on SIGTERM */
    RUN_CANCELLED, /* we, by run_cancel(); the same */
    RUN_ABANDONED, /* nobody: not even SIGKILL has ended it yet */
    RUN_OVERFLOWN, /* we, because it said more than RUN_KEEP_KILL allows; or itself, when
                      that was seen only then */
};

struct run_result {
    enum run_cause cause;
    bool signaled;        /* a signal ended the command */
    int code;             /* that signal, else the exit status; 0 when abandoned */
    size_t out_len;       /* bytes kept in `out` */
    bool truncated;       /* more was said than is kept */
    unsigned leftover;    /* processes that were alive after a command that ended by
                             itself, and that we ended; 0 when we ended it */
    bool oom;             /* the kernel killed in it, because it wanted more than its limit */
    int64_t duration;     /* ns from start to the command's exit */
    struct account usage; /* all 0 when abandoned */
    struct account_delays delays; /* none known unless the spec asked for them */
};

struct run {
    /* Private. */
    struct engine *engine;
    struct roster_member member;
    struct account_source *accounts;       /* the engine's, or NULL: delays are not asked for */
    struct keep kept[CAPTURE_PIPES];       /* by KEEP_OUT and KEEP_ERR */
    struct capture capture[CAPTURE_PIPES]; /* the second one only where there are two */
    int writer[CAPTURE_PIPES]; /* the writing ends, held so that a command's end shows once,
                                  on exitfd, and not on a pipe just before */
    bool bounded;              /* RUN_KEEP_KILL */

    struct fence fence;
    unsigned in_cgroup; /* alive in it when the command had ended */
    unsigned swept;     /* killed outside of it, or without one */
    int exitfd;         /* -1 once the command is reaped or abandoned */
    int state;          /* enum state of run.c */
    bool detach;        /* what it leaves stays */
    bool held;          /* it has ended, and its tracer keeps it from us */
    unsigned looks;     /* how often we have looked in vain in this state */
    int64_t started;    /* ns */
    int64_t deadline;   /* ns */
    int64_t look;       /* ns, when to try again to reap what is held */
    int64_t grace;      /* ns */
    int64_t settled;    /* ns, when what is left is left to the engine */
    struct run_result result;
};

/* Starts a command.  Returns 0, or -errno when it did not come to life (no
 * process is left then): err->text names the step and the object, such as
 * "chdir /srv/app: No such file or directory" or "exec ./x: Exec format
 * error".  -EAGAIN, -ENOMEM, -EMFILE and -ENFILE from creating the process or
 * its pipe mean that the machine is short of something, not that the spec is
 * wrong; err->text then begins with "pipe" or "clone". */
int run_start(struct run *r, struct engine *e, const struct run_spec *spec, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Goes on after the given enum run_wake bits (0 is allowed: look around).
 * Never blocks.  Wakes that are no longer true are harmless. */
enum run_status run_step(struct run *r, unsigned wakes)
    __attribute__((warn_unused_result, nonnull));

/* Begins to end the command as a timeout would; goes on in run_step().  With
 * `now` SIGKILL comes at once.  Harmless once the run is over. */
void run_cancel(struct run *r, bool now) __attribute__((nonnull));

/* The pipes to watch, `pipe` being 0 for stdout and what shares its pipe, 1 for
 * stderr apart: a descriptor, or -1 where there is none, and once the command
 * has ended.  It is readable when there is output, and does not tell of the
 * end.  run_step() closes it or gives it away: whoever keeps it in a set checks
 * after each step. */
int run_output_fd(const struct run *r, unsigned pipe) __attribute__((nonnull));

/* What to watch for the end (a pidfd, or what stands in for one), or -1 when there is no use in it
 * (any more); the same. */
int run_exit_fd(const struct run *r) __attribute__((nonnull));

/* When to call run_step() at the latest: clock_now() time, or CLOCK_NEVER.
 * May change with every step. */
int64_t run_deadline(const struct run *r) __attribute__((nonnull));

/* What came of it.  Only after RUN_OVER. */
const struct run_result *run_result(const struct run *r) __attribute__((nonnull));

/* What was said: KEEP_OUT what is in `out`, KEEP_ERR what is in `err`. */
const struct keep *run_kept(const struct run *r, enum keep_stream where) __attribute__((nonnull));

/* Drives a started run to its end with a poll(2) loop of its own.  For
 * programs that have nothing else to do.  `cancel_fd` (or -1) cancels the run
 * once it becomes readable or hangs up. */
void run_drive(struct run *r, int cancel_fd) __attribute__((nonnull));

#endif
