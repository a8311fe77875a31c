/* bench/json/rapidjson.cc -- RapidJSON's writer, as bench/json/json.c measures it. */
#include <cstring>

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "bench/json/json.h"

size_t
escape_rapidjson(const unsigned char *p, size_t n, unsigned char *out, size_t max)
{
    /* Kept, as a program that is in earnest would. */
    static rapidjson::StringBuffer buffer;

    buffer.Clear();
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    if (!writer.String(reinterpret_cast<const char *>(p), static_cast<rapidjson::SizeType>(n)) ||
        buffer.GetSize() > max)
        return 0;
    std::memcpy(out, buffer.GetString(), buffer.GetSize());
    return buffer.GetSize();
}

const char *
version_rapidjson(void)
{
    return "RapidJSON " RAPIDJSON_VERSION_STRING;
}
