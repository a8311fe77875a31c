/* bench/json/json.h -- whoever turns bytes into the inside of a JSON string. */
#ifndef BENCH_JSON_H
#define BENCH_JSON_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Writes the JSON string of `n` bytes at `p`, which are UTF-8 unless it says
 * otherwise, into `max` bytes at `out`.  Returns how many were written, 0 when
 * it cannot. */
typedef size_t escaper_fn(const unsigned char *p, size_t n, unsigned char *out, size_t max);

escaper_fn escape_jansson, escape_json_c, escape_rapidjson;

/* The library's name and version. */
const char *version_jansson(void);
const char *version_json_c(void);
const char *version_rapidjson(void);

#ifdef __cplusplus
}
#endif

#endif
