/* bench/alloc/fit.c -- a model: how much room blocks take up, by the rule that places them.
 *
 * fit [STEPS]
 *
 * The blocks of workloads/fragment.c, in its chunks of 2 KiB, are put where each rule
 * has it.  There is no memory and no time in it: what is counted is the chunks
 * that were ever in a block, as if no page went back, by the most bytes alive.
 * Three streams of random numbers; the mean, and from where to where.  It is not
 * part of a report: it says what the rule of arena/runs.h was chosen among.
 */
#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena/fits.h"
#include "bench/alloc/measure.h"

enum {
    KIB = 1024,
    SMALLEST = 4 * KIB,
    LARGEST = 256 * KIB,
    CHUNK = SMALLEST / 2,
    LOW = 16 * KIB * KIB,
    HIGH = 64 * KIB * KIB,
    CHUNKS = 4 * HIGH / CHUNK,
    BLOCKS_MAX = HIGH / SMALLEST + 1,
    STEPS = 1000 * 1000,
    WAVES = 4,
    STREAMS = 3,
};

/* Classes of lengths, so many to a doubling: 0 has none.  A rule takes the lowest
 * run that fits of the least class that has one; one that rounds up does not look
 * for it, and takes the lowest of the least class all of whose runs fit. */
struct rule {
    const char *name;
    unsigned classes;
    bool best, rounds;
    bool ours; /* arena/runs.h */
};

static const struct rule rules[] = {
    { .name = "arena/runs.h", .ours = true },
    { .name = "best fit, of equal ones the lowest", .best = true },
    { .name = "first fit: the lowest run that is long enough" },
    { .name = "good fit, 4 classes to a doubling", .classes = 4 },
    { .name = "good fit, 1 class to a doubling", .classes = 1 },
    { .name = "segregated fit, 16 classes to a doubling", .classes = 16, .rounds = true },
    { .name = "segregated fit, 4 classes to a doubling", .classes = 4, .rounds = true },
    { .name = "segregated fit, 1 class to a doubling", .classes = 1, .rounds = true },
};

/* Of a free run and of a block both ends are true, and nothing between them. */
static struct {
    size_t length; /* chunks */
    bool taken;
} map[CHUNKS];
static bool ever[CHUNKS]; /* was in a block */
static size_t ever_count;

static void
mark(size_t at, size_t n, bool taken)
{
    map[at].length = map[at + n - 1].length = n;
    map[at].taken = map[at + n - 1].taken = taken;
}

static size_t
class_of(size_t n, unsigned classes)
{
    unsigned log = 63 - (unsigned)__builtin_clzll(n);

    return log * classes + ((n - ((size_t)1 << log)) * classes >> log);
}

/* What is to be least: 0 for who takes the first. */
static size_t
order(const struct rule *rule, size_t at, size_t length)
{
    if (rule->ours && at + length == CHUNKS)
        return FITS_SHORT + 2;
    if (rule->ours)
        return length > FITS_SHORT ? FITS_SHORT + 1 : length;
    return rule->best ? length : rule->classes > 0 ? class_of(length, rule->classes) : 0;
}

static size_t
find(const struct rule *rule, size_t n, bool rounds)
{
    size_t found = CHUNKS, least = SIZE_MAX;

    for (size_t at = 0; at < CHUNKS; at += map[at].length) {
        size_t length = map[at].length;

        if (map[at].taken || length < n)
            continue;
        if (rounds && n > 1 && class_of(length, rule->classes) == class_of(n - 1, rule->classes))
            continue; /* its class has runs that are too short */
        if (order(rule, at, length) < least) {
            least = order(rule, at, length);
            found = at;
        }
        if (least == 0)
            break;
    }
    return found;
}

static size_t
take(const struct rule *rule, size_t n)
{
    size_t at = find(rule, n, rule->rounds), left;

    if (at == CHUNKS)
        at = find(rule, n, false);
    if (at == CHUNKS)
        measure_die("no room for a block");
    left = map[at].length - n;
    mark(at, n, true);
    if (left > 0)
        mark(at + n, left, false);
    for (size_t i = at; i < at + n; i++) {
        ever_count += !ever[i];
        ever[i] = true;
    }
    return at;
}

static void
give(size_t at)
{
    size_t n = map[at].length;

    if (at + n < CHUNKS && !map[at + n].taken)
        n += map[at + n].length;
    if (at > 0 && !map[at - 1].taken) {
        n += map[at - 1].length;
        at -= map[at - 1].length;
    }
    mark(at, n, false);
}

/* As workloads/fragment.c has it. */
static size_t
wanted(size_t step, size_t steps)
{
    size_t wave = steps / WAVES, at = step % wave;
    size_t up = at < wave / 2 ? at : wave - at;

    return LOW + (size_t)((double)(HIGH - LOW) * 2 * (double)up / (double)wave);
}

static double
run(const struct rule *rule, unsigned stream, size_t steps)
{
    static struct {
        size_t at, size;
    } blocks[BLOCKS_MAX];
    struct measure_random r;
    size_t count = 0, alive = 0, most = 0;

    measure_seed(&r, stream);
    memset(ever, 0, sizeof ever);
    ever_count = 0;
    mark(0, CHUNKS, false);
    for (size_t step = 0; step < steps; step++) {
        bool grows = alive < wanted(step, steps);

        if (measure_next(&r) % 4 == 0)
            grows = !grows;
        if (count == 0 || (grows && count < BLOCKS_MAX && alive + LARGEST <= HIGH)) {
            size_t size = measure_size(&r, SMALLEST, LARGEST);

            blocks[count].at = take(rule, (size + CHUNK - 1) / CHUNK);
            blocks[count++].size = size;
            alive += size;
            most = alive > most ? alive : most;
        } else {
            size_t i = measure_below(&r, count);

            give(blocks[i].at);
            alive -= blocks[i].size;
            blocks[i] = blocks[--count];
        }
    }
    return (double)ever_count * CHUNK / (double)most;
}

int
main(int argc, char **argv)
{
    size_t steps = argc == 2 ? strtoul(argv[1], NULL, 10) : STEPS;

    if (argc > 2 || steps < WAVES)
        measure_die("usage: fit [STEPS]");
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        double sum = 0, least = 0, most = 0;

        for (unsigned stream = 0; stream < STREAMS; stream++) {
            double v = run(&rules[i], stream, steps);

            sum += v;
            least = stream == 0 || v < least ? v : least;
            most = v > most ? v : most;
        }
        printf("| %s | %.3f | %.3f-%.3f |\n", rules[i].name, sum / STREAMS, least, most);
    }
    return 0;
}
