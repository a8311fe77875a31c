#!/bin/sh
# tests/it/stdin.sh -- a command reads the request's body, if its route says so, whole and at once.
. "${0%/*}/lib.sh"

conf <<'EOC'
body_max = "2K"
route "/sum"   { method = { GET, POST, PUT } stdin = body body_max = 3M argv = { "sha256sum" } }
route "/cat"   { method = POST stdin = body argv = { "cat" } }
route "/lazy"  { method = POST stdin = body body_max = 3M argv = { "sleep", "0.3" } }
route "/write" { method = POST stdin = body argv = { "sh", "-c", "echo x 1<>/dev/stdin" } }
route "/hold"  { method = POST stdin = body argv = { "sh", "-c", "cat; sleep 0.4" } }
route "/deaf"  { method = POST argv = { "cat" } }
max_running = 2
EOC
serve
serve_web "$(sed "s,unix:/run/cmon/cmon.sock,unix:$SOCK,; s/client_max_body_size .*/client_max_body_size 9m;/" nginx/cmon.conf)"
URL=$URL/cmon

head -c 3145728 /dev/urandom >most
head -c 3145729 /dev/urandom >more
head -c 2048 /dev/zero | tr '\0' y >fits
head -c 2049 /dev/zero >big
printf 'a\0b\r\n\303\244' >odd
: >none

sum() {
    sha256sum <"$1"
}

for file in most fits odd none; do
    answers 200 POST /sum --data-binary "@$file"
    is "the command reads all of it, and then the end: $file" "$(json .data)" "$(sum $file)"
done
answers 200 PUT /sum -T fits
is "by PUT, too" "$(json .data)" "$(sum fits)"
answers 200 PUT /sum -T most -H 'Transfer-Encoding: chunked'
is "and in chunks" "$(json .data)" "$(sum most)"
answers 200 GET /sum
is "GET without a body reads nothing" "$(json .data)" "$(sum none)"
answers 413 POST /sum --data-binary @more
answers 413 POST /cat --data-binary @big
answers 200 POST /cat --data-binary @fits
is "body_max of the file, where the route says none" "$(json .data)" "$(cat fits)"
answers 200 POST /lazy --data-binary @most
is "a command that does not read is not in the way" "$(json .data)" ""
answers 200 POST /deaf --data-binary @odd
is "without stdin = body there is nothing to read" "$(json .data)" ""
answers 500 POST /write --data-binary @odd
like "nobody can write to it" "$(json .data)" 'not permitted|[Pp]ermission denied|I/O error'
ask_bare POST /sum --data-binary @fits
is "nothing is read for who has no token" "$code" 401

# Many at once, some of them queued, each with a body of its own.
i=0
waiting=
while [ $i -lt 12 ]; do
    echo "body $i" >body.$i
    ask_meanwhile many.$i POST /hold --data-binary @body.$i
    waiting="$waiting $asked"
    i=$((i + 1))
done
# shellcheck disable=SC2086
wait $waiting
i=0
wrong=0
while [ $i -lt 12 ]; do
    [ "$(jq -r .data many.$i.body)" = "body $i" ] || wrong=$((wrong + 1))
    i=$((i + 1))
done
is "no body is mixed up with another one's" $wrong 0

# In records and pieces of any size; what lies about its length is refused.
like "in tiny records" "$(raw begin request:POST:/cat pair:CONTENT_LENGTH=6 key params params-end \
    stdin:a stdin:bc pace:3:0.01 stdin:def stdin-end read)" '"data":"abcdef"'
like "shorter than it says" "$(raw begin request:POST:/cat pair:CONTENT_LENGTH=7 key params params-end \
    stdin:abc stdin-end read)" 'Status: 400'
like "longer than it says" "$(raw begin request:POST:/cat pair:CONTENT_LENGTH=2 key params params-end \
    stdin:abc stdin-end read)" 'Status: 400'
fds=$(ls /proc/$pid/fd | wc -l)
for i in 1 2 3 4 5; do
    raw begin request:POST:/cat key params params-end stdin:abc reconnect >/dev/null
    raw good:POST:/cat stdin:abc stdin-end read >/dev/null
done
ask POST /cat --data-binary @odd
ok "nothing stays open of requests that were cut short" within 5 sh -c \
    "[ \$(ls /proc/$pid/fd | wc -l) -le $fds ]"

# The operator's own input, and CGI's.
is "cmon run: the operator's" "$(printf hello | "$CMON" run -c "$CONF" /cat)" hello
is "but only where the route reads" "$(printf hello | "$CMON" run -c "$CONF" /deaf)" ""
cgi() { # LENGTH PATH
    env -i PATH=/usr/bin:/bin ASAN_OPTIONS="$ASAN_OPTIONS" UBSAN_OPTIONS="$UBSAN_OPTIONS" \
        GATEWAY_INTERFACE=CGI/1.1 CMON_CONF="$CONF" SCRIPT_NAME=/x REQUEST_METHOD=POST \
        PATH_INFO="$2" CONTENT_LENGTH="$1" "HTTP_ACCESS_TOKEN=$KEY" "$CMON" 2>>"$LOG" | tr -d '\r'
}
like "CGI: the body" "$(cgi 7 /cat <odd)" '"data":"a\\u0000b\\r\\nä"'
like "and nothing behind it" "$(printf 12345678 | cgi 3 /cat)" '"data":"123"'
like "one that is shorter than it says is refused" "$(printf 12 | cgi 3 /cat)" '^Status: 400'
like "one that is too large as well" "$(cgi 2049 /cat <big)" '^Status: 413'

finish
