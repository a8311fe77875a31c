/* fcgi/budget.c -- contracts are in budget.h. */
#include "config.h"

#include <assert.h>
#include <sys/resource.h>

#include "arena/arena.h"
#include "base/json.h"
#include "conf/conf.h"
#include "fcgi/budget.h"
#include "fcgi/reply.h"

static size_t
chunks_of(size_t chunk, size_t bytes)
{
    return (bytes + chunk - 1) / chunk;
}

static size_t
errors_max(size_t output)
{
    return output < BUDGET_ERRORS_MAX ? output : BUDGET_ERRORS_MAX;
}

size_t
budget_output_block(enum route_output how, size_t max)
{
    if (how == ROUTE_SPLIT)
        return max + keep_marks(max);
    return how == ROUTE_RAW ? max + errors_max(max) : max;
}

size_t
budget_answer_block(enum route_output how, size_t max)
{
    if (how == ROUTE_SPLIT)
        return reply_max(2 * max);
    return reply_max(how == ROUTE_RAW ? errors_max(max) : max);
}

void
budget_place(enum route_output how, unsigned char *block, size_t max, struct run_spec *spec)
{
    static const enum run_output of[ROUTE_OUTPUT_MAX] = {
        [ROUTE_JOINED] = RUN_JOINED, [ROUTE_SPLIT] = RUN_MARKED, [ROUTE_RAW] = RUN_APART
    };

    spec->output = of[how];
    spec->out = block;
    spec->out_max = max;
    spec->marks = block + max;
    spec->err = block + max;
    spec->err_max = errors_max(max);
}

/* Chunks of both blocks of a run. */
static size_t
run_chunks(enum route_output how, size_t chunk, size_t output)
{
    return chunks_of(chunk, budget_output_block(how, output)) +
           chunks_of(chunk, budget_answer_block(how, output));
}

/* Chunks of any run. */
static size_t
most_chunks(const struct conf *conf)
{
    size_t most = 0;
    size_t i, n;

    for (i = 0; i < conf->nroutes; i++) {
        const struct route *rt = &conf->routes[i];

        /* Any request may want it split, but raw. */
        n = run_chunks(
            rt->output == ROUTE_RAW ? ROUTE_RAW : ROUTE_SPLIT, conf->arena_chunk, rt->output_max);
        if (n > most)
            most = n;
    }
    return most;
}

size_t
budget_output_wish(const struct conf *conf)
{
    size_t most = 0;
    size_t i;

    for (i = 0; i < conf->nroutes; i++)
        if (conf->routes[i].output_max > most)
            most = conf->routes[i].output_max;
    return most;
}

size_t
budget_guards(const struct conf *conf)
{
    return conf->arena_hardened ? 2 : 0;
}

size_t
budget_chunks(const struct conf *conf, size_t runs)
{
    size_t wish = conf->arena_chunks;
    struct rlimit as;

    if (wish > 0)
        return wish;
    wish = runs * (most_chunks(conf) + budget_guards(conf));
    if (getrlimit(RLIMIT_AS, &as) == 0 && as.rlim_cur != RLIM_INFINITY &&
        wish > as.rlim_cur / 2 / conf->arena_chunk)
        wish = as.rlim_cur / 2 / conf->arena_chunk;
    if (wish < ARENA_CHUNKS_MIN)
        wish = ARENA_CHUNKS_MIN;
    return wish < ARENA_CHUNKS_MAX ? wish : ARENA_CHUNKS_MAX;
}

size_t
budget_output(enum route_output how, size_t chunk, size_t chunks, size_t max_running)
{
    size_t share = chunks / max_running;
    size_t low = BUDGET_OUTPUT_MIN;
    size_t high = share * chunk;
    size_t middle;

    assert(max_running > 0);
    /* The need grows with the output: halve until the largest that fits. */
    while (low + 1 < high) {
        middle = low + (high - low) / 2;
        if (run_chunks(how, chunk, middle) <= share)
            low = middle;
        else
            high = middle;
    }
    return low;
}
