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

/* Chunks of both blocks of a run. */
static size_t
run_chunks(size_t chunk, size_t output)
{
    return chunks_of(chunk, output) + chunks_of(chunk, reply_max(output));
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
budget_chunks(const struct conf *conf, size_t runs)
{
    size_t wish = conf->arena_chunks;
    struct rlimit as;

    if (wish > 0)
        return wish;
    wish = runs * run_chunks(conf->arena_chunk, budget_output_wish(conf));
    if (getrlimit(RLIMIT_AS, &as) == 0 && as.rlim_cur != RLIM_INFINITY &&
        wish > as.rlim_cur / 2 / conf->arena_chunk)
        wish = as.rlim_cur / 2 / conf->arena_chunk;
    if (wish < ARENA_CHUNKS_MIN)
        wish = ARENA_CHUNKS_MIN;
    return wish < ARENA_CHUNKS_MAX ? wish : ARENA_CHUNKS_MAX;
}

size_t
budget_output(size_t chunk, size_t chunks, size_t max_running)
{
    size_t share = chunks / max_running;
    size_t low = BUDGET_OUTPUT_MIN;
    size_t high = share * chunk;
    size_t middle;

    assert(max_running > 0);
    /* The need grows with the output: halve until the largest that fits. */
    while (low + 1 < high) {
        middle = low + (high - low) / 2;
        if (run_chunks(chunk, middle) <= share)
            low = middle;
        else
            high = middle;
    }
    return low;
}
