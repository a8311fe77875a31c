/* entry/single.h -- one request from decision to answer, for a process that has
 * nothing else to do: CGI, and the operator's `cmon run`.
 *
 * SIGTERM, SIGINT, SIGQUIT and SIGHUP end the command and its tree, not just us.
 */
#ifndef ENTRY_SINGLE_H
#define ENTRY_SINGLE_H

#include <stdbool.h>

#include "exec/run.h"
#include "fcgi/handle.h"

struct arena;
struct conf;
struct engine;
struct err;

struct single {
    struct handled handled;
    struct reply reply; /* what to say */
    struct run run;
    int num; /* errno value when the command did not start, else 0 */
    /* Private. */
    struct arena *arena;
    struct engine *engine;
    unsigned char *output;
};

/* Decides, runs what is to be run, and fills `reply`, which stays valid until
 * single_done().  With `delays` it is found out what the command had to wait
 * for even if its route does not ask.  `input` (or NULL) is the descriptor that
 * a command reads which is to read something.  Returns 0, or -errno when there
 * was not even an answer. */
int single_run(struct single *s, const struct conf *conf, const struct identity *who,
    const struct req *req, bool delays, const int *input, struct region *r, struct err *err)
    __attribute__((warn_unused_result, nonnull(1, 2, 3, 4, 7, 8)));

/* Frees what single_run() took, also when it failed. */
void single_done(struct single *s) __attribute__((nonnull));

#endif
