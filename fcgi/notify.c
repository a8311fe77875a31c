/* fcgi/notify.c -- contracts are in notify.h. */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/fd.h"
#include "fcgi/notify.h"

void
notify_send(const char *state)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    const char *name = getenv("NOTIFY_SOCKET");
    FD_AUTO int fd = -1;
    socklen_t len;

    if (name == NULL || (*name != '/' && *name != '@') || strlen(name) >= sizeof(to.sun_path))
        return;
    memcpy(to.sun_path, name, strlen(name));
    len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    /* '@' stands for the abstract namespace. */
    if (*name == '@')
        to.sun_path[0] = '\0';
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0)
        (void)sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
            (const struct sockaddr *)&to, len);
}

static bool
is_below_init(void)
{
    const char *init = getenv(NOTIFY_INIT);

    return init != NULL && strcmp(init, "1") == 0;
}

int
notify_heir(pid_t pid)
{
    if (!is_below_init())
        return 0;
    return sigqueue(1, NOTIFY_SIGNAL, (union sigval){ .sival_int = (int)pid }) < 0 ? -errno : 0;
}

void
notify_main(pid_t pid)
{
    char text[64];

    if (is_below_init())
        return;
    (void)snprintf(text, sizeof(text), "MAINPID=%ld\nREADY=1", (long)pid);
    notify_send(text);
}
