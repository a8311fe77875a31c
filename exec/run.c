/* exec/run.c -- contracts are in run.h.
 *
 * A run goes down this list, may skip states, and never goes back:
 *
 *   GOING        deadline: timeout, or too much output
 *                                   -> SIGTERM to the tree, TERMINATING
 *   TERMINATING  deadline: grace    -> SIGKILL to the tree, KILLING
 *   KILLING      deadline: patience -> given to the engine, OVER
 *   SETTLING     the command is reaped; deadline: look again for what it left
 *   OVER
 *
 * The command's exit leads from the first three to SETTLING, and on to OVER in
 * the same step when nothing is left, which is the way nearly all go.
 */
#include "config.h"

#include <assert.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "exec/engine.h"
#include "exec/run.h"
#include "exec/spawn.h"

enum state {
    GOING,
    TERMINATING,
    KILLING,
    SETTLING,
    OVER,
    STATE_MAX,
};

#define PATIENCE (3 * CLOCK_SEC)    /* for SIGKILL to work */
#define SETTLE_TIME (2 * CLOCK_SEC) /* for what is left to go */
#define LOOK_AFTER (1 * CLOCK_SEC)  /* orphans that ended, while a run is driven */
#define LOOK_LONGEST 7              /* looks are 1, 2, 4, ... 128 ms apart */

/* A moment `wait` after `now`, for any `wait`. */
static int64_t
after(int64_t now, int64_t wait)
{
    return wait > CLOCK_NEVER - now ? CLOCK_NEVER : now + wait;
}

/* When to look again, after one more look in vain. */
static int64_t
next_look(struct run *r, int64_t now)
{
    unsigned doubled = r->looks < LOOK_LONGEST ? r->looks : LOOK_LONGEST;

    r->looks++;
    return now + (CLOCK_MSEC << doubled);
}

/* Makes the pipes, and stores their writing ends. */
static int
open_pipes(struct run *r, const struct run_spec *spec, struct err *err)
{
    bool tail = spec->keep == RUN_KEEP_TAIL;
    bool apart = spec->output == RUN_APART;
    int n;

    keep_over(&r->kept[KEEP_OUT], spec->out, spec->out_max,
        spec->output == RUN_MARKED ? spec->marks : NULL, tail && !apart);
    keep_over(&r->kept[KEEP_ERR], spec->err, apart ? spec->err_max : 0, NULL, tail);
    if (spec->arena != NULL) {
        keep_commit(&r->kept[KEEP_OUT], spec->arena);
        keep_commit(&r->kept[KEEP_ERR], spec->arena);
    }
    r->capture[0].fd = r->capture[1].fd = r->writer[0] = r->writer[1] = -1;
    n = capture_open(&r->capture[0], &r->kept[KEEP_OUT], KEEP_OUT, &r->writer[0], err);
    if (n == 0 && spec->output != RUN_JOINED)
        n = capture_open(
            &r->capture[1], &r->kept[apart ? KEEP_ERR : KEEP_OUT], KEEP_ERR, &r->writer[1], err);
    return n;
}

static void
close_pipes(struct run *r)
{
    /* The reading ends first: nobody is there to be told of the others' end. */
    for (int i = 0; i < CAPTURE_PIPES; i++)
        capture_close(&r->capture[i]);
    for (int i = 0; i < CAPTURE_PIPES; i++)
        fd_close(&r->writer[i]);
}

/* In its cgroup, or, where it may and has to, without one. */
static int
launch(struct run *r, const struct run_spec *spec, struct spawn_spec *child, struct err *err)
{
    int n = fence_open(&r->fence, engine_cgroups(r->engine), spec->cgroup, spec->cgroup_limits,
        spec->detach, child, err);

    if (n == 0)
        n = engine_start(r->engine, &r->member, spec->detach, child, &r->exitfd, err);
    if (n < 0 && fence_lower(&r->fence, child, err))
        n = engine_start(r->engine, &r->member, spec->detach, child, &r->exitfd, err);
    if (n < 0)
        fence_close(&r->fence, false);
    return n;
}

int
run_start(struct run *r, struct engine *e, const struct run_spec *spec, struct err *err)
{
    struct spawn_spec child = {
        .path = spec->path,
        .argv = spec->argv,
        .envp = spec->envp,
        .workdir = spec->workdir,
        .limits = spec->limits,
    };
    int n;

    assert(spec->timeout > 0 && spec->grace >= 0);
    memset(r, 0, sizeof(*r));
    r->engine = e;
    r->exitfd = -1;
    r->look = CLOCK_NEVER;
    r->detach = spec->detach;
    r->grace = spec->grace;
    r->accounts = spec->delays ? engine_accounts(e) : NULL;
    r->bounded = spec->keep == RUN_KEEP_KILL;
    n = open_pipes(r, spec, err);
    if (n == 0) {
        child.fd[0] = spec->input != NULL ? *spec->input : engine_null(e);
        child.fd[1] = r->writer[0];
        child.fd[2] = r->writer[spec->output == RUN_JOINED ? 0 : 1];
        r->started = clock_now();
        r->deadline = after(r->started, spec->timeout);
        n = launch(r, spec, &child, err);
    }
    if (n < 0)
        close_pipes(r);
    return n;
}

