/* bench/alloc/workloads/replay.c -- what the running responder asked of its memory, again and
 * again.
 *
 * ../trace/number.awk says what the lines are.  Of the two sizes of blocks the
 * smaller is a command's output, which grows as the command prints; the other
 * is the answer made of it.  Who reserves takes what the responder took, and
 * malloc's user an answer as large as it will be, and output from 4 KiB on by
 * doubling.  A byte is written in each page that the responder wrote to.  The few
 * blocks that were cut stay whole.
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/alloc/clock.h"
#include "bench/alloc/workload.h"

enum {
    OPS_MAX = 1 << 16,
    BLOCKS_MAX = 1024,
    SMALLS_MAX = 256, /* of a scope at once */
    FIRST = 4 * 1024,
    CHUNK = 128 * 1024, /* so that the largest fits into a word of CMon's */
    BATCH = 256,        /* lines between two looks at the counter */
};

struct op {
    char what;
    unsigned who;
    size_t n, written;
};

struct block {
    unsigned char *p;
    size_t written;
};

struct scope {
    unsigned count;
    void *smalls[SMALLS_MAX];
};

static const struct contender *subject;
static bool cpuid;
static uint64_t all_ticks, copied, done;
static long faults;
static struct op *ops;
static size_t count, blocks_used, scopes_used, smallest, largest;
static struct block blocks[BLOCKS_MAX];
static struct scope *scopes;
static struct measure_random touches;
static struct measure_batch batch;
static struct measure_times times;

static void
note(const struct op *op)
{
    size_t *used = op->what == 'a' || op->what == 'f' ? &blocks_used : &scopes_used;

    if (op->who >= *used)
        *used = op->who + 1;
    if (blocks_used > BLOCKS_MAX || scopes_used > CONTENDER_SCOPES_MAX || count == OPS_MAX)
        measure_die("the trace is too large");
    if (op->what == 'a' && (smallest == 0 || op->n < smallest))
        smallest = op->n;
    if (op->what == 'a' && op->n > largest)
        largest = op->n;
    ops[count++] = *op;
}

/* Reads the trace without calling malloc; a file of whole pages would need a NUL. */
static void
load(const char *name)
{
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    struct stat st;
    char *text, *end;

    if (fd < 0 || fstat(fd, &st) < 0 || st.st_size % MEASURE_PAGE == 0)
        measure_die("no trace");
    text = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    (void)close(fd);
    ops = contender_map(OPS_MAX * sizeof *ops);
    if (text == MAP_FAILED || ops == NULL)
        measure_die("out of memory");
    for (char *at = text; *at != '\0'; at = *end == '\0' ? end : end + 1) {
        struct op op = { .what = *at };

        end = at + 1;
        if (op.what == '#') {
            while (*end != '\n' && *end != '\0')
                end++;
            continue;
        }
        op.who = (unsigned)strtoul(end, &end, 10);
        if (op.what == 'a' || op.what == 'r' || op.what == 's')
            op.n = strtoul(end, &end, 10);
        if (op.what == 'a')
            op.written = strtoul(end, &end, 10);
        if (op.what != 's')
            note(&op);
    }
    (void)munmap(text, (size_t)st.st_size);
}

static void *
need(void *p)
{
    if (p == NULL)
        measure_die("the trace finds no memory");
    return p;
}

static void
begin(const struct op *op)
{
    struct block *b = &blocks[op->who];
    size_t room = op->n;

    b->written = op->written;
    if (!subject->in_place)
        room = op->n == smallest ? FIRST : op->written + 1;
    b->p = need(subject->alloc(0, room));
    for (size_t at = 0; at < op->written; at += MEASURE_PAGE) {
        size_t rest = op->written - at < MEASURE_PAGE ? op->written - at : MEASURE_PAGE;

        if (at + rest > room) {
            b->p = need(subject->grow(0, b->p, at, 2 * room, &copied));
            room *= 2;
        }
        ((volatile unsigned char *)b->p)[at + measure_below(&touches, rest)] = 1;
    }
}

static void
end_scope(unsigned who)
{
    struct scope *s = &scopes[who];

    while (s->count > 0)
        subject->free(s->smalls[--s->count], 0);
    if (subject->reset != NULL)
        subject->reset(who);
}

static void
small(const struct op *op)
{
    struct scope *s = &scopes[op->who];

    if (subject->small != NULL) {
        *(volatile char *)need(subject->small(op->who, op->n)) = 1;
        return;
    }
    if (s->count == SMALLS_MAX)
        measure_die("the trace has too many small things");
    s->smalls[s->count] = need(subject->alloc(0, op->n));
    *(volatile char *)s->smalls[s->count++] = 1;
}

static void
replay(const struct op *op)
{
    switch (op->what) {
    case 'a':
        begin(op);
        break;
    case 'f':
        subject->free(blocks[op->who].p, blocks[op->who].written);
        break;
    case 'r':
        small(op);
        break;
    default:
        end_scope(op->who);
        break;
    }
    done++;
}

static void
run_lane(unsigned index)
{
    size_t at = 0;
    uint64_t start;
    long before;

    measure_seed(&touches, index);
    for (size_t i = 0; i < 2 * count; i++)
        replay(&ops[i % count]);
    copied = done = 0;
    before = measure_faults();
    do {
        measure_begin(&batch, cpuid);
        for (unsigned i = 0; i < BATCH; i++) {
            replay(&ops[at]);
            at = at + 1 < count ? at + 1 : 0;
        }
        measure_end(&batch, cpuid, BATCH, 1);
    } while (measure_goes_on(&batch, all_ticks / 2));
    faults = measure_faults() - before;
    start = clock_begin(cpuid);
    for (uint64_t last = start; last - start < all_ticks / 2 || at != 0;) {
        uint64_t first = clock_begin(cpuid);

        replay(&ops[at]);
        last = clock_end(cpuid);
        measure_time(&times, last - first);
        at = at + 1 < count ? at + 1 : 0;
    }
}

void
replay_run(const struct measure_setting *s, const struct workload *w)
{
    struct contender_config config = { .chunk = CHUNK };

    subject = s->contender;
    cpuid = s->cpuid;
    all_ticks = (uint64_t)(s->seconds * measure_ticks_per_second());
    if (s->trace == NULL)
        measure_die("no trace");
    load(s->trace);
    scopes = contender_map(scopes_used * sizeof *scopes);
    config.block = largest;
    config.scopes = scopes_used;
    config.bytes = blocks_used * 64 * CHUNK; /* a word of CMon's each */
    if (count == 0 || scopes == NULL || !subject->open(&config))
        measure_die("no room");
    measure_run(subject, w->threads, run_lane);
    printf(" rate=%.1f faults=%.4f copied=%.1f resident_kb=%zu",
        (double)batch.work / (double)batch.ticks * measure_ticks_per_second(),
        (double)faults / (double)(batch.work + batch.lost * BATCH), (double)copied / (double)done,
        measure_resident() / 1024);
    measure_print_times(&times);
    measure_close(subject);
}
