/* tests/fcgi/logline.c -- contracts are in logline.h. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "tests/fcgi/logline.h"

/* Reads what an escape stands for.  Returns what follows, or NULL. */
static const char *
read_escape(const char *s, char *ret_c)
{
    static const char digits[] = "0123456789abcdef";
    const char *high, *low;

    if (s[1] == '"' || s[1] == '\\') {
        *ret_c = s[1];
        return s + 2;
    }
    if (s[1] != 'x' || s[2] == '\0' || s[3] == '\0')
        return NULL;
    high = strchr(digits, s[2]);
    low = strchr(digits, s[3]);
    if (high == NULL || low == NULL)
        return NULL;
    *ret_c = (char)((high - digits) * 16 + (low - digits));
    return s + 4;
}

/* Reads a value of either form.  Returns what follows, or NULL. */
static const char *
read_value(const char *s, char *value, bool *ret_quoted)
{
    const char *ends = *s == '"' ? "\"" : " \n";
    size_t n = 0;

    *ret_quoted = *s == '"';
    s += *ret_quoted;
    while (*s == '\0' || strchr(ends, *s) == NULL) {
        if (*s < ' ' || *s > '~' || n == LOGLINE_VALUE_MAX - 1)
            return NULL;
        if (!*ret_quoted && strchr("\"\\=", *s) != NULL)
            return NULL;
        if (*s == '\\') {
            s = read_escape(s, &value[n++]);
            if (s == NULL)
                return NULL;
        } else {
            value[n++] = *s++;
        }
    }
    value[n] = '\0';
    return s + *ret_quoted;
}

bool
logline_read(const char *text, struct logline *ret_line)
{
    const char *s = text, *equals;
    struct logline *l = ret_line;
    int used = 0;
    size_t n;

    if (sscanf(s, "%63s %15s %31s%n", l->stamp, l->level, l->event, &used) != 3)
        return false;
    for (l->n = 0, s += used; *s == ' '; l->n++) {
        equals = strchr(s, '=');
        n = equals != NULL ? (size_t)(equals - s - 1) : 0;
        if (l->n == LOGLINE_FIELDS_MAX || n == 0 || n >= sizeof l->field[0].key)
            return false;
        memcpy(l->field[l->n].key, s + 1, n);
        l->field[l->n].key[n] = '\0';
        if (strpbrk(l->field[l->n].key, " \"\\\n") != NULL)
            return false;
        s = read_value(equals + 1, l->field[l->n].value, &l->field[l->n].quoted);
        if (s == NULL)
            return false;
    }
    return strcmp(s, "\n") == 0;
}
