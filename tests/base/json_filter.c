/* tests/base/json_filter.c -- bytes in, JSON strings out, for json_python.sh.
 *
 * Each record on standard input is four bytes of length, the highest first,
 * and that many bytes; each becomes one line.  An argument names a way of
 * base/escape.h by its number; a way that this machine lacks is exit status 77.
 */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/escape.h"

enum {
    RECORD_MAX = 1 << 16 /* bytes */
};

static unsigned char in[RECORD_MAX], text[ESCAPE_EXPANSION_MAX * RECORD_MAX];

int
main(int argc, char **argv)
{
    enum escape_way way = argc > 1 ? (enum escape_way)strtoul(argv[1], NULL, 10) : ESCAPE_PORTABLE;
    unsigned char head[4];

    if (way >= ESCAPE_WAYS || !escape_can(way))
        return 77;
    while (fread(head, 1, sizeof head, stdin) == sizeof head) {
        size_t n = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
        size_t written;

        if (n > sizeof in || fread(in, 1, n, stdin) != n)
            return EXIT_FAILURE;
        if (!escape_bytes_by(way, in, n, text, sizeof text, &written))
            return EXIT_FAILURE;
        if (printf("\"%.*s\"\n", (int)written, (const char *)text) != (int)written + 3)
            return EXIT_FAILURE;
    }
    return fflush(stdout) == 0 && feof(stdin) ? EXIT_SUCCESS : EXIT_FAILURE;
}
