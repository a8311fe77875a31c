/* tests/base/json_filter.c -- bytes in, JSON strings out, for json_python.sh.
 *
 * Each record on standard input is four bytes of length, the highest first,
 * and that many bytes; each becomes one line.
 */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/json.h"

enum {
    RECORD_MAX = 1 << 16 /* bytes */
};

static unsigned char in[RECORD_MAX], text[JSON_EXPANSION_MAX * RECORD_MAX + 2];

int
main(void)
{
    unsigned char head[4];

    while (fread(head, 1, sizeof head, stdin) == sizeof head) {
        size_t n = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
        struct buf out;
        struct json j;

        if (n > sizeof in || fread(in, 1, n, stdin) != n)
            return EXIT_FAILURE;
        buf_over(&out, text, sizeof text);
        json_begin(&j, &out);
        json_bytes(&j, (struct span){ in, n });
        if (json_end(&j) < 0 || fwrite(out.p, 1, out.n, stdout) != out.n || putchar('\n') == EOF)
            return EXIT_FAILURE;
    }
    return fflush(stdout) == 0 && feof(stdin) ? EXIT_SUCCESS : EXIT_FAILURE;
}
