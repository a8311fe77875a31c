/* exec/account_none.c -- account.h without libnl: delays are never known. */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/err.h"
#include "exec/account.h"

int
account_open(struct account_source **ret_source, struct err *err)
{
    (void)ret_source;
    return err_msg(err, EOPNOTSUPP, "cmon was built without libnl-genl, which asks the kernel");
}

void
account_close(struct account_source *s)
{
    assert(s == NULL);
    (void)s;
}

void
account_ask(struct account_source *s, pid_t pid, struct account_delays *ret_delays)
{
    (void)s;
    (void)pid;
    *ret_delays = (struct account_delays){ .known = 0 };
}
