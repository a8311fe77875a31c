/* conf/template.c -- contracts are in template.h. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "conf/template.h"

int
template_next(const char **pos, struct template_piece *ret_piece, struct err *err)
{
    const char *s = *pos;
    size_t n = strcspn(s, "{}");

    if (n > 0) {
        *ret_piece = (struct template_piece){ .text = s, .n = n };
        *pos = s + n;
        return 1;
    }
    if (*s == '\0')
        return 0;
    if (s[0] == s[1]) {
        *ret_piece = (struct template_piece){ .text = s, .n = 1 };
        *pos = s + 2;
        return 1;
    }
    if (*s == '}')
        return err_msg(err, EINVAL, "'}' closes nothing; write '}}' for a brace");

    n = strcspn(s + 1, "{}");
    if (s[1 + n] != '}')
        return err_msg(err, EINVAL, "'{' is never closed; write '{{' for a brace");
    if (n == 0)
        return err_msg(err, EINVAL, "'{}' names no parameter");
    *ret_piece = (struct template_piece){ .place = true, .text = s + 1, .n = n };
    *pos = s + 1 + n + 1;
    return 1;
}
