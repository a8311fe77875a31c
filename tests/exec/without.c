/* tests/exec/without.c -- runs a command where some system calls fail.
 *
 *   without NAME... -- COMMAND ARG...
 *
 * NAMEs are those of tests/exec/filter.h.  Sets CMON_WAY to how cmon has to
 * make processes then, for tests that wish to know.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/exec/filter.h"

/* The best way that is left, as exec/way.h has them. */
static const char *
way_left(char *const *names, int n)
{
    static const char *const forbids[] = { "clone3", "clone-pidfd", "pidfd" };
    static const char *const ways[] = { "clone3", "clone", "vfork", "vfork-sigchld" };
    int way;
    int i;

    for (way = 0; way < 3; way++) {
        for (i = 0; i < n && strncmp(names[i], forbids[way], strcspn(names[i], "!")) != 0; i++)
            continue;
        if (i == n)
            break;
    }
    return ways[way];
}

int
main(int argc, char **argv)
{
    int n;
    int r;

    for (n = 0; n + 1 < argc && strcmp(argv[n + 1], "--") != 0; n++)
        continue;
    if (n + 2 >= argc) {
        (void)fputs("usage: without NAME... -- COMMAND ARG...\n", stderr);
        return 2;
    }
    r = filter_forbid(argv + 1, n);
    if (r < 0) {
        (void)fprintf(stderr, "without: %s\n", strerror(-r));
        return r == -EINVAL ? 2 : 77;
    }
    if (setenv("CMON_WAY", way_left(argv + 1, n), 1) < 0)
        return 1;
    (void)execvp(argv[n + 2], argv + n + 2);
    (void)fprintf(stderr, "without: %s: %s\n", argv[n + 2], strerror(errno));
    return 127;
}
