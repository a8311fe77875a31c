/* bench/mebibyte.c -- a command that says 1 MiB: 16,384 lines of text, like a log.
 *
 * Written in blocks of 64 KiB, which is what a pipe holds.
 */
#include <string.h>
#include <unistd.h>

enum {
    LINE = 64,
    BLOCK = 64 * 1024,
    BLOCKS = 16,
};

int
main(void)
{
    static char block[BLOCK];

    memset(block, 'x', sizeof(block));
    for (size_t at = LINE - 1; at < sizeof(block); at += LINE)
        block[at] = '\n';
    for (int i = 0; i < BLOCKS; i++)
        for (size_t done = 0; done < sizeof(block);) {
            ssize_t n = write(STDOUT_FILENO, block + done, sizeof(block) - done);

            if (n < 0)
                return 1;
            done += (size_t)n;
        }
    return 0;
}
