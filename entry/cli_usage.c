/* entry/cli_usage.c -- contracts are in cli_usage.h. */
#include "config.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/err.h"
#include "entry/cli_usage.h"
#include "exec/run.h"

static void
put_time(FILE *to, const char *name, int64_t nsec)
{
    (void)fprintf(to, "%-22s %14.3f ms\n", name, (double)nsec / (double)CLOCK_MSEC);
}

static void
put_number(FILE *to, const char *name, int64_t v, const char *unit)
{
    (void)fprintf(to, "%-22s %14" PRId64 "%s\n", name, v, unit);
}

static void
put_delays(FILE *to, const struct account_delays *delays)
{
    static const char *const names[ACCOUNT_WAIT_MAX] = {
        [ACCOUNT_CPU] = "a CPU",
        [ACCOUNT_BLOCK_IO] = "block I/O",
        [ACCOUNT_SWAP_IN] = "swap-in",
        [ACCOUNT_RECLAIM] = "memory reclaim",
        [ACCOUNT_THRASHING] = "thrashing",
        [ACCOUNT_COMPACTION] = "memory compaction",
        [ACCOUNT_COPY] = "copy on write",
    };
    enum account_wait i;

    (void)fprintf(to, "%-22s %14s\n", "waited for", "times");
    for (i = 0; i < ACCOUNT_WAIT_MAX; i++)
        if (delays->known & (1U << i))
            (void)fprintf(to, "  %-20s %14" PRId64 " %14.3f ms\n", names[i], delays->of[i].count,
                (double)delays->of[i].total / (double)CLOCK_MSEC);
}

void
cli_usage_print(FILE *to, const struct run_result *result)
{
    const struct account *u = &result->usage;
    struct err err;

    put_time(to, "elapsed", result->duration);
    if (result->cause == RUN_ABANDONED)
        return;
    put_time(to, "user CPU", u->user);
    put_time(to, "system CPU", u->system);
    if (u->max_rss > 0)
        put_number(to, "largest in memory", u->max_rss / 1024, " KiB");
    put_number(to, "minor page faults", u->minor_faults, "");
    put_number(to, "major page faults", u->major_faults, "");
    put_number(to, "voluntary switches", u->voluntary, "");
    put_number(to, "involuntary switches", u->involuntary, "");
    put_number(to, "block device read", u->block_read, " bytes");
    put_number(to, "block device written", u->block_written, " bytes");
    if (result->delays.known != 0)
        put_delays(to, &result->delays);
    else if (account_check(&err) < 0)
        (void)fprintf(to, "no delays: %s\n", err.text);
}
