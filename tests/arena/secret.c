/* tests/arena/secret.c -- contracts are in secret.h. */
#include "config.h"

#include "arena/mirror.h"
#include "tests/arena/secret.h"
#include "tests/memory.h"
#include "tests/suite.h"

struct mirror *m;
char *text, **inside;
size_t page;

void
secret_build(size_t max)
{
    page = memory_page_size();
    ck_assert_int_eq(mirror_open(max, &m), 0);
    text = region_strdup(mirror_region(m), "secret");
    inside = region_alloc(mirror_region(m), sizeof(*inside));
    ck_assert(text != NULL && inside != NULL);
    *inside = text;
}
