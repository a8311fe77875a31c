/* entry/cli_run.h -- `cmon run`: a route at the terminal. */
#ifndef ENTRY_CLI_RUN_H
#define ENTRY_CLI_RUN_H

#include <stdbool.h>

struct conf;
struct region;

/* Runs words[0], "/path[?query]", with the parameters "name=value" that
 * follow, by `method` (NULL: the first that the route has), as a request for
 * it would.  Prints the output, or with `json` the answer; with `usage`
 * also, on standard error, what it has cost.  Returns the exit code: the command's own, or one of
 * enum in cli.h. */
int cli_run(const struct conf *conf, char *const *words, const char *method, bool json, bool usage,
    struct region *r) __attribute__((nonnull(1, 2, 6)));

#endif
