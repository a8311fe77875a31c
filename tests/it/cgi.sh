#!/bin/sh
# tests/it/cgi.sh -- one CGI request: the same routes and answers, and argv is never looked at.
. "${0%/*}/lib.sh"

conf <<'EOC'
body_max = "1K"
route "/echo"  { method = { GET, POST } argv = { "echo", "{w}" }
    param "w" { type = text  default = "cgi" } }
route "/exit3" { argv = { "sh", "-c", "echo said; exit 3" } }
route "/nope"  { argv = { "no-such-command" } }
route "/slow"  { argv = { "sleep", "20" } timeout = 0.2 }
route "/cat"   { method = { GET, POST } argv = { "cat" } }
EOC
serve

# What a web server would do: cgi METHOD PATH[?QUERY] [NAME=VALUE...] [-- ARGUMENT...]
cgi() {
    it_method=$1 it_path=${2%%\?*} it_query=
    case $2 in *\?*) it_query=${2#*\?} ;; esac
    shift 2
    it_env=
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        it_env="$it_env $1"
        shift
    done
    [ $# -eq 0 ] || shift
    # shellcheck disable=SC2086
    env -i PATH=/usr/bin:/bin ASAN_OPTIONS="$ASAN_OPTIONS" UBSAN_OPTIONS="$UBSAN_OPTIONS" \
        GATEWAY_INTERFACE=CGI/1.1 CMON_CONF="$CONF" SCRIPT_NAME=/cgi-bin/cmon.fcgi \
        REQUEST_METHOD="$it_method" PATH_INFO="$it_path" QUERY_STRING="$it_query" $it_env \
        "$CMON" "$@" 2>>"$LOG" | tr -d '\r'
}

timeless() {
    sed 's/"duration_ms":[0-9.]*/"duration_ms":N/; s/"usage":{[^}]*}/"usage":U/; s/^Content-Length: .*/Content-Length: N/'
}

for request in GET:/echo 'GET:/echo?w=a+b' POST:/echo GET:/exit3 GET:/nope GET:/slow GET:/none \
    'GET:/echo?w=%0A' 'GET:/echo?x=1' PUT:/echo BREW:/echo HEAD:/echo HEAD:/none OPTIONS:/echo \
    GET:/health/x PUT:/sync_upstream?branch=--; do
    is "$request: the answer of FastCGI" \
        "$(cgi "${request%%:*}" "${request#*:}" "HTTP_ACCESS_TOKEN=$KEY" </dev/null | timeless)" \
        "$(raw "good:$request" read | sed '$d' | timeless)"
done
is "no key: the answer of FastCGI" "$(cgi GET /echo </dev/null)" \
    "$(raw begin request:GET:/echo params params-end stdin-end read | sed '$d')"

out=$(cgi GET /echo "HTTP_ACCESS_TOKEN=$KEY" -- '?token+new+x' </dev/null)
like "query words as arguments are no command" "$out" '"data":"cgi\\n"'
like "the answer has a Status" "$out" '^Status: 200'
like "and the type" "$out" '^Content-Type: application/json$'
for words in "token new x" "--help" "run /reboot" "routes" "-c $T/nowhere.conf" "check-config" "-X x" "--"; do
    # shellcheck disable=SC2086
    out=$(cgi GET /echo "HTTP_ACCESS_TOKEN=$KEY" -- $words </dev/null)
    like "'$words' as arguments change nothing" "$out" '^Status: 200'
done
is "no token file was made by them, and nothing rebooted" "$(ls x rebooted 2>/dev/null)" ""

for name in REDIRECT_HTTP_ACCESS_TOKEN HTTP_X_ACCESS_TOKEN; do
    like "$name is read" "$(cgi GET /echo "$name=$KEY" </dev/null)" "^Status: 200"
done
like "Bearer is read" "$(HTTP_AUTHORIZATION="Bearer $KEY" GATEWAY_INTERFACE=CGI/1.1 CMON_CONF=$CONF \
    REQUEST_METHOD=GET PATH_INFO=/echo "$CMON" </dev/null 2>>"$LOG")" '^Status: 200'
like "a wrong key beside the right one is refused" \
    "$(cgi GET /echo "HTTP_ACCESS_TOKEN=$KEY" "HTTP_X_ACCESS_TOKEN=${KEY%?}x" </dev/null)" '^Status: 401'

head -c 1024 /dev/zero >fits
head -c 1025 /dev/zero >big
like "a body that fits is dropped" "$(cgi POST /cat "HTTP_ACCESS_TOKEN=$KEY" CONTENT_LENGTH=1024 <fits)" '"data":""'
like "a body too large is refused" "$(cgi POST /cat "HTTP_ACCESS_TOKEN=$KEY" CONTENT_LENGTH=1025 <big)" '^Status: 413'
like "an endless body is not read for ever" \
    "$(yes | cgi POST /cat "HTTP_ACCESS_TOKEN=$KEY" CONTENT_LENGTH=99999999)" '^Status: 413'
like "the command does not get the body" \
    "$(printf secret | cgi POST /cat "HTTP_ACCESS_TOKEN=$KEY" CONTENT_LENGTH=6)" '"data":""'

mkdir docroot
cp client_secret.key cmon.conf docroot
like "a configuration below DOCUMENT_ROOT is refused" \
    "$(cgi GET /echo "HTTP_ACCESS_TOKEN=$KEY" DOCUMENT_ROOT="$T/docroot" CMON_CONF="$T/docroot/cmon.conf" </dev/null)" \
    '^Status: 500'
sed 's,client_secret.key,docroot/client_secret.key,' "$CONF" >keyinside.conf
like "a key below DOCUMENT_ROOT is refused" \
    "$(cgi GET /echo "HTTP_ACCESS_TOKEN=$KEY" DOCUMENT_ROOT="$T/docroot" CMON_CONF="$T/keyinside.conf" </dev/null)" \
    '^Status: 500'
is "without the key that is not told: the usual 401" \
    "$(cgi GET /echo DOCUMENT_ROOT="$T/docroot" CMON_CONF="$T/keyinside.conf" </dev/null)" "$(cgi GET /echo </dev/null)"
like "but logged" "$(tail -2 "$LOG" | head -1)" ' ERROR refused .* status=401 why="the key or the configuration lies under'
like "outside of it both are fine" \
    "$(cgi GET /echo "HTTP_ACCESS_TOKEN=$KEY" DOCUMENT_ROOT="$T/docroot" </dev/null)" '^Status: 200'
out=$(ulimit -v 262144 2>/dev/null && [ -z "$SAN" ] && cgi GET /echo "HTTP_ACCESS_TOKEN=$KEY" </dev/null)
if [ -n "$SAN" ]; then
    skip "256 MB of address space are enough" "a sanitizer needs terabytes"
else
    like "256 MB of address space are enough" "$out" '^Status: 200'
fi

finish
