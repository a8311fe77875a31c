/* conf/branch.c -- contracts are in branch.h.
 *
 * What git would take for something else than a branch: an option (leading
 * '-'), a forced or two-sided refspec ('+', ':'), a revision expression ('~',
 * '^', "..", "@{"), a pseudo-ref (HEAD), a full ref name (refs/, and pull/ on
 * forges), an object's own name (40 or 64 digits).
 */
#include "config.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "conf/branch.h"

enum {
    NAME_MAX_BYTES = 100
};

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

/* Whether a component ends in ".lock": git keeps its lock files under such names. */
static bool
has_lock_component(const char *name)
{
    static const char lock[] = ".lock";

    for (const char *p = strstr(name, lock); p; p = strstr(p + 1, lock)) {
        char after = p[sizeof lock - 1];

        if (after == '\0' || after == '/')
            return true;
    }
    return false;
}

static bool
is_object_name(const char *name, size_t n)
{
    return (n == 40 || n == 64) && strspn(name, DIGITS "abcdefABCDEF") == n;
}

/* Why the bytes are wrong, wherever they would be used. */
static const char *
refuse_bytes(const char *name, size_t n)
{
    if (n == 0)
        return "must not be empty";
    if (n > NAME_MAX_BYTES)
        return "must not be longer than 100 bytes";
    if (name[0] == '-')
        return "must not begin with '-'";
    if (strspn(name, LETTERS DIGITS) == 0)
        return "must begin with a letter or a digit";
    if (strspn(name, LETTERS DIGITS "._/-") != n)
        return "must hold nothing but letters, digits and . _ / -";
    return NULL;
}

const char *
branch_refuse(const char *name)
{
    size_t n = strlen(name);
    const char *why = refuse_bytes(name, n);

    if (why)
        return why;
    if (strstr(name, ".."))
        return "must not contain '..'";
    if (strstr(name, "//"))
        return "must not contain '//'";
    if (strstr(name, "/."))
        return "must not contain '/.'";
    if (has_lock_component(name))
        return "must not have a part that ends in '.lock'";
    if (name[n - 1] == '/' || name[n - 1] == '.')
        return "must not end in '/' or '.'";
    if (strcmp(name, "HEAD") == 0)
        return "must not be HEAD";
    if (strncmp(name, "refs/", strlen("refs/")) == 0)
        return "must not begin with 'refs/'";
    if (strncmp(name, "pull/", strlen("pull/")) == 0)
        return "must not begin with 'pull/'";
    if (is_object_name(name, n))
        return "must not be the name of an object";
    return NULL;
}
