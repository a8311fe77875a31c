/* turns/sched.c -- contracts are in sched.h. */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "turns/sched.h"

int
sched_open(struct sched *s, size_t slots, size_t max_running, size_t max_waiting)
{
    *s = (struct sched){ .max_running = max_running,
        .max_waiting = max_waiting,
        .head = SCHED_NONE,
        .tail = SCHED_NONE };
    s->node = calloc(slots, sizeof(*s->node));
    if (s->node == NULL)
        return -ENOMEM;
    (void)pthread_mutex_init(&s->lock, NULL);
    return 0;
}

void
sched_close(struct sched *s)
{
    if (s->node == NULL)
        return;
    (void)pthread_mutex_destroy(&s->lock);
    free(s->node);
    s->node = NULL;
}

void
sched_set_limits(struct sched *s, size_t max_running, size_t max_waiting)
{
    (void)pthread_mutex_lock(&s->lock);
    s->max_running = max_running;
    s->max_waiting = max_waiting;
    (void)pthread_mutex_unlock(&s->lock);
}

static void
append(struct sched *s, size_t slot)
{
    s->node[slot] = (struct sched_node){ .prev = s->tail, .next = SCHED_NONE, .queued = true };
    if (s->tail == SCHED_NONE)
        s->head = slot;
    else
        s->node[s->tail].next = slot;
    s->tail = slot;
    s->waiting++;
}

static void
take_off(struct sched *s, size_t slot)
{
    struct sched_node *n = &s->node[slot];

    if (n->prev == SCHED_NONE)
        s->head = n->next;
    else
        s->node[n->prev].next = n->next;
    if (n->next == SCHED_NONE)
        s->tail = n->prev;
    else
        s->node[n->next].prev = n->prev;
    n->queued = false;
    s->waiting--;
}

enum sched_answer
sched_enter(struct sched *s, size_t slot)
{
    enum sched_answer answer = SCHED_BUSY;

    (void)pthread_mutex_lock(&s->lock);
    assert(!s->node[slot].queued);
    if (s->running < s->max_running && s->head == SCHED_NONE) {
        s->running++;
        answer = SCHED_RUN;
    } else if (s->waiting < s->max_waiting) {
        append(s, slot);
        answer = SCHED_WAIT;
    }
    (void)pthread_mutex_unlock(&s->lock);
    return answer;
}

void
sched_leave(struct sched *s)
{
    (void)pthread_mutex_lock(&s->lock);
    assert(s->running > 0);
    s->running--;
    (void)pthread_mutex_unlock(&s->lock);
}

size_t
sched_next(struct sched *s)
{
    size_t slot = SCHED_NONE;

    (void)pthread_mutex_lock(&s->lock);
    if (s->running < s->max_running && s->head != SCHED_NONE) {
        slot = s->head;
        take_off(s, slot);
        s->running++;
    }
    (void)pthread_mutex_unlock(&s->lock);
    return slot;
}

size_t
sched_running(struct sched *s)
{
    size_t n;

    (void)pthread_mutex_lock(&s->lock);
    n = s->running;
    (void)pthread_mutex_unlock(&s->lock);
    return n;
}

bool
sched_drop(struct sched *s, size_t slot)
{
    bool queued;

    (void)pthread_mutex_lock(&s->lock);
    queued = s->node[slot].queued;
    if (queued)
        take_off(s, slot);
    (void)pthread_mutex_unlock(&s->lock);
    return queued;
}
