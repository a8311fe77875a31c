/* bench/alloc/contenders/cmon2.c -- a bitmap allocator as the documentation of CMon v2 describes
 * it.
 *
 * Chunks, one bit each.  A run lies within a word of 64: the word is smeared
 * until a bit is left only where a run begins.  Words are searched from the
 * first on, under a mutex.  Two bytes before a block say how many chunks it
 * has, so a block of whole chunks needs one more, and is aligned to 2.  The
 * largest block decides how large a chunk has to be.
 */
#include "config.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/alloc/contender.h"

enum {
    WORD = 64,
    HEADER = 2, /* bytes */
};

/* Small things are malloc's, one by one. */
struct small {
    struct small *next;
    max_align_t bytes[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned char *memory;
static uint64_t *taken;
static size_t chunk, chunks, words;
static struct small *smalls[CONTENDER_SCOPES_MAX];

static void
version(char *buf, size_t size)
{
    (void)snprintf(buf, size, "written after its documentation");
}

static void
close_all(void)
{
    contender_unmap(memory, chunks * chunk);
    contender_unmap(taken, words * sizeof *taken);
    memory = NULL;
    taken = NULL;
}

static bool
open_all(const struct contender_config *config)
{
    chunk = config->chunk;
    while (config->block + HEADER > WORD * chunk)
        chunk *= 2;
    chunks = config->bytes / chunk;
    words = (chunks + WORD - 1) / WORD;
    memory = contender_map(chunks * chunk);
    taken = contender_map(words * sizeof *taken);
    if (memory == NULL || taken == NULL) {
        close_all();
        return false;
    }
    if (chunks % WORD != 0)
        taken[words - 1] = ~UINT64_C(0) << chunks % WORD;
    return true;
}

/* Leaves the bits at which `n` free chunks in a row begin. */
static uint64_t
smear(uint64_t free, unsigned n)
{
    unsigned have = 1;

    while (have < n && free != 0) {
        unsigned more = n - have < have ? n - have : have;

        free &= free >> more;
        have += more;
    }
    return free;
}

static uint64_t
mask(unsigned n)
{
    return n == WORD ? ~UINT64_C(0) : (UINT64_C(1) << n) - 1;
}

static void *
take(size_t scope, size_t n)
{
    size_t need = (n + HEADER + chunk - 1) / chunk;
    unsigned char *p = NULL;

    (void)scope;
    if (n > WORD * chunk || need > WORD)
        return NULL;
    (void)pthread_mutex_lock(&lock); /* of a kind that cannot fail */
    for (size_t w = 0; w < words; w++) {
        uint64_t at = smear(~taken[w], (unsigned)need);

        if (at != 0) {
            unsigned bit = (unsigned)__builtin_ctzll(at);

            taken[w] |= mask((unsigned)need) << bit;
            p = memory + (w * WORD + bit) * chunk;
            break;
        }
    }
    (void)pthread_mutex_unlock(&lock);
    if (p == NULL)
        return NULL;
    p[0] = (unsigned char)need;
    p[1] = 0;
    return p + HEADER;
}

static void
give(void *p, size_t written)
{
    unsigned char *head = (unsigned char *)p - HEADER;
    size_t at;

    (void)written;
    if (p == NULL)
        return;
    at = (size_t)(head - memory) / chunk;
    (void)pthread_mutex_lock(&lock);
    taken[at / WORD] &= ~(mask(head[0]) << at % WORD);
    (void)pthread_mutex_unlock(&lock);
}

static void *
grow(size_t scope, void *p, size_t used, size_t n, uint64_t *copied)
{
    size_t have = ((unsigned char *)p)[-HEADER] * chunk - HEADER;

    return have >= n ? p : contender_move(&contender_cmon2, scope, p, used, n, copied);
}

static void *
small(size_t scope, size_t n)
{
    struct small *s = malloc(sizeof *s + n);

    if (s == NULL)
        return NULL;
    s->next = smalls[scope];
    smalls[scope] = s;
    return s->bytes;
}

static void
reset(size_t scope)
{
    while (smalls[scope] != NULL) {
        struct small *s = smalls[scope];

        smalls[scope] = s->next;
        free(s);
    }
}

const struct contender contender_cmon2 = {
    .name = "cmon2",
    .what = "a bitmap as CMon v2 describes it, malloc for small things",
    .single = true,
    .in_place = true,
    .own = true,
    .version = version,
    .open = open_all,
    .close = close_all,
    .alloc = take,
    .free = give,
    .grow = grow,
    .small = small,
    .reset = reset,
};
