/* base/headroom.c -- contracts are in headroom.h. */
#include "config.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

#include "base/headroom.h"

enum {
    PIECE = 32 * 1024,  /* bytes: malloc(3) maps larger blocks singly, and does not keep them */
    SINGLY = 40 * 1024, /* from here on, so that tables are not touched to be cleared */
};

void
headroom_keep(void)
{
    /* Where these are refused there is less to rely on, and nothing to do. */
    (void)mallopt(M_ARENA_MAX, 1);
    (void)mallopt(M_TRIM_THRESHOLD, HEADROOM_KEPT);
    (void)mallopt(M_MMAP_THRESHOLD, SINGLY);
}

void
headroom_trim(void)
{
    (void)malloc_trim(0);
}

int
headroom_check(size_t n)
{
    void **first = NULL;
    void **piece;
    size_t have = 0;

    if (n > HEADROOM_MAX)
        return -ENOMEM;
    /* Each piece names the one before it. */
    for (; have < n; have += PIECE) {
        piece = malloc(n - have < PIECE ? n - have + sizeof(*piece) : PIECE);
        if (piece == NULL)
            break;
        *piece = (void *)first;
        first = piece;
    }
    while (first != NULL) {
        piece = *first;
        free((void *)first);
        first = piece;
    }
    return have < n ? -ENOMEM : 0;
}
