/* turns/sched.c -- contracts are in sched.h.
 *
 * A lane is in the heap `ready` while somebody waits in it and it is not full,
 * by the arrival of its first; so the first of the first lane is next.  Who is
 * parked is in no heap, and counts.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "turns/sched.h"

enum {
    ROWS = 64, /* a power of two */
    PAST = 4,  /* how many runs weigh as much as the last one */
};

enum state {
    OUT, /* as zeroed memory has it */
    QUEUED,
    PARKED,
    RUNNING
};

int
sched_open(struct sched *s, size_t slots, size_t max_running, size_t max_waiting)
{
    *s = (struct sched){ .max_running = max_running, .max_waiting = max_waiting };
    s->node = calloc(slots, sizeof(*s->node));
    s->row = calloc(ROWS, sizeof(*s->row));
    if (s->node == NULL || s->row == NULL) {
        free(s->node);
        free(s->row);
        s->node = NULL;
        return -ENOMEM;
    }
    (void)pthread_mutex_init(&s->lock, NULL);
    return 0;
}

static void
free_lane(struct sched_lane *lane)
{
    free(lane->name);
    free(lane);
}

/* Frees the lanes of a row, all of them or those that nobody needs. */
static void
clear_row(struct sched_lane **at, bool all)
{
    struct sched_lane *lane;

    while ((lane = *at) != NULL) {
        if (all || (!lane->wanted && lane->inside == 0)) {
            *at = lane->next;
            free_lane(lane);
        } else {
            at = &lane->next;
        }
    }
}

void
sched_close(struct sched *s)
{
    size_t i;

    if (s->node == NULL)
        return;
    (void)pthread_mutex_destroy(&s->lock);
    for (i = 0; i < ROWS; i++)
        clear_row(&s->row[i], true);
    free(s->row);
    free(s->node);
    s->node = NULL;
}

