/* tests/arena/fixture.c -- contracts are in fixture.h. */
#include "config.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "arena/arena.h"
#include "tests/arena/fixture.h"
#include "tests/suite.h"

struct arena *a;

void
fixture_open(size_t chunk, size_t count, size_t retain, bool prefault)
{
    struct arena_options opt = {
        .chunk_size = chunk, .chunk_count = count, .retain = retain, .prefault = prefault
    };

    ck_assert_int_eq(arena_open(&opt, &a), 0);
}

void
fixture_close(void)
{
    arena_close(a);
    a = NULL;
}

size_t
fixture_resident(void)
{
    struct arena_stats s;

    arena_stats(a, &s);
    return s.resident;
}

unsigned char *
fixture_touch(size_t n)
{
    unsigned char *p = arena_alloc(a, n);

    ck_assert_ptr_nonnull(p);
    memset(p, 0x5a, n);
    return p;
}

void
fixture_forbid(unsigned nr, unsigned third, unsigned num)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, third, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | num),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog prog = { sizeof code / sizeof code[0], code };

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) < 0)
        _exit(FIXTURE_NO_FILTER);
}