static void
end(struct run *r)
{
    close_pipes(r);
    r->result.oom = fence_oom(&r->fence);
    fence_close(&r->fence, r->detach);
    r->result.out_len = r->kept[KEEP_OUT].len;
    r->result.truncated = r->kept[KEEP_OUT].dropped || r->kept[KEEP_ERR].dropped;
    r->deadline = CLOCK_NEVER;
    r->look = CLOCK_NEVER;
    r->state = OVER;
}

/* Signals all of the run: by its cgroup, or as far as it can be found. */
static void
signal_all(struct run *r, int sig)
{
    if (!fence_stands(&r->fence)) {
        engine_signal(r->engine, &r->member, sig);
        return;
    }
    engine_signal_group(&r->member, sig);
    if (sig == SIGTERM)
        fence_term(&r->fence, r->member.pid);
    else
        fence_kill(&r->fence);
}

/* What a passed deadline means, state by state. */

static void
terminate(struct run *r, int64_t now)
{
    signal_all(r, SIGTERM);
    r->detach = false;
    r->deadline = after(now, r->grace);
    r->state = TERMINATING;
}

static void
time_out(struct run *r, int64_t now)
{
    r->result.cause = RUN_TIMED_OUT;
    terminate(r, now);
}

static void
kill_all(struct run *r, int64_t now)
{
    signal_all(r, SIGKILL);
    r->detach = false;
    r->deadline = now + PATIENCE;
    r->state = KILLING;
}

static void
abandon(struct run *r, int64_t now)
{
    if (engine_abandon(r->engine, &r->member) < 0) {
        r->deadline = next_look(r, now);
        return;
    }
    fd_close(&r->exitfd);
    r->result.cause = RUN_ABANDONED;
    r->result.duration = now - r->started;
    end(r);
}

/* Ends what is left: all in the cgroup, and once that is empty what has got out
 * of it or had none, and zombies.  Returns whether to look again. */
static bool
sweep(struct run *r)
{
    unsigned swept = 0;
    bool left = fence_clear(&r->fence, r->looks == 0, &r->in_cgroup);

    /* Nobody gets out of a cgroup; then only the dead are to be reaped, and that
     * there are none is asked in no time, however many children go on.  Who was
     * killed leaves its cgroup a moment before it can be reaped. */
    if (!left && r->looks == 0 && r->in_cgroup == 0 && r->result.cause <= RUN_SIGNALED &&
        fence_is_clear(&r->fence) && !engine_any_dead(r->engine))
        return false;
    if (!left || clock_now() >= r->settled)
        left |= engine_sweep(r->engine, &r->member, &swept);
    r->swept += swept;
    /* Some of those that died with the cgroup were killed once more. */
    if (r->result.cause <= RUN_SIGNALED)
        r->result.leftover = r->in_cgroup > r->swept ? r->in_cgroup : r->swept;
    return left;
}

static void
settle(struct run *r, int64_t now)
{
    bool left;

    if (r->detach)
        left = engine_detach(r->engine, &r->member, r->capture) < 0;
    else
        left = sweep(r) && now < r->settled;
    if (left) {
        r->deadline = next_look(r, now);
        return;
    }
    if (!r->detach)
        engine_forget(r->engine, &r->member);
    end(r);
}

static void (*const on_deadline[STATE_MAX])(struct run *r, int64_t now) = {
    [GOING] = time_out,
    [TERMINATING] = kill_all,
    [KILLING] = abandon,
    [SETTLING] = settle,
};

/* Whether a descriptor says that its process has ended. */
static bool
is_readable(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };

    return poll(&p, 1, 0) > 0;
}

/* Asks what the command had to wait for, if somebody wants to know: once it
 * has ended, and while its number is still its own.  Returns whether it may be
 * reaped: not when it was alive a moment ago and has not been asked about. */
static bool
ask_delays(struct run *r)
{
    if (r->accounts == NULL)
        return true;
    if (!is_readable(r->exitfd))
        return false;
    account_ask(r->accounts, r->member.pid, &r->result.delays);
    r->accounts = NULL;
    return true;
}

/* Whether more was said than the command may say. */
static bool
overflown(const struct run *r)
{
    return r->bounded && r->kept[KEEP_OUT].dropped;
}