/* FNV-1a. */
static size_t
row_of(const char *name)
{
    uint32_t hash = 2166136261U;

    for (; *name != '\0'; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619U;
    return hash % ROWS;
}

static struct sched_lane *
known_lane(const struct sched *s, const char *name)
{
    struct sched_lane *lane;

    for (lane = s->row[row_of(name)]; lane != NULL; lane = lane->next)
        if (strcmp(lane->name, name) == 0)
            return lane;
    return NULL;
}

/* Finds a lane or makes it; NULL when there is no memory. */
static struct sched_lane *
lane_of(struct sched *s, const char *name, size_t max)
{
    struct sched_lane *lane;
    size_t row;

    if (name == NULL)
        return &s->open;
    lane = known_lane(s, name);
    if (lane != NULL)
        return lane;
    lane = calloc(1, sizeof(*lane));
    if (lane == NULL)
        return NULL;
    lane->name = strdup(name);
    if (lane->name == NULL) {
        free(lane);
        return NULL;
    }
    row = row_of(name);
    lane->max = max;
    lane->next = s->row[row];
    s->row[row] = lane;
    return lane;
}

static bool
has_place(const struct sched_lane *lane)
{
    return lane->max == 0 || lane->running < lane->max;
}

/* Puts a lane where it belongs in `ready`, after it has changed. */
static void
settle(struct sched *s, struct sched_lane *lane)
{
    const struct heap_node *first = lane->waiters.first;
    bool ready = first != NULL && has_place(lane);

    if (lane->is_ready && ready && lane->ready.key == first->key)
        return;
    if (lane->is_ready)
        heap_remove(&s->ready, &lane->ready);
    lane->is_ready = ready;
    if (!ready)
        return;
    lane->ready.key = first->key;
    heap_add(&s->ready, &lane->ready);
}

int
sched_set_limits(struct sched *s, size_t max_running, size_t max_waiting,
    const struct sched_limit *limits, size_t n)
{
    struct sched_lane *lane;
    size_t i;
    int r = 0;

    (void)pthread_mutex_lock(&s->lock);
    s->max_running = max_running;
    s->max_waiting = max_waiting;
    for (i = 0; i < ROWS; i++)
        for (lane = s->row[i]; lane != NULL; lane = lane->next)
            lane->wanted = false;
    for (i = 0; i < n; i++) {
        lane = lane_of(s, limits[i].lane, limits[i].max);
        if (lane == NULL) {
            r = -ENOMEM;
            continue;
        }
        lane->max = limits[i].max;
        lane->wanted = true;
    }
    for (i = 0; i < ROWS; i++) {
        clear_row(&s->row[i], false);
        for (lane = s->row[i]; lane != NULL; lane = lane->next) {
            if (!lane->wanted)
                lane->max = 0;
            settle(s, lane);
        }
    }
    (void)pthread_mutex_unlock(&s->lock);
    return r;
}

static void
start(struct sched *s, size_t slot, struct sched_lane *lane)
{
    s->node[slot].state = RUNNING;
    s->node[slot].lane = lane;
    s->running++;
    lane->running++;
}

/* Takes a new slot into the queue, if it is not full. */
static bool
take_in(struct sched *s, size_t slot, struct sched_lane *lane, enum state state)
{
    struct sched_node *n = &s->node[slot];

    if (s->waiting >= s->max_waiting)
        return false;
    n->state = (int)state;
    n->lane = lane;
    n->wait.key = ++s->arrivals;
    s->waiting++;
    lane->inside++;
    if (state == QUEUED) {
        heap_add(&lane->waiters, &n->wait);
        settle(s, lane);
    }
    return true;
}

enum sched_answer
sched_enter(struct sched *s, size_t slot, const struct sched_want *want)
{
    enum sched_answer answer = SCHED_BUSY;
    struct sched_lane *lane;

    (void)pthread_mutex_lock(&s->lock);
    assert(s->node[slot].state == OUT);
    lane = lane_of(s, want->lane, want->max);
    if (lane == NULL) {
        /* No memory for a lane, none for a run. */
    } else if (s->running < s->max_running && s->ready.first == NULL && has_place(lane)) {
        start(s, slot, lane);
        lane->inside++;
        answer = SCHED_RUN;
    } else if (!want->now && take_in(s, slot, lane, QUEUED)) {
        answer = SCHED_WAIT;
    }
    (void)pthread_mutex_unlock(&s->lock);
    return answer;
}

bool
sched_park(struct sched *s, size_t slot, const struct sched_want *want)
{
    struct sched_lane *lane;
    bool in;

    (void)pthread_mutex_lock(&s->lock);
    assert(s->node[slot].state == OUT);
    lane = lane_of(s, want->lane, want->max);
    in = lane != NULL && take_in(s, slot, lane, PARKED);
    (void)pthread_mutex_unlock(&s->lock);
    return in;
}

static void
make_ready(struct sched *s, struct sched_node *n)
{
    assert(n->state == PARKED);
    n->state = QUEUED;
    heap_add(&n->lane->waiters, &n->wait);
    settle(s, n->lane);
}

void
sched_ready(struct sched *s, size_t slot)
{
    (void)pthread_mutex_lock(&s->lock);
    make_ready(s, &s->node[slot]);
    (void)pthread_mutex_unlock(&s->lock);
}

/* Takes a slot that waits off the queue. */
static void
take_off(struct sched *s, size_t slot)
{
    struct sched_node *n = &s->node[slot];

    if (n->state == QUEUED) {
        heap_remove(&n->lane->waiters, &n->wait);
        settle(s, n->lane);
    }
    n->state = OUT;
    n->lane->inside--;
    s->waiting--;
}

static bool
waits(const struct sched_node *n)
{
    return n->state == QUEUED || n->state == PARKED;
}

bool
sched_replace(struct sched *s, size_t slot, size_t by)
{
    struct sched_node *old = &s->node[slot];
    struct sched_node *new = &s->node[by];
    bool queued;
    bool there;

    (void)pthread_mutex_lock(&s->lock);
    there = waits(old);
    if (there) {
        assert(new->state == PARKED &&new->lane == old->lane);
        queued = old->state == QUEUED;
        new->wait.key = old->wait.key;
        take_off(s, slot);
        if (queued)
            make_ready(s, new);
    }
    (void)pthread_mutex_unlock(&s->lock);
    return there;
}

static int64_t
smooth(int64_t past, int64_t took)
{
    return past == 0 ? took : past + (took - past) / PAST;
}

void
sched_leave(struct sched *s, size_t slot, int64_t took)
{
    struct sched_node *n = &s->node[slot];

    (void)pthread_mutex_lock(&s->lock);
    assert(n->state == RUNNING);
    n->state = OUT;
    s->running--;
    n->lane->running--;
    n->lane->inside--;
    if (took > 0) {
        s->open.took = smooth(s->open.took, took);
        if (n->lane != &s->open)
            n->lane->took = smooth(n->lane->took, took);
    }
    if (n->lane != &s->open)
        settle(s, n->lane);
    (void)pthread_mutex_unlock(&s->lock);
}

size_t
sched_next(struct sched *s)
{
    size_t slot = SCHED_NONE;
    struct sched_lane *lane;

    (void)pthread_mutex_lock(&s->lock);
    if (s->running < s->max_running && s->ready.first != NULL) {
        lane = (struct sched_lane *)s->ready.first;
        slot = (size_t)((struct sched_node *)lane->waiters.first - s->node);
        take_off(s, slot);
        lane->inside++;
        start(s, slot, lane);
        settle(s, lane);
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
    bool there;

    (void)pthread_mutex_lock(&s->lock);
    there = waits(&s->node[slot]);
    if (there)
        take_off(s, slot);
    (void)pthread_mutex_unlock(&s->lock);
    return there;
}

/* How long until `ahead` runs have ended and one more, `places` at a time. */
static int64_t
wait_for(int64_t took, size_t ahead, size_t places)
{
    if (places == 0 || took <= 0)
        return 0;
    if (took > SCHED_RETRY_MAX * CLOCK_SEC)
        took = SCHED_RETRY_MAX * CLOCK_SEC; /* keeps the product in range */
    return took * (int64_t)(ahead + 1) / (int64_t)places;
}

int
sched_retry(struct sched *s, const struct sched_want *want)
{
    const struct sched_lane *lane = NULL;
    int64_t all, own = 0;

    (void)pthread_mutex_lock(&s->lock);
    if (want->lane != NULL)
        lane = known_lane(s, want->lane);
    all = s->running < s->max_running ? 0 : wait_for(s->open.took, s->waiting, s->max_running);
    if (lane != NULL && !has_place(lane))
        own = wait_for(lane->took, lane->inside - lane->running, lane->max);
    (void)pthread_mutex_unlock(&s->lock);
    if (own > all)
        all = own;
    if (all > SCHED_RETRY_MAX * CLOCK_SEC)
        return SCHED_RETRY_MAX;
    return all < CLOCK_SEC ? 1 : (int)((all + CLOCK_SEC - 1) / CLOCK_SEC);
}
