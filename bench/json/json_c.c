/* bench/json/json_c.c -- json-c, as bench/json/json.c measures it. */
#include "config.h"

#include <json-c/json.h>
#include <string.h>

#include "bench/json/json.h"

size_t
escape_json_c(const unsigned char *p, size_t n, unsigned char *out, size_t max)
{
    json_object *s = json_object_new_string_len((const char *)p, (int)n);
    size_t written = 0;
    const char *text =
        json_object_to_json_string_length(s, JSON_C_TO_STRING_NOSLASHESCAPE, &written);

    if (text == NULL || written > max)
        written = 0;
    else
        memcpy(out, text, written);
    (void)json_object_put(s);
    return written;
}

const char *
version_json_c(void)
{
    return "json-c " JSON_C_VERSION;
}
