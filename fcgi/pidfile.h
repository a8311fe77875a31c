/* fcgi/pidfile.h -- a file that names the process that serves. */
#ifndef FCGI_PIDFILE_H
#define FCGI_PIDFILE_H

struct err;

/* Writes our pid to `path`, replacing what is there in one step.  Returns 0 or
 * -errno. */
int pidfile_write(const char *path, struct err *err) __attribute__((warn_unused_result, nonnull));

/* Removes the file when it still names us, and not a successor. */
void pidfile_remove(const char *path) __attribute__((nonnull));

#endif
