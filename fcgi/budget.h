/* fcgi/budget.h -- how the arena is divided: what a run may say, how many fit.
 *
 * A run holds a block for its output and a block for the answer made of it,
 * which may be JSON_EXPANSION_MAX times as large, and twice that where all is
 * told apart as well; a raw answer is the output itself.  Both blocks are
 * address space; only what is written becomes memory.
 */
#ifndef FCGI_BUDGET_H
#define FCGI_BUDGET_H

#include <stddef.h>

#include "conf/route.h"

struct conf;
struct run_spec;

enum {
    BUDGET_OUTPUT_MIN = 4096,      /* bytes; an arena too small for it says 503 */
    BUDGET_ERRORS_MAX = 64 * 1024, /* bytes of stderr that are kept beside raw output */
};

/* Returns how large the blocks are for `max` bytes of output, in bytes. */
size_t budget_output_block(enum route_output how, size_t max)
    __attribute__((const, warn_unused_result));
size_t budget_answer_block(enum route_output how, size_t max)
    __attribute__((const, warn_unused_result));

/* Fills in where output is kept: in `block`, of budget_output_block(). */
void budget_place(enum route_output how, unsigned char *block, size_t max, struct run_spec *spec)
    __attribute__((nonnull));

/* Returns the largest output_max of all routes, in bytes. */
size_t budget_output_wish(const struct conf *conf) __attribute__((nonnull));

/* Returns how many chunks the guards of a run's blocks take. */
size_t budget_guards(const struct conf *conf) __attribute__((nonnull));

/* Returns the number of chunks to reserve: as configured, or enough for `runs`
 * runs, whatever is asked of their output; at most half of RLIMIT_AS. */
size_t budget_chunks(const struct conf *conf, size_t runs) __attribute__((nonnull));

/* Returns how many bytes of output a run may keep so that `max_running` of
 * them fit into `chunks` chunks of `chunk` bytes; BUDGET_OUTPUT_MIN at least. */
size_t budget_output(enum route_output how, size_t chunk, size_t chunks, size_t max_running)
    __attribute__((const));

#endif
