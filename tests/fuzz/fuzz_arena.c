/* tests/fuzz/fuzz_arena.c -- no sequence of calls spoils an arena or a block.
 *
 * The first byte chooses the arena; then each three are a call and its argument.
 */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "arena/arena.h"
#include "tests/fuzz/fuzz.h"

enum {
    KIB = 1024,
    LIVE = 64, /* blocks at most */
    CALL = 3,  /* bytes */
};

static const struct arena_options configs[] = {
    { .chunk_size = 512, .chunk_count = 64 },
    { .chunk_size = 512, .chunk_count = 1000, .retain = 10 * KIB, .warm_max = 50 * KIB },
    { .chunk_size = 4 * KIB, .chunk_count = 300 },
    { .chunk_size = 64 * KIB, .chunk_count = 1024, .warm_max = 1024 * KIB },
    /* A sanitizer's shadow of 400 GiB takes long. */
    { .chunk_size = 1024 * KIB, .chunk_count = 300 },
    { .chunk_size = 4096 * KIB, .chunk_count = 150 },
    { .chunk_size = 512, .chunk_count = 1000, .stepwise = true },
    { .chunk_size = 64 * KIB, .chunk_count = 600, .stepwise = true },
    { .chunk_size = 512, .chunk_count = 1000, .hardened = true },
    { .chunk_size = 4 * KIB, .chunk_count = 600, .hardened = true },
    { .chunk_size = 64 * KIB, .chunk_count = 600, .stepwise = true, .hardened = true },
};

struct block {
    unsigned char *at; /* NULL: none */
    size_t size;       /* bytes that were asked for, 1 at least */
    unsigned char tag; /* its first and its last byte */
};

struct state {
    const struct arena_options *opt;
    struct arena *a;
    struct block live[LIVE];
    int64_t now;
    unsigned long refused;
};

static void
mark(struct state *s, struct block *b, unsigned char tag)
{
    b->tag = tag;
    FUZZ_PROMISE(arena_commit(s->a, b->at, 1) == 0);
    FUZZ_PROMISE(arena_commit(s->a, b->at + b->size - 1, 1) == 0);
    b->at[0] = tag;
    b->at[b->size - 1] = tag;
}

static void
check_mark(const struct block *b)
{
    FUZZ_PROMISE(b->at[0] == b->tag && b->at[b->size - 1] == b->tag);
}

static void
do_alloc(struct state *s, struct block *b, unsigned arg)
{
    size_t chunk = s->opt->chunk_size, all = s->opt->chunk_count * chunk;
    struct arena_stats is;

    /* Up to 255 chunks and some bytes, or a part of the whole arena. */
    b->size = arg & 0x8000 ? all / ((arg & 0xff) + 1) + (arg >> 8 & 0x7f)
                           : (arg & 0xff) * chunk + (arg >> 8);
    b->size = b->size > 0 ? b->size : 1;
    b->at = arena_alloc(s->a, b->size);
    if (b->at == NULL) {
        arena_stats(s->a, &is);
        FUZZ_PROMISE(is.largest_free < b->size + chunk); /* and a guard */
        return;
    }
    FUZZ_PROMISE(arena_block_size(s->a, b->at) >= b->size);
    FUZZ_PROMISE(arena_block_size(s->a, b->at) < b->size + chunk);
    mark(s, b, (unsigned char)arg);
}

static void
do_free(struct state *s, struct block *b, unsigned arg)
{
    check_mark(b);
    if (arg & 1)
        FUZZ_PROMISE(arena_free(s->a, b->at) == 0);
    else
        FUZZ_PROMISE(arena_free_written(s->a, b->at, b->size) == 0);
    FUZZ_PROMISE(arena_free(s->a, b->at) == -EALREADY);
    s->refused++;
    b->at = NULL;
}

static void
do_shrink(struct state *s, struct block *b, unsigned arg)
{
    size_t n = arg & 1 ? 1 + (b->size - 1) / (arg / 2 + 1) : 1 + arg % b->size;

    check_mark(b);
    FUZZ_PROMISE(arena_shrink(s->a, b->at, arena_block_size(s->a, b->at) + 1) == -EINVAL);
    FUZZ_PROMISE(arena_shrink(s->a, b->at, n) == 0);
    FUZZ_PROMISE(b->at[0] == b->tag);
    b->size = n;
    mark(s, b, b->tag);
}

