#!/bin/sh
# tests/bench/json_smoke.sh -- bench/run-json comes to its end whatever is installed; what it measures is not looked at.
set -u

# shellcheck source=tests/bench/lib.sh
. "${top_srcdir:-.}/tests/bench/lib.sh"

smoke json
smoke_report JSON.md '^| plain | 65536 | [0-9.]*[1-9]'

# A system without any of the libraries.
mkdir "$tmp/bin"
printf '#!/bin/sh\nexit 1\n' >"$tmp/bin/dpkg-query"
chmod +x "$tmp/bin/dpkg-query"
PATH=$tmp/bin:$PATH
rm -f "$tmp/JSON.md"
when='without libraries '
smoke json
smoke_report JSON.md '^| plain | 65536 | [0-9.]*[1-9]'
for library in jansson:libjansson-dev json_c:libjson-c-dev 'rapidjson:rapidjson-dev g++'; do
    emulated || is "${library%%:*} is skipped by the names of its packages" \
        "$(grep "^- skipped: ${library%%:*}: " "$tmp/JSON.md")" \
        "- skipped: ${library%%:*}: not installed: ${library#*:}"
done
smoke_leaves_nothing
finish
