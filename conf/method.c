/* conf/method.c -- contracts are in method.h. */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "conf/method.h"

/* In the order of an Allow header. */
static const struct {
    enum method bit;
    const char *name;
} methods[] = {
    { METHOD_GET, "GET" },
    { METHOD_HEAD, "HEAD" },
    { METHOD_POST, "POST" },
    { METHOD_PUT, "PUT" },
    { METHOD_DELETE, "DELETE" },
    { METHOD_PATCH, "PATCH" },
    { METHOD_OPTIONS, "OPTIONS" },
};

enum {
    NMETHODS = sizeof methods / sizeof methods[0]
};

unsigned
method_from_name(const char *name)
{
    for (size_t i = 0; i < NMETHODS; i++) {
        if (strcmp(methods[i].name, name) == 0)
            return methods[i].bit;
    }
    return 0;
}

const char *
method_name(unsigned bit)
{
    size_t i = 0;

    while (i < NMETHODS && methods[i].bit != bit)
        i++;
    assert(i < NMETHODS);
    return methods[i].name;
}

unsigned
method_at(size_t place)
{
    return place < NMETHODS ? (unsigned)methods[place].bit : 0;
}