/* Reaps the command if it has ended, and goes on to what it has left. */
static void
look_for_exit(struct run *r, bool woken, int64_t now)
{
    siginfo_t gone;

    if (!ask_delays(r))
        return;
    if (!engine_wait(r->engine, &r->member, &gone, &r->result.usage)) {
        /* Ended, but not ours to reap until its tracer lets go of it: watching
         * the descriptor would wake us without end. */
        r->held = r->held || (woken && is_readable(r->exitfd));
        if (r->held)
            r->look = next_look(r, now);
        return;
    }
    fd_close(&r->exitfd);
    for (int i = 0; i < CAPTURE_PIPES; i++) {
        if (r->detach)
            fd_close(&r->writer[i]);
        capture_finish(&r->capture[i]);
    }
    r->result.duration = now - r->started;
    r->result.signaled = gone.si_code != CLD_EXITED;
    r->result.code = gone.si_status;
    if (r->state == GOING)
        r->result.cause = r->result.signaled ? RUN_SIGNALED : RUN_EXITED;
    if (r->state == GOING && overflown(r)) {
        r->result.cause = RUN_OVERFLOWN;
        r->detach = false;
    }
    r->state = SETTLING;
    r->looks = 0;
    r->look = CLOCK_NEVER;
    r->settled = now + SETTLE_TIME;
    settle(r, now);
}

enum run_status
run_step(struct run *r, unsigned wakes)
{
    int64_t now = clock_now();

    if (run_output_fd(r, 0) >= 0 && (wakes & RUN_WAKE_OUTPUT || wakes == 0))
        capture_read(&r->capture[0]);
    if (run_output_fd(r, 1) >= 0 && (wakes & RUN_WAKE_ERRORS || wakes == 0))
        capture_read(&r->capture[1]);
    if (r->state == GOING && overflown(r)) {
        r->result.cause = RUN_OVERFLOWN;
        terminate(r, now);
    }
    if (r->exitfd >= 0 && (wakes & RUN_WAKE_EXIT || wakes == 0 || now >= run_deadline(r)))
        look_for_exit(r, wakes & RUN_WAKE_EXIT, now);
    if (now >= r->deadline)
        on_deadline[r->state](r, now);
    return r->state == OVER ? RUN_OVER : RUN_PARKED;
}

void
run_cancel(struct run *r, bool now)
{
    if (r->state == GOING)
        r->result.cause = RUN_CANCELLED;
    if (now && r->state < KILLING)
        kill_all(r, clock_now());
    else if (r->state == GOING)
        terminate(r, clock_now());
}

int
run_output_fd(const struct run *r, unsigned pipe)
{
    assert(pipe < CAPTURE_PIPES);
    return r->state < SETTLING ? r->capture[pipe].fd : -1;
}

int
run_exit_fd(const struct run *r)
{
    return r->held ? -1 : r->exitfd;
}

int64_t
run_deadline(const struct run *r)
{
    return r->look < r->deadline ? r->look : r->deadline;
}

const struct run_result *
run_result(const struct run *r)
{
    assert(r->state == OVER);
    return &r->result;
}

const struct keep *
run_kept(const struct run *r, enum keep_stream where)
{
    assert(where != KEEP_BOTH);
    return &r->kept[where];
}

/* Milliseconds for poll(2) until a deadline, rounded up. */
static int
poll_timeout(int64_t deadline)
{
    int64_t wait;

    if (deadline == CLOCK_NEVER)
        return -1;
    wait = deadline - clock_now();
    if (wait <= 0)
        return 0;
    wait = (wait + CLOCK_MSEC - 1) / CLOCK_MSEC;
    return wait < INT_MAX ? (int)wait : INT_MAX;
}

void
run_drive(struct run *r, int cancel_fd)
{
    int64_t look = clock_now() + LOOK_AFTER;
    unsigned wakes;

    do {
        struct pollfd p[] = {
            { .fd = run_output_fd(r, 0), .events = POLLIN },
            { .fd = run_output_fd(r, 1), .events = POLLIN },
            { .fd = run_exit_fd(r), .events = POLLIN },
            { .fd = cancel_fd, .events = POLLIN },
        };

        wakes = RUN_WAKE_DEADLINE; /* if it is not true it is harmless */
        if (poll(p, 4, poll_timeout(look < run_deadline(r) ? look : run_deadline(r))) > 0) {
            wakes |= p[0].revents != 0 ? RUN_WAKE_OUTPUT : 0U;
            wakes |= p[1].revents != 0 ? RUN_WAKE_ERRORS : 0U;
            wakes |= p[2].revents != 0 ? RUN_WAKE_EXIT : 0U;
            if (p[3].revents != 0) {
                cancel_fd = -1;
                run_cancel(r, false);
            }
        }
        if (clock_now() >= look) {
            (void)engine_reap(r->engine); /* we look again anyway */
            look = clock_now() + LOOK_AFTER;
        }
    } while (run_step(r, wakes) == RUN_PARKED);
}
