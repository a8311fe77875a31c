/* conf/key.c -- contracts are in key.h.
 *
 * Everything is judged on the open descriptor, so that what was checked is
 * what is read.  O_NONBLOCK: a FIFO in the key's place must not hold us.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/hex.h"
#include "conf/key.h"

enum {
    DIGITS = 2 * KEY_BYTES,
    TEXT_MAX = DIGITS + 2, /* one more than may be there, to see that it is more */
};

/* Who else could read or change the file? */
static int
check_file(const char *file, int fd, struct err *err)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return err_sys(err, errno, "stat", file);
    if (S_ISDIR(st.st_mode))
        return err_msg(err, EISDIR, "%s: is a directory", file);
    if (!S_ISREG(st.st_mode))
        return err_msg(err, EINVAL, "%s: is not a regular file", file);
    if (st.st_uid != geteuid() && st.st_uid != 0)
        return err_msg(err, EPERM, "%s: belongs to user %lu, neither to us (%lu) nor to root", file,
            (unsigned long)st.st_uid, (unsigned long)geteuid());
    if (st.st_mode & (S_IRGRP | S_IROTH))
        return err_msg(err, EPERM, "%s: mode %04o lets others read it; chmod 0600", file,
            (unsigned)st.st_mode & 07777);
    if (st.st_mode & (S_IRWXG | S_IRWXO))
        return err_msg(err, EPERM, "%s: mode %04o gives rights to others; chmod 0600", file,
            (unsigned)st.st_mode & 07777);
    return 0;
}

static ssize_t
read_text(const char *file, int fd, char text[TEXT_MAX], struct err *err)
{
    size_t n = 0;

    while (n < TEXT_MAX) {
        ssize_t got = read(fd, text + n, TEXT_MAX - n);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_sys(err, errno, "read", file);
        if (got == 0)
            break;
        n += (size_t)got;
    }
    return (ssize_t)n;
}

/* The length is no secret; what the digits are is told by hex_decode() alone,
 * after it went through all of them. */
static int
decode(const char *file, const char *text, size_t n, unsigned char *out, struct err *err)
{
    if (n < DIGITS)
        return err_msg(err, EINVAL, "%s: holds fewer than %d hexadecimal digits", file, DIGITS);
    if (n > DIGITS + 1)
        return err_msg(
            err, EINVAL, "%s: holds more than %d hexadecimal digits and a newline", file, DIGITS);
    if (n == DIGITS + 1 && text[DIGITS] != '\n')
        return err_msg(err, EINVAL, "%s: holds something after its %d digits that is no newline",
            file, DIGITS);
    if (!hex_decode(text, KEY_BYTES, out))
        return err_msg(err, EINVAL, "%s: holds characters that are not hexadecimal digits", file);
    return 0;
}

int
key_load(const char *file, unsigned char ret_key[KEY_BYTES], struct err *err)
{
    FD_AUTO int fd = open(file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    unsigned char key[KEY_BYTES];
    char text[TEXT_MAX];
    ssize_t n;
    int r;

    if (fd < 0 && errno == ELOOP)
        return err_msg(err, ELOOP, "%s: is a symbolic link", file);
    if (fd < 0)
        return err_sys(err, errno, "open", file);
    r = check_file(file, fd, err);
    if (r < 0)
        return r;

    n = read_text(file, fd, text, err);
    r = n < 0 ? (int)n : decode(file, text, (size_t)n, key, err);
    if (r == 0)
        memcpy(ret_key, key, sizeof key);
    crypto_cleanse(text, sizeof text);
    crypto_cleanse(key, sizeof key);
    return r;
}
