/* exec/run.c -- contracts are in run.h.
 *
 * A run goes down this list, may skip states, and never goes back:
 *
 *   GOING        deadline: timeout  -> SIGTERM to the tree, TERMINATING
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
#include "exec/stray.h"

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

int
run_start(struct run *r, struct engine *e, const struct run_spec *spec, struct err *err)
{
    struct spawn_spec child = {
        .path = spec->path,
        .argv = spec->argv,
        .workdir = spec->workdir,
    };
    char *marked[STRAY_ENV_MAX];
    FD_AUTO int writer = -1;
    int n;

    assert(spec->timeout > 0 && spec->grace >= 0);
    memset(r, 0, sizeof(*r));
    r->engine = e;
    r->pidfd = -1;
    r->writer = -1;
    r->look = CLOCK_NEVER;
    r->detach = spec->detach;
    r->grace = spec->grace;
    n = capture_open(&r->capture, spec->out, spec->out_max, &writer, err);
    if (n < 0)
        return n;

    /* What a detached command starts is to stay, whatever becomes of us. */
    child.envp = spec->detach ? spec->envp : stray_env(engine_mark(e), spec->envp, marked);
    child.fd[0] = engine_null(e);
    child.fd[1] = writer;
    child.fd[2] = writer;
    r->started = clock_now();
    r->deadline = after(r->started, spec->timeout);
    n = engine_launch(e, &r->member, ROSTER_RUNNING, &child, &r->pidfd, err);
    if (n < 0)
        capture_close(&r->capture);
    else
        r->writer = fd_take(&writer);
    return n;
}

static void
end(struct run *r)
{
    /* The reading end first: nobody is there to be told of the other's end. */
    capture_close(&r->capture);
    fd_close(&r->writer);
    r->result.out_len = r->capture.len;
    r->result.truncated = r->capture.truncated;
    r->deadline = CLOCK_NEVER;
    r->look = CLOCK_NEVER;
    r->state = OVER;
}

/* What a passed deadline means, state by state. */

static void
terminate(struct run *r, int64_t now)
{
    engine_signal(r->engine, &r->member, SIGTERM);
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
    engine_signal(r->engine, &r->member, SIGKILL);
    r->detach = false;
    r->deadline = now + PATIENCE;
    r->state = KILLING;
}

static void
abandon(struct run *r, int64_t now)
{
    if (engine_abandon(r->engine, &r->member, &r->pidfd) < 0) {
        r->deadline = next_look(r, now);
        return;
    }
    r->result.cause = RUN_ABANDONED;
    r->result.duration = now - r->started;
    end(r);
}

static void
settle(struct run *r, int64_t now)
{
    unsigned ended = 0;
    bool left;

    if (r->detach)
        left = engine_detach(r->engine, &r->member, &r->capture) < 0;
    else
        left = engine_sweep(r->engine, &r->member, &ended) && now < r->settled;
    if (r->result.cause <= RUN_SIGNALED)
        r->result.leftover += ended;
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

/* Whether a pidfd says that its process has ended. */
static bool
is_readable(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };

    return poll(&p, 1, 0) > 0;
}

/* Reaps the command if it has ended, and goes on to what it has left. */
static void
look_for_exit(struct run *r, bool woken, int64_t now)
{
    siginfo_t gone;

    if (!engine_wait(r->engine, r->pidfd, &gone)) {
        /* Ended, but not ours to reap until its tracer lets go of it: watching
         * the pidfd would wake us without end. */
        r->held = r->held || (woken && is_readable(r->pidfd));
        if (r->held)
            r->look = next_look(r, now);
        return;
    }
    fd_close(&r->pidfd);
    if (r->detach)
        fd_close(&r->writer);
    capture_finish(&r->capture);
    r->result.duration = now - r->started;
    r->result.signaled = gone.si_code != CLD_EXITED;
    r->result.code = gone.si_status;
    if (r->state == GOING)
        r->result.cause = r->result.signaled ? RUN_SIGNALED : RUN_EXITED;
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

    if (run_output_fd(r) >= 0 && (wakes & RUN_WAKE_OUTPUT || wakes == 0))
        capture_read(&r->capture);
    if (r->pidfd >= 0 && (wakes & RUN_WAKE_EXIT || wakes == 0 || now >= run_deadline(r)))
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
run_output_fd(const struct run *r)
{
    return r->state < SETTLING ? r->capture.fd : -1;
}

int
run_exit_fd(const struct run *r)
{
    return r->held ? -1 : r->pidfd;
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
    unsigned wakes;

    do {
        struct pollfd p[] = {
            { .fd = run_output_fd(r), .events = POLLIN },
            { .fd = run_exit_fd(r), .events = POLLIN },
            { .fd = cancel_fd, .events = POLLIN },
        };

        wakes = RUN_WAKE_DEADLINE; /* if it is not true it is harmless */
        if (poll(p, 3, poll_timeout(run_deadline(r))) > 0) {
            wakes |= p[0].revents != 0 ? RUN_WAKE_OUTPUT : 0U;
            wakes |= p[1].revents != 0 ? RUN_WAKE_EXIT : 0U;
            if (p[2].revents != 0) {
                cancel_fd = -1;
                run_cancel(r, false);
            }
        }
    } while (run_step(r, wakes) == RUN_PARKED);
}
