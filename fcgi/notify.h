/* fcgi/notify.h -- tells a service manager how we are, sd_notify(3)'s protocol. */
#ifndef FCGI_NOTIFY_H
#define FCGI_NOTIFY_H

/* Sends a state such as "READY=1" to the socket in $NOTIFY_SOCKET.  Without
 * one, or when nobody listens, does nothing. */
void notify_send(const char *state) __attribute__((nonnull));

#endif
