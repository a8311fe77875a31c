/* turns/coalesce.h -- requests that wait for the same run share it.
 *
 * Of what has the same key at most one run is under way and at most one waits.
 * Whoever comes while one waits joins it; whoever comes while one runs does
 * not, because that one may have read already what the request is about (a
 * deploy that has fetched before the push), but makes the one that waits, and
 * that starts when the running one is over.
 *
 * A party is who waits for one run: its leader, whose run it is, and those who
 * have joined.  In the queue the party has one turn, that of its leader, and
 * every member counts as one who waits, those who joined until they are told
 * the result.  A leader that leaves while the party waits hands its turn to the
 * next; one that leaves while the run is under way leaves the run to the
 * others.
 *
 * Members are slots of the scheduler.  A key MUST stay, and not change, until
 * its slot has left or is told of the result.  Safe from any thread; of the
 * locks only the scheduler's is taken under this one.
 */
#ifndef TURNS_COALESCE_H
#define TURNS_COALESCE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "turns/sched.h"

/* What is the same run: the same thing and the same words. */
struct coalesce_key {
    const void *what;
    char *const *argv; /* NULL-terminated */
    char *const *envp; /* the same */
};

enum coalesce_left {
    COALESCE_OUT,    /* it has left; nobody will tell it anything */
    COALESCE_CALLED, /* too late: it leads a run, or is about to be told the result */
    COALESCE_SERVED, /* coalesce_quit(): its run is under way, and it stays */
};

struct coalesce {
    /* Private. */
    pthread_mutex_t lock;
    struct sched *sched;
    struct coalesce_party **row; /* by the key's hash; those that wait or run */
    struct coalesce_party *party;
    struct coalesce_party *unused;
    size_t fresh; /* parties made so far */
    struct coalesce_member {
        struct coalesce_party *party; /* NULL: none */
        struct coalesce_key key;
        size_t prev, next; /* of those who have joined */
    } * member;            /* [slots] */
};

/* Makes it for the slots of `sched`.  Returns 0 or -ENOMEM. */
int coalesce_open(struct coalesce *co, struct sched *sched, size_t slots)
    __attribute__((warn_unused_result, nonnull));

void coalesce_close(struct coalesce *co) __attribute__((nonnull));

/* Asks for a place as sched_enter() does, or joins a party; `keep`: this one
 * wants the run to go on when everybody has left.  SCHED_RUN: the slot leads a
 * run that is under way.  SCHED_WAIT: sched_next() will return the slot, then
 * call coalesce_begin(); or coalesce_next() will. */
enum sched_answer coalesce_enter(struct coalesce *co, size_t slot, const struct coalesce_key *key,
    const struct sched_want *want, bool keep) __attribute__((warn_unused_result, nonnull));

/* For a slot that sched_next() has returned: its run begins, and nobody joins
 * any more.  With `gone` its client has left meanwhile; returns false when
 * nobody else is there, and the party is over then. */
bool coalesce_begin(struct coalesce *co, size_t slot, bool gone)
    __attribute__((warn_unused_result, nonnull));

/* A member's client has left.  Stores whose run is now nobody's and may be
 * ended, else SCHED_NONE: then see coalesce_deserted() with that one's lock. */
enum coalesce_left coalesce_leave(struct coalesce *co, size_t slot, size_t *ret_deserted)
    __attribute__((warn_unused_result, nonnull));

/* A member would wait no longer; one whose run is under way stays. */
enum coalesce_left coalesce_quit(struct coalesce *co, size_t slot)
    __attribute__((warn_unused_result, nonnull));

/* Whether the slot leads a run that may be ended because everybody has left. */
bool coalesce_deserted(struct coalesce *co, size_t slot)
    __attribute__((warn_unused_result, nonnull));

/* The run that the slot leads is over; before sched_leave(), so that the next
 * party can start.  Returns how many have joined and are to be told: with none
 * the party is over. */
size_t coalesce_over(struct coalesce *co, size_t slot) __attribute__((warn_unused_result, nonnull));

/* After coalesce_over() returned some: takes the next member off the party and
 * the queue, to be told; else SCHED_NONE, and the party is over. */
size_t coalesce_next(struct coalesce *co, size_t slot) __attribute__((warn_unused_result, nonnull));

#endif
