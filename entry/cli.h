/* entry/cli.h -- the operator's tool: check-config, routes, run, token. */
#ifndef ENTRY_CLI_H
#define ENTRY_CLI_H

enum {
    CLI_OK = 0,
    CLI_FAILED = 1,
    CLI_USAGE = 2,
    CLI_TIMEOUT = 124,    /* as timeout(1) */
    CLI_CANNOT_RUN = 126, /* as sh(1) */
    CLI_NOT_FOUND = 127,
    CLI_SIGNAL = 128, /* plus its number */
};

/* Does what argv says.  Returns the exit code. */
int cli_main(int argc, char *const *argv);

#endif
