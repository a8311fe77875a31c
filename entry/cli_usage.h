/* entry/cli_usage.h -- what a command has cost, as a table for people. */
#ifndef ENTRY_CLI_USAGE_H
#define ENTRY_CLI_USAGE_H

#include <stdio.h>

struct run_result;

/* Prints the table.  Where delays are not known, its last line says why. */
void cli_usage_print(FILE *to, const struct run_result *result) __attribute__((nonnull));

#endif
