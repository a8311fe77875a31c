/* bench/json/jansson.c -- jansson, as bench/json/json.c measures it. */
#include "config.h"

#include <jansson.h>

#include "bench/json/json.h"

size_t
escape_jansson(const unsigned char *p, size_t n, unsigned char *out, size_t max)
{
    json_t *s = json_stringn((const char *)p, n);
    size_t written = s != NULL ? json_dumpb(s, (char *)out, max, JSON_ENCODE_ANY) : 0;

    json_decref(s);
    return written;
}

const char *
version_jansson(void)
{
    return "jansson " JANSSON_VERSION;
}
