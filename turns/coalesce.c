/* turns/coalesce.c -- contracts are in coalesce.h. */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "turns/coalesce.h"

enum {
    ROWS = 256 /* a power of two */
};

enum state {
    WAITS,
    RUNS,
    OVER, /* its members are being told; in no row */
};

struct coalesce_party {
    uint64_t hash;
    enum state state;
    size_t leader;
    size_t first, last; /* of those who have joined, in order of arrival */
    size_t joined;
    bool keep;                   /* somebody wants the run to go on without anybody */
    bool gone;                   /* the leader has left its run */
    struct coalesce_party *next; /* in its row, or of the unused */
};

int
coalesce_open(struct coalesce *co, struct sched *sched, size_t slots)
{
    *co = (struct coalesce){ .sched = sched };
    co->row = calloc(ROWS, sizeof(struct coalesce_party *));
    co->party = calloc(slots, sizeof(*co->party));
    co->member = calloc(slots, sizeof(*co->member));
    (void)pthread_mutex_init(&co->lock, NULL);
    if (co->row != NULL && co->party != NULL && co->member != NULL)
        return 0;
    coalesce_close(co);
    return -ENOMEM;
}

void
coalesce_close(struct coalesce *co)
{
    if (co->sched == NULL)
        return;
    (void)pthread_mutex_destroy(&co->lock);
    free(co->row);
    free(co->party);
    free(co->member);
    *co = (struct coalesce){ .sched = NULL };
}

/* FNV-1a over the words, which also says where one ends. */
static uint64_t
hash_words(uint64_t hash, char *const *words)
{
    const char *s;

    for (; *words != NULL; words++) {
        for (s = *words; *s != '\0'; s++)
            hash = (hash ^ (unsigned char)*s) * 1099511628211U;
        hash = (hash ^ 0x100) * 1099511628211U;
    }
    return hash;
}

static uint64_t
hash_key(const struct coalesce_key *key)
{
    uint64_t hash = 14695981039346656037U ^ (uintptr_t)key->what;

    return hash_words(hash_words(hash, key->argv), key->envp);
}

static bool
same_words(char *const *a, char *const *b)
{
    if (a == b)
        return true;
    for (; *a != NULL && *b != NULL; a++, b++)
        if (strcmp(*a, *b) != 0)
            return false;
    return *a == *b;
}

static bool
same_key(const struct coalesce_key *a, const struct coalesce_key *b)
{
    return a->what == b->what && same_words(a->argv, b->argv) && same_words(a->envp, b->envp);
}

static struct coalesce_party **
row_of(struct coalesce *co, uint64_t hash)
{
    return &co->row[(hash ^ hash >> 32) % ROWS];
}

static struct coalesce_party *
find(struct coalesce *co, const struct coalesce_key *key, uint64_t hash, enum state state)
{
    struct coalesce_party *p;

    for (p = *row_of(co, hash); p != NULL; p = p->next)
        if (p->hash == hash && p->state == state && same_key(&co->member[p->leader].key, key))
            return p;
    return NULL;
}

/* There is always one left: every party has a slot for its leader. */
static struct coalesce_party *
make(struct coalesce *co, size_t leader, uint64_t hash)
{
    struct coalesce_party **row = row_of(co, hash);
    struct coalesce_party *p = co->unused;

    if (p != NULL)
        co->unused = p->next;
    else
        p = &co->party[co->fresh++];
    *p = (struct coalesce_party){
        .hash = hash, .leader = leader, .first = SCHED_NONE, .last = SCHED_NONE, .next = *row
    };
    *row = p;
    co->member[leader].party = p;
    return p;
}

static void
take_from_row(struct coalesce *co, struct coalesce_party *p)
{
    struct coalesce_party **at = row_of(co, p->hash);

    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
}

/* Forgets a party, of which only the leader may be left. */
static void
forget(struct coalesce *co, struct coalesce_party *p)
{
    assert(p->joined == 0);
    if (p->state != OVER)
        take_from_row(co, p);
    co->member[p->leader].party = NULL;
    p->next = co->unused;
    co->unused = p;
}

static void
join(struct coalesce *co, struct coalesce_party *p, size_t slot)
{
    struct coalesce_member *m = &co->member[slot];

    m->party = p;
    m->prev = p->last;
    m->next = SCHED_NONE;
    if (p->last == SCHED_NONE)
        p->first = slot;
    else
        co->member[p->last].next = slot;
    p->last = slot;
    p->joined++;
}

static void
unjoin(struct coalesce *co, struct coalesce_party *p, size_t slot)
{
    struct coalesce_member *m = &co->member[slot];

    if (m->prev == SCHED_NONE)
        p->first = m->next;
    else
        co->member[m->prev].next = m->next;
    if (m->next == SCHED_NONE)
        p->last = m->prev;
    else
        co->member[m->next].prev = m->prev;
    m->party = NULL;
    p->joined--;
}

/* Leads a party of its own, unless there is no room. */
static enum sched_answer
lead(struct coalesce *co, size_t slot, const struct coalesce_key *key, uint64_t hash,
    const struct sched_want *want, bool keep)
{
    enum sched_answer answer = SCHED_BUSY;
    struct coalesce_party *p;

    if (find(co, key, hash, RUNS) == NULL)
        answer = sched_enter(co->sched, slot, want);
    else if (sched_park(co->sched, slot, want))
        answer = SCHED_WAIT;
    if (answer == SCHED_BUSY)
        return SCHED_BUSY;
    p = make(co, slot, hash);
    p->state = answer == SCHED_RUN ? RUNS : WAITS;
    p->keep = keep;
    return answer;
}