static void
do_wrong(struct state *s, const struct block *b, unsigned arg)
{
    size_t all = s->opt->chunk_count * s->opt->chunk_size;

    FUZZ_PROMISE(arena_free(s->a, b->at + 1 + arg % (s->opt->chunk_size - 1)) == -EINVAL);
    FUZZ_PROMISE(arena_free(s->a, b->at + all) == -EFAULT);
    FUZZ_PROMISE(arena_free(s->a, s) == -EFAULT);
    FUZZ_PROMISE(arena_shrink(s->a, s, arg) == -EFAULT);
    FUZZ_PROMISE(arena_block_size(s->a, b->at + 1) == 0);
    FUZZ_PROMISE(arena_commit(s->a, b->at, SIZE_MAX) == (arena_is_stepwise(s->a) ? -EFAULT : 0));
    s->refused += 4;
}

static void
do_tend(struct state *s, unsigned arg)
{
    int64_t next = arena_tend(s->a, s->now);

    FUZZ_PROMISE(next > s->now);
    s->now += (int64_t)arg * (ARENA_IDLE / 1000);
}

static void
check_all(const struct state *s)
{
    struct arena_stats is;
    size_t blocks = 0, used = 0;

    arena_stats(s->a, &is);
    for (size_t i = 0; i < LIVE; i++) {
        if (s->live[i].at == NULL)
            continue;
        check_mark(&s->live[i]);
        used += arena_block_size(s->a, s->live[i].at);
        blocks++;
    }
    FUZZ_PROMISE(arena_check(s->a) == 0);
    FUZZ_PROMISE(is.blocks == blocks && is.refused == s->refused && is.damaged == 0);
    FUZZ_PROMISE(s->opt->hardened ? is.used >= used : is.used == used);
    FUZZ_PROMISE(is.used <= is.high_water && is.committed <= is.reserved);
}

static void
call(struct state *s, const uint8_t *in)
{
    struct block *b = &s->live[in[0] / 4 % LIVE];
    unsigned arg = in[1] | (unsigned)in[2] << 8;

    if (b->at == NULL)
        do_alloc(s, b, arg);
    else if (in[0] % 4 == 0)
        do_free(s, b, arg);
    else if (in[0] % 4 == 1)
        do_shrink(s, b, arg);
    else if (in[0] % 4 == 2)
        do_wrong(s, b, arg);
    else
        do_tend(s, arg);
}

/* Ends what is left: nothing may be. */
static void
end(struct state *s)
{
    struct arena_stats is;

    for (size_t i = 0; i < LIVE; i++)
        if (s->live[i].at != NULL)
            do_free(s, &s->live[i], (unsigned)i);
    (void)arena_tend(s->a, s->now);
    FUZZ_PROMISE(arena_tend(s->a, s->now + ARENA_IDLE) == ARENA_NEVER);
    arena_stats(s->a, &is);
    FUZZ_PROMISE(is.used == 0 && is.blocks == 0 && is.damaged == 0);
    FUZZ_PROMISE(is.largest_free == s->opt->chunk_count * s->opt->chunk_size);
    /* One small chunk keeps a page. */
    FUZZ_PROMISE(is.warm <= s->opt->retain && is.resident / 4096 <= s->opt->retain / 512);
    FUZZ_PROMISE(arena_check(s->a) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct state s = { .now = 0 };
    size_t n = 0;

    if (size == 0)
        return 0;
    s.opt = &configs[data[0] % (sizeof configs / sizeof configs[0])];
    FUZZ_PROMISE(arena_open(s.opt, &s.a) == 0);
    if (arena_chunks(s.a) == s.opt->chunk_count) {
        for (size_t at = 1; at + CALL <= size; at += CALL) {
            call(&s, data + at);
            if (n++ % 64 == 0)
                check_all(&s);
        }
        check_all(&s);
        end(&s);
    }
    arena_close(s.a);
    return 0;
}
