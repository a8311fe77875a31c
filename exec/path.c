/* exec/path.c -- contracts are in path.h. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena/region.h"
#include "base/err.h"
#include "exec/path.h"

/* Whether execve(2) would take it, as far as that can be known before. */
static bool
is_program(const char *file)
{
    struct stat st;

    return stat(file, &st) == 0 && S_ISREG(st.st_mode) &&
           faccessat(AT_FDCWD, file, X_OK, AT_EACCESS) == 0;
}

int
path_resolve(
    struct region *r, const char *name, const char *path, const char **ret_file, struct err *err)
{
    const char *dir = path;
    size_t name_len = strlen(name);
    char *file;

    if (name_len == 0)
        return err_msg(err, EINVAL, "command: empty name");
    if (strchr(name, '/') != NULL) {
        *ret_file = name;
        return 0;
    }
    /* One buffer that is large enough for every directory of `path`. */
    file = region_alloc(r, strlen(path) + 1 + name_len + 1);
    if (file == NULL)
        return err_sys(err, ENOMEM, "command", name);

    while (*dir != '\0') {
        size_t n = strcspn(dir, ":");

        if (*dir == '/') {
            memcpy(file, dir, n);
            file[n] = '/';
            memcpy(file + n + 1, name, name_len + 1);
            if (is_program(file)) {
                *ret_file = file;
                return 0;
            }
        }
        dir += n + (dir[n] == ':');
    }
    return err_msg(err, ENOENT, "%s: not found in PATH %s", name, path);
}