enum sched_answer
coalesce_enter(struct coalesce *co, size_t slot, const struct coalesce_key *key,
    const struct sched_want *want, bool keep)
{
    uint64_t hash = hash_key(key);
    enum sched_answer answer;
    struct coalesce_party *p;

    (void)pthread_mutex_lock(&co->lock);
    assert(co->member[slot].party == NULL);
    co->member[slot].key = *key;
    p = find(co, key, hash, WAITS);
    if (p == NULL) {
        answer = lead(co, slot, key, hash, want, keep);
    } else if (sched_park(co->sched, slot, want)) {
        answer = SCHED_WAIT;
        join(co, p, slot);
        p->keep = p->keep || keep;
    } else {
        answer = SCHED_BUSY;
    }
    (void)pthread_mutex_unlock(&co->lock);
    return answer;
}

bool
coalesce_begin(struct coalesce *co, size_t slot, bool gone)
{
    struct coalesce_party *p;
    bool wanted;

    (void)pthread_mutex_lock(&co->lock);
    p = co->member[slot].party;
    assert(p->state == WAITS && p->leader == slot);
    wanted = !gone || p->joined > 0;
    if (wanted) {
        p->state = RUNS;
        p->gone = gone;
    } else {
        forget(co, p);
    }
    (void)pthread_mutex_unlock(&co->lock);
    return wanted;
}

/* Takes the leader off a party that waits.  Returns false when it has been
 * called already. */
static bool
step_down(struct coalesce *co, struct coalesce_party *p)
{
    size_t old = p->leader;
    size_t heir = p->first;

    if (heir == SCHED_NONE) {
        if (!sched_drop(co->sched, old))
            return false;
        forget(co, p);
        return true;
    }
    if (!sched_replace(co->sched, old, heir))
        return false;
    co->member[old].party = NULL;
    unjoin(co, p, heir);
    co->member[heir].party = p;
    p->leader = heir;
    return true;
}

static bool
is_deserted(const struct coalesce_party *p)
{
    return p->state == RUNS && p->gone && p->joined == 0 && !p->keep;
}

/* Who has joined is parked, so nobody has called it. */
static void
unqueue(struct coalesce *co, size_t slot)
{
    bool there = sched_drop(co->sched, slot);

    assert(there);
    (void)there;
}

/* A member goes; one whose run is under way only if `always`. */
static enum coalesce_left
go(struct coalesce *co, size_t slot, bool always)
{
    struct coalesce_party *p = co->member[slot].party;

    if (p == NULL)
        return COALESCE_CALLED; /* taken off, to be told */
    if (p->leader == slot) {
        if (p->state == WAITS)
            return step_down(co, p) ? COALESCE_OUT : COALESCE_CALLED;
        p->gone = p->gone || always;
        return COALESCE_CALLED;
    }
    if (p->state != WAITS && !always)
        return COALESCE_SERVED;
    unjoin(co, p, slot);
    unqueue(co, slot);
    return COALESCE_OUT;
}

enum coalesce_left
coalesce_leave(struct coalesce *co, size_t slot, size_t *ret_deserted)
{
    const struct coalesce_party *p;
    enum coalesce_left left;

    (void)pthread_mutex_lock(&co->lock);
    p = co->member[slot].party;
    left = go(co, slot, true);
    *ret_deserted = p != NULL && is_deserted(p) ? p->leader : SCHED_NONE;
    (void)pthread_mutex_unlock(&co->lock);
    return left;
}

enum coalesce_left
coalesce_quit(struct coalesce *co, size_t slot)
{
    enum coalesce_left left;

    (void)pthread_mutex_lock(&co->lock);
    left = go(co, slot, false);
    (void)pthread_mutex_unlock(&co->lock);
    return left;
}

bool
coalesce_deserted(struct coalesce *co, size_t slot)
{
    const struct coalesce_party *p;
    bool deserted;

    (void)pthread_mutex_lock(&co->lock);
    p = co->member[slot].party;
    deserted = p != NULL && p->leader == slot && is_deserted(p);
    (void)pthread_mutex_unlock(&co->lock);
    return deserted;
}

size_t
coalesce_over(struct coalesce *co, size_t slot)
{
    struct coalesce_party *p, *waiting;
    size_t joined;

    (void)pthread_mutex_lock(&co->lock);
    p = co->member[slot].party;
    assert(p->state == RUNS && p->leader == slot);
    waiting = find(co, &co->member[slot].key, p->hash, WAITS);
    if (waiting != NULL)
        sched_ready(co->sched, waiting->leader);
    take_from_row(co, p);
    p->state = OVER;
    joined = p->joined;
    if (joined == 0)
        forget(co, p);
    (void)pthread_mutex_unlock(&co->lock);
    return joined;
}

size_t
coalesce_next(struct coalesce *co, size_t slot)
{
    struct coalesce_party *p;
    size_t next;

    (void)pthread_mutex_lock(&co->lock);
    p = co->member[slot].party;
    assert(p->state == OVER && p->leader == slot);
    next = p->first;
    if (next != SCHED_NONE) {
        unjoin(co, p, next);
        unqueue(co, next);
    } else {
        forget(co, p);
    }
    (void)pthread_mutex_unlock(&co->lock);
    return next;
}
