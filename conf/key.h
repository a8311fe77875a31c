/* conf/key.h -- the file that holds the key.
 *
 * 64 hexadecimal digits and at most one newline, in a regular file that is not
 * a symbolic link, belongs to us or root, and gives nobody else any right.
 */
#ifndef CONF_KEY_H
#define CONF_KEY_H

enum {
    KEY_BYTES = 32
};

struct err;

/* Reads a key.  Returns 0, or -errno with a message of its own for each
 * violation: "client_secret.key: mode 0644 lets others read it; chmod 0600".
 * Whatever was read is cleansed before it returns. */
int key_load(const char *file, unsigned char ret_key[KEY_BYTES], struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
