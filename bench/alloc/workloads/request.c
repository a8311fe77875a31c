/* bench/alloc/workloads/request.c -- requests as a responder has them: small things, output that
 * arrives in pieces, a reply.
 *
 * Each thread has 16 requests under way and goes on with one at random: begins
 * it, takes a piece of its output, makes a reply of it all, or ends it.
 *
 * Nobody knows beforehand how much a command prints.  Who reserves takes the
 * most that it may print and writes where it lies; malloc's user begins with
 * 4 KiB and doubles by realloc(3).  The reply's size is known when it is made:
 * malloc's user asks for just that, who reserves for the most it could be.
 *
 * Output and reply are written in full, as read(2) and the escaper write them,
 * or, where `touch` says so, only a byte of each page, so that what is timed is
 * what the allocator causes: calls, page faults, copies.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "bench/alloc/clock.h"
#include "bench/alloc/workload.h"

enum {
    KIB = 1024,
    BATCH = 64,  /* steps between two looks at the counter */
    PLACES = 16, /* requests under way, for each thread */
    SMALLS = 24, /* small things of a request */
    SMALL_MIN = 16,
    SMALL_MAX = 256,
    OUTPUT_MIN = KIB,
    OUTPUT_MAX = 256 * KIB,
    FIRST = 4 * KIB,
    PIECE_MIN = 4 * KIB,
    PIECE_MAX = 16 * KIB,
    HEAD = 512, /* bytes of a reply beside the output */
    REPLY_MAX = OUTPUT_MAX + HEAD,
    WARM_UP = 64, /* requests for each place */
};

enum stage {
    STAGE_NONE,
    STAGE_OUTPUT,
    STAGE_REPLY,
};

struct request {
    enum stage stage;
    size_t scope;
    size_t size; /* bytes that will arrive */
    size_t used, room;
    unsigned char *output, *reply;
    void *smalls[SMALLS];
    uint64_t ticks; /* so far */
    bool whole;     /* timed from its beginning on */
};

struct lane {
    struct measure_random random;
    struct request requests[PLACES];
    struct measure_batch batch;
    uint64_t ended, copied, bytes;
    uint64_t rated; /* of the ended, timed as a whole */
    long faults;    /* meanwhile */
    struct measure_times times;
};

static const struct contender *subject;
static bool cpuid;
static unsigned threads;
static bool touch_only;
static uint64_t all_ticks; /* to measure for */
static struct lane *lanes;
static unsigned char source[PIECE_MAX];

/* What read(2) does, or as much of it as makes the pages be there. */
static void
write_bytes(struct lane *l, unsigned char *p, const unsigned char *from, size_t n)
{
    if (!touch_only) {
        memcpy(p, from, n);
        return;
    }
    for (size_t at = 0; at < n; at += MEASURE_PAGE) {
        size_t rest = n - at < MEASURE_PAGE ? n - at : MEASURE_PAGE;

        ((volatile unsigned char *)p)[at + measure_below(&l->random, rest)] = 1;
    }
}

static void *
need(void *p)
{
    if (p == NULL)
        measure_die("a request finds no memory");
    return p;
}

static void
begin(struct lane *l, struct request *r)
{
    for (unsigned i = 0; i < SMALLS; i++) {
        size_t n = SMALL_MIN + measure_below(&l->random, SMALL_MAX - SMALL_MIN);

        r->smalls[i] =
            need(subject->small != NULL ? subject->small(r->scope, n) : subject->alloc(0, n));
        memset(r->smalls[i], (int)i, n);
    }
    r->size = measure_size(&l->random, OUTPUT_MIN, OUTPUT_MAX);
    r->used = 0;
    r->room = subject->in_place ? OUTPUT_MAX : FIRST;
    r->output = need(subject->alloc(r->scope, r->room));
    r->stage = STAGE_OUTPUT;
}

static void
make_reply(struct lane *l, struct request *r)
{
    r->reply = need(subject->alloc(r->scope, subject->in_place ? REPLY_MAX : r->size + HEAD));
    memset(r->reply, ' ', HEAD);
    write_bytes(l, r->reply + HEAD, r->output, r->size);
    subject->free(r->output, r->size);
    r->stage = STAGE_REPLY;
}

static void
arrive(struct lane *l, struct request *r)
{
    size_t n = PIECE_MIN + measure_below(&l->random, PIECE_MAX - PIECE_MIN);
    size_t room = r->room;

    if (n > r->size - r->used)
        n = r->size - r->used;
    while (r->used + n > room)
        room *= 2;
    if (room > r->room) {
        r->output = need(subject->grow(r->scope, r->output, r->used, room, &l->copied));
        r->room = room;
    }
    write_bytes(l, r->output + r->used, source, n);
    r->used += n;
    if (r->used == r->size)
        make_reply(l, r);
}

