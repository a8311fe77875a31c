/* tests/base/parsed.c -- contracts are in parsed.h.  Only this file sees jansson. */
#include "config.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "tests/base/parsed.h"

static json_t *
load(const void *text, size_t n)
{
    json_error_t error;

    return json_loadb(text, n, JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);
}

char *
parsed_string(const void *text, size_t n, size_t *ret_n)
{
    json_t *doc = load(text, n);
    char *s = NULL;

    if (json_is_string(doc)) {
        *ret_n = json_string_length(doc);
        s = malloc(*ret_n + 1);
        if (s)
            memcpy(s, json_string_value(doc), *ret_n + 1);
    }
    json_decref(doc);
    return s;
}

bool
parsed_well(const void *text, size_t n)
{
    json_t *doc = load(text, n);
    bool well = doc != NULL;

    json_decref(doc);
    return well;
}
