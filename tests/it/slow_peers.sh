#!/bin/sh
# tests/it/slow_peers.sh -- silent, trickling and slow peers hold nobody up, and are let go in time.
. "${0%/*}/lib.sh"

conf <<'EOC'
request_timeout = 2
max_connections = 300
output_max = "8M"
route "/fast"  { argv = { "echo", "fast" } }
route "/large" { argv = { "sh", "-c", "head -c 4000000 /dev/zero | tr '\\0' x" } }
EOC
serve
serve_web

quick() { # WHY: a request is answered at once, whatever goes on
    it_begin=$(now_ms)
    ask GET /fast
    it_took=$(($(now_ms) - it_begin))
    ok "$1: a request beside it is answered ($it_took ms)" [ "$code" = 200 -a $it_took -lt 900 ]
}

meanwhile() { # WORD...: a peer of that kind in the background
    raw "$@" >peer.out 2>&1 &
    peer=$!
    sleep 0.4
}

ask GET /fast
meanwhile crowd:100 sleep:1
quick "100 silent connections"
wait $peer
meanwhile crowd:100:0101000100080000000100 sleep:1
quick "100 connections with half a BEGIN"
wait $peer
meanwhile crowd:100:01010001000800000001010000000000 sleep:1
quick "100 kept connections that say no more than BEGIN"
wait $peer
meanwhile pace:1:0.02 good read
quick "a sender of one byte at a time"
quick "the same, a little later"
wait $peer
like "who is slow, but done in time, is served" "$(cat peer.out)" '^\[(end|closed)\]$'

meanwhile begin sleep:2.5 read:1
wait $peer
like "who does not finish a request in request_timeout is let go" "$(cat peer.out)" '^\[closed\]$|^Status: 408'
meanwhile pace:1:0.1 good read:1
wait $peer
like "trickling does not buy more time: the deadline is total" "$(cat peer.out)" '^\[closed\]$|^Status: 408'

# A reader of 4 MB that takes its time, straight at the socket.
meanwhile good:GET:/large slow-read:65536:0.05
quick "a slow reader of 4 MB"
wait $peer
like "who is slow, but makes progress, gets it all" "$(cat peer.out | xargs)" '^Length: 4[0-9]{6} \[end\]$'
meanwhile good:GET:/large sleep:2.5
quick "a reader that does not read"
wait $peer
before=$(grep -c '' "$LOG")
quick "when that one is gone"

# The same through nginx, which buffers: cmon is free long before the client is.
it_exec=exec it_tls_curl --limit-rate 400K -H @key.header -o large.body "$URL/large" 2>err &
slow=$!
sleep 0.4
quick "a slow client of nginx"
kill $slow
wait $slow 2>/dev/null

# At the limit of connections the newest waits, and is served when one goes.
meanwhile crowd:300 sleep:1
it_begin=$(now_ms)
ask GET /fast
note "with 300 silent connections it took $(($(now_ms) - it_begin)) ms: $code"
wait $peer
answers 200 GET /fast
meanwhile crowd:400 sleep:2.5
wait $peer
answers 200 GET /fast
ok "the responder is the same process" kill -0 "$pid"

# Nothing is spent on the silent ones.
ticks() {
    awk '{ print $14 + $15 }' "/proc/$pid/stat"
}
meanwhile crowd:200 sleep:1.6
before=$(ticks)
sleep 1
spent=$(($(ticks) - before))
wait $peer
ok "200 silent connections cost no processor ($spent ticks)" [ $spent -le 3 ]

finish