static void
end(struct request *r)
{
    subject->free(r->reply, r->size + HEAD);
    for (unsigned i = 0; i < SMALLS && subject->small == NULL; i++)
        subject->free(r->smalls[i], SMALL_MAX);
    if (subject->reset != NULL)
        subject->reset(r->scope);
    r->stage = STAGE_NONE;
}

/* Goes on with a request; tells whether that was its end. */
static bool
go_on(struct lane *l, struct request *r)
{
    switch (r->stage) {
    case STAGE_NONE:
        begin(l, r);
        return false;
    case STAGE_OUTPUT:
        arrive(l, r);
        return false;
    case STAGE_REPLY:
        end(r);
        break;
    }
    l->ended++;
    l->bytes += r->size;
    return true;
}

static struct request *
any(struct lane *l)
{
    return &l->requests[measure_below(&l->random, PLACES)];
}

/* The time of a request is that of all its steps. */
static void
time_step(struct lane *l)
{
    struct request *r = any(l);
    uint64_t start = clock_begin(cpuid);
    bool ended = go_on(l, r);

    r->ticks += clock_end(cpuid) - start;
    if (!ended)
        return;
    if (r->whole)
        measure_time(&l->times, r->ticks);
    r->whole = true;
    r->ticks = 0;
}

/* Ends what is under way. */
static void
finish(struct lane *l)
{
    for (unsigned i = 0; i < PLACES; i++) {
        while (l->requests[i].stage == STAGE_OUTPUT)
            arrive(l, &l->requests[i]);
        if (l->requests[i].stage == STAGE_REPLY)
            end(&l->requests[i]);
    }
}

static void
run_lane(unsigned index)
{
    struct lane *l = &lanes[index];
    uint64_t start;
    long faults;

    measure_seed(&l->random, index);
    for (unsigned i = 0; i < PLACES; i++)
        l->requests[i].scope = index * PLACES + i;
    while (l->ended < PLACES * WARM_UP)
        (void)go_on(l, any(l));
    measure_meet();
    l->ended = l->copied = l->bytes = 0;
    faults = measure_faults();
    do {
        uint64_t ended = l->ended;

        measure_begin(&l->batch, cpuid);
        for (unsigned i = 0; i < BATCH; i++)
            (void)go_on(l, any(l));
        measure_end(&l->batch, cpuid, l->ended - ended, threads);
    } while (measure_goes_on(&l->batch, all_ticks / 2));
    l->faults = measure_faults() - faults;
    l->rated = l->ended;
    measure_meet(); /* nobody is timed alone */
    for (start = clock_begin(cpuid); clock_end(cpuid) - start < all_ticks / 2;) {
        for (unsigned i = 0; i < BATCH; i++)
            time_step(l);
    }
    measure_meet(); /* nobody is timed alone */
    finish(l);
}

/* Room for everybody's way to round: whole chunks, one more for a header, and
 * what is left of a word of 64. */
static size_t
room(void)
{
    size_t each = OUTPUT_MAX / CONTENDER_CHUNK + REPLY_MAX / CONTENDER_CHUNK + 3;

    return threads * PLACES * each * CONTENDER_CHUNK * 2;
}

static void
print(void)
{
    struct lane *first = &lanes[0];
    double rate = 0;

    for (unsigned i = 0; i < threads; i++) {
        struct lane *l = &lanes[i];

        rate += (double)l->batch.work / (double)l->batch.ticks * measure_ticks_per_second();
        if (i == 0)
            continue;
        measure_merge(&first->times, &l->times);
        first->faults += l->faults;
        first->rated += l->rated;
        first->copied += l->copied;
        first->ended += l->ended;
        first->bytes += l->bytes;
    }
    printf(" rate=%.1f faults=%.3f copied=%.0f bytes=%.0f resident_kb=%zu", rate,
        (double)first->faults / (double)first->rated, (double)first->copied / (double)first->ended,
        (double)first->bytes / (double)first->ended, measure_resident() / 1024);
    measure_print_times(&first->times);
}

void
request_run(const struct measure_setting *s, const struct workload *w)
{
    struct contender_config config = {
        .block = REPLY_MAX, .chunk = CONTENDER_CHUNK, .scopes = PLACES * w->threads
    };

    subject = s->contender;
    cpuid = s->cpuid;
    threads = w->threads;
    touch_only = w->touch;
    config.bytes = room();
    all_ticks = (uint64_t)(s->seconds * measure_ticks_per_second());
    memset(source, 'x', sizeof source);
    lanes = contender_map(w->threads * sizeof *lanes);
    if (lanes == NULL || !subject->open(&config))
        measure_die("no room");
    measure_run(subject, w->threads, run_lane);
    print();
    measure_close(subject);
    contender_unmap(lanes, w->threads * sizeof *lanes);
}
