/* fcgi/notify.h -- tells a service manager how we are, sd_notify(3)'s protocol.
 *
 * Also tells our own init (entry/init.h), where there is one: its number in the
 * environment, and a signal that carries a process ID.
 */
#ifndef FCGI_NOTIFY_H
#define FCGI_NOTIFY_H

#include <signal.h>
#include <sys/types.h>

/* Set for processes below our own init. */
#define NOTIFY_INIT "CMON_INIT"
#define NOTIFY_SIGNAL (SIGRTMIN + 7)

/* Sends a state such as "READY=1" to the socket in $NOTIFY_SOCKET.  Without
 * one, or when nobody listens, does nothing. */
void notify_send(const char *state) __attribute__((nonnull));

/* Tells our own init, if there is one, of a process that is about to serve in
 * our place.  Returns 0, or -errno when it cannot be told, and would take our
 * end for the end of all. */
int notify_heir(pid_t pid) __attribute__((warn_unused_result));

/* Tells the service manager that a process serves in our place.  To one outside
 * our own init this is the main process, for good. */
void notify_main(pid_t pid);

#endif
