/* bench/alloc/workloads/fragment.c -- buffers of all sizes come and go at random: how much memory
 * is there beside what lives.
 *
 * The bytes alive are driven up and down between 16 and 64 MiB in waves, sizes
 * are 4 to 256 KiB, every doubling as likely as another, and each block is
 * written to in every page.  The whole has a fixed length and one thread.  Pages
 * go back to the system as everybody does it by default.
 */
#include "config.h"

#include <stdio.h>

#include "bench/alloc/clock.h"
#include "bench/alloc/workload.h"

enum {
    KIB = 1024,
    SMALLEST = 4 * KIB,
    LARGEST = 256 * KIB,
    CHUNK = SMALLEST / 2,
    LOW = 16 * KIB * KIB,
    HIGH = 64 * KIB * KIB,
    BLOCKS_MAX = HIGH / SMALLEST + 1,
    STEPS = 1000 * 1000,
    STEPS_A_SECOND = 300 * 1000, /* about: a short slice does fewer */
    STEPS_MIN = 100 * 1000,
    WAVES = 4,
    LOOKS = 200, /* at what is resident */
};

static const struct contender *subject;
static size_t steps;
static struct block {
    unsigned char *p;
    size_t size;
} * blocks;
static size_t count, alive, alive_most;
static size_t resident_before, resident_most;
static struct {
    size_t alive, resident;
} looks[LOOKS];
static uint64_t ticks;
static bool cpuid;

static void
begin(struct measure_random *r)
{
    struct block *b = &blocks[count];

    b->size = measure_size(r, SMALLEST, LARGEST);
    b->p = subject->alloc(0, b->size);
    if (b->p == NULL)
        measure_die("no room for a block");
    for (size_t at = 0; at < b->size; at += MEASURE_PAGE)
        ((volatile unsigned char *)b->p)[at] = 1;
    ((volatile unsigned char *)b->p)[b->size - 1] = 1;
    alive += b->size;
    if (alive > alive_most)
        alive_most = alive;
    count++;
}

static void
end(struct measure_random *r)
{
    struct block *b = &blocks[measure_below(r, count)];

    subject->free(b->p, b->size);
    alive -= b->size;
    *b = blocks[--count];
}

/* Where the waves want the bytes alive to be: up, and down again. */
static size_t
wanted(size_t step)
{
    size_t wave = steps / WAVES, at = step % wave;
    size_t up = at < wave / 2 ? at : wave - at;

    return LOW + (size_t)((double)(HIGH - LOW) * 2 * (double)up / (double)wave);
}

static void
look(size_t i)
{
    size_t resident = measure_resident() - resident_before;

    looks[i].alive = alive;
    looks[i].resident = resident;
    if (resident > resident_most)
        resident_most = resident;
}

static void
run_lane(unsigned index)
{
    struct measure_random r;
    size_t part = steps / LOOKS;

    measure_seed(&r, index);
    for (size_t i = 0; i < LOOKS; i++) {
        uint64_t start = clock_begin(cpuid);

        for (size_t step = i * part; step < (i + 1) * part; step++) {
            /* Every fourth step goes the other way, so that both always happen. */
            bool grows = alive < wanted(step);

            if (measure_next(&r) % 4 == 0)
                grows = !grows;
            if (count == 0 || (grows && count < BLOCKS_MAX && alive + LARGEST <= HIGH))
                begin(&r);
            else
                end(&r);
        }
        ticks += clock_end(cpuid) - start;
        look(i);
    }
    while (count > 0)
        end(&r);
}

static void
print(void)
{
    printf(" rate=%.1f alive_kb=%zu resident_kb=%zu overhead=%.4f after_kb=%zu series=",
        (double)steps / (double)ticks * measure_ticks_per_second(), alive_most / KIB,
        resident_most / KIB, (double)resident_most / (double)alive_most,
        (measure_resident() - resident_before) / KIB);
    for (size_t i = 0; i < LOOKS; i++)
        printf("%s%zu/%zu", i > 0 ? "," : "", looks[i].alive / KIB, looks[i].resident / KIB);
}

void
fragment_run(const struct measure_setting *s, const struct workload *w)
{
    struct contender_config config = {
        .block = LARGEST, .bytes = (size_t)HIGH * 4, .chunk = CHUNK, .give_back = true
    };

    subject = s->contender;
    cpuid = s->cpuid;
    steps = (size_t)(s->seconds * STEPS_A_SECOND);
    steps = steps > STEPS ? STEPS : steps < STEPS_MIN ? STEPS_MIN : steps;
    blocks = contender_map(BLOCKS_MAX * sizeof *blocks);
    if (blocks == NULL)
        measure_die("out of memory");
    resident_before = measure_resident();
    if (!subject->open(&config))
        measure_die("no room");
    measure_run(subject, w->threads, run_lane);
    print();
    measure_close(subject);
    contender_unmap(blocks, BLOCKS_MAX * sizeof *blocks);
}
