#!/bin/sh
# tests/it/malformed.sh -- whatever comes through the socket, nothing runs, nothing breaks, the next is served.
. "${0%/*}/lib.sh"

conf <<EOC
body_max = "64K"
request_timeout = 2
route "/ran" { method = { GET, POST } argv = { "sh", "-c", "echo ran >>$T/ran" } }
EOC
serve

# refused WHY WORD...: no success for it, and the next request is answered.
refused() {
    it_why=$1
    shift
    it_out=$(raw "$@" read:8 reconnect good read)
    like "$it_why: refused, the next is served" \
        "$(echo "$it_out" | sed -n 's/^Status: \([0-9]*\).*/\1/p; s/^\[\(closed\|silent\)\]$/\1/p' | xargs)" \
        '^(closed|[45][0-9][0-9]( closed)?) 200$'
    gone "$pid" && {
        note "cmon has ended: $(tail -5 "$LOG")"
        serve
    }
}

whole="request:GET:/ran key params params-end stdin-end"
before="begin request:GET:/ran key params"

# The names that libfcgi knows, and what its answer to them overruns.
pairs() { # NAME...: GET_VALUES pairs in hexadecimal
    for it_name in "$@"; do
        printf '%02x00' "${#it_name}"
        printf %s "$it_name" | od -An -v -tx1 | tr -d ' \n'
    done
}
conns=FCGI_MAX_CONNS reqs=FCGI_MAX_REQS mpxs=FCGI_MPXS_CONNS
management() { # HEX of a whole management record (id 0)
    printf '0109%04x%04x0000%s' 0 $((${#1} / 2)) "$1"
}
refused "GET_VALUES" "hex:$(management "$(pairs $conns)")"
refused "GET_VALUES with four known names" "hex:$(management "$(pairs $conns $reqs $mpxs $conns)")"
refused "GET_VALUES with forty known names" "hex:$(management "$(pairs $(for i in 1 2 3 4 5 6 7 8 9 10; do
    echo $conns $reqs $mpxs $conns; done))")"
refused "GET_VALUES after a request has begun" begin "hex:$(management "$(pairs $conns $reqs $mpxs $conns)")"

# Pairs whose lengths lie.
refused "two lengths near 4 GiB" begin record:4:ffffffffffffffff params-end stdin-end
refused "a name near 2 GiB" begin record:4:ffffffff00 params-end stdin-end
refused "lengths whose sum overflows" begin record:4:80000001ffffffff41 params-end stdin-end
refused "a value past the end" $before record:4:0105414243 params-end stdin-end
refused "a name past the end" $before record:4:7f0041 params-end stdin-end
refused "half of a length" $before record:4:8000 params-end stdin-end
refused "a length without its second" $before record:4:05 params-end stdin-end
refused "a pair without a name" $before record:4:000141 "pair:X=1" record:4:ffffffff params-end stdin-end

# Records in the wrong place or shape.
refused "version 0" begin:version=0 $whole
refused "version 2" begin:version=2 $whole
refused "role authorizer" begin:role=2 $whole
refused "role filter" begin:role=3 $whole
refused "role 0" begin:role=0 $whole
refused "id 0" begin:id=0 $whole
refused "a short BEGIN" hex:0101000100010000 hex:00 $whole
refused "a long BEGIN" hex:0101000100100000 hex:00010000000000000000000000000000 $whole
refused "an unknown type" record:11:00
refused "an unknown type inside a request" $before record:99:00 params-end stdin-end
refused "type 0" record:0
refused "PARAMS without BEGIN" $whole
refused "STDIN without PARAMS" begin stdin-end
refused "STDIN before PARAMS end" $before stdin:x params-end stdin-end
refused "PARAMS after their end" begin request:GET:/ran key params params-end pair:X=1 params stdin-end
refused "BEGIN twice" begin begin $whole
refused "another id inside" $before hex:0104000700000000 params-end stdin-end
refused "an answer instead of a request" record:3:0000000000000000
refused "STDOUT from the web server" begin record:6:41
refused "DATA to a responder" $before params-end record:8:41 stdin-end
refused "text" "hex:$(printf 'GET /ran HTTP/1.0\r\n\r\n' | od -An -v -tx1 | tr -d ' \n')"
refused "zeros" "hex:$(printf '%0128d' 0)"
refused "ones" "hex:$(printf '%0128d' 0 | tr 0 f)"
refused "ABORT" begin record:2
refused "ABORT after PARAMS" $before params-end record:2
refused "ABORT of another id" $before hex:0102000700000000 params-end stdin-end

# Ends too early: at a record's border, inside one, at a pair's border.
refused "nothing at all" half-close
refused "half a header" hex:010100 half-close
refused "BEGIN alone" begin half-close
refused "parameters without an end" $before half-close
refused "EOF at a pair's border inside a record" begin hex:0104000100400000 \
    "hex:$(printf '\016\003REQUEST_METHODGET' | od -An -v -tx1 | tr -d ' \n')" half-close
refused "no body where one was begun" $before params-end half-close
refused "half a body" begin request:POST:/ran pair:CONTENT_LENGTH=100 key params params-end stdin:12345 half-close

# Too much.
refused "a long parameter" begin request:GET:/ran key "pair:HTTP_X=$(printf '%065000d' 0)" \
    "pair:HTTP_Y=$(printf '%065000d' 0)" params params-end stdin-end
refused "50,000 parameters" begin request:GET:/ran key many:50000 params params-end stdin-end
refused "a body over the limit" begin request:POST:/ran key params params-end stdin-zeros:70000 stdin-end
refused "a CONTENT_LENGTH over the limit" begin request:POST:/ran pair:CONTENT_LENGTH=70000 key params \
    params-end stdin-zeros:70000 stdin-end
refused "an endless body" begin request:POST:/ran key params params-end stdin-zeros:9000000
for length in x 1x -2 0x10 ' 1' 2; do
    refused "CONTENT_LENGTH '$length' for a body of 1" begin request:POST:/ran "pair:CONTENT_LENGTH=$length" \
        key params params-end stdin:1 stdin-end
done
refused "a CONTENT_LENGTH beyond all numbers" begin request:POST:/ran \
    pair:CONTENT_LENGTH=99999999999999999999 key params params-end stdin:1 stdin-end
refused "no method" begin pair:SCRIPT_NAME=/ran key params params-end stdin-end
refused "a NUL in the path" begin pair:REQUEST_METHOD=GET key params \
    "record:4:$(printf '\013\005SCRIPT_NAME/ran\000' | od -An -v -tx1 | tr -d ' \n')" params-end stdin-end

is "none of all these ran anything" "$(cat ran 2>/dev/null)" ""
ok "it is the first process still" kill -0 "$pid"

# What is unusual and right.
served() { # WHY WORD...
    it_why=$1
    shift
    like "$it_why: served" "$(raw "$@" read)" '^Status: 200'
}

served "CONTENT_LENGTH -1, as Caddy sends for chunks" begin request:POST:/ran pair:CONTENT_LENGTH=-1 key \
    params params-end stdin:abc stdin-end
served "the method twice: the first counts" begin request:GET:/ran pair:REQUEST_METHOD=BREW key params \
    params-end stdin-end
served "an empty CONTENT_LENGTH" begin request:GET:/ran pair:CONTENT_LENGTH= key params params-end stdin-end
served "one byte at a time" pace:1:0 begin $whole
served "pairs cut by records" begin request:GET:/ran key params "record:4:0401" record:4:4e616d record:4:6531 \
    params-end stdin-end
served "id 65535" begin:id=65535 $whole
served "an unknown flag" begin:flags=254 $whole
served "a body in many records" begin request:POST:/ran key params params-end stdin:a stdin:b stdin:c stdin-end
served "200 parameters" begin request:GET:/ran key many:200 params params-end stdin-end
out=$(raw begin:flags=1 $whole read begin:flags=1,id=2 $whole read begin $whole read)
is "a kept connection serves three" "$(echo "$out" | grep -c '^Status: 200')" 3
# No web server sends the second before the first is answered; whether they come
# in one read is up to the kernel.
out=$(raw begin:flags=1 $whole begin:flags=1 $whole read read reconnect good:GET:/ran read)
like "two requests in one breath are served or refused, and the next is served" \
    "$(echo "$out" | sed -n 's/^Status: \([0-9]*\).*/\1/p; s/^\[closed\]$/closed/p' | xargs)" \
    '^((200|closed) )+200$'

finish
